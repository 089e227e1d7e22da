"""What is paid for an account that was deleted meanwhile goes back, and names no one."""

import itertools
import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from maquette.db.tables.payments import checkout_page, invoice, payment, subscription
from maquette.payments.store import Payment
from maquette.people.audit import read_audit
from maquette.service.own_data import delete
from maquette.service.payments import Payments
from maquette.service.teams import found_team
from tests.payments.checkout import BUYER, REFUND, buy, charge_of, hear, only
from tests.payments.conftest import join, posted
from tests.payments.customer import MILLION, Customer
from tests.payments.stripe_server import Json, StripeServer, event
from tests.waiting import PATIENCE_S


def _delete(database: sa.Engine, account_id: str = "ada") -> None:
    with database.begin() as connection:
        delete(connection, account_id, account_id)


def _refunds(stripe: StripeServer) -> list[Json]:
    return [given for method, path, given in stripe.asked if path == "/v1/refunds"]


def _acts(database: sa.Engine) -> list[str]:
    with database.connect() as connection:
        acts = [one.act for one in read_audit(connection, 99) if one.actor_id == "stripe"]
    return [*reversed(acts)]


def _names(database: sa.Engine) -> set[str | None]:
    """Of buyers, as they are kept."""
    with database.connect() as connection:
        buyers = connection.execute(sa.select(payment.c.buyer)).scalars().all()
        return {*buyers, *connection.execute(sa.select(invoice.c.buyer)).scalars()}


def _sweep(shop: Payments) -> tuple[int, int]:
    return shop.plans.sweep(), shop.sweep()


def _intent_of(invoice: Json) -> Json:
    """By which charge it was paid, as Stripe tells it apart."""
    made = {"type": "payment_intent", "payment_intent": f"pi_{invoice['id']}"}
    return {"id": f"inpay_{invoice['id']}", "invoice": invoice["id"], "payment": made}


def _back(invoice: Json) -> Json:
    charge = {"payment_intent": f"pi_{invoice['id']}", "amount_refunded": invoice["amount_paid"]}
    return {"id": f"ch_{invoice['id']}", "object": "charge"} | charge


def _paid(customer: Customer) -> tuple[Json, Sequence[Json]]:
    """The invoice of a plan's first month, and all that Stripe tells of it, not heard yet."""
    customer.tell("customer.subscription.created", customer.sub, hear=False)
    bill = customer.pay("subscription_create", 900, hear=False)
    customer.tell("invoice_payment.paid", _intent_of(bill), hear=False)
    return bill, customer.told


