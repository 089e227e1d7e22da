"""How a job ends: once, with what becomes of the credits that it held, in one transaction."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from maquette.jobs.events import add_event, send_balance
from maquette.jobs.store import Job, JobState, end_job
from maquette.ledger.holds import holds_of, post_hold, void_hold
from maquette.people.budgets import settle_budgets


def end(
    connection: sa.Connection,
    job_id: UUID,
    state: JobState,
    error: str | None = None,
    data: Mapping[str, Any] | None = None,
    attempt: Job | None = None,
) -> bool:
    """Ends a job: what it held is charged where it succeeded, else given back, and its watchers are
    told. False where it has already ended, and then nothing is changed; so it is for an
    `attempt` that is held no more.

    The job's row is locked first, then its payer's balance, as everywhere.
    """
    if not end_job(connection, job_id, state, error, attempt):
        return False
    if credits := holds_of(connection, [job_id]).get(job_id):  # jobs of before have none
        if state == "succeeded":
            post_hold(connection, credits.hold_id, credits.amount_microcredits)
        else:
            void_hold(connection, credits.hold_id)
        charged = credits.amount_microcredits if state == "succeeded" else 0
        settle_budgets(connection, job_id, charged)
        send_balance(connection, credits.account_id)
    said = {} if error is None else {"error": error}
    add_event(connection, job_id, state, {**said, **(data or {})})
    return True
