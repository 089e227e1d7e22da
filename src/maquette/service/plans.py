"""What can be done about plans, by whoever has one and by operators."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from maquette.core.errors import InvalidRequest, PaymentUnavailable
from maquette.db.locks import lock_name
from maquette.ledger.idempotency import Once, claim, finish
from maquette.payments.catalog import Catalog, Plan
from maquette.payments.manual_plans import PaidByHand, renew_plan, start_plan, upgrade_plan
from maquette.payments.stripe_payments import StripePayments
from maquette.payments.subscriptions import (
    Subscription,
    change,
    current_subscription,
    end,
    move_on,
    now_of,
    overdue,
    reread,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be paid."""

    price_cents: int
    currency: str


class Plans:
    """Begins, changes and ends subscriptions, each in a transaction of its own."""

    def __init__(
        self, database: sa.Engine, catalog: Catalog, stripe: StripePayments | None = None
    ) -> None:
        self._database, self._catalog, self._stripe = database, catalog, stripe

    def current(self, account_id: str) -> Subscription | None:
        """What an account has that has not ended."""
        with self._database.begin() as connection:
            return current_subscription(connection, account_id)

    def sell(self, account_id: str, plan_id: str, back_to: str) -> str:
        """The URL where a plan is paid. Raises InvalidRequest, PaymentUnavailable."""
        plan = self._catalog.plan(plan_id)
        if self._stripe is None:
            raise InvalidRequest("nothing is sold here yet; ask an operator for credits or a code")
        if before := self.current(account_id):
            raise InvalidRequest(f"you have plan {before.plan_id}; change that instead")
        return self._stripe.sell_plan(self._database, account_id, plan, back_to)

    def change(self, account_id: str, plan_id: str) -> Subscription:
        """Another plan: one above at once, for the difference, any other from the next month on.
        The plan it has takes back what was planned. Raises InvalidRequest, PaymentUnavailable.
        """
        with self._alone(account_id) as (connection, one):
            old, new = self._catalog.plan(one.plan_id), self._catalog.plan(plan_id)
            upgrades = _is_upgrade(one, old, new)
            if one.provider == "stripe":
                self._at_stripe().change_plan(one, new, old if upgrades else None)
            # An upgrade is there when it is paid, which Stripe may have told of by now.
            one = reread(connection, one)
            comes = None if one.plan_id == plan_id else plan_id
            return change(connection, one, next_plan_id=comes)

    def due_now(self, account_id: str, plan_id: str) -> Due:
        """What a change to a plan is charged at this moment; nothing where it comes later. Raises
        as `change` does.
        """
        with self._alone(account_id) as (_, one):
            old, new = self._catalog.plan(one.plan_id), self._catalog.plan(plan_id)
            upgrades = _is_upgrade(one, old, new)
            return Due(self._at_stripe().due_now(one, new) if upgrades else 0, new.currency)

    def cancel(self, account_id: str) -> Subscription:
        """Ends it with what is paid: with its month, or at once where that is over. Raises
        InvalidRequest, PaymentUnavailable.
        """
        with self._alone(account_id) as (connection, one):
            if one.state == "active":
                if one.provider == "stripe":
                    self._at_stripe().cancel(one, True)
                return change(connection, one, cancels=True)
            if one.provider == "stripe":
                self._at_stripe().end(one)
            return end(connection, one)

    def resume(self, account_id: str) -> Subscription:
        """Has it go on after all. Raises InvalidRequest, PaymentUnavailable."""
        with self._alone(account_id) as (connection, one):
            if one.cancels and one.provider == "stripe":
                self._at_stripe().cancel(one, False)
            return change(connection, one, cancels=False)

    def portal(self, account_id: str, back_to: str) -> str:
        """The URL where the card of a plan is changed, and what is open of it is paid. Raises
        InvalidRequest, PaymentUnavailable.
        """
        with self._alone(account_id) as (_, one):
            if one.provider != "stripe":
                raise InvalidRequest("the plan is not paid by card; ask an operator")
            return self._at_stripe().portal(one, back_to)

    def start_by_hand(
        self, proof: PaidByHand, plan_id: str, once: Once | None = None
    ) -> Subscription:
        """Begins a plan that was paid another way. Raises NotFound, InvalidRequest, and like the
        next two what `claim` does where it is to be done `once`.
        """
        plan = self._catalog.plan(plan_id)
        with self._database.begin() as connection:
            claim(connection, once)
            lock_name(connection, _lock_of(proof.account_id))
            made = start_plan(connection, proof, plan, now_of(connection))
            finish(connection, once, made)
            return made

    def renew_by_hand(self, proof: PaidByHand, once: Once | None = None) -> Subscription:
        """One more month of a plan that is paid another way. Raises InvalidRequest."""
        with self._alone(proof.account_id, once) as (connection, one):
            _check_by_hand(one)
            plan = self._catalog.plan(one.next_plan_id or one.plan_id)
            made = renew_plan(connection, proof, one, plan)
            finish(connection, once, made)
            return made

    def upgrade_by_hand(
        self, proof: PaidByHand, plan_id: str, once: Once | None = None
    ) -> Subscription:
        """A plan above at once, whose difference was paid another way. Raises InvalidRequest."""
        with self._alone(proof.account_id, once) as (connection, one):
            _check_by_hand(one)
            old, new = self._catalog.plan(one.plan_id), self._catalog.plan(plan_id)
            _check_change(one, old, new)
            if not new.is_above(old):
                raise InvalidRequest(f"plan {plan_id} is not above {one.plan_id}; change it")
            made = upgrade_plan(connection, proof, one, old, new)
            finish(connection, once, made)
            return made

    def sweep(self, now: datetime | None = None) -> int:
        """Moves on what waited too long; gives how many there were. Raises PaymentUnavailable."""
        with self._database.begin() as connection:
            now = now or now_of(connection)
            due = overdue(connection, now)
            for one in due:
                if one.provider == "manual" or one.state == "past_due":
                    move_on(connection, one, now)
        for one in due:
            if one.provider == "stripe" and one.state == "grace":
                self._end_at_stripe(one)
        return len(due)

    def _end_at_stripe(self, one: Subscription) -> None:
        """First there, so that no one pays for what has ended here."""
        try:
            self._at_stripe().end(one)
        except (InvalidRequest, PaymentUnavailable) as error:
            log.warning("subscription %s cannot end yet: %s", one.reference, error.message)
            return
        with self._database.begin() as connection:
            end(connection, one)

    @contextmanager
    def _alone(
        self, account_id: str, once: Once | None = None
    ) -> Generator[tuple[sa.Connection, Subscription]]:
        """What an account has, while no one else asks for a change of it."""
        with self._database.begin() as connection:
            claim(connection, once)
            lock_name(connection, _lock_of(account_id))
            one = current_subscription(connection, account_id, lock=False)
            if one is None:
                raise InvalidRequest("there is no plan; choose one first")
            yield connection, one

    def _at_stripe(self) -> StripePayments:
        if self._stripe is None:
            raise InvalidRequest("the plan is paid by Stripe, whose key is not set here")
        return self._stripe


