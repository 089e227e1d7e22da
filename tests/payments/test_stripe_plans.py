"""Plans that Stripe is paid for: each invoice brings its credits once, whatever comes first."""

import itertools
import logging
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from stripe import Invoice, InvoiceLineItem, InvoicePayment, Price
from stripe import Subscription as StripeSubscription

from maquette.core.errors import InvalidRequest, PaymentUnavailable
from maquette.payments.subscriptions import RETRY_TIME
from maquette.people.audit import read_audit
from maquette.service.payments import Payments
from maquette.service.plans import Due
from tests.payments.conftest import at_once, join, posted
from tests.payments.customer import HOME, MILLION, Customer, expiries
from tests.payments.stripe_server import MONTH_S, StripeServer


@pytest.fixture
def ada(shop: Payments, stripe: StripeServer) -> Customer:
    return Customer(shop, stripe)


def test_what_is_read_of_stripe_is_what_its_library_documents() -> None:
    read = {
        Invoice: "id parent lines billing_reason amount_paid amount_due subtotal currency created "
        "customer_name customer_email customer_address",
        Invoice.Parent: "subscription_details",
        Invoice.Parent.SubscriptionDetails: "subscription metadata",
        InvoiceLineItem: "period parent pricing",
        InvoiceLineItem.Parent: "subscription_item_details",
        InvoiceLineItem.Parent.SubscriptionItemDetails: "proration",
        InvoiceLineItem.Pricing: "price_details",
        InvoiceLineItem.Pricing.PriceDetails: "price",
        Price: "id metadata lookup_key",
        InvoiceLineItem.Period: "end",
        InvoicePayment: "invoice payment",
        InvoicePayment.Payment: "payment_intent",
        StripeSubscription: "id customer metadata status billing_cycle_anchor cancel_at_period_end "
        "cancel_at items",
    }
    for kind, names in read.items():
        assert set(names.split()) <= set(kind.__annotations__), kind


def test_a_month_is_paid_and_the_next(database: sa.Engine, ada: Customer) -> None:
    assert ada.has() is None  # till it is paid
    ada.pay("subscription_create", 900)
    assert (posted(database, "ada"), expiries(database)) == (
        1000 * MILLION,
        [(1000, ada.start_s + MONTH_S)],
    )
    one = ada.has()
    assert one is not None
    assert (one.plan_id, one.state, one.provider) == ("sketch", "active", "stripe")
    assert one.renews_at == datetime.fromtimestamp(ada.start_s + MONTH_S, UTC)
    ada.pay("subscription_cycle", 900, ada.next_month())
    assert expiries(database)[-1] == (1000, ada.start_s + 2 * MONTH_S)
    assert [(p.state, p.price_cents, p.item_id) for p in ada.shop.payments(5)] == [
        ("paid", 900, "sketch")
    ] * 2
    with pytest.raises(InvalidRequest, match="you have plan sketch"):
        ada.shop.plans.sell("ada", "studio", HOME)


