"""Stripe's word counts once, whatever the order, and no one else's does."""

import itertools
import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from stripe import Charge, Dispute, Event, checkout, major_api_version

from maquette.core.errors import InvalidRequest, PaymentUnavailable
from maquette.core.ids import new_id
from maquette.db.tables.payments import payment_grant
from maquette.ledger.accounts import open_account
from maquette.ledger.grants import get_grants
from maquette.ledger.holds import place_hold, post_hold, void_hold
from maquette.ledger.reversals import reverse
from maquette.ledger.transfers import get_transfers
from maquette.payments.store import Payment
from maquette.payments.stripe_payments import Webhook
from maquette.people.audit import AuditEntry, read_audit
from maquette.service.payments import Payments
from maquette.service.sweep_credits import sweep_credits
from tests.payments.conftest import at_once, posted
from tests.payments.stripe_server import Json, StripeServer, event, signed

CREDITS = 1_000 * 10**6  # of the pack that is bought
BUYER = {
    "name": "王小明",
    "email": "ming@example.org",
    "address": {"line1": "1 Main St", "city": "Ghent", "postal_code": "9000", "country": "BE"},
}


def buy(shop: Payments, stripe: StripeServer, account_id: str = "ada") -> Json:
    """A Checkout session for a pack, as Stripe has it when it was paid."""
    url = shop.sell_pack(account_id, "pack-1000", "https://studio.example")
    session = stripe.objects[url.rpartition("/")[2]]
    return session | {
        "payment_status": "paid",
        "payment_intent": f"pi_{session['id']}",
        "customer_details": BUYER,
        "amount_total": 1000,
        "currency": "usd",
    }


def charge_of(session: Json, refunded: int) -> Json:
    return {
        "id": f"ch_{session['id']}",
        "object": "charge",
        "payment_intent": session["payment_intent"],
        "amount": 1000,
        "amount_refunded": refunded,
    }


def dispute_of(session: Json) -> Json:
    return {"id": f"dp_{session['id']}", "payment_intent": session["payment_intent"]}


def hear(shop: Payments, *told: Json) -> None:
    for one in told:
        webhook = signed(one)
        shop.hear_stripe(webhook.body, webhook.signature)


def only(shop: Payments) -> Payment:
    [one] = shop.payments(10)
    return one


def test_what_is_read_of_stripe_is_what_its_library_documents() -> None:
    for kind, names in {
        checkout.Session: "metadata payment_status payment_intent customer_details id url",
        Charge: "payment_intent amount_refunded",
        Dispute: "payment_intent",
        Event: "id type data created api_version",
    }.items():
        assert set(names.split()) <= set(kind.__annotations__), kind
    details = checkout.Session.CustomerDetails
    assert {"name", "email", "address"} <= set(details.__annotations__)