def end_with_account(connection: sa.Connection, account_id: str, whose: str) -> None:
    """Ends what an account has, for the account goes. Raises InvalidRequest where Stripe would go
    on charging for it: until its end is set there, or it is over where a month was not paid.
    """
    lock_name(connection, _lock_of(account_id))
    one = current_subscription(connection, account_id)
    if one is None:
        return
    if one.provider == "stripe" and not (one.state == "active" and one.cancels):
        raise InvalidRequest(
            f"Stripe would go on charging for plan {one.plan_id} of {whose}; end that plan first"
        )
    end(connection, one)


def _lock_of(account_id: str) -> str:
    return f"subscription/{account_id}"


def _check_by_hand(one: Subscription) -> None:
    if one.provider != "manual":
        raise InvalidRequest(f"account {one.account_id} pays for its plan by {one.provider}")


def _is_upgrade(one: Subscription, old: Plan, new: Plan) -> bool:
    """Whether a change is paid at once, by whoever has the plan."""
    _check_change(one, old, new)
    if new.is_above(old) and one.provider == "manual":
        raise InvalidRequest(
            f"plan {new.plan_id} is above {old.plan_id}; ask an operator, who takes the payment"
        )
    return new.is_above(old)


def _check_change(one: Subscription, old: Plan, new: Plan) -> None:
    if one.state != "active" or one.cancels:
        raise InvalidRequest("the plan ends or is not paid; resume or pay it first")
    if new.currency != old.currency:
        raise InvalidRequest(f"plan {new.plan_id} is sold in {new.currency}, not {old.currency}")
    if one.next_plan_id is not None and new != old:
        raise InvalidRequest(
            f"a change to {one.next_plan_id} is planned; change back to {one.plan_id} first"
        )
