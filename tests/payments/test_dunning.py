"""A plan that was not paid: who is told of it, and where it is paid after all."""

import pytest
import sqlalchemy as sa

from maquette.core.errors import InvalidRequest, PaymentUnavailable
from maquette.payments.manual_plans import PaidByHand
from maquette.people.emails import read_email
from maquette.people.mails import Mail
from maquette.people.persons import change_person
from maquette.people.teams import add_member
from maquette.service.payments import Payments
from maquette.service.teams import found_team
from tests.payments.conftest import join
from tests.payments.customer import HOME, Customer
from tests.payments.stripe_server import Json, StripeServer, event, signed


def _person(database: sa.Engine, name: str, verified: bool = True, language: str = "en") -> None:
    with database.begin() as connection:
        join(connection, name)
    _give_address(database, name, verified, language)


def _give_address(
    database: sa.Engine, name: str, verified: bool = True, language: str = "en"
) -> None:
    email = read_email(f"{name}@example.org")
    values = {"email": email.written, "email_key": email.key, "language": language}
    shown = {"email_verified_at": sa.func.now()} if verified else {}
    with database.begin() as connection:
        change_person(connection, name, **values, **shown)


def _tell(shop: Payments, kind: str, thing: Json, event_id: str) -> list[Mail]:
    sent: list[Mail] = []
    webhook = signed(event(kind, thing, event_id))
    shop.hear_stripe(webhook.body, webhook.signature, HOME, sent.append)
    return sent


def _unpaid(customer: Customer) -> Json:
    """The invoice of the next month, which Stripe could not take."""
    draft = customer.draft()
    customer.sub["status"] = "past_due"
    return draft


def test_who_has_a_plan_that_was_not_paid_is_told_each_time_that_it_was_tried(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    _give_address(database, "ada")
    ada = Customer(shop, stripe)
    ada.pay("subscription_create", 900)
    draft = _unpaid(ada)
    [mail] = _tell(shop, "invoice.payment_failed", draft, "evt_1")
    assert (mail.to, mail.subject) == ("ada@example.org", "Your plan could not be paid")
    assert f"\n\n{HOME}/#/buy\n\n" in mail.text
    assert "Sketch, until" in mail.text
    assert _tell(shop, "invoice.payment_failed", draft, "evt_1") == []  # which is known
    assert len(_tell(shop, "invoice.payment_failed", draft, "evt_2")) == 1
    ada.sub["status"] = "active"
    assert _tell(shop, "invoice.paid", draft, "evt_3") == []
    assert _tell(shop, "invoice.payment_failed", draft, "evt_4") == []  # too late


def test_of_a_team_its_owners_are_told_each_in_their_language(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    _person(database, "ann", language="zh")
    _person(database, "bob")
    _person(database, "cy", verified=False)
    _person(database, "dee")
    _person(database, "eve")
    with database.begin() as connection:
        team = found_team(connection, "Inkers", "ann")
        for name in ("bob", "cy", "eve"):
            add_member(connection, team.team_id, name, "owner")
        add_member(connection, team.team_id, "dee")
        change_person(connection, "eve", suspended_at=sa.func.now())
    inkers = Customer(shop, stripe, team.account_id)
    inkers.pay("subscription_create", 900)
    mails = _tell(shop, "invoice.payment_failed", _unpaid(inkers), "evt_1")
    assert [(mail.to, mail.subject) for mail in mails] == [
        ("ann@example.org", "套餐付款未成功"),
        ("bob@example.org", "Your plan could not be paid"),
    ]


def test_who_sees_the_refusal_on_the_page_gets_no_mail(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    _give_address(database, "ada")
    ada = Customer(shop, stripe)
    ada.sub["status"] = "incomplete"
    first = stripe.invoice(ada.sub, "subscription_create", 900, ada.start_s)
    assert _tell(shop, "invoice.payment_failed", first, "evt_1") == []
    ada.sub["status"] = "active"
    ada.tell("invoice.paid", first)
    shop.plans.change("ada", "studio")
    more = stripe.invoice(ada.sub, "subscription_update", 900, ada.start_s)
    assert _tell(shop, "invoice.payment_failed", more, "evt_2") == []
    assert [one.state for one in shop.payments(1)] == ["failed"]


def test_the_card_is_changed_on_stripes_page(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    with pytest.raises(InvalidRequest, match="there is no plan"):
        shop.plans.portal("ada", HOME)
    ada = Customer(shop, stripe)
    ada.pay("subscription_create", 900)
    _tell(shop, "invoice.payment_failed", _unpaid(ada), "evt_1")
    url = shop.plans.portal("ada", f"{HOME}/#/buy")
    made = stripe.objects[url.rpartition("/")[2]]
    assert url.startswith("https://billing.stripe.com/")
    assert (made["customer"], made["return_url"]) == (ada.sub["customer"], f"{HOME}/#/buy")
    stripe.refuses = "No configuration provided; save one in the dashboard."
    with pytest.raises(PaymentUnavailable, match="No configuration provided"):
        shop.plans.portal("ada", HOME)
    shop.plans.start_by_hand(PaidByHand("boss", "ben", "a transfer"), "sketch")
    with pytest.raises(InvalidRequest, match="not paid by card; ask an operator"):
        shop.plans.portal("ben", HOME)