def test_what_rolls_over_lasts_one_month_more(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    ada = Customer(shop, stripe, plan_id="studio")
    ada.pay("subscription_create", 2400)
    [(credits, end_s)] = expiries(database)
    assert credits == 3000
    assert 27 * 86400 <= end_s - (ada.start_s + MONTH_S) <= 31 * 86400


def test_in_any_order_and_however_often_each_invoice_counts_once(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    """A month, an upgrade in its middle, a failed renewal that is paid later, and its refund."""
    orders = [*itertools.permutations(range(6))][::144]
    assert len(orders) == 5
    for number, order in enumerate(orders):
        account_id = f"account-{number}"
        with database.begin() as connection:
            join(connection, account_id)
        customer = Customer(shop, stripe, account_id)
        customer.pay("subscription_create", 900, hear=False)
        customer.tell("customer.subscription.created", customer.sub, hear=False)
        customer.upgrade("studio", "sketch")
        customer.pay("subscription_update", 750, 1000, hear=False)  # half of the month is left
        after_s = customer.next_month()
        renewal = stripe.invoice(customer.sub, "subscription_cycle", 2400, after_s)
        renewal["created"] += customer.start_s
        customer.tell("invoice.payment_failed", renewal, hear=False)
        customer.tell("invoice.paid", renewal, hear=False)
        payment = {"payment_intent": f"pi_{account_id}", "type": "payment_intent"}
        made = {"id": "inpay", "invoice": renewal["id"], "payment": payment}
        customer.tell("invoice_payment.paid", made, hear=False)
        for at in order:
            customer.hear(*[customer.told[at]] * 3)
        customer.hear(*customer.told)
        assert posted(database, account_id) == (1000 + 1000 + 3000) * MILLION, order
        one = customer.has()
        assert one is not None
        assert (one.plan_id, one.state, one.next_plan_id) == ("studio", "active", None), order
        charge = {"payment_intent": f"pi_{account_id}", "amount_refunded": 2400}
        customer.tell("charge.refunded", charge)
        assert posted(database, account_id) == (1000 + 1000) * MILLION, order


def test_an_upgrade_is_asked_for_at_once_and_is_there_when_it_is_paid(
    database: sa.Engine, ada: Customer
) -> None:
    ada.pay("subscription_create", 900)
    one = ada.shop.plans.change("ada", "studio")
    assert (one.plan_id, one.next_plan_id) == ("sketch", "studio")
    asked = ada.stripe.asked[-1][2]
    assert (asked["proration_behavior"], asked["payment_behavior"]) == (
        "always_invoice",
        "error_if_incomplete",
    )
    ada.pay("subscription_update", 500, 1000)  # a third of the month is left
    one = ada.has()
    assert one is not None
    assert (one.plan_id, one.next_plan_id) == ("studio", None)
    assert posted(database, "ada") == 1000 * MILLION + 2000 * MILLION * 500 // 1500
    ada.stripe.refuses = "Your card was declined."
    with pytest.raises(PaymentUnavailable, match="declined"):
        ada.shop.plans.change("ada", "atelier")
    assert ada.has() == one


def test_what_a_change_is_charged_is_said_before(shop: Payments, stripe: StripeServer) -> None:
    ada = Customer(shop, stripe, plan_id="studio")
    ada.pay("subscription_create", 2400)
    [item] = ada.sub["items"]["data"]
    item["current_period_end"] = int(time.time()) + MONTH_S // 3
    due = shop.plans.due_now("ada", "atelier")
    plans = shop.catalog
    difference = plans.plan("atelier").price_cents - plans.plan("studio").price_cents
    assert due == Due(round(difference / 3), "usd")
    details = stripe.asked[-1][2]["subscription_details"]
    assert details["proration_behavior"] == "always_invoice"  # as the change itself has it
    asked = len(stripe.asked)
    assert shop.plans.due_now("ada", "sketch") == Due(0, "usd")
    assert len(stripe.asked) == asked
    assert ada.has() == shop.plans.current("ada")
    stripe.refuses = "Try later."
    with pytest.raises(PaymentUnavailable, match=r"Try later\."):
        shop.plans.due_now("ada", "atelier")


def test_a_plan_below_comes_with_the_next_month_and_can_be_taken_back(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    ada = Customer(shop, stripe, plan_id="studio")
    ada.pay("subscription_create", 2400)
    one = shop.plans.change("ada", "sketch")
    assert (one.plan_id, one.next_plan_id) == ("studio", "sketch")
    assert stripe.asked[-1][2]["proration_behavior"] == "none"
    with pytest.raises(InvalidRequest, match="a change to sketch is planned"):
        shop.plans.change("ada", "atelier")
    assert shop.plans.change("ada", "studio").next_plan_id is None
    shop.plans.change("ada", "sketch")
    ada.pay("subscription_cycle", 900, ada.next_month())
    one = shop.plans.current("ada")
    assert one is not None
    assert (one.plan_id, one.next_plan_id) == ("sketch", None)
    assert posted(database, "ada") == 4000 * MILLION
    prices = [o for o in stripe.objects.values() if o["object"] == "price"]
    assert len(prices) == 2  # one each, however often it was asked for


def test_an_upgrade_while_the_next_invoice_is_a_draft_brings_the_difference_alone(
    database: sa.Engine, ada: Customer
) -> None:
    ada.pay("subscription_create", 900)
    draft = ada.draft()
    ada.shop.plans.change("ada", "atelier")
    ada.pay("subscription_update", 8100, MONTH_S + 600)
    ada.finalise(draft)  # 9 dollars, for Sketch
    assert posted(database, "ada") == (1000 + 1000 + 11_000) * MILLION
    one = ada.has()
    assert one is not None
    assert (one.plan_id, one.next_plan_id) == ("atelier", None)
    assert {(p.item_id, p.price_cents) for p in ada.shop.payments(2)} == {
        ("sketch", 900),
        ("atelier", 8100),
    }


def test_a_plan_below_chosen_while_the_next_invoice_is_a_draft_comes_a_month_later(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    ada = Customer(shop, stripe, plan_id="atelier")
    ada.pay("subscription_create", 9000)
    draft = ada.draft()
    shop.plans.change("ada", "sketch")
    ada.finalise(draft)  # 90 dollars, for Atelier
    assert posted(database, "ada") == 24_000 * MILLION
    one = ada.has()
    assert one is not None
    assert (one.plan_id, one.next_plan_id) == ("atelier", "sketch")
    ada.finalise(ada.draft())
    one = ada.has()
    assert one is not None
    assert (one.plan_id, one.next_plan_id) == ("sketch", None)
    assert posted(database, "ada") == 25_000 * MILLION


def test_an_upgrade_that_is_paid_by_what_the_buyer_has_there_brings_its_part(
    database: sa.Engine, ada: Customer
) -> None:
    ada.pay("subscription_create", 900)
    ada.shop.plans.change("ada", "studio")
    ada.pay("subscription_update", 0, 1000, subtotal=750)
    assert posted(database, "ada") == (1000 + 1000) * MILLION


def test_cancelled_it_ends_with_its_month_and_can_go_on(ada: Customer) -> None:
    ada.pay("subscription_create", 900)
    one = ada.shop.plans.cancel("ada")
    assert (one.state, one.renews_at, one.cancels_at) == ("active", None, one.period_end)
    assert ada.sub["cancel_at_period_end"] is True
    assert ada.shop.plans.resume("ada").cancels is False
    assert ada.sub["cancel_at_period_end"] is False
    ada.sub["cancel_at_period_end"] = True  # on Stripe's own page
    ada.tell("customer.subscription.updated", ada.sub)
    one = ada.has()
    assert one is not None
    assert one.cancels
    ada.sub["status"] = "canceled"
    ada.tell("customer.subscription.deleted", ada.sub)
    assert ada.has() is None
    ada.sub["status"] = "active"  # which it never is again
    ada.tell("customer.subscription.updated", ada.sub)
    assert ada.has() is None
    with pytest.raises(InvalidRequest, match="there is no plan"):
        ada.shop.plans.resume("ada")


def test_one_that_is_not_paid_is_tried_waited_for_and_ended(
    database: sa.Engine, ada: Customer
) -> None:
    ada.pay("subscription_create", 900)
    ada.next_month()
    ada.sub["status"] = "past_due"
    failed = ada.stripe.invoice(ada.sub, "subscription_cycle", 900, ada.start_s + MONTH_S)
    ada.tell("invoice.payment_failed", failed)
    one = ada.has()
    assert one is not None
    assert (one.state, ada.shop.payments(1)[0].state) == ("past_due", "failed")
    assert one.state_until is not None
    late = datetime.now(UTC) + timedelta(minutes=5)
    assert ada.shop.plans.sweep(late + RETRY_TIME - timedelta(days=1)) == 0
    assert ada.shop.plans.sweep(late + RETRY_TIME) == 1
    assert [s.state for s in [ada.has()] if s] == ["grace"]
    ada.tell("customer.subscription.updated", ada.sub)  # still past due there
    assert [s.state for s in [ada.has()] if s] == ["grace"]
    ada.stripe.refuses = "No."
    assert ada.shop.plans.sweep(late + timedelta(days=60)) == 1
    assert ada.has() is not None  # for as long as it is not ended there
    ada.stripe.refuses = None
    ada.shop.plans.sweep(late + timedelta(days=60))
    assert (ada.has(), ada.sub["status"]) == (None, "canceled")
    assert posted(database, "ada") == 1000 * MILLION


def test_paid_after_all_it_goes_on(database: sa.Engine, ada: Customer) -> None:
    ada.pay("subscription_create", 900)
    after_s = ada.next_month()
    for status, state in (("past_due", "past_due"), ("unpaid", "grace"), ("active", "active")):
        ada.sub["status"] = status
        ada.tell("customer.subscription.updated", ada.sub)
        assert [s.state for s in [ada.has()] if s] == [state]
    ada.pay("subscription_cycle", 900, after_s)
    assert posted(database, "ada") == 2000 * MILLION


def test_a_month_that_costs_nothing_brings_its_credits(database: sa.Engine, ada: Customer) -> None:
    """By a coupon for all of it, or by what the buyer has at Stripe."""
    ada.pay("subscription_create", 0)
    ada.pay("subscription_cycle", 0, ada.next_month(), subtotal=900)
    assert posted(database, "ada") == 2000 * MILLION
    assert [(p.state, p.price_cents) for p in ada.shop.payments(5)] == [("paid", 0)] * 2
    assert ada.shop.invoices("ada") == []
    with database.connect() as connection:
        assert read_audit(connection, 5) == []


def test_an_upgrade_that_is_paid_before_stripe_answers_is_there(
    database: sa.Engine, ada: Customer
) -> None:
    ada.pay("subscription_create", 900)
    ada.stripe.meanwhile = lambda: ada.pay("subscription_update", 1500, 1000)
    one = ada.shop.plans.change("ada", "studio")
    assert (one.plan_id, one.next_plan_id) == ("studio", None)
    assert (
        ada.shop.plans.change("ada", "atelier").next_plan_id == "atelier"
    )  # nothing is in its way
    assert posted(database, "ada") == 3000 * MILLION


def test_an_invoice_of_no_plan_of_ours_is_told_of(
    database: sa.Engine, ada: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        ada.pay("subscription_create", 900)
        assert caplog.messages == []
        other = ada.pay("manual", 900)
    assert caplog.messages == [
        f"invoice {other['id']} was paid at Stripe and brings no credits here"
    ]
    assert posted(database, "ada") == 1000 * MILLION


def test_what_is_told_of_late_is_good_for_a_while(database: sa.Engine, ada: Customer) -> None:
    [item] = ada.sub["items"]["data"]
    item["current_period_end"] = ada.start_s - 1
    ada.pay("subscription_create", 900)
    [(_, end_s)] = expiries(database)
    assert end_s > time.time() + 29 * 86400


def test_asked_for_by_many_at_once_it_ends_as_stripe_has_it(ada: Customer) -> None:
    ada.pay("subscription_create", 900)
    acts = (ada.shop.plans.cancel, ada.shop.plans.resume)
    at_once(lambda n: acts[n % 2]("ada"), 12, 6)
    one = ada.has()
    assert one is not None
    assert one.cancels is ada.sub["cancel_at_period_end"]
