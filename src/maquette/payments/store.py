"""Payments as rows: booked once, with the credits they bring.

    state       what is so                            goes on to
    pending     asked for, not paid                   paid, failed
    failed      not paid in time, or refused          paid, where a later try succeeds
    paid        the money and the credits are there   refunded, disputed
    refunded    all of the money went back            –
    disputed    the bank took the money back          paid, where it returns it; refunded

What is told of a state that is over changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from maquette.core.errors import InsufficientCredits, NotFound
from maquette.core.ids import new_id
from maquette.db.tables.ledger import credit_grant, entry, transfer
from maquette.db.tables.payments import payment, payment_grant
from maquette.ledger.accounts import open_account
from maquette.ledger.grants import GrantCategory, end_grant, grant, lock
from maquette.ledger.reversals import REFUND_TIME, reverse
from maquette.payments.invoices import issue_invoice
from maquette.people.audit import note

PaymentState = Literal["pending", "failed", "paid", "refunded", "disputed"]
OPEN = ("pending", "failed")
FREE = credit_grant.c.left_microcredits > credit_grant.c.held_microcredits


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What someone paid, or is to pay, for credits."""

    payment_id: UUID
    account_id: str
    provider: str
    reference: str | None  # what the provider calls it
    item_id: str | None
    what: str
    amount_microcredits: int
    price_cents: int
    currency: str | None
    refunded_cents: int = 0
    taken_microcredits: int = 0  # back, of what it brought
    failed_refunds: int = 0  # that were refused, or came back
    asked_refund: int = 0  # that the provider took last: the first, second and so on
    came_back_cents: int = 0  # of refunds, and were not sent again
    given_up: bool = False  # it was paid for no one, and its money goes back
    state: PaymentState = "pending"
    buyer: str | None = None
    created_at: datetime | None = None
    paid_at: datetime | None = None


def add_payment(
    connection: sa.Connection,
    account_id: str,
    provider: str,
    what: str,
    amount_microcredits: int,
    price_cents: int,
    currency: str | None,
    *,
    item_id: str | None = None,
    reference: str | None = None,
) -> Payment:
    """Writes down what is to be paid; where the provider's reference is known already, gives what
    was written down of it. Until the transaction ends, no one else changes it.
    """
    open_account(connection, account_id)
    row = {
        "payment_id": new_id(),
        "account_id": account_id,
        "provider": provider,
        "reference": reference,
        "item_id": item_id,
        "what": what,
        "amount_microcredits": amount_microcredits,
        "price_cents": price_cents,
        "currency": currency,
    }
    made = connection.execute(
        postgresql.insert(payment)
        .values(row)
        .on_conflict_do_nothing(index_elements=["provider", "reference"])
        .returning(payment)
    ).one_or_none()
    if made is not None:
        return Payment(**made._mapping)
    assert reference is not None  # for without one nothing is in the way
    return get_payment(connection, provider=provider, reference=reference)


def get_payment(connection: sa.Connection, **by: object) -> Payment:
    """The payment of these columns, which no one else changes meanwhile. Raises NotFound."""
    found = find_payment(connection, **by)
    if found is None:
        raise NotFound(f"no payment {' '.join(map(str, by.values()))}")
    return found


def find_payment(connection: sa.Connection, **by: object) -> Payment | None:
    """As `get_payment`, None where there is none."""
    query = sa.select(payment).filter_by(**by).with_for_update()
    row = connection.execute(query).one_or_none()
    return Payment(**row._mapping) if row else None


def pay(
    connection: sa.Connection,
    one: Payment,
    category: GrantCategory,
    *,
    expires_at: datetime | None = None,
    price_cents: int | None = None,
    buyer: str | None = None,
    given_up: bool = False,
) -> Payment:
    """The money is there, `price_cents` if it is not what was asked for: grants the credits and
    numbers the invoice. A payment that was paid before stays as it is.
    """
    changed = connection.execute(
        sa.update(payment)
        .where(payment.c.payment_id == one.payment_id, payment.c.state.in_(OPEN))
        .values(
            state="paid",
            paid_at=sa.func.clock_timestamp(),
            price_cents=one.price_cents if price_cents is None else price_cents,
            buyer=buyer,
            given_up=given_up,
        )
        .returning(payment)
    ).one_or_none()
    if changed is None:
        return get_payment(connection, payment_id=one.payment_id)
    paid = Payment(**changed._mapping)
    _give_credits(connection, paid, paid.amount_microcredits, category, expires_at)
    if paid.price_cents and paid.currency:
        issue_invoice(
            connection,
            paid.account_id,
            paid.payment_id,
            paid.what,
            paid.price_cents,
            paid.currency,
            buyer,
        )
    return paid


