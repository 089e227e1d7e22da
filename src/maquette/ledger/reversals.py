"""Corrections: what was wrong stays as it was written, and its opposite is written after it."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from maquette.core.errors import InsufficientCredits, InvalidRequest, NotFound
from maquette.db.tables import credit_grant, transfer
from maquette.ledger.grants import add_posted, change_grants, lock
from maquette.ledger.transfers import LedgerEntry, Transfer, record, with_entries

REFUND_TIME = timedelta(days=30)  # to spend what comes back of a grant that has expired since


def reverse(connection: sa.Connection, transfer_id: UUID, reason: str) -> Transfer:
    """Writes the opposite of a charge, which comes back to its grants, or of a grant, of which
    nothing may be spent or held.

    Raises NotFound, InvalidRequest for another kind or one that is reversed already, and
    InsufficientCredits for a grant that is not whole.
    """
    found = connection.execute(
        sa.select(transfer).where(transfer.c.transfer_id == transfer_id)
    ).one_or_none()
    if found is None:
        raise NotFound(f"no transfer {transfer_id}")
    if found.kind not in ("charge", "grant"):
        raise InvalidRequest(f"transfer {transfer_id} is of kind {found.kind}, which is not undone")
    lock(connection, found.account_id)
    again = sa.select(transfer.c.transfer_id).where(transfer.c.reverses == transfer_id)
    if connection.execute(again).one_or_none():
        raise InvalidRequest(f"transfer {transfer_id} is reversed already")
    (whole,) = with_entries(connection, [found])
    sides = [LedgerEntry(e.account_id, -e.amount_microcredits, e.grant_id) for e in whole.entries]
    own = [side for side in sides if side.account_id == whole.account_id]
    if whole.kind == "grant":
        _check_whole(connection, own[0])
    else:
        _lengthen(connection, own)
    made = record(
        connection, whole.account_id, "reversal", sides, reverses=transfer_id, reason=reason
    )
    change_grants(connection, own)
    add_posted(connection, whole.account_id, sum(side.amount_microcredits for side in own))
    return made


def _check_whole(connection: sa.Connection, side: LedgerEntry) -> None:
    free = credit_grant.c.left_microcredits - credit_grant.c.held_microcredits
    query = sa.select(free).where(credit_grant.c.grant_id == side.grant_id)
    there = connection.execute(query).scalar_one()
    if there < -side.amount_microcredits:
        given = -side.amount_microcredits
        raise InsufficientCredits(
            f"{there / 1e6:g} of the grant's {given / 1e6:g} credits are there; "
            "what is spent or held cannot be taken back"
        )


def _lengthen(connection: sa.Connection, sides: list[LedgerEntry]) -> None:
    least = sa.func.now() + REFUND_TIME
    which = credit_grant.c.grant_id.in_([side.grant_id for side in sides])
    connection.execute(
        sa.update(credit_grant)
        .where(which & (credit_grant.c.expires_at < least))
        .values(expires_at=least)
    )
