"""How a job ends: once, with what becomes of the credits that it held, in one transaction."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from maquette.jobs.events import add_event
from maquette.jobs.store import Job, JobState, end_job
from maquette.ledger.holds import resolve_hold_of
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
    credits = resolve_hold_of(connection, job_id, charged=state == "succeeded")
    if credits is not None:  # jobs of before have none
        settle_budgets(connection, job_id, credits.posted_microcredits)
    said = {} if error is None else {"error": error}
    add_event(connection, job_id, state, {**said, **(data or {})})
    return True
