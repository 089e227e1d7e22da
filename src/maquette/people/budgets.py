"""Budgets: how much may be spent by way of a key, or by a member of a team."""

from typing import Literal
from uuid import UUID

import sqlalchemy as sa

from maquette.core.errors import InsufficientCredits
from maquette.core.ids import new_id
from maquette.db.tables.people import api_key, budget, budget_use, team, team_member

Period = Literal["day", "month"]


def _locked(these: sa.ColumnElement[bool]) -> sa.Select[UUID]:
    """Has others wait who change these budgets, by their ids as `spend_budgets` has them, and
    before what was taken of them.
    """
    query = sa.select(budget.c.budget_id).where(these).order_by(budget.c.budget_id)
    return query.with_for_update()


_USED = sa.select(budget_use.c.budget_id).where(budget_use.c.job_id == sa.bindparam("job_id"))
_LOCK_OF_JOB = _locked(budget.c.budget_id.in_(_USED))  # asked at the end of each job, so made once


def period_start() -> sa.ColumnElement[object]:
    """When the day or month of a budget began, in UTC; null for one that is for ever."""
    return sa.func.date_trunc(budget.c.period, sa.func.now(), "UTC")


def spent_now() -> sa.ColumnElement[int]:
    """What is spent of a budget in its day or month until now."""
    over = budget.c.period_began_at < period_start()
    return sa.case((over, 0), else_=budget.c.spent_microcredits)


def open_budget(
    connection: sa.Connection, limit_microcredits: int | None = None, period: Period | None = None
) -> UUID:
    """A budget of which nothing is spent; without a limit it counts all the same."""
    row = {"budget_id": new_id(), "limit_microcredits": limit_microcredits, "period": period}
    connection.execute(sa.insert(budget).values(row))
    return row["budget_id"]


def set_limit(connection: sa.Connection, budget_id: UUID, limit_microcredits: int | None) -> None:
    """What was spent stays spent."""
    query = sa.update(budget).where(budget.c.budget_id == budget_id)
    connection.execute(query.values(limit_microcredits=limit_microcredits))


def close_budgets(connection: sa.Connection, budget_ids: list[UUID]) -> None:
    """What is under way goes on, and counts nowhere."""
    these = budget.c.budget_id.in_(budget_ids)
    connection.execute(_locked(these))
    connection.execute(sa.delete(budget).where(these))


def spend_budgets(
    connection: sa.Connection,
    job_id: UUID,
    amount_microcredits: int,
    account_id: str,
    payer_id: str,
    key_id: UUID | None,
) -> None:
    """Takes what a job holds of the key's budget, and of the person's in the team that pays; in
    the transaction of the hold. Raises InsufficientCredits.
    """
    if key_id is None and payer_id == account_id:
        return
    of_key = sa.select(api_key.c.budget_id).where(api_key.c.key_id == key_id)
    of_member = (
        sa.select(team_member.c.budget_id)
        .join(team, team.c.team_id == team_member.c.team_id)
        .where((team.c.account_id == payer_id) & (team_member.c.account_id == account_id))
    )
    for budget_id in sorted(connection.execute(of_key.union(of_member)).scalars()):
        spent = spent_now() + amount_microcredits
        enough = budget.c.limit_microcredits.is_(None) | (budget.c.limit_microcredits >= spent)
        began = sa.func.greatest(budget.c.period_began_at, period_start())
        query = sa.update(budget).where((budget.c.budget_id == budget_id) & enough)
        changed = connection.execute(query.values(spent_microcredits=spent, period_began_at=began))
        if changed.rowcount == 0:
            raise InsufficientCredits(
                "what this key, or you of this team, may spend is used up; have the limit raised"
            )
        row = {"job_id": job_id, "budget_id": budget_id, "amount_microcredits": amount_microcredits}
        connection.execute(sa.insert(budget_use).values(row))


def settle_budgets(connection: sa.Connection, job_id: UUID, charged_microcredits: int) -> None:
    """Gives budgets back what a job took of them and was not charged; what was of a day or month
    that is over goes nowhere.
    """
    if not connection.execute(_LOCK_OF_JOB, {"job_id": job_id}).all():
        return
    its = budget_use.c.job_id == job_id
    for use in connection.execute(sa.delete(budget_use).where(its).returning(budget_use)).all():
        back = use.amount_microcredits - charged_microcredits
        same = (budget.c.budget_id == use.budget_id) & (budget.c.period_began_at <= use.created_at)
        spent = sa.func.greatest(budget.c.spent_microcredits - back, 0)
        connection.execute(sa.update(budget).where(same).values(spent_microcredits=spent))
