"""API keys: shown once, then known by a hash; each may do some things, and spend so much."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import sqlalchemy as sa

from maquette.core.errors import InvalidRequest
from maquette.core.ids import new_id
from maquette.db.tables.people import api_key, budget, person
from maquette.people.budgets import Period, close_budgets, open_budget, spent_now
from maquette.people.callers import PAYER, WITH_TEAM, Caller, refuse_suspended
from maquette.people.tokens import hash_token, new_token

# To read what is one's own; to have pictures made; to pay and to share; to look after others.
Scope = Literal["read", "generate", "account", "operate"]
BEGINNING = "mq_"  # by which one that was published is found
SHOWN = len(BEGINNING) + 5
MOST_KEYS = 50
NOTED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is listed."""

    key_id: UUID
    name: str
    prefix: str
    scopes: Sequence[Scope]
    budget_microcredits: int | None
    budget_period: Period | None
    spent_microcredits: int
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


def add_key(
    connection: sa.Connection,
    account_id: str,
    name: str,
    scopes: Sequence[Scope],
    budget_microcredits: int | None = None,
    budget_period: Period | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key, and what is shown of it this once. Raises InvalidRequest."""
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise InvalidRequest(f"a key that was over by {expires_at:%Y-%m-%d}; take a later time")
    if len(list_keys(connection, account_id)) >= MOST_KEYS:
        raise InvalidRequest(f"there are {MOST_KEYS} keys, and no more are kept; delete one first")
    shown = BEGINNING + new_token()
    row = {
        "key_id": new_id(),
        "account_id": account_id,
        "name": name,
        "prefix": shown[:SHOWN],
        "key_hash": hash_token(shown),
        "scopes": [*dict.fromkeys(scopes)],
        "budget_id": open_budget(connection, budget_microcredits, budget_period),
        "expires_at": expires_at,
    }
    connection.execute(sa.insert(api_key).values(row))
    made = next(one for one in list_keys(connection, account_id) if one.key_id == row["key_id"])
    return made, shown


def list_keys(connection: sa.Connection, account_id: str) -> Sequence[ApiKey]:
    """Someone's keys, the newest first."""
    query = (
        sa.select(
            api_key.c.key_id,
            api_key.c.name,
            api_key.c.prefix,
            api_key.c.scopes,
            budget.c.limit_microcredits,
            budget.c.period,
            spent_now(),
            api_key.c.created_at,
            api_key.c.last_used_at,
            api_key.c.expires_at,
        )
        .join(budget, budget.c.budget_id == api_key.c.budget_id)
        .where(api_key.c.account_id == account_id)
        .order_by(api_key.c.key_id.desc())
    )
    return [ApiKey(*row) for row in connection.execute(query)]


def delete_keys(connection: sa.Connection, account_id: str, key_id: UUID | None = None) -> bool:
    """Deletes one of someone's keys, or all of them; False where there is none."""
    own = api_key.c.account_id == account_id
    if key_id is not None:
        own &= api_key.c.key_id == key_id
    query = sa.delete(api_key).where(own).returning(api_key.c.budget_id)
    budgets = [*connection.execute(query).scalars()]
    close_budgets(connection, budgets)
    return bool(budgets)


def caller_of_key(connection: sa.Connection, shown: str) -> Caller | None:
    """Whose key it is; None where it is none, or over. Raises NotAllowed for who is suspended."""
    alive = api_key.c.expires_at.is_(None) | (api_key.c.expires_at > sa.func.now())
    stale = sa.func.coalesce(api_key.c.last_used_at < sa.func.now() - NOTED, sa.true())
    columns = (person.c.account_id, PAYER, person.c.role, api_key.c.key_id, api_key.c.scopes)
    query = (
        sa.select(*columns, person.c.suspended_at, stale)
        .select_from(WITH_TEAM.join(api_key, api_key.c.account_id == person.c.account_id))
        .where((api_key.c.key_hash == hash_token(shown)) & alive)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    account_id, payer_id, role, key_id, scopes, suspended_at, is_stale = row
    refuse_suspended(suspended_at)
    if is_stale:
        this = api_key.c.key_id == key_id
        connection.execute(sa.update(api_key).where(this).values(last_used_at=sa.func.now()))
    return Caller(account_id, payer_id, role, key_id=key_id, scopes=frozenset(scopes))