def _give_credits(
    connection: sa.Connection,
    one: Payment,
    amount_microcredits: int,
    category: GrantCategory,
    expires_at: datetime | None,
) -> None:
    """Grants what a payment brings, and writes down that it was for it."""
    made = grant(
        connection,
        one.account_id,
        amount_microcredits,
        category,
        expires_at=expires_at,
        reason=one.what,
    )
    row = {"grant_id": made.grant_id, "payment_id": one.payment_id}
    connection.execute(sa.insert(payment_grant).values(row))


def given_up_payments(connection: sa.Connection, provider: str) -> Sequence[UUID]:
    """Those whose money a provider still has and was not asked for, the oldest first."""
    due = payment.c.given_up & (payment.c.state == sa.literal_column("'paid'"))  # as the index is
    is_asked = payment.c.asked_refund > payment.c.failed_refunds
    query = sa.select(payment.c.payment_id).where(due, payment.c.price_cents > 0, ~is_asked)
    query = query.filter_by(provider=provider).order_by(payment.c.payment_id)
    return connection.execute(query).scalars().all()


def fail(connection: sa.Connection, one: Payment) -> None:
    """It was not paid, for now; does nothing where it was."""
    which = (payment.c.payment_id == one.payment_id) & (payment.c.state == "pending")
    connection.execute(sa.update(payment).where(which).values(state="failed"))


def refund_asked(connection: sa.Connection, one: Payment) -> None:
    """The provider took the refund after those that had failed; once that has failed, too, this
    says nothing any more.
    """
    this = (payment.c.payment_id == one.payment_id) & (
        payment.c.failed_refunds == one.failed_refunds
    )
    taken = {"asked_refund": one.failed_refunds + 1, "came_back_cents": 0}
    connection.execute(sa.update(payment).where(this).values(taken))


def refund_failed(connection: sa.Connection, one: Payment, came_back_cents: int = 0) -> None:
    """Counts a refund that was refused, or came back with so much; the next is another one."""
    back = sa.func.least(payment.c.price_cents, payment.c.came_back_cents + came_back_cents)
    more = {"failed_refunds": payment.c.failed_refunds + 1, "came_back_cents": back}
    this = payment.c.payment_id == one.payment_id
    connection.execute(sa.update(payment).where(this).values(more))


def take_back(connection: sa.Connection, one: Payment, reason: str) -> int:
    """Takes back the credits of a payment as far as they are there: a grant that is whole is
    reversed, of any other what is neither spent nor held is ended. Gives how many microcredits were
    taken now.
    """
    lock(connection, one.account_id)
    taken = 0
    for transfer_id, grant_id, amount in connection.execute(_free_grants_of(one)).all():
        try:
            reverse(connection, transfer_id, reason)
            taken += amount
        except InsufficientCredits:  # spent, held or expired in part
            ended = end_grant(connection, one.account_id, grant_id, reason)
            taken += ended.entries[-1].amount_microcredits if ended else 0
    so_far = {"taken_microcredits": payment.c.taken_microcredits + taken}
    connection.execute(
        sa.update(payment).where(payment.c.payment_id == one.payment_id).values(so_far)
    )
    return taken


def _free_grants_of(one: Payment) -> sa.Select[Any, Any, Any]:
    """The transfers by which a payment's credits came, to which grants, and how many; those of
    which some are left that no hold has.
    """
    return (
        sa.select(transfer.c.transfer_id, entry.c.grant_id, entry.c.amount_microcredits)
        .join(entry, entry.c.transfer_id == transfer.c.transfer_id)
        .join(credit_grant, credit_grant.c.grant_id == entry.c.grant_id)
        .join(payment_grant, payment_grant.c.grant_id == entry.c.grant_id)
        .where(payment_grant.c.payment_id == one.payment_id, transfer.c.kind == "grant", FREE)
        .order_by(transfer.c.number)
    )


