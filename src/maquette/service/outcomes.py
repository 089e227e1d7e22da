"""What came of jobs: what they made, and what they took."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from maquette.ledger.holds import Hold, holds_of
from maquette.library.assets import Asset, assets_of


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job so far: what it made and no one deleted, and the credits that it took."""

    assets: list[Asset]
    hold: Hold | None  # None of jobs without a price


def outcomes_of(connection: sa.Connection, job_ids: Sequence[UUID]) -> dict[UUID, Outcome]:
    """Of each of these jobs."""
    assets, holds = assets_of(connection, job_ids), holds_of(connection, job_ids)
    return {one: Outcome(assets[one], holds.get(one)) for one in job_ids}