def test_a_pack_is_paid_on_stripes_page_and_its_credits_come_when_that_is_told(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    session = buy(shop, stripe)
    [(method, path, asked)] = stripe.asked
    assert (method, path, asked["mode"]) == ("POST", "/v1/checkout/sessions", "payment")
    price = asked["line_items"]["0"]["price_data"]
    assert (price["unit_amount"], price["currency"]) == ("1000", "usd")
    assert asked["success_url"] == "https://studio.example/?checkout=done"
    assert (only(shop).state, posted(database, "ada")) == ("pending", 0)
    hear(shop, event("checkout.session.completed", session, "evt_1"))
    paid = only(shop)
    assert (paid.state, posted(database, "ada")) == ("paid", CREDITS)
    assert paid.buyer == "王小明\n1 Main St\n9000 Ghent\nBE\nming@example.org"
    with database.connect() as connection:
        [grant] = get_grants(connection, "ada")
        linked = connection.execute(sa.select(payment_grant)).one()
    assert (grant.category, grant.expires_at) == ("paid", None)
    assert linked == (grant.grant_id, paid.payment_id)


def test_a_way_to_pay_that_takes_days_brings_credits_when_it_succeeds(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    session = buy(shop, stripe)
    waits = session | {"payment_status": "unpaid"}
    hear(shop, event("checkout.session.completed", waits, "evt_1"))
    assert (only(shop).state, posted(database, "ada")) == ("pending", 0)
    hear(shop, event("checkout.session.async_payment_succeeded", session, "evt_2"))
    assert (only(shop).state, posted(database, "ada")) == ("paid", CREDITS)
    hear(shop, event("checkout.session.async_payment_failed", waits, "evt_3"))
    hear(shop, event("checkout.session.expired", waits, "evt_4"))
    assert only(shop).state == "paid"
    other = buy(shop, stripe, "ben")
    hear(shop, event("checkout.session.expired", other, "evt_5"))
    assert (shop.payments(1)[0].state, posted(database, "ben")) == ("failed", 0)


ALTERED: list[tuple[str, Callable[[Webhook], Webhook]]] = [
    ("body", lambda w: replace(w, body=w.body.replace(b"evt_1", b"evt_2"))),
    ("no header", lambda w: replace(w, signature=None)),
    ("empty header", lambda w: replace(w, signature="")),
    ("nonsense", lambda w: replace(w, signature="t=now,v1=0")),
    ("not text", lambda w: replace(w, body=b"\xff" + w.body)),
    ("older time", lambda w: replace(w, signature=f"t=1,{w.signature}")),
    ("other scheme", lambda w: replace(w, signature=(w.signature or "").replace("v1=", "v0="))),
]


@pytest.mark.parametrize(("what", "change"), ALTERED, ids=[name for name, _ in ALTERED])
def test_what_was_altered_is_refused(
    database: sa.Engine,
    shop: Payments,
    stripe: StripeServer,
    what: str,
    change: Callable[[Webhook], Webhook],
) -> None:
    told = event("checkout.session.completed", buy(shop, stripe), "evt_1")
    webhook = change(signed(told))
    with pytest.raises(InvalidRequest, match="not signed by Stripe"):
        shop.hear_stripe(webhook.body, webhook.signature)
    assert posted(database, "ada") == 0
    hear(shop, told)  # which is not known from before
    assert posted(database, "ada") == CREDITS


def test_another_secret_and_an_old_webhook_are_refused(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    told = event("checkout.session.completed", buy(shop, stripe), "evt_1")
    other, now = signed(told, "whsec_other"), int(time.time())
    with pytest.raises(InvalidRequest, match="not signed"):
        shop.hear_stripe(other.body, other.signature)
    old = signed(told, signed_s=now - 301)
    renewed = f"{old.signature},t={now}"  # of which only the first time was signed
    for signature in (old.signature, renewed):
        with pytest.raises(InvalidRequest, match="too long ago"):
            shop.hear_stripe(old.body, signature)
    assert posted(database, "ada") == 0
    fresh = signed(told, signed_s=now - 240)
    shop.hear_stripe(fresh.body, fresh.signature)
    assert posted(database, "ada") == CREDITS


def test_a_webhook_of_another_version_of_the_api_is_refused_and_not_forgotten(
    database: sa.Engine, shop: Payments, stripe: StripeServer, caplog: pytest.LogCaptureFixture
) -> None:
    told = event("checkout.session.completed", buy(shop, stripe), "evt_1")
    for version in ("2024-06-20", "2025-09-30.clover", None):
        old = signed(told | {"api_version": version})
        with pytest.raises(InvalidRequest, match=f"version {version}; have its endpoint send 20"):
            shop.hear_stripe(old.body, old.signature)
        assert f"version {version}" in caplog.messages[-1]
    assert posted(database, "ada") == 0
    later = f"2099-01-01.{major_api_version}"  # which only adds to what is read
    hear(shop, told | {"api_version": later})
    assert posted(database, "ada") == CREDITS


def test_an_event_that_is_known_is_passed_over(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    session = buy(shop, stripe)
    hear(shop, event("checkout.session.completed", session, "evt_1"))
    hear(shop, event(REFUND, charge_of(session, 1000), "evt_1"))  # which Stripe never sends
    assert (only(shop).state, posted(database, "ada")) == ("paid", CREDITS)


def test_others_sessions_and_events_change_nothing(shop: Payments, stripe: StripeServer) -> None:
    session = buy(shop, stripe)
    for number, metadata in enumerate(
        ({}, None, {"payment_id": "7"}, {"payment_id": str(new_id())})
    ):
        other = session | {"metadata": metadata}
        hear(shop, event("checkout.session.completed", other, f"evt_{number}"))
    hear(shop, event("charge.refunded", charge_of(session, 1000) | {"payment_intent": None}, "e5"))
    hear(shop, event("customer.created", {"id": "cus_1"}, "evt_6"))
    assert only(shop).state == "pending"


REFUND = "charge.refunded"
WITHDRAWN, REINSTATED = "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"
STORIES: dict[str, tuple[list[tuple[str, int]], str, int, int]] = {
    # what is told beside the payment; the state, the cents refunded, and the credits left
    "refunded": ([(REFUND, 400), (REFUND, 1000)], "refunded", 1000, 0),
    "in part": ([(REFUND, 100), (REFUND, 400)], "paid", 400, CREDITS),
    "disputed": ([(WITHDRAWN, 0)], "disputed", 0, 0),
    "disputed and won": ([(WITHDRAWN, 0), (REINSTATED, 0)], "paid", 0, CREDITS),
    "all of it": ([(REFUND, 400), (WITHDRAWN, 0), (REINSTATED, 0)], "paid", 400, CREDITS),
}


@pytest.mark.parametrize("story", STORIES)
def test_in_any_order_and_however_often_the_end_is_the_same(
    database: sa.Engine, shop: Payments, stripe: StripeServer, story: str
) -> None:
    more, state, refunded, left = STORIES[story]
    orders = [*itertools.permutations(range(1 + len(more)))]
    accounts = [f"account-{number}" for number in range(len(orders))]
    with database.begin() as connection:
        for account_id in accounts:
            open_account(connection, account_id)
    for account_id, order in zip(accounts, orders, strict=True):
        session = buy(shop, stripe, account_id)
        told = [event("checkout.session.completed", session, f"{account_id}-0")]
        for number, (kind, cents) in enumerate(more, 1):
            thing = charge_of(session, cents) if kind == REFUND else dispute_of(session)
            told.append(event(kind, thing, f"{account_id}-{number}"))
        for at in order:
            hear(shop, *[told[at]] * 3)
        hear(shop, *told)
        one = shop.payments(1)[0]
        assert (one.state, one.refunded_cents) == (state, refunded), order
        assert posted(database, account_id) == left, order


def _hold(database: sa.Engine, amount: int) -> UUID:
    with database.begin() as connection:
        end = connection.execute(sa.text("SELECT now() + interval '1 hour'")).scalar_one()
        return place_hold(connection, "ada", amount, end).hold_id


def _noted(database: sa.Engine) -> list[AuditEntry]:
    with database.connect() as connection:
        return [one for one in read_audit(connection, 10) if one.actor_id == "stripe"]


def test_what_is_left_of_a_pack_goes_with_the_money_and_comes_back_with_it(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    session = buy(shop, stripe)
    hear(shop, event("checkout.session.completed", session, "evt_1"))
    spent, held = _hold(database, 7), _hold(database, 100)
    with database.begin() as connection:
        post_hold(connection, spent, 7)
    hear(shop, event(WITHDRAWN, dispute_of(session), "evt_2"))
    assert posted(database, "ada") == 100  # which a job has
    sweep_credits(database)
    assert posted(database, "ada") == 100
    with database.begin() as connection:
        void_hold(connection, held)
        charge = next(t for t in get_transfers(connection, "ada", 9) if t.hold_id == spent)
        reverse(connection, charge.transfer_id, "it was blurred")
    assert posted(database, "ada") == 107
    sweep_credits(database)
    assert posted(database, "ada") == 0
    hear(shop, event(REINSTATED, dispute_of(session), "evt_3"))
    assert posted(database, "ada") == CREDITS
    hear(shop, event(REFUND, charge_of(session, 1000), "evt_4"))
    assert (only(shop).state, posted(database, "ada")) == ("refunded", 0)
    figures = ("taken_back_microcredits", "kept_microcredits", "given_microcredits")
    assert [(one.act, *map(one.details.get, figures)) for one in _noted(database)] == [
        ("payments.refunded", CREDITS, 0, 0),
        ("payments.returned", 0, CREDITS, CREDITS),
        ("payments.rest_taken", 107, 0, None),
        ("payments.disputed", CREDITS - 107, 107, 0),
    ]


def test_what_was_spent_of_a_pack_does_not_come_twice(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    session = buy(shop, stripe)
    hear(shop, event("checkout.session.completed", session, "evt_1"))
    spent, held = _hold(database, 7), _hold(database, 100)
    with database.begin() as connection:
        post_hold(connection, spent, 7)
    hear(shop, event(WITHDRAWN, dispute_of(session), "evt_2"))
    hear(shop, event(REINSTATED, dispute_of(session), "evt_3"))  # while the job still runs
    assert posted(database, "ada") == CREDITS - 7
    with database.begin() as connection:
        post_hold(connection, held, 60)
    sweep_credits(database)
    assert posted(database, "ada") == CREDITS - 67  # for it is paid
    hear(shop, event(REFUND, charge_of(session, 1000), "evt_4"))
    assert (only(shop).state, posted(database, "ada")) == ("refunded", 0)
    assert _noted(database)[0].details["kept_microcredits"] == 67


def test_an_operators_refund_goes_through_stripe_once(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    session = buy(shop, stripe)
    with pytest.raises(InvalidRequest, match="is pending; nothing to refund"):
        shop.refund("boss", only(shop).payment_id, "asked for")
    hear(shop, event("checkout.session.completed", session, "evt_1"))
    at_once(lambda _: shop.refund("boss", only(shop).payment_id, "asked for"), 4, 4)
    assert (only(shop).state, posted(database, "ada")) == ("paid", CREDITS)  # till it is told
    refunds = [made for made in stripe.objects.values() if made["object"] == "refund"]
    assert [one["payment_intent"] for one in refunds] == [session["payment_intent"]]
    hear(shop, event(REFUND, charge_of(session, 1000), "evt_2"))
    assert (only(shop).state, posted(database, "ada")) == ("refunded", 0)


def test_where_stripe_refuses_or_is_away_it_is_said_and_nothing_is_owed(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    stripe.refuses = "Your card was declined."
    with pytest.raises(PaymentUnavailable, match="Your card was declined"):
        buy(shop, stripe)
    assert (only(shop).state, posted(database, "ada")) == ("failed", 0)


def _deliver(
    database: sa.Engine, shop: Payments, stripe: StripeServer, buyers: int, threads: int
) -> int:
    """Buys, refunds each third, and delivers all events three times, shuffled."""
    accounts = [f"account-{number}" for number in range(buyers)]
    told: list[Any] = []
    for number, account_id in enumerate(accounts):
        with database.begin() as connection:
            open_account(connection, account_id)
        session = buy(shop, stripe, account_id)
        told.append(event("checkout.session.completed", session, f"paid-{number}"))
        if number % 3 == 0:
            told.append(event(REFUND, charge_of(session, 1000), f"back-{number}"))
    webhooks = [signed(one) for one in told * 3]
    random.Random(7).shuffle(webhooks)

    def deliver(number: int) -> None:
        shop.hear_stripe(webhooks[number].body, webhooks[number].signature)

    at_once(deliver, len(webhooks), threads)
    for number, account_id in enumerate(accounts):
        assert posted(database, account_id) == (0 if number % 3 == 0 else CREDITS)
    with database.connect() as connection:
        grants = connection.execute(sa.select(sa.func.count()).select_from(payment_grant))
        assert grants.scalar_one() == buyers
    return len(webhooks)


def test_many_deliveries_at_once_have_one_effect_each(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    assert _deliver(database, shop, stripe, 9, 20) == 36


@pytest.mark.gate
def test_a_thousand_deliveries_at_once_have_one_effect_each(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    assert _deliver(database, shop, stripe, 250, 20) >= 1000
