"""Subscriptions: a plan that an account has, paid for month by month.

    state      what is so                          goes on to
    active     paid until its period ends          past_due, where Stripe could not take a payment;
                                                   grace, where one by hand is over and not renewed;
                                                   ended, where it was cancelled and its period ends
    past_due   Stripe tries again to be paid       active, when it is; grace after two weeks, or
                                                   where Stripe gives up; ended
    grace      no one tries; paying helps          active, when it is paid; ended after a week
    ended      over for good; a new one may begin  –

How one of Stripe's is, Stripe says whenever it is asked; a sweep moves on what waits too long.
"""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa

from maquette.core.ids import new_id
from maquette.db.tables.payments import subscription

SubscriptionState = Literal["active", "past_due", "grace", "ended"]
RETRY_TIME = timedelta(days=14)  # as long as Stripe usually tries
GRACE_TIME = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A plan that an account has."""

    subscription_id: UUID
    account_id: str
    provider: Literal["stripe", "manual"]
    reference: str | None = None  # what Stripe calls it
    plan_id: str
    next_plan_id: str | None = None  # from its next period on
    state: SubscriptionState = "active"
    state_until: datetime | None = None  # when past_due and grace go on
    started_at: datetime  # from which its months are counted
    period_end: datetime
    cancels: bool = False  # when its period ends
    plan_told_at: datetime | None = None  # by Stripe, of the newest invoice
    given_up: bool = False  # a second one, or of no one: it ends whatever is told
    created_at: datetime | None = None

    @property
    def renews_at(self) -> datetime | None:
        return None if self.cancels else self.period_end

    @property
    def cancels_at(self) -> datetime | None:
        return self.period_end if self.cancels else None


def now_of(connection: sa.Connection) -> datetime:
    """The database's clock, in UTC."""
    return connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one().astimezone(UTC)


def end_after(started_at: datetime, moment: datetime) -> datetime:
    """The first end of a month, counted from the start, that is later than a moment. What starts on
    a 31st ends on the last day of shorter months, and on the 31st again of longer ones.
    """
    started_at = started_at.astimezone(UTC)
    months = (moment.year - started_at.year) * 12 + moment.month - started_at.month
    months = max(1, months)
    while (end := _months_after(started_at, months)) <= moment:
        months += 1
    return end


def _months_after(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    days = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, days))


def add_subscription(connection: sa.Connection, **columns: Any) -> Subscription:
    """Writes a new one down."""
    row = {"subscription_id": new_id(), **columns}
    made = connection.execute(sa.insert(subscription).values(row).returning(subscription)).one()
    return Subscription(**made._mapping)


def change(connection: sa.Connection, one: Subscription, **columns: Any) -> Subscription:
    """Changes these columns of one."""
    this = subscription.c.subscription_id == one.subscription_id
    changed = sa.update(subscription).where(this).values(columns).returning(subscription)
    return Subscription(**connection.execute(changed).one()._mapping)


def current_subscription(
    connection: sa.Connection, account_id: str, lock: bool = True
) -> Subscription | None:
    """What an account has that has not ended and was not given up; with a lock, no one else
    changes it meanwhile.
    """
    goes_on = (subscription.c.state != "ended") & ~subscription.c.given_up
    query = (
        sa.select(subscription)
        .where(subscription.c.account_id == account_id, goes_on)
        .order_by(subscription.c.subscription_id)
        .limit(1)
    )
    if lock:
        query = query.with_for_update()
    row = connection.execute(query).one_or_none()
    return Subscription(**row._mapping) if row else None


def find_subscription(connection: sa.Connection, reference: str) -> Subscription | None:
    """Stripe's of that name, which no one else changes meanwhile."""
    query = sa.select(subscription).filter_by(provider="stripe", reference=reference)
    row = connection.execute(query.with_for_update()).one_or_none()
    return Subscription(**row._mapping) if row else None


def reread(connection: sa.Connection, one: Subscription) -> Subscription:
    """One as it is by now, which no one else changes meanwhile."""
    query = sa.select(subscription).filter_by(subscription_id=one.subscription_id)
    return Subscription(**connection.execute(query.with_for_update()).one()._mapping)


def overdue(connection: sa.Connection, now: datetime, limit: int = 100) -> list[Subscription]:
    """Those that time moves on."""
    c = subscription.c
    waited = c.state.in_(("past_due", "grace")) & (c.state_until <= now)
    by_hand = (c.state == "active") & (c.provider == "manual") & (c.period_end <= now)
    query = sa.select(subscription).where(waited | by_hand).order_by(c.subscription_id)
    rows = connection.execute(query.limit(limit).with_for_update(skip_locked=True))
    return [Subscription(**row._mapping) for row in rows]


def move_on(connection: sa.Connection, one: Subscription, now: datetime) -> Subscription:
    """What becomes of one that is overdue."""
    if one.state == "past_due":
        return change(connection, one, state="grace", state_until=now + GRACE_TIME)
    if one.state == "active" and not one.cancels:
        until = one.period_end + GRACE_TIME
        if until > now:
            return change(connection, one, state="grace", state_until=until)
    return end(connection, one)


def end(connection: sa.Connection, one: Subscription) -> Subscription:
    """It is over."""
    return change(connection, one, state="ended", state_until=None, next_plan_id=None)