def take_back_rest(connection: sa.Connection) -> Payment | None:
    """Takes what has come free since, from a hold that ended or a charge that was given back, of
    one payment whose money went back; None where there is no such payment.
    """
    theirs = payment_grant.c.payment_id == payment.c.payment_id
    grants = payment_grant.join(credit_grant, credit_grant.c.grant_id == payment_grant.c.grant_id)
    some = sa.exists().select_from(grants).where(theirs, FREE)
    query = (
        sa.select(payment)
        .where(payment.c.state.in_(("refunded", "disputed")), some)
        .limit(1)  # or two who do this could each wait for an account that the other has
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    one = Payment(**row._mapping)
    taken = take_back(connection, one, "the money for it went back")
    note(
        connection,
        one.provider,
        "payments.rest_taken",
        f"payment/{one.payment_id}",
        account_id=one.account_id,
        taken_back_microcredits=taken,
        kept_microcredits=one.amount_microcredits - one.taken_microcredits - taken,
    )
    return one


def money_went_back(
    connection: sa.Connection,
    one: Payment,
    refunded_cents: int,
    is_disputed: bool,
    actor_id: str,
    reason: str,
) -> Payment:
    """Brings what was paid to what went back of it: takes its credits where all did, or where the
    bank has it, gives them anew where the bank returned it, and notes it for the operators, with
    what was not taken. Once more with the same changes nothing.
    """
    cents = min(max(refunded_cents, one.refunded_cents), one.price_cents)
    state = "refunded" if cents == one.price_cents else "disputed" if is_disputed else "paid"
    if one.state == "refunded" or (state, cents) == (one.state, one.refunded_cents):
        return one
    taken = given = 0
    if state != "paid":
        taken = take_back(connection, one, reason)
    elif one.state == "disputed":
        given = _give_anew(connection, one)
    note(
        connection,
        actor_id,
        f"payments.{'returned' if given else 'partly_refunded' if state == 'paid' else state}",
        f"payment/{one.payment_id}",
        reason=reason,
        account_id=one.account_id,
        refunded_cents=cents,
        currency=one.currency,
        taken_back_microcredits=taken,
        given_microcredits=given,
        kept_microcredits=one.amount_microcredits - one.taken_microcredits - taken + given,
    )
    changed = connection.execute(
        sa.update(payment)
        .where(payment.c.payment_id == one.payment_id)
        .values(state=state, refunded_cents=cents)
        .returning(payment)
    ).one()
    return Payment(**changed._mapping)


def _give_anew(connection: sa.Connection, one: Payment) -> int:
    """Grants once more what was taken back, for thirty days at least; gives how much."""
    if one.taken_microcredits == 0:
        return 0
    of_payment = payment_grant.c.payment_id == one.payment_id
    late = sa.func.clock_timestamp() + REFUND_TIME
    query = (
        sa.select(
            credit_grant.c.category,
            sa.case(
                (credit_grant.c.expires_at.is_(None), None),
                else_=sa.func.greatest(credit_grant.c.expires_at, late),
            ),
        )
        .join(payment_grant, payment_grant.c.grant_id == credit_grant.c.grant_id)
        .where(of_payment)
        .order_by(credit_grant.c.grant_id)
        .limit(1)
    )
    category, expires_at = connection.execute(query).one()
    _give_credits(connection, one, one.taken_microcredits, category, expires_at)
    this = payment.c.payment_id == one.payment_id
    connection.execute(sa.update(payment).where(this).values(taken_microcredits=0))
    return one.taken_microcredits


def list_payments(
    connection: sa.Connection,
    limit: int,
    before: UUID | None = None,
    **by: object,
) -> list[Payment]:
    """The newest first, those of these columns alone."""
    query = sa.select(payment).filter_by(**by)
    if before is not None:
        query = query.where(payment.c.payment_id < before)
    rows = connection.execute(query.order_by(payment.c.payment_id.desc()).limit(limit))
    return [Payment(**row._mapping) for row in rows]
