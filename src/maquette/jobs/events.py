"""What happens to a job, in order: written by the worker, read by whoever watches."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from maquette.db.tables.jobs import job_event
from maquette.jobs.store import Job

# NOTIFY carries job_id and account_id, and either the `kind` of an event or a whole `tick`; of a
# balance the account_id alone, which a trigger of the database sends whenever one changes.
CHANNEL = "maquette_job"
MOST_NOTE_BYTES = 7_900  # what NOTIFY can carry, less a little
CHANGE, BALANCE = "change", "balance"
# A function of the database: see the migration that made it.
_ADD = sa.text("SELECT add_job_event(:job_id, :kind, :data)").bindparams(
    sa.bindparam("data", type_=JSONB)
)
_TELL = sa.text("SELECT pg_notify(:channel, :payload)")
_TELL_GOING_ON = sa.text(
    "SELECT pg_notify(:channel, payload) FROM unnest(CAST(:ids AS uuid[]), "
    "CAST(:workers AS text[]), CAST(:attempts AS integer[]), CAST(:payloads AS text[])) "
    "AS one (id, worker, attempt, payload) "
    "JOIN job ON job.job_id = id AND job.worker_id = worker AND job.attempts = attempt "
    "WHERE job.state = 'running'"
)


@dataclass(frozen=True, slots=True)
class JobEvent:
    """The `sequence` counts a job's events from 1 on, so that a watcher can ask for the rest."""

    job_id: UUID
    sequence: int
    kind: str
    data: Mapping[str, Any]


def add_event(
    connection: sa.Connection, job_id: UUID, kind: str, data: Mapping[str, Any]
) -> JobEvent | None:
    """Appends an event, in the caller's transaction, and wakes the watchers when that commits.

    Of progress only the newest is kept: who comes back is told how far it is, not how it went. What
    is said of a text is kept part after part, until another attempt begins, which keeps all of it
    as one, or it has succeeded or failed. After a job's end there is none of either, and None is
    returned.
    """
    given = {"job_id": job_id, "kind": kind, "data": dict(data)}
    sequence = connection.execute(_ADD, given).scalar_one()
    return None if sequence is None else JobEvent(job_id, sequence, kind, data)


def send_ticks(connection: sa.Connection, ticks: Sequence[tuple[Job, Mapping[str, Any]]]) -> None:
    """Tells those who watch right now how far attempts at jobs are; it is kept nowhere. One that
    does not go on has nothing more to say.

    `previews` and `texts` are left out where they are too many for a notice.
    """
    rows = [(job.job_id, job.worker_id, job.attempts, _payload(job, tick)) for job, tick in ticks]
    ids, workers, attempts, payloads = ([*column] for column in zip(*rows, strict=True))
    given = {"ids": ids, "workers": workers, "attempts": attempts, "payloads": payloads}
    connection.execute(_TELL_GOING_ON, {"channel": CHANNEL, **given})


def _payload(job: Job, tick: Mapping[str, Any]) -> str:
    address = {"job_id": str(job.job_id), "account_id": job.account_id}
    payload = json.dumps({**address, "tick": tick}, separators=(",", ":"))
    if len(payload) > MOST_NOTE_BYTES:
        left_out: dict[str, list[Any]] = {
            name: [] for name in ("previews", "texts") if name in tick
        }
        payload = json.dumps({**address, "tick": {**tick, **left_out}}, separators=(",", ":"))
    return payload


def send_change(connection: sa.Connection, account_id: str, job_id: UUID) -> None:
    """Tells those who watch the account that a job, or what it made, is not as it was: deleted,
    or restored.
    """
    _notify(connection, job_id=str(job_id), account_id=account_id, kind=CHANGE)


def _notify(connection: sa.Connection, **note: Any) -> None:
    payload = json.dumps(note, separators=(",", ":"))
    connection.execute(_TELL, {"channel": CHANNEL, "payload": payload})


def read_events(connection: sa.Connection, job_id: UUID, after: int = 0) -> Sequence[JobEvent]:
    """A job's events after a sequence number, in order."""
    query = (
        sa.select(job_event.c.job_id, job_event.c.sequence, job_event.c.kind, job_event.c.data)
        .where((job_event.c.job_id == job_id) & (job_event.c.sequence > after))
        .order_by(job_event.c.sequence)
    )
    return [JobEvent(**row._mapping) for row in connection.execute(query)]
