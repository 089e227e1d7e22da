"""Two plans begun at once, in two windows: one goes on, whatever Stripe tells of the other."""

import itertools
import random

import sqlalchemy as sa

from maquette.db.tables.payments import subscription
from maquette.people.audit import read_audit
from maquette.service.payments import Payments
from tests.payments.conftest import join, posted
from tests.payments.customer import MILLION, Customer
from tests.payments.stripe_server import StripeServer


def test_a_second_one_begun_at_the_same_time_is_given_up(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    first, second = Customer(shop, stripe), Customer(shop, stripe)
    first.pay("subscription_create", 900)
    second.pay("subscription_create", 900)
    assert posted(database, "ada") == 2000 * MILLION  # what was paid is there
    shop.plans.sweep()
    assert (first.sub["status"], second.sub["status"]) == ("active", "canceled")
    with database.connect() as connection:
        states = connection.execute(sa.select(subscription.c.state)).scalars().all()
        assert "payments.second_plan" in {one.act for one in read_audit(connection, 9)}
    assert sorted(states) == ["active", "ended"]


def _begun(customer: Customer) -> None:
    """All that Stripe tells of within seconds, not heard yet."""
    customer.tell("customer.subscription.created", customer.sub, hear=False)
    customer.tell("customer.subscription.updated", customer.sub, hear=False)
    customer.pay("subscription_create", 900, hear=False)


def test_a_second_one_stays_given_up_whatever_is_told_of_it(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    for number, order in enumerate(itertools.permutations(range(3))):
        account_id = f"account-{number}"
        with database.begin() as connection:
            join(connection, account_id)
        first, second = (Customer(shop, stripe, account_id) for _ in range(2))
        first.pay("subscription_create", 900)
        one = first.has()
        _begun(second)
        second.hear(*[second.told[at] for at in order], *second.told)
        assert first.has() == one, order
        shop.plans.sweep()
        assert (first.sub["status"], second.sub["status"]) == ("active", "canceled"), order
        second.tell("customer.subscription.deleted", second.sub)
        second.tell("customer.subscription.updated", second.sub)
        assert shop.plans.sweep() == 0
        assert first.has() == one, order
        assert posted(database, account_id) == 2000 * MILLION


def test_of_two_told_of_in_turns_one_goes_on(
    database: sa.Engine, shop: Payments, stripe: StripeServer
) -> None:
    rng = random.Random(7)
    for number in range(6):
        account_id = f"account-{number}"
        with database.begin() as connection:
            join(connection, account_id)
        both = [Customer(shop, stripe, account_id) for _ in range(2)]
        for one in both:
            _begun(one)
        told = [event for one in both for event in one.told]
        rng.shuffle(told)
        both[0].hear(*told)
        shop.plans.sweep()
        assert sorted(one.sub["status"] for one in both) == ["active", "canceled"]
        goes_on = both[0].has()
        assert goes_on is not None
        assert stripe.objects[str(goes_on.reference)]["status"] == "active"
