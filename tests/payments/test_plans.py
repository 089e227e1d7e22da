"""Plans that are paid by hand, beside a small model of what becomes of them."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from maquette.core.errors import InvalidRequest, NotFound
from maquette.core.ids import new_id
from maquette.db.tables.ledger import credit_grant
from maquette.ledger.accounts import open_account
from maquette.ledger.verify import verify
from maquette.payments.catalog import USUAL_CATALOG
from maquette.payments.manual_plans import PaidByHand
from maquette.payments.subscriptions import GRACE_TIME, end_after
from maquette.people.audit import read_audit
from maquette.service.payments import Payments
from tests.payments.conftest import at_once, posted

PLANS = {plan.plan_id: plan for plan in USUAL_CATALOG.plans}
EXAMPLES = int(os.environ.get("PLAN_EXAMPLES", "10"))
by_hand = PaidByHand("boss", "ada", "a transfer")


@pytest.mark.parametrize(
    ("start", "moment", "end"),
    [
        ("2026-01-31", "2026-01-31", "2026-02-28"),
        ("2026-01-31", "2026-02-28", "2026-03-31"),
        ("2024-01-31", "2024-01-31", "2024-02-29"),
        ("2026-12-15", "2026-12-15", "2027-01-15"),
        ("2026-12-15", "2027-06-20", "2027-07-15"),
        ("2026-05-01", "2026-05-31", "2026-06-01"),
    ],
)
def test_a_month_ends_on_the_day_on_which_it_began(start: str, moment: str, end: str) -> None:
    days = [datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (start, moment, end)]
    assert end_after(days[0], days[1]) == days[2]


def test_a_plan_is_begun_renewed_and_upgraded_by_hand(
    database: sa.Engine, payments: Payments
) -> None:
    one = payments.plans.start_by_hand(by_hand, "sketch")
    assert posted(database, "ada") == PLANS["sketch"].monthly_microcredits
    renewed = payments.plans.renew_by_hand(by_hand)
    assert renewed.period_end == end_after(one.started_at, one.period_end)
    upgraded = payments.plans.upgrade_by_hand(by_hand, "studio")
    assert (upgraded.plan_id, upgraded.period_end) == ("studio", renewed.period_end)
    assert posted(database, "ada") == 4_000 * 10**6
    prices = [(made.price_cents, made.what) for made in payments.payments(5)]
    day = f"{renewed.period_end:%Y-%m-%d}"
    assert prices[:2] == [(1500, f"Studio, until {day}"), (900, f"Sketch, until {day}")]
    with database.connect() as connection:
        query = sa.select(credit_grant.c.expires_at).order_by(credit_grant.c.grant_id)
        ends = connection.execute(query).scalars().all()
        assert [note.act for note in read_audit(connection, 9)] == ["payments.plan"] * 3
    rolled = end_after(one.started_at, renewed.period_end)
    assert ends == [one.period_end, renewed.period_end, rolled]


def test_what_does_not_fit_is_refused_and_nothing_is_booked(
    database: sa.Engine, payments: Payments
) -> None:
    plans = payments.plans
    with pytest.raises(InvalidRequest, match="there is no plan; choose one"):
        plans.renew_by_hand(by_hand)
    with pytest.raises(NotFound, match="no account adda"):
        plans.start_by_hand(PaidByHand("boss", "adda", "mistyped"), "sketch")
    with pytest.raises(InvalidRequest, match="no plan 'sketsh'; did you mean sketch"):
        plans.start_by_hand(by_hand, "sketsh")
    with pytest.raises(InvalidRequest, match="nothing is sold here"):
        plans.sell("ada", "sketch", "http://here")
    plans.start_by_hand(by_hand, "studio")
    with pytest.raises(InvalidRequest, match="account ada has plan studio"):
        plans.start_by_hand(by_hand, "studio")
    with pytest.raises(InvalidRequest, match="is above studio; ask an operator"):
        plans.change("ada", "atelier")
    with pytest.raises(InvalidRequest, match="not above studio"):
        plans.upgrade_by_hand(by_hand, "sketch")
    plans.cancel("ada")
    with pytest.raises(InvalidRequest, match="resume or pay it first"):
        plans.change("ada", "sketch")
    assert len(payments.payments(9)) == 1


def test_begun_by_many_at_once_it_is_begun_once(database: sa.Engine, payments: Payments) -> None:
    def start(_: int) -> bool:
        try:
            payments.plans.start_by_hand(by_hand, "sketch")
        except InvalidRequest:
            return False
        return True

    assert sum(at_once(start, 16, 8)) == 1
    assert posted(database, "ada") == PLANS["sketch"].monthly_microcredits


@dataclass
class Model:
    """What an account's plan should be."""

    plan: str
    start: datetime
    end: datetime
    comes: str | None = None
    cancels: bool = False
    grace_until: datetime | None = None


