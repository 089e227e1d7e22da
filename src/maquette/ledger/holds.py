"""Holds: credits set aside for a job, and what becomes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import sqlalchemy as sa

from maquette.core.errors import HoldResolved, InsufficientCredits, InvalidRequest, NotFound
from maquette.core.ids import new_id
from maquette.db.tables.ledger import balance, credit_grant, hold, hold_part
from maquette.ledger.accounts import REVENUE, get_balance, in_credits
from maquette.ledger.grants import CreditGrant, expire_grants, get_grants, lock
from maquette.ledger.transfers import LedgerEntry, record

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


def place_hold(
    connection: sa.Connection,
    account_id: str,
    amount_microcredits: int,
    expires_at: datetime,
    job_id: UUID | None = None,
) -> Hold:
    """Sets credits aside, of the grants that are spent first. A job has one hold: the same asked
    for again gives that one, as long as it is open.

    Raises InsufficientCredits, NotFound for no account, InvalidRequest for an amount below 1 or
    where the job's hold is another, HoldResolved where it is over.
    """
    if amount_microcredits <= 0:
        raise InvalidRequest(f"a hold of {amount_microcredits} microcredits; hold at least 1")
    lock(connection, account_id)
    if job_id is not None and (before := _hold_of(connection, job_id)):
        if (before.account_id, before.amount_microcredits) != (account_id, amount_microcredits):
            raise InvalidRequest(f"job {job_id} has another hold, {before.hold_id}")
        if before.state != "held":
            raise HoldResolved(f"hold {before.hold_id} of job {job_id} is {before.state} already")
        return before
    expire_grants(connection, account_id)
    enough = (balance.c.account_id == account_id) & (
        balance.c.posted_microcredits - balance.c.held_microcredits >= amount_microcredits
    )
    held = balance.c.held_microcredits + amount_microcredits
    if not connection.execute(
        sa.update(balance).where(enough).values(held_microcredits=held)
    ).rowcount:
        available = get_balance(connection, account_id).available_microcredits
        raise InsufficientCredits(
            f"{in_credits(amount_microcredits)} credits are needed and {in_credits(available)} are "
            "there; buy more, or ask for less"
        )
    made = Hold(new_id(), account_id, job_id, amount_microcredits, 0, "held", expires_at)
    row = {name: getattr(made, name) for name in Hold.__dataclass_fields__}
    connection.execute(sa.insert(hold).values(row))
    parts = _draw_on(get_grants(connection, account_id), amount_microcredits)
    for grant_id, amount in parts:
        taken = credit_grant.c.held_microcredits + amount
        one = credit_grant.c.grant_id == grant_id
        connection.execute(sa.update(credit_grant).where(one).values(held_microcredits=taken))
    rows = [
        {"hold_id": made.hold_id, "position": n, "grant_id": one, "amount_microcredits": amount}
        for n, (one, amount) in enumerate(parts)
    ]
    connection.execute(sa.insert(hold_part).values(rows))
    return made


def post_hold(connection: sa.Connection, hold_id: UUID, amount_microcredits: int) -> Hold:
    """Charges so much of a hold and gives the rest back. Again with the same amount does nothing.

    Raises InvalidRequest for less than 1 or more than is held, HoldResolved, NotFound.
    """
    one = get_hold(connection, hold_id)
    if not 1 <= amount_microcredits <= one.amount_microcredits:
        raise InvalidRequest(
            f"{amount_microcredits} microcredits cannot be charged of the "
            f"{one.amount_microcredits} that hold {hold_id} has"
        )
    return _resolve(connection, one, "posted", amount_microcredits)


def void_hold(connection: sa.Connection, hold_id: UUID) -> Hold:
    """Gives all of a hold back; again, or where it has expired, does nothing. Raises HoldResolved
    for one that was charged, NotFound.
    """
    return _resolve(connection, get_hold(connection, hold_id), "voided", 0)


def expire_holds(connection: sa.Connection, limit: int = 100) -> Sequence[Hold]:
    """Gives back what is held beyond its time, of so many holds at most; returns them."""
    over = (hold.c.state == "held") & (hold.c.expires_at <= sa.func.clock_timestamp())
    query = (
        sa.select(hold.c.hold_id)
        .join(balance, balance.c.account_id == hold.c.account_id)
        .where(over)
        .order_by(hold.c.expires_at)
        .limit(limit)
        # Whoever has an account locked resolves what is there, or leaves it to the next sweep.
        .with_for_update(of=balance, skip_locked=True)
    )
    due = [get_hold(connection, hold_id) for hold_id in connection.execute(query).scalars().all()]
    return [_resolve(connection, one, "expired", 0) for one in due if one.state == "held"]


def get_hold(connection: sa.Connection, hold_id: UUID) -> Hold:
    """Raises NotFound."""
    found = _find(connection, hold.c.hold_id == hold_id)
    if found is None:
        raise NotFound(f"no hold {hold_id}")
    return found


def holds_of(connection: sa.Connection, job_ids: Sequence[UUID]) -> dict[UUID, Hold]:
    """The holds of jobs, by job; those that have none are left out."""
    columns = [hold.c[name] for name in Hold.__dataclass_fields__]
    rows = connection.execute(sa.select(*columns).where(hold.c.job_id.in_(job_ids)))
    return {row.job_id: Hold(*row) for row in rows}


def _hold_of(connection: sa.Connection, job_id: UUID) -> Hold | None:
    return _find(connection, hold.c.job_id == job_id)


def _find(connection: sa.Connection, which: sa.ColumnElement[bool]) -> Hold | None:
    columns = [hold.c[name] for name in Hold.__dataclass_fields__]
    row = connection.execute(sa.select(*columns).where(which)).one_or_none()
    return None if row is None else Hold(*row)


def _draw_on(grants: Sequence[CreditGrant], amount_microcredits: int) -> list[tuple[UUID, int]]:
    """Which grants give how much, one after another."""
    parts: list[tuple[UUID, int]] = []
    for one in grants:
        free = one.left_microcredits - one.held_microcredits
        if part := min(free, amount_microcredits):
            parts.append((one.grant_id, part))
            amount_microcredits -= part
    assert amount_microcredits == 0  # for the balance had it
    return parts


def _resolve(
    connection: sa.Connection, one: Hold, state: HoldState, posted_microcredits: int
) -> Hold:
    lock(connection, one.account_id)
    now = get_hold(connection, one.hold_id)  # as it is while others wait
    if now.state != "held":
        # Zero is posted where all went back, by whichever name.
        if now.posted_microcredits == posted_microcredits:
            return now
        raise HoldResolved(f"hold {now.hold_id} is {now.state} already")
    query = sa.select(hold_part.c.grant_id, hold_part.c.amount_microcredits)
    parts = connection.execute(
        query.where(hold_part.c.hold_id == now.hold_id).order_by(hold_part.c.position)
    ).all()
    sides: list[LedgerEntry] = []
    to_post = posted_microcredits
    for grant_id, amount in parts:
        drawn = min(amount, to_post)
        to_post -= drawn
        if drawn:
            sides.append(LedgerEntry(now.account_id, -drawn, grant_id))
        changed = {
            "held_microcredits": credit_grant.c.held_microcredits - amount,
            "left_microcredits": credit_grant.c.left_microcredits - drawn,
        }
        which = credit_grant.c.grant_id == grant_id
        connection.execute(sa.update(credit_grant).where(which).values(changed))
    if sides:
        sides.append(LedgerEntry(REVENUE, posted_microcredits))
        record(connection, now.account_id, "charge", sides, hold_id=now.hold_id)
    connection.execute(
        sa.update(balance)
        .where(balance.c.account_id == now.account_id)
        .values(
            held_microcredits=balance.c.held_microcredits - now.amount_microcredits,
            posted_microcredits=balance.c.posted_microcredits - posted_microcredits,
        )
    )
    connection.execute(
        sa.update(hold)
        .where(hold.c.hold_id == now.hold_id)
        .values(state=state, posted_microcredits=posted_microcredits, resolved_at=sa.func.now())
    )
    return get_hold(connection, now.hold_id)
