"""Stripe's word counts once, whatever the order, and no one else's does."""

import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from stripe import Charge, Dispute, Event, PaymentIntent, Refund, checkout, major_api_version

from maquette.core.errors import InvalidRequest, PaymentUnavailable
from maquette.core.ids import new_id
from maquette.db.tables.payments import payment_grant
from maquette.ledger.grants import get_grants
from maquette.payments.stripe_client import ALREADY_REFUNDED
from maquette.payments.stripe_payments import Webhook
from maquette.service.payments import Payments
from tests.payments.checkout import CREDITS, REFUND, buy, charge_of, hear, only
from tests.payments.conftest import at_once, join, posted
from tests.payments.stripe_server import StripeServer, event, signed


def test_what_is_read_of_stripe_is_what_its_library_documents() -> None:
    for kind, names in {
        checkout.Session: "metadata payment_status payment_intent customer_details id url",
        Charge: "payment_intent amount_refunded",
        Dispute: "payment_intent",
        Refund: "payment_intent amount currency failure_reason",
        Event: "id type data created api_version",
    }.items():
        assert set(names.split()) <= set(kind.__annotations__), kind
    assert ALREADY_REFUNDED in str(PaymentIntent.LastPaymentError.__annotations__["code"])
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
            join(connection, account_id)
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
