"""Plans that are paid another way: an operator begins, renews and upgrades them, and says why."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from maquette.core.errors import InvalidRequest
from maquette.ledger.accounts import get_balance
from maquette.payments.catalog import Plan
from maquette.payments.store import Payment, add_payment, pay
from maquette.payments.subscriptions import (
    Subscription,
    add_subscription,
    change,
    current_subscription,
    end_after,
)
from maquette.people.audit import note


@dataclass(frozen=True, slots=True)
class PaidByHand:
    """Who says that an account paid for a plan, and why."""

    operator_id: str
    account_id: str
    reason: str


def start_plan(
    connection: sa.Connection, proof: PaidByHand, plan: Plan, now: datetime
) -> Subscription:
    """Begins a plan with its first month. Raises NotFound, InvalidRequest where it has one."""
    get_balance(connection, proof.account_id)
    before = current_subscription(connection, proof.account_id)
    if before is not None:
        raise InvalidRequest(
            f"account {proof.account_id} has plan {before.plan_id}; renew or change that"
        )
    made = add_subscription(
        connection,
        account_id=proof.account_id,
        provider="manual",
        plan_id=plan.plan_id,
        started_at=now,
        period_end=end_after(now, now),
    )
    _book(connection, proof, made, plan, plan.monthly_microcredits, plan.price_cents)
    return made


def renew_plan(
    connection: sa.Connection, proof: PaidByHand, one: Subscription, plan: Plan
) -> Subscription:
    """The next month of what it has, or of what it changes to."""
    period_end = end_after(one.started_at, one.period_end)
    made = change(
        connection,
        one,
        plan_id=plan.plan_id,
        next_plan_id=None,
        period_end=period_end,
        state="active",
        state_until=None,
    )
    _book(connection, proof, made, plan, plan.monthly_microcredits, plan.price_cents)
    return made


def upgrade_plan(
    connection: sa.Connection, proof: PaidByHand, one: Subscription, old: Plan, new: Plan
) -> Subscription:
    """To a plan above, at once: the difference is paid, and granted for this month."""
    made = change(connection, one, plan_id=new.plan_id, next_plan_id=None)
    credits = new.monthly_microcredits - old.monthly_microcredits
    _book(connection, proof, made, new, credits, new.price_cents - old.price_cents)
    return made


def _book(
    connection: sa.Connection,
    proof: PaidByHand,
    one: Subscription,
    plan: Plan,
    amount_microcredits: int,
    price_cents: int,
) -> Payment:
    made = add_payment(
        connection,
        one.account_id,
        "manual",
        f"{plan.name}, until {one.period_end:%Y-%m-%d}",
        amount_microcredits,
        price_cents,
        plan.currency,
        item_id=plan.plan_id,
    )
    note(
        connection,
        proof.operator_id,
        "payments.plan",
        proof.account_id,
        payment_id=str(made.payment_id),
        plan_id=plan.plan_id,
        amount_microcredits=amount_microcredits,
        price_cents=price_cents,
        currency=plan.currency,
        reason=proof.reason,
    )
    expires_at = one.period_end
    if plan.rolls_over:
        expires_at = end_after(one.started_at, one.period_end)
    return pay(connection, made, "plan", expires_at=expires_at)
