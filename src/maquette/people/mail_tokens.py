"""What a link in a mail proves, once and for a time; only its hash is kept."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

import sqlalchemy as sa

from maquette.core.errors import InvalidRequest
from maquette.db.tables.people import mail_token
from maquette.people.tokens import hash_token, new_token

Purpose = Literal["verify", "reset", "invitation"]
LIFETIMES: dict[Purpose, timedelta] = {
    "verify": timedelta(days=2),
    "reset": timedelta(hours=1),
    "invitation": timedelta(days=7),
}


@dataclass(frozen=True, slots=True)
class Proof:
    """What a token stood for."""

    account_id: str | None
    team_id: UUID | None
    email_key: str


def issue_token(
    connection: sa.Connection,
    purpose: Purpose,
    email_key: str,
    account_id: str | None = None,
    team_id: UUID | None = None,
) -> str:
    """A token for a link; those before it, of the same purpose and address, are over."""
    same = (mail_token.c.purpose == purpose) & (mail_token.c.email_key == email_key)
    same &= mail_token.c.account_id.is_not_distinct_from(account_id)
    same &= mail_token.c.team_id.is_not_distinct_from(team_id)
    over = mail_token.c.expires_at <= sa.func.clock_timestamp()
    connection.execute(sa.delete(mail_token).where(same | over))
    token = new_token()
    row = {
        "token_hash": hash_token(token),
        "purpose": purpose,
        "email_key": email_key,
        "account_id": account_id,
        "team_id": team_id,
        "expires_at": sa.func.clock_timestamp() + LIFETIMES[purpose],
    }
    connection.execute(sa.insert(mail_token).values(row))
    return token


def redeem_token(connection: sa.Connection, purpose: Purpose, token: str) -> Proof:
    """What a token stands for, from now on no more. Raises InvalidRequest."""
    this = (mail_token.c.token_hash == hash_token(token)) & (mail_token.c.purpose == purpose)
    alive = mail_token.c.expires_at > sa.func.clock_timestamp()
    columns = (mail_token.c.account_id, mail_token.c.team_id, mail_token.c.email_key)
    query = sa.delete(mail_token).where(this & alive).returning(*columns)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise InvalidRequest("this link was used or is over; have another one sent")
    return Proof(*row)
