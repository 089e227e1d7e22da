"""Teams: people who share the credits of one account."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import sqlalchemy as sa

from maquette.db.tables.people import team, team_member

TeamRole = Literal["owner", "member"]


@dataclass(frozen=True, slots=True)
class Membership:
    """A team that someone is of, and as what."""

    team_id: UUID
    account_id: str  # the team's
    name: str
    role: TeamRole


def teams_of(connection: sa.Connection, account_id: str) -> Sequence[Membership]:
    """The teams that someone is of, by name."""
    query = (
        sa.select(team.c.team_id, team.c.account_id, team.c.name, team_member.c.role)
        .join(team_member, team_member.c.team_id == team.c.team_id)
        .where(team_member.c.account_id == account_id)
        .order_by(team.c.name, team.c.team_id)
    )
    return [Membership(*row) for row in connection.execute(query)]
