"""Revenue is what was paid, by day in UTC, by way to pay, and by currency."""

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from maquette.db.tables.payments import payment
from maquette.payments.manual import TopUp
from maquette.payments.revenue import Revenue
from maquette.service.payments import Payments
from tests.payments.checkout import REFUND, buy, charge_of, hear, only
from tests.payments.stripe_server import StripeServer, event


def test_it_adds_up_by_day_and_by_provider(database: sa.Engine, payments: Payments) -> None:
    midnight = datetime(2026, 5, 2, tzinfo=UTC)
    paid = [(100, "usd", midnight), (200, "usd", midnight - timedelta(seconds=1))]
    paid += [(300, "eur", midnight), (400, "usd", midnight + timedelta(days=40))]
    for cents, currency, moment in paid:
        made = payments.top_up(TopUp("boss", "ada", 5, "x", cents, currency))
        if cents == 200:
            payments.refund("boss", made.payment_id, "asked for")
        with database.begin() as connection:
            this = payment.c.payment_id == made.payment_id
            connection.execute(sa.update(payment).where(this).values(paid_at=moment))
    payments.top_up(TopUp("boss", "ada", 5, "a gift"))
    first, second = date(2026, 5, 1), date(2026, 5, 2)
    assert payments.revenue(first, second, "day") == [
        Revenue(1, 200, 200, "usd", day=first),
        Revenue(1, 300, 0, "eur", day=second),
        Revenue(1, 100, 0, "usd", day=second),
    ]
    assert payments.revenue(first, second, "provider") == [
        Revenue(1, 300, 0, "eur", provider="manual"),
        Revenue(2, 300, 200, "usd", provider="manual"),
    ]
    assert payments.revenue(second, second) == [
        Revenue(1, 300, 0, "eur"),
        Revenue(1, 100, 0, "usd"),
    ]
    assert payments.revenue(date.min, date.max)[1].price_cents == 700
    assert payments.revenue(None, date.min) == []


def test_a_refund_that_came_back_is_not_refunded_until_it_is_sent_again(
    shop: Payments, stripe: StripeServer
) -> None:
    session = buy(shop, stripe)
    hear(shop, event("checkout.session.completed", session, "evt_1"))
    shop.refund("boss", only(shop).payment_id, "asked for")
    hear(shop, event(REFUND, charge_of(session, 1000), "evt_2"))
    assert shop.revenue(None, None) == [Revenue(1, 1000, 1000, "usd")]
    [sent] = [one for one in stripe.objects.values() if one["object"] == "refund"]
    sent["status"] = "failed"
    failed = {"payment_intent": session["payment_intent"], "amount": 1000, "currency": "usd"}
    hear(shop, event("refund.failed", {"id": sent["id"]} | failed, "evt_3"))
    assert shop.revenue(None, None) == [Revenue(1, 1000, 0, "usd")]
    shop.refund("boss", only(shop).payment_id, "once more")
    assert shop.revenue(None, None) == [Revenue(1, 1000, 1000, "usd")]


def test_one_that_came_back_before_its_refund_is_told_of_counts_for_nothing(
    shop: Payments, stripe: StripeServer
) -> None:
    session = buy(shop, stripe)
    hear(shop, event("checkout.session.completed", session, "evt_1"))
    failed = {"payment_intent": session["payment_intent"], "amount": 300, "currency": "usd"}
    hear(shop, event("refund.failed", {"id": "re_1"} | failed, "evt_3"))
    assert shop.revenue(None, None) == [Revenue(1, 1000, 0, "usd")]
    hear(shop, event(REFUND, charge_of(session, 300), "evt_2"))
    assert shop.revenue(None, None) == [Revenue(1, 1000, 0, "usd")]
