"""What Stripe's events on subscriptions do here.

How a subscription is, Stripe is asked whenever it tells of one, so no event can come too late. What
was promised for the money stands in the metadata of its price and of the subscription, which each
invoice has a copy of: what an invoice brings does not depend on what is sold by now.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from maquette.jobs.queue import lock_account
from maquette.payments.store import Payment, add_payment, fail, find_payment
from maquette.payments.stripe_events import STRIPE, Told, book, buyer_of, id_of, settle
from maquette.payments.subscriptions import (
    GRACE_TIME,
    RETRY_TIME,
    Subscription,
    add_subscription,
    change,
    current_subscription,
    end,
    end_after,
    find_subscription,
    now_of,
)
from maquette.payments.terms import Terms
from maquette.people.audit import note
from maquette.people.teams import belongs_to_anyone

# A period that is over before its payment is told of: its credits are good for so long.
LATE_TIME = timedelta(days=30)
OF_A_MONTH = ("subscription_create", "subscription_cycle")  # why there is an invoice

# What happened to what; how the subscription is by now; what its price brings each month.
SubscriptionHandler = Callable[[sa.Connection, Told, Told, Told], Payment | None]


def subscription_of(kind: str, thing: Told) -> str | None:
    """The name of the subscription that an event is about, if it is about one."""
    if kind.startswith("customer.subscription."):
        return thing["id"]
    details = (thing.get("parent") or {}).get("subscription_details") or {}
    return id_of(details["subscription"]) if details.get("subscription") else None


def price_of(invoice: Told) -> str | None:
    """The price that an invoice of a month asks for, None for anything else. It was fixed when the
    invoice was drafted; that is an hour before the metadata is copied, and plans change meanwhile.
    """
    if invoice.get("billing_reason") not in OF_A_MONTH:
        return None
    for line in invoice["lines"]["data"]:
        of_plan = (line.get("parent") or {}).get("subscription_item_details")
        price = ((line.get("pricing") or {}).get("price_details") or {}).get("price")
        if of_plan and not of_plan["proration"] and price:
            return id_of(price)
    return None


def _subscription_changed(connection: sa.Connection, _: Told, now_is: Told, __: Told) -> None:
    _bring_up_to_date(connection, now_is)


def _invoice_paid(
    connection: sa.Connection, invoice: Told, now_is: Told, sold: Told
) -> Payment | None:
    _bring_up_to_date(connection, now_is)
    made = _payment_for(connection, invoice, sold, invoice["amount_paid"])
    if made is None:
        return None
    one, terms, period_end = made
    _follow_plan(connection, id_of(now_is), terms, invoice)
    started_at = _moment(now_is["billing_cycle_anchor"])
    expires_at = end_after(started_at, period_end) if terms.rolls_over else period_end
    now = now_of(connection)
    paid = book(
        connection,
        one,
        "plan",
        _buyer(invoice),
        expires_at=expires_at if expires_at > now else now + LATE_TIME,
        price_cents=invoice["amount_paid"],
    )
    return settle(connection, paid)


def _invoice_failed(
    connection: sa.Connection, invoice: Told, now_is: Told, sold: Told
) -> Payment | None:
    _bring_up_to_date(connection, now_is)
    made = _payment_for(connection, invoice, sold, invoice["amount_due"])
    if made is None:
        return None
    fail(connection, made[0])
    return find_payment(connection, payment_id=made[0].payment_id)


SUBSCRIPTION_HANDLERS: Mapping[str, SubscriptionHandler] = {
    "customer.subscription.created": _subscription_changed,
    "customer.subscription.updated": _subscription_changed,
    "customer.subscription.deleted": _subscription_changed,
    "invoice.paid": _invoice_paid,
    "invoice.payment_failed": _invoice_failed,
}


def _bring_up_to_date(connection: sa.Connection, told: Told) -> None:
    """Writes down how a subscription is by now. One that was never paid is not written down; one
    that was given up ends and does nothing else, and one that has ended stays so, unless Stripe
    goes on charging for no one.
    """
    terms, status = Terms.read(told["metadata"]), told["status"]
    if terms is None:
        return
    lock_account(connection, terms.account_id)  # first, as who deletes the account does
    one = find_subscription(connection, told["id"])
    gone = status in ("canceled", "incomplete_expired")
    if one is None and (gone or status == "incomplete"):
        return
    anyones = belongs_to_anyone(connection, terms.account_id)
    columns = {
        "started_at": _moment(told["billing_cycle_anchor"]),
        "period_end": _moment(max(i["current_period_end"] for i in told["items"]["data"])),
        "cancels": told["cancel_at_period_end"] or told.get("cancel_at") is not None,
    }
    if one is None:
        first = current_subscription(connection, terms.account_id)
        columns |= {"account_id": terms.account_id, "provider": STRIPE, "reference": told["id"]}
        one = add_subscription(connection, plan_id=terms.plan_id, **columns)
        if anyones and first is not None:
            _give_up(connection, one, "payments.second_plan")
            return
    if not (anyones or gone or columns["cancels"] or one.given_up):
        _give_up(connection, one, "payments.plan_of_no_one")
        return
    if one.state == "ended":
        return
    one = change(connection, one, **columns)
    if gone:
        end(connection, one)
    elif one.given_up:
        return  # though Stripe has it as active until the sweep has cancelled it there
    elif status in ("active", "trialing") and one.state != "active":
        change(connection, one, state="active", state_until=None)
    elif status == "past_due" and one.state == "active":
        until = now_of(connection) + RETRY_TIME
        change(connection, one, state="past_due", state_until=until)
    elif status in ("unpaid", "paused") and one.state != "grace":
        until = now_of(connection) + GRACE_TIME
        change(connection, one, state="grace", state_until=until)


def _give_up(connection: sa.Connection, one: Subscription, act: str) -> None:
    """The sweep cancels it: it is the second of two that were begun at once, in two windows, where
    what was paid for it has brought its credits; or its account is of no one, where what was paid
    goes back.
    """
    change(connection, one, given_up=True, state="grace", state_until=now_of(connection))
    subject = f"subscription/{one.reference}"
    note(connection, STRIPE, act, subject, account_id=one.account_id)


def _payment_for(
    connection: sa.Connection, invoice: Told, sold: Told, price_cents: int
) -> tuple[Payment, Terms, datetime] | None:
    """The payment that an invoice is, what was promised for it, and the end of its period; None
    where it brings no credits.
    """
    terms = Terms.read(invoice["parent"]["subscription_details"].get("metadata"), sold)
    if terms is None:
        return None
    period_end = _moment(max(line["period"]["end"] for line in invoice["lines"]["data"]))
    credits = terms.monthly_microcredits
    if invoice["billing_reason"] == "subscription_update":
        # Stripe asks for the part of the month that is left; so much of the difference comes, by
        # whatever means it is paid.
        share_cents = min(invoice["subtotal"], terms.difference_cents)
        credits = terms.difference_microcredits * share_cents // max(1, terms.difference_cents)
    elif invoice["billing_reason"] not in OF_A_MONTH:
        return None
    if credits <= 0:
        return None
    made = add_payment(
        connection,
        terms.account_id,
        STRIPE,
        f"{terms.name}, until {period_end:%Y-%m-%d}",
        credits,
        price_cents,
        invoice["currency"],
        item_id=terms.plan_id,
        reference=invoice["id"],
    )
    return made, terms, period_end


def _follow_plan(connection: sa.Connection, reference: str, terms: Terms, invoice: Told) -> None:
    """The plan of a subscription is that of its newest invoice that was paid."""
    one, told_at = find_subscription(connection, reference), _moment(invoice["created"])
    if one is None or (one.plan_told_at is not None and one.plan_told_at > told_at):
        return
    comes = one.next_plan_id if one.next_plan_id != terms.plan_id else None
    columns: dict[str, Any] = {"plan_id": terms.plan_id, "plan_told_at": told_at}
    change(connection, one, next_plan_id=comes, **columns)


def _buyer(invoice: Told) -> str | None:
    names = ("name", "email", "address")
    return buyer_of({name: invoice.get(f"customer_{name}") for name in names})


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
