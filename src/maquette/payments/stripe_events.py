"""What Stripe's events do here.

Stripe tells of an event once or many times, at once or days later, in any order. So what it says
goes into rows that only ever learn more, and what follows is worked out from these rows, whichever
event came first.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from maquette.db.tables.payments import payment, stripe_charge
from maquette.jobs.queue import lock_account
from maquette.ledger.grants import GrantCategory
from maquette.payments.store import (
    OPEN,
    Payment,
    fail,
    find_payment,
    money_went_back,
    pay,
    refund_failed,
)
from maquette.people.audit import note
from maquette.people.teams import belongs_to_anyone

STRIPE = "stripe"  # the provider, and who did it in the audit log

Told = Mapping[str, Any]  # an object of Stripe's, as its library documents it
Handler = Callable[[sa.Connection, Told], Payment | None]


def _session_completed(connection: sa.Connection, session: Told) -> Payment | None:
    """The buyer was through Stripe's page. Some ways to pay take days from there on."""
    one = _payment_of(connection, session)
    if one is None or session["payment_status"] == "unpaid":
        return None
    paid = book(connection, one, "paid", buyer_of(session.get("customer_details")))
    learn(connection, session.get("payment_intent"), reference=paid.reference)
    return settle(connection, paid)


def _session_failed(connection: sa.Connection, session: Told) -> Payment | None:
    one = _payment_of(connection, session)
    if one is not None:
        fail(connection, one)
    return one


def _charge_refunded(connection: sa.Connection, charge: Told) -> Payment | None:
    cents = charge["amount_refunded"]  # of all refunds so far
    return learn(connection, charge.get("payment_intent"), refunded_cents=cents)


def _refund_failed(connection: sa.Connection, refund: Told) -> Payment | None:
    """The money of a refund did not arrive, and is with Stripe again, days later. The buyer is
    still owed it, so the credits stay taken: an operator sends it once more, or another way.
    """
    this = stripe_charge.c.payment_intent == id_of(refund.get("payment_intent") or "")
    known = connection.execute(sa.select(stripe_charge.c.reference).where(this)).scalar()
    one = known and find_payment(connection, provider=STRIPE, reference=known)
    if not one:
        return None
    refund_failed(connection, one, refund["amount"])
    note(
        connection,
        STRIPE,
        "payments.refund_failed",
        f"payment/{one.payment_id}",
        reason=refund.get("failure_reason") or "unknown",
        account_id=one.account_id,
        failed_cents=refund["amount"],
        currency=refund["currency"],
    )
    return one


def _funds_withdrawn(connection: sa.Connection, dispute: Told) -> Payment | None:
    return learn(connection, dispute.get("payment_intent"), withdrawn=True)


def _funds_reinstated(connection: sa.Connection, dispute: Told) -> Payment | None:
    return learn(connection, dispute.get("payment_intent"), reinstated=True)


def _invoice_payment_paid(connection: sa.Connection, made: Told) -> Payment | None:
    """By which charge an invoice was paid; the invoice itself does not say."""
    intent = made["payment"].get("payment_intent")
    return learn(connection, intent, reference=id_of(made["invoice"]))


HANDLERS: Mapping[str, Handler] = {
    "checkout.session.completed": _session_completed,
    "checkout.session.async_payment_succeeded": _session_completed,
    "checkout.session.async_payment_failed": _session_failed,
    "checkout.session.expired": _session_failed,
    "invoice_payment.paid": _invoice_payment_paid,
    "charge.refunded": _charge_refunded,
    "refund.failed": _refund_failed,
    "charge.dispute.funds_withdrawn": _funds_withdrawn,
    "charge.dispute.funds_reinstated": _funds_reinstated,
}


def _payment_of(connection: sa.Connection, session: Told) -> Payment | None:
    """What a Checkout session of ours is for; there may be others in the same Stripe account."""
    try:
        payment_id = UUID((session.get("metadata") or {})["payment_id"])
    except (KeyError, ValueError):
        return None
    whose = sa.select(payment.c.account_id).filter_by(provider=STRIPE, payment_id=payment_id)
    account_id = connection.execute(whose).scalar()
    if account_id is None:
        return None
    lock_account(connection, account_id)  # first, as who deletes the account does
    return find_payment(connection, payment_id=payment_id)


def book(
    connection: sa.Connection,
    one: Payment,
    category: GrantCategory,
    buyer: str | None,
    **more: Any,
) -> Payment:
    """As `pay`. What is paid for an account of no one, as on a page that was open when it was
    deleted, is given up: the name of the buyer is not kept, and the sweep has the money go back.
    The caller has the account held, so that no one deletes it meanwhile.
    """
    if belongs_to_anyone(connection, one.account_id):
        return pay(connection, one, category, buyer=buyer, **more)
    paid = pay(connection, one, category, given_up=True, **more)
    if one.state in OPEN:
        subject = f"payment/{one.payment_id}"
        note(connection, STRIPE, "payments.for_no_one", subject, account_id=one.account_id)
    return paid


def learn(
    connection: sa.Connection,
    payment_intent: str | Told | None,
    *,
    reference: str | None = None,
    refunded_cents: int = 0,
    withdrawn: bool = False,
    reinstated: bool = False,
) -> Payment | None:
    """Adds to what is known of a charge, and does what follows from it for its payment."""
    if payment_intent is None:  # of a kind that none of ours is
        return None
    row = {
        "payment_intent": id_of(payment_intent),
        "reference": reference,
        "refunded_cents": refunded_cents,
        "withdrawn": withdrawn,
        "reinstated": reinstated,
    }
    insert = postgresql.insert(stripe_charge).values(row)
    was, new = stripe_charge.c, insert.excluded
    more = {
        "reference": sa.func.coalesce(was.reference, new.reference),
        "refunded_cents": sa.func.greatest(was.refunded_cents, new.refunded_cents),
        "withdrawn": was.withdrawn | new.withdrawn,
        "reinstated": was.reinstated | new.reinstated,
    }
    known = connection.execute(
        insert.on_conflict_do_update(index_elements=["payment_intent"], set_=more).returning(
            stripe_charge.c.reference
        )
    ).scalar_one()
    one = known and find_payment(connection, provider=STRIPE, reference=known)
    return settle(connection, one) if one else None


def settle(connection: sa.Connection, one: Payment) -> Payment:
    """Brings a payment to what is known of its charges; it may be known before it is paid. One that
    cost nothing has none: no money can go back.
    """
    if one.state in OPEN or one.price_cents == 0:
        return one
    disputed = stripe_charge.c.withdrawn & ~stripe_charge.c.reinstated
    query = sa.select(
        sa.func.coalesce(sa.func.sum(stripe_charge.c.refunded_cents), 0),
        sa.func.coalesce(sa.func.bool_or(disputed), False),
    ).where(stripe_charge.c.reference == one.reference)
    refunded_cents, is_disputed = connection.execute(query).one()
    return money_went_back(
        connection, one, int(refunded_cents), bool(is_disputed), STRIPE, "as Stripe tells"
    )


def id_of(thing: str | Told) -> str:
    """Of what Stripe names or sends whole."""
    return thing if isinstance(thing, str) else thing["id"]


def buyer_of(details: Told | None) -> str | None:
    """Name, address and e-mail, a line each, as the buyer gave them to Stripe."""
    if not details:
        return None
    address = details.get("address") or {}
    town = " ".join(filter(None, (address.get("postal_code"), address.get("city"))))
    street = [address.get("line1"), address.get("line2"), town, address.get("country")]
    lines = [details.get("name"), *street, details.get("email")]
    return "\n".join(line for line in lines if line) or None
