"""Money that goes back by Stripe takes its credits along, whatever is told first."""

import itertools
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from maquette.core.errors import InvalidRequest, PaymentRefused, PaymentUnavailable
from maquette.ledger.holds import place_hold, post_hold, void_hold
from maquette.ledger.reversals import reverse
from maquette.ledger.transfers import get_transfers
from maquette.people.audit import AuditEntry, read_audit
from maquette.service.payments import Payments
from maquette.service.sweep_credits import sweep_credits
from tests.payments.checkout import (
    CREDITS,
    REFUND,
    REINSTATED,
    WITHDRAWN,
    buy,
    charge_of,
    dispute_of,
    hear,
    only,
)
from tests.payments.conftest import at_once, join, posted
from tests.payments.stripe_server import Json, StripeServer, event

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
            join(connection, account_id)
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
        return place_hold(connection, "ada", amount, timedelta(hours=1)).hold_id


def _bought_and_used(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> tuple[Json, UUID, UUID]:
    """The session of a pack, the hold of the 7 of it that are charged, and that of 100 more."""
    session = buy(shop, stripe)
    hear(shop, event("checkout.session.completed", session, "evt_1"))
    spent, held = _hold(database, 7), _hold(database, 100)
    with database.begin() as connection:
        post_hold(connection, spent, 7)
    return session, spent, held


def _noted(database: sa.Engine) -> list[AuditEntry]:
    with database.connect() as connection:
        return [one for one in read_audit(connection, 10) if one.actor_id == "stripe"]


def test_what_is_left_of_a_pack_goes_with_the_money_and_comes_back_with_it(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    session, spent, held = _bought_and_used(database, shop, stripe)
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
    session, _, held = _bought_and_used(database, shop, stripe)
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


def _sent(stripe: StripeServer) -> list[Json]:
    return [made for made in stripe.objects.values() if made["object"] == "refund"]


def test_a_refund_that_was_refused_can_be_asked_for_again(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    session = buy(shop, stripe)
    hear(shop, event("checkout.session.completed", session, "evt_1"))
    stripe.refuses = "There is not enough in your balance."
    with pytest.raises(PaymentRefused, match="not enough in your balance"):
        shop.refund("boss", only(shop).payment_id, "asked for")
    stripe.refuses = None
    shop.refund("boss", only(shop).payment_id, "asked for")
    assert [one["payment_intent"] for one in _sent(stripe)] == [session["payment_intent"]]
    shop.refund("boss", only(shop).payment_id, "asked for twice")
    assert len(_sent(stripe)) == 1


def test_a_refund_that_is_not_known_to_have_failed_is_not_sent_twice(
    shop: Payments, stripe: StripeServer
) -> None:
    session = buy(shop, stripe)
    hear(shop, event("checkout.session.completed", session, "evt_1"))
    stripe.breaks = True  # when it has done it
    with pytest.raises(PaymentUnavailable) as told:
        shop.refund("boss", only(shop).payment_id, "asked for")
    assert not isinstance(told.value, PaymentRefused)
    stripe.breaks = False
    shop.refund("boss", only(shop).payment_id, "asked for")
    assert (len(_sent(stripe)), only(shop).failed_refunds) == (1, 0)


def test_a_refund_that_comes_back_is_noted_and_can_be_sent_again(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    session = buy(shop, stripe)
    hear(shop, event("checkout.session.completed", session, "evt_1"))
    shop.refund("boss", only(shop).payment_id, "asked for")
    hear(shop, event(REFUND, charge_of(session, 1000), "evt_2"))
    with pytest.raises(InvalidRequest, match="is refunded; nothing to refund"):
        shop.refund("boss", only(shop).payment_id, "asked for")
    failed = {
        "id": _sent(stripe)[0]["id"],
        "payment_intent": session["payment_intent"],
        "amount": 1000,
        "currency": "usd",
        "failure_reason": "expired_or_canceled_card",
    }
    _sent(stripe)[0]["status"] = "failed"
    hear(shop, *[event("refund.failed", failed, "evt_3")] * 3)
    noted = _noted(database)[0]
    assert (noted.act, noted.subject) == (
        "payments.refund_failed",
        f"payment/{only(shop).payment_id}",
    )
    assert noted.details["reason"] == "expired_or_canceled_card"
    assert (only(shop).state, posted(database, "ada")) == ("refunded", 0)  # as it is owed
    assert only(shop).came_back_cents == 1000
    shop.refund("boss", only(shop).payment_id, "once more")
    assert (len(_sent(stripe)), only(shop).came_back_cents) == (2, 0)
    with pytest.raises(InvalidRequest, match="is refunded; nothing to refund"):
        shop.refund("boss", only(shop).payment_id, "and once more")
    hear(shop, event(REFUND, charge_of(session, 1000), "evt_4"))
    assert (only(shop).state, posted(database, "ada")) == ("refunded", 0)
    other = failed | {"payment_intent": "pi_of_another_shop"}
    hear(shop, event("refund.failed", other, "evt_5"))
    assert only(shop).failed_refunds == 1


def test_a_refund_that_stripe_says_was_made_before_is_done(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    session = buy(shop, stripe)
    hear(shop, event("checkout.session.completed", session, "evt_1"))
    shop.refund("boss", only(shop).payment_id, "asked for")
    stripe.forget_keys()  # and what it told of it was lost
    assert shop.refund("boss", only(shop).payment_id, "where is it?").state == "refunded"
    one = only(shop)
    assert (one.refunded_cents, one.failed_refunds, posted(database, "ada")) == (1000, 0, 0)
    assert len(_sent(stripe)) == 1
    hear(shop, event(REFUND, charge_of(session, 1000), "evt_2"))
    assert only(shop) == one


def test_one_that_came_back_is_not_done_because_stripe_says_that_it_was_made(
    shop: Payments, stripe: StripeServer
) -> None:
    session = buy(shop, stripe)
    hear(shop, event("checkout.session.completed", session, "evt_1"))
    shop.refund("boss", only(shop).payment_id, "asked for")
    hear(shop, event(REFUND, charge_of(session, 1000), "evt_2"))
    failed = {"id": "re_1", "payment_intent": session["payment_intent"], "amount": 1000}
    hear(shop, event("refund.failed", failed | {"currency": "usd"}, "evt_3"))
    with pytest.raises(PaymentRefused, match="was refunded, and money of that came back"):
        shop.refund("boss", only(shop).payment_id, "once more")
    assert (only(shop).state, only(shop).came_back_cents) == ("refunded", 1000)