def test_a_plan_paid_after_its_account_was_deleted_is_given_up_in_any_order(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    for number, order in enumerate(itertools.permutations(range(3))):
        account_id = f"account-{number}"
        with database.begin() as connection:
            join(connection, account_id)
        customer = Customer(shop, stripe, account_id)
        bill, told = _paid(customer)
        _delete(database, account_id)
        customer.hear(*[told[at] for at in order], *told)
        assert customer.has() is None
        assert _sweep(shop) == (1, 1), order
        assert customer.sub["status"] == "canceled", order
        assert len(_refunds(stripe)) == number + 1
        assert _refunds(stripe)[-1]["payment_intent"] == f"pi_{bill['id']}"
        customer.tell(REFUND, _back(bill))
        customer.tell("customer.subscription.deleted", customer.sub)
        customer.hear(*told)
        assert _sweep(shop) == (0, 0)
        one = shop.payments(1)[0]
        assert (one.state, one.refunded_cents, one.buyer) == ("refunded", 900, None)
        assert posted(database, account_id) == 0
    assert _names(database) == {None, *(f"account account-{number}" for number in range(6))}
    assert sorted({*_acts(database)}) == [
        "payments.for_no_one",
        "payments.plan_of_no_one",
        "payments.refund_asked",
        "payments.refunded",
    ]
    with database.connect() as connection:
        states = connection.execute(sa.select(subscription.c.state)).scalars().all()
    assert states == ["ended"] * 6


def _team_that_paid(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> tuple[Customer, Sequence[Json]]:
    """A team of Ada's with a plan, and what Stripe tells of that, not heard yet."""
    with database.begin() as connection:
        team = found_team(connection, "Engines", "ada").account_id
    customer = Customer(shop, stripe, team)
    _, told = _paid(customer)
    return customer, told


def test_a_plan_of_a_team_that_went_with_its_last_member_is_given_up(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    customer, told = _team_that_paid(database, shop, stripe)
    _delete(database)
    customer.hear(*told)
    assert _sweep(shop) == (1, 1)
    assert (customer.sub["status"], len(_refunds(stripe))) == ("canceled", 1)


def test_a_team_that_others_are_of_keeps_what_is_paid_for_it(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    customer, told = _team_that_paid(database, shop, stripe)
    _delete(database, "ben")
    customer.hear(*told)
    assert _sweep(shop) == (0, 0)
    assert (customer.sub["status"], posted(database, customer.account_id)) == (
        "active",
        1000 * MILLION,
    )


def test_a_month_told_of_late_names_no_one_and_goes_back_and_what_was_paid_before_stays(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    customer = Customer(shop, stripe)
    first, told = _paid(customer)
    customer.hear(*told)
    shop.plans.cancel("ada")
    customer.next_month()
    late = customer.pay("subscription_cycle", 900, hear=False)
    _delete(database)
    customer.hear(customer.told[-1])
    customer.tell("invoice_payment.paid", _intent_of(late))
    assert _sweep(shop) == (0, 1)
    assert [one["payment_intent"] for one in _refunds(stripe)] == [f"pi_{late['id']}"]
    paid = {one.reference: one for one in shop.payments(9)}
    assert {one.buyer for one in paid.values()} == {None}
    assert (paid[first["id"]].given_up, paid[late["id"]].given_up) == (False, True)
    # Which was cancelled; it ends at Stripe by itself, unless someone has it go on there.
    assert customer.sub["status"] == "active"
    customer.sub["cancel_at_period_end"] = False
    customer.tell("customer.subscription.updated", customer.sub)
    assert shop.plans.sweep() == 1
    assert customer.sub["status"] == "canceled"


def test_a_pack_paid_after_its_account_was_deleted_goes_back(
    database: sa.Engine, shop: Payments, stripe: StripeServer, caplog: pytest.LogCaptureFixture
) -> None:
    session = buy(shop, stripe)
    _delete(database)
    hear(shop, event("checkout.session.completed", session, "evt_1"))
    assert only(shop).given_up
    stripe.refuses = "There is no money."
    assert _sweep(shop) == (0, 1)
    assert "cannot go back yet: Stripe refuses: There is no money." in caplog.text
    stripe.refuses = None
    assert _sweep(shop) == (0, 1)
    hear(shop, event(REFUND, charge_of(session, 1000), "evt_2"))
    assert _sweep(shop) == (0, 0)
    assert (only(shop).state, posted(database, "ada")) == ("refunded", 0)
    assert _names(database) == {None, "account ada"}
    assert BUYER["name"] not in str([*_names(database)])


def test_money_is_asked_back_once_until_stripe_tells_of_it(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    session = buy(shop, stripe)
    _delete(database)
    hear(shop, event("checkout.session.completed", session, "evt_1"))
    assert [shop.sweep() for _ in range(3)] == [1, 0, 0]
    assert _acts(database) == ["payments.for_no_one", "payments.refund_asked"]
    failed = {"id": "re_1", "payment_intent": session["payment_intent"], "amount": 1000}
    stripe.objects["re_2"]["status"] = "failed"
    hear(shop, event("refund.failed", failed | {"currency": "usd"}, "evt_2"))
    assert [shop.sweep() for _ in range(2)] == [1, 0]  # for it is another refund
    hear(shop, event(REFUND, charge_of(session, 1000), "evt_3"))
    one = only(shop)
    assert (one.state, one.failed_refunds, len(_refunds(stripe))) == ("refunded", 1, 2)


def test_a_refund_whose_answer_was_lost_is_done_when_stripe_says_so(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    session = buy(shop, stripe)
    _delete(database)
    hear(shop, event("checkout.session.completed", session, "evt_1"))
    stripe.breaks = True  # when it has done it
    assert (shop.sweep(), only(shop).state) == (1, "paid")
    stripe.breaks = False
    stripe.forget_keys()
    assert [shop.sweep() for _ in range(2)] == [1, 0]
    one = only(shop)
    assert (one.state, one.refunded_cents, one.failed_refunds) == ("refunded", 1000, 0)
    assert (posted(database, "ada"), _acts(database)[-1]) == (0, "payments.refunded")
    hear(shop, event(REFUND, charge_of(session, 1000), "evt_2"))
    assert only(shop) == one


def _pages(stripe: StripeServer) -> list[str]:
    sessions = [one for one in stripe.objects.values() if one["object"] == "checkout.session"]
    return [one["status"] for one in sessions]


def test_pages_that_are_open_when_their_account_goes_are_closed(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    with database.begin() as connection:
        team = found_team(connection, "Engines", "ada").account_id
    session = buy(shop, stripe)
    for account_id in ("ada", team, "ben"):
        shop.plans.sell(account_id, "sketch", "https://studio.example")
    assert shop.close_pages() == 0
    _delete(database)
    assert shop.close_pages() == 3
    assert _pages(stripe) == ["expired"] * 3 + ["open"]
    asked = len(stripe.asked)
    assert (shop.close_pages(), len(stripe.asked)) == (0, asked)
    hear(shop, event("checkout.session.expired", session, "evt_1"))
    assert only(shop).state == "failed"


def test_a_page_that_was_paid_or_is_over_is_left_and_one_that_is_not_known_asked_again(
    database: sa.Engine, shop: Payments, stripe: StripeServer, caplog: pytest.LogCaptureFixture
) -> None:
    paid, old, open_still = (buy(shop, stripe)["id"] for _ in range(3))
    stripe.objects[paid]["status"] = "complete"
    with database.begin() as connection:
        this = checkout_page.c.session_id == old
        long_ago = {"created_at": sa.func.now() - timedelta(hours=25)}
        connection.execute(sa.update(checkout_page).where(this).values(long_ago))
    _delete(database)
    assert Payments(database).close_pages() == 0  # without the key
    stripe.breaks = True
    shop.close_pages_now()
    stripe.breaks = False
    assert f"page {open_still} cannot be closed yet: Stripe did not do it" in caplog.text
    assert (shop.close_pages(), shop.close_pages()) == (2, 0)
    assert [stripe.objects[one]["status"] for one in (paid, old, open_still)] == [
        "complete",
        "open",  # until Stripe closes it
        "expired",
    ]


def test_a_studio_without_its_key_says_why_money_cannot_go_back(
    database: sa.Engine, shop: Payments, stripe: StripeServer, caplog: pytest.LogCaptureFixture
) -> None:
    session = buy(shop, stripe)
    _delete(database)
    hear(shop, event("checkout.session.completed", session, "evt_1"))
    assert Payments(database).sweep() == 1
    assert "came by stripe, whose key is not set here" in caplog.text


def _heard(shop: Payments, told: Json) -> threading.Thread:
    thread = threading.Thread(target=hear, args=(shop, told))
    thread.start()
    return thread


def test_what_is_told_while_the_account_is_deleted_waits_for_that(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    session, customer = buy(shop, stripe), Customer(shop, stripe)
    _, told = _paid(customer)
    both = [event("checkout.session.completed", session, "evt_1"), told[1]]
    with database.begin() as connection:
        delete(connection, "ada", "ada")
        threads = [_heard(shop, one) for one in both]
        for thread in threads:
            thread.join(0.5)
            assert thread.is_alive()
    for thread in threads:
        thread.join(PATIENCE_S)
    paid: Sequence[Payment] = shop.payments(9)
    assert [(one.given_up, one.buyer) for one in paid] == [(True, None)] * 2
    customer.hear(told[2])
    assert _sweep(shop) == (1, 2)