class PlanMachine(RuleBasedStateMachine):
    """Acts in any order, as days go by, on an account of its own."""

    def __init__(self, database: sa.Engine) -> None:
        super().__init__()
        self.database, self.payments = database, Payments(database)
        self.account_id, self.model = f"account-{new_id().hex}", None
        self.days, self.credits, self.cents = 0, 0, 0
        self.proof = PaidByHand("boss", self.account_id, "by hand")
        with database.begin() as connection:
            open_account(connection, self.account_id)

    model: Model | None

    def _may(self, allowed: bool, act: object, *given: object) -> bool:
        assert callable(act)
        if allowed:
            act(*given)
        else:
            with pytest.raises(InvalidRequest):
                act(*given)
        return allowed

    def _paid(self, credits: int, cents: int) -> None:
        self.credits, self.cents = self.credits + credits, self.cents + cents

    @rule(plan=st.sampled_from([*PLANS]))
    def start(self, plan: str) -> None:
        if self._may(self.model is None, self.payments.plans.start_by_hand, self.proof, plan):
            one = self.payments.plans.current(self.account_id)
            assert one is not None
            self.model = Model(plan, one.started_at, end_after(one.started_at, one.started_at))
            self._paid(PLANS[plan].monthly_microcredits, PLANS[plan].price_cents)

    @rule()
    def renew(self) -> None:
        if self._may(self.model is not None, self.payments.plans.renew_by_hand, self.proof):
            assert self.model is not None
            self.model.plan = self.model.comes or self.model.plan
            self.model.comes = self.model.grace_until = None
            self.model.end = end_after(self.model.start, self.model.end)
            plan = PLANS[self.model.plan]
            self._paid(plan.monthly_microcredits, plan.price_cents)

    @rule(plan=st.sampled_from([*PLANS]))
    def upgrade(self, plan: str) -> None:
        old, new = PLANS[self.model.plan] if self.model else None, PLANS[plan]
        fits = old is not None and new.is_above(old) and self._is_free(plan)
        if self._may(fits, self.payments.plans.upgrade_by_hand, self.proof, plan):
            assert self.model is not None
            assert old is not None
            self.model.plan = plan
            more = new.monthly_microcredits - old.monthly_microcredits
            self._paid(more, new.price_cents - old.price_cents)

    @rule(plan=st.sampled_from([*PLANS]))
    def change(self, plan: str) -> None:
        above = self.model is not None and PLANS[plan].is_above(PLANS[self.model.plan])
        fits = self.model is not None and not above and self._is_free(plan)
        if self._may(fits, self.payments.plans.change, self.account_id, plan):
            assert self.model is not None
            self.model.comes = None if plan == self.model.plan else plan

    def _is_free(self, plan: str) -> bool:
        assert self.model is not None
        stays = self.model.grace_until is None and not self.model.cancels
        return stays and (self.model.comes is None or plan == self.model.plan)

    @rule()
    def cancel(self) -> None:
        if self._may(self.model is not None, self.payments.plans.cancel, self.account_id):
            assert self.model is not None
            if self.model.grace_until is not None:
                self.model = None
            else:
                self.model.cancels = True

    @rule()
    def resume(self) -> None:
        if self._may(self.model is not None, self.payments.plans.resume, self.account_id):
            assert self.model is not None
            self.model.cancels = False

    @rule(days=st.sampled_from([1, 5, 20, 40]))
    def days_pass(self, days: int) -> None:
        """The sweep comes late: all that time was to do by then is done step by step."""
        self.days += days
        now = datetime.now(UTC) + timedelta(days=self.days)
        self.payments.plans.sweep(now)
        if self.model is None:
            return
        until = self.model.grace_until
        if until is not None:
            self.model = None if until <= now else self.model
        elif self.model.end <= now:
            until = self.model.end + GRACE_TIME
            if self.model.cancels or until <= now:
                self.model = None
            else:
                self.model.grace_until = until

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        one = self.payments.plans.current(self.account_id)
        if self.model is None:
            assert one is None
        else:
            assert one is not None
            state = "active" if self.model.grace_until is None else "grace"
            assert (one.plan_id, one.next_plan_id, one.period_end, one.cancels, one.state) == (
                self.model.plan,
                self.model.comes,
                self.model.end,
                self.model.cancels,
                state,
            )
        assert posted(self.database, self.account_id) == self.credits
        made = self.payments.payments(100, account_id=self.account_id)
        assert sum(payment.price_cents for payment in made) == self.cents


@pytest.mark.slow
def test_plans_go_as_a_model_of_them(database: sa.Engine) -> None:
    run_state_machine_as_test(
        lambda: PlanMachine(database),  # type: ignore[arg-type]
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
    assert [*verify(database)] == []
