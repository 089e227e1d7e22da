"""Holds: credits set aside for a job, and what becomes of them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa

from maquette.core.errors import HoldResolved, InsufficientCredits, InvalidRequest, NotFound
from maquette.db.tables.ledger import balance, hold
from maquette.ledger.accounts import get_balance, in_credits

HoldState = Literal["held", "posted", "voided", "expired"]


@dataclass(frozen=True, slots=True)
class Hold:
    """Credits set aside; a hold is resolved once."""

    hold_id: UUID
    account_id: str
    job_id: UUID | None
    amount_microcredits: int
    posted_microcredits: int
    state: HoldState
    expires_at: datetime


_SELECT = sa.select(*[hold.c[name] for name in Hold.__dataclass_fields__])
# Each is a function of the database: see the migration that made it.
_COLUMNS = ", ".join(Hold.__dataclass_fields__)
_PLACE = sa.text(
    f"SELECT {_COLUMNS} FROM place_hold(:account_id, :amount, now() + :lasts, :job_id)"
)
_RESOLVE = sa.text(f"SELECT {_COLUMNS} FROM resolve_hold(:hold_id, :state, :amount)")
_RESOLVE_OF = sa.text(
    f"SELECT {', '.join(f'now.{name}' for name in Hold.__dataclass_fields__)} FROM hold "
    "CROSS JOIN LATERAL resolve_hold(hold.hold_id, :state, "
    "CASE :state WHEN 'posted' THEN least(CAST(:price AS bigint), hold.amount_microcredits) "
    "ELSE 0 END) AS now "  # least() passes over NULL
    "WHERE hold.job_id = :job_id"
)
_EXPIRE = sa.text(
    f"SELECT {_COLUMNS} FROM unnest(CAST(:due AS uuid[])) AS one "
    "CROSS JOIN LATERAL resolve_hold(one, 'expired', 0)"
)


def place_hold(
    connection: sa.Connection,
    account_id: str,
    amount_microcredits: int,
    lasts: timedelta,
    job_id: UUID | None = None,
) -> Hold:
    """Sets credits aside for so long, of the grants that are spent first. A job has one hold: the
    same asked for again gives that one, as long as it is open.

    Raises InsufficientCredits, NotFound for no account, InvalidRequest for an amount below 1 or
    where the job's hold is another, HoldResolved where it is over.
    """
    if amount_microcredits <= 0:
        raise InvalidRequest(f"a hold of {amount_microcredits} microcredits; hold at least 1")
    asked = {"account_id": account_id, "amount": amount_microcredits}
    made = _hold(connection, _PLACE, **asked, lasts=lasts, job_id=job_id)
    if made is None:
        available = get_balance(connection, account_id).available_microcredits
        raise InsufficientCredits(
            f"{in_credits(amount_microcredits)} credits are needed and {in_credits(available)} are "
            "there; buy more, or ask for less"
        )
    if (made.account_id, made.amount_microcredits) != (account_id, amount_microcredits):
        raise InvalidRequest(f"job {job_id} has another hold, {made.hold_id}")
    if made.state != "held":
        raise HoldResolved(f"hold {made.hold_id} of job {job_id} is {made.state} already")
    return made


def post_hold(connection: sa.Connection, hold_id: UUID, amount_microcredits: int) -> Hold:
    """Charges so much of a hold and gives the rest back. Again with the same amount does nothing.

    Raises InvalidRequest for less than 1 or more than is held, HoldResolved, NotFound.
    """
    if amount_microcredits <= 0:
        raise InvalidRequest(
            f"{amount_microcredits} microcredits cannot be charged; charge 1 or void the hold"
        )
    return _resolve(connection, hold_id, "posted", amount_microcredits)


def void_hold(connection: sa.Connection, hold_id: UUID) -> Hold:
    """Gives all of a hold back; again, or where it has expired, does nothing. Raises HoldResolved
    for one that was charged, NotFound.
    """
    return _resolve(connection, hold_id, "voided", 0)


def resolve_hold_of(
    connection: sa.Connection, job_id: UUID, charged: bool, price_microcredits: int | None = None
) -> Hold | None:
    """Charges what is held for a job, at most its price where that is known, or gives it all back;
    None where it holds nothing. Raises HoldResolved.
    """
    state = "posted" if charged else "voided"
    now = _hold(connection, _RESOLVE_OF, job_id=job_id, state=state, price=price_microcredits)
    if now is not None:
        most = now.amount_microcredits
        price = most if price_microcredits is None else min(price_microcredits, most)
        _check(now, price if charged else 0)
    return now


def expire_holds(
    connection: sa.Connection,
    limit: int = 100,
    *,
    unfinished: Callable[[Sequence[UUID]], Collection[UUID]] = lambda job_ids: (),
    renewed_for: timedelta = timedelta(0),
) -> Sequence[Hold]:
    """Gives back what is held beyond its time, of so many holds at most; returns them. Holds of
    jobs that have not ended, as `unfinished` says of those it is told, go on for so long instead.
    """
    over = (hold.c.state == "held") & (hold.c.expires_at <= sa.func.now())
    query = (
        sa.select(hold.c.hold_id)
        .join(balance, balance.c.account_id == hold.c.account_id)
        .where(over)
        .order_by(hold.c.expires_at)
        .limit(limit)
        # Whoever has an account locked resolves what is there, or leaves it to the next sweep.
        .with_for_update(of=balance, skip_locked=True)
    )
    locked = list(connection.execute(query).scalars())
    still = hold.c.hold_id.in_(locked) & over  # others may have come before
    due = {row.hold_id: row.job_id for row in connection.execute(_SELECT.where(still))}
    going_on = unfinished([job_id for job_id in due.values() if job_id is not None])
    renewed = [hold_id for hold_id, job_id in due.items() if job_id in going_on]
    until = sa.func.now() + renewed_for
    later = sa.update(hold).where(hold.c.hold_id.in_(renewed)).values(expires_at=until)
    if renewed:
        connection.execute(later)
    rest = [hold_id for hold_id in due if hold_id not in renewed]
    return [Hold(*row) for row in connection.execute(_EXPIRE, {"due": rest})]


def get_hold(connection: sa.Connection, hold_id: UUID) -> Hold:
    """Raises NotFound."""
    found = _hold(connection, _SELECT.where(hold.c.hold_id == hold_id))
    if found is None:
        raise NotFound(f"no hold {hold_id}")
    return found


def holds_of(connection: sa.Connection, job_ids: Sequence[UUID]) -> dict[UUID, Hold]:
    """The holds of jobs, by job; those that have none are left out."""
    rows = connection.execute(_SELECT.where(hold.c.job_id.in_(job_ids)))
    return {row.job_id: Hold(*row) for row in rows}


def _hold(connection: sa.Connection, query: sa.Executable, **given: Any) -> Hold | None:
    row = connection.execute(query, given).one_or_none()
    return None if row is None else Hold(*row)


def _resolve(connection: sa.Connection, hold_id: UUID, state: HoldState, amount: int) -> Hold:
    now = _hold(connection, _RESOLVE, hold_id=hold_id, state=state, amount=amount)
    if now is None:
        raise NotFound(f"no hold {hold_id}")
    if amount > now.amount_microcredits:
        raise InvalidRequest(
            f"{amount} microcredits cannot be charged of the {now.amount_microcredits} that hold "
            f"{hold_id} has"
        )
    _check(now, amount)
    return now


def _check(now: Hold, posted_microcredits: int) -> None:
    """Zero is posted where all went back, by whichever name."""
    if now.posted_microcredits != posted_microcredits:
        raise HoldResolved(f"hold {now.hold_id} is {now.state} already")
