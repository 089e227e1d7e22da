"""Jobs as rows: how they come in, and the few ways in which their state may change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args
from uuid import UUID

import sqlalchemy as sa

from maquette.core.ids import new_id
from maquette.db.locks import number_of
from maquette.db.tables.jobs import job, job_event, unfinished
from maquette.jobs.shares import line

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Priority = Literal["interactive", "batch"]
PRIORITIES: tuple[Priority, ...] = get_args(Priority)  # the first comes first
ENDS = ("succeeded", "failed", "cancelled")
PROGRESS = "progress"  # an event's kind; a job has at most one of it
SAID = "said"  # another: what is new of a text, part after part, until that is an asset
assert set(ENDS) < set(get_args(JobState))


@dataclass(frozen=True, slots=True)
class Job:
    """One request of one person, and how far it is."""

    job_id: UUID
    account_id: str
    kind: str
    state: JobState
    request: Mapping[str, Any]
    error: str | None
    attempts: int  # under way, broken, or ended with the worker's death
    breaks: int  # of these, those that broke, and their worker lived on
    queue: str  # which workers may take it
    priority: Priority
    worker_id: str | None  # who has the attempt
    released_at: datetime | None  # to the workers; None while its account's others run
    created_at: datetime
    work_ms: float | None  # of the machine, as estimated when it was accepted
    expected_at: datetime | None  # its end, likewise
    started_at: datetime | None
    finished_at: datetime | None
    deleted_at: datetime | None

    @property
    def ended(self) -> bool:
        return self.state in ENDS

    @property
    def deaths(self) -> int:
        """In how many attempts its worker died, the one under way included."""
        return max(0, self.attempts - self.breaks)


# What a list has of a request: a talk may have a megabyte. Its messages give way to how many they
# are and how the last one begins, and the schema of its answer is left out; so are texts
# that it named as context and the voice of copy, and of what was filled in there is how it begins,
# of lines the first.
GIST_CHARACTERS = 200
_messages = job.c.request["messages"]
_talk = (
    job.c.request.op("-")("messages")
    .op("-")("seen")
    .op("#-")(sa.text("'{params,schema}'"))
    .op("||")(
        sa.func.jsonb_build_object(
            "message_count",
            sa.func.jsonb_array_length(_messages),
            "last_message",
            sa.func.left(_messages[-1]["content"].astext, GIST_CHARACTERS),
        )
    )
)
_INPUTS = f"""(
    SELECT coalesce(jsonb_object_agg(name, CASE jsonb_typeof(given)
        WHEN 'array' THEN jsonb_build_array(coalesce(left(given ->> 0, {GIST_CHARACTERS}), ''))
        ELSE to_jsonb(left(given #>> '{{}}', {GIST_CHARACTERS})) END), jsonb_build_object())
    FROM jsonb_each(job.request #> '{{copy,inputs}}') AS input(name, given))"""
_filled_in = (
    job.c.request["copy"]
    .op("-")("voice")
    .op("||")(sa.func.jsonb_build_object("inputs", sa.literal_column(_INPUTS)))
)
_GIST = sa.case(
    (
        job.c.request.has_key("copy"),
        _talk.op("||")(sa.func.jsonb_build_object("copy", _filled_in)),
    ),
    (job.c.request.has_key("messages"), _talk),
    else_=job.c.request.op("-")("seen"),  # as code has it
)
_ROW = [_GIST.label("request") if one.name == "request" else one for one in job.c]
# A function of the database: see the migration that made it.
_COLUMNS = ", ".join(Job.__dataclass_fields__)
_RELEASE = sa.text(f"SELECT {_COLUMNS} FROM release_jobs(:account_id, :at_once, :lock)")


def create_job(
    connection: sa.Connection,
    account_id: str,
    kind: str,
    request: Mapping[str, Any],
    work_ms: float | None = None,
    remaining_ms: float | None = None,
    queue: str | None = None,
    priority: Priority = "interactive",
) -> Job:
    """A new queued job, in the caller's transaction; how much work it is and how long it will take
    from now on, where that is known. Its queue is its kind's unless one is named.
    """
    row = {"job_id": new_id(), "account_id": account_id, "kind": kind, "request": dict(request)}
    row |= {"queue": queue or kind, "priority": priority}
    if remaining_ms is not None:
        row |= {
            "work_ms": work_ms,
            "expected_at": sa.func.now() + timedelta(milliseconds=remaining_ms),
        }
    return _job(connection.execute(sa.insert(job).values(row).returning(job)).one())


def get_job(connection: sa.Connection, job_id: UUID) -> Job:
    """Raises KeyError where there is none."""
    row = connection.execute(sa.select(job).where(job.c.job_id == job_id)).one_or_none()
    if row is None:
        raise KeyError(job_id)
    return _job(row)


def list_jobs(
    connection: sa.Connection,
    account_id: str,
    limit: int,
    before: UUID | None = None,
    kind: str | None = None,
) -> Sequence[Job]:
    """An account's jobs that are not deleted, the newest first; only those of a kind where one is
    named, and those older than `before`. Of talks and copy there is but the gist.
    """
    query = sa.select(*_ROW).where((job.c.account_id == account_id) & job.c.deleted_at.is_(None))
    if kind is not None:
        query = query.where(job.c.kind == kind)
    if before is not None:
        query = query.where(job.c.job_id < before)
    return [_job(r) for r in connection.execute(query.order_by(job.c.job_id.desc()).limit(limit))]


def shown_jobs(connection: sa.Connection, job_ids: Sequence[UUID]) -> Sequence[Job]:
    """Those of the jobs that are not deleted, of whichever account. Of talks and copy there
    is but the gist.
    """
    shown = job.c.deleted_at.is_(None)
    rows = connection.execute(sa.select(*_ROW).where(job.c.job_id.in_(job_ids) & shown))
    return [_job(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Jobs that have not ended, by state, and how long the first of the queued ones has waited."""

    by_state: Mapping[str, int]
    queue_age_s: float


def count_unfinished(connection: sa.Connection) -> Unfinished:
    """Read by the index of unfinished jobs, however many have ended."""
    oldest = sa.func.extract("epoch", sa.func.now() - sa.func.min(job.c.created_at))
    query = sa.select(job.c.state, sa.func.count(), oldest).where(unfinished).group_by(job.c.state)
    rows = {state: (count, age_s) for state, count, age_s in connection.execute(query)}
    _, queue_age_s = rows.get("queued", (0, 0.0))
    return Unfinished({state: count for state, (count, _) in rows.items()}, float(queue_age_s))


@dataclass(frozen=True, slots=True)
class Backlog:
    """Jobs that have not ended, and the work that they still are, as far as that is known."""

    jobs: int
    left_ms: float


def backlogs(connection: sa.Connection) -> dict[str, Backlog]:
    """What was accepted and is yet to be done, by the lines that jobs wait in: those of a kind, and
    of another server, have nothing to do with others; of a job under way the share of steps to
    come.
    """
    step, steps = (sa.cast(job_event.c.data[name].astext, sa.Double) for name in ("step", "steps"))
    left_ms = job.c.work_ms * (1 - sa.func.coalesce(step / steps, 0))
    under_way = (job_event.c.job_id == job.c.job_id) & (job_event.c.kind == PROGRESS)
    query = (
        sa.select(line.label("line"), sa.func.count(), sa.func.coalesce(sa.func.sum(left_ms), 0.0))
        .select_from(job.outerjoin(job_event, under_way))
        .where(unfinished)
        .group_by(sa.literal_column("line"))
    )
    return {name: Backlog(jobs, ms) for name, jobs, ms in connection.execute(query)}


def unfinished_jobs(connection: sa.Connection, most: int) -> Sequence[Job]:
    """Jobs that have not ended, the oldest first."""
    query = sa.select(job).where(unfinished).order_by(job.c.job_id).limit(most)
    return [_job(row) for row in connection.execute(query)]


def released_jobs(connection: sa.Connection) -> Sequence[Job]:
    """All jobs that were handed to the workers and have not ended, the oldest first."""
    query = sa.select(job).where(unfinished & job.c.released_at.is_not(None))
    return [_job(row) for row in connection.execute(query.order_by(job.c.job_id))]


def accounts_waiting(connection: sa.Connection) -> Sequence[str]:
    """Those that have jobs which were not handed to the workers."""
    query = sa.select(job.c.account_id).distinct().where(unfinished & job.c.released_at.is_(None))
    return connection.execute(query).scalars().all()


def release_jobs(connection: sa.Connection, account_id: str, at_once: int) -> Sequence[Job]:
    """Marks an account's next jobs as handed to the workers, and gives them: so many that of each
    kind and priority `at_once` are, and of each other server a quarter of that. Until the caller's
    transaction ends the account is held, so that they are never more.
    """
    given = {"account_id": account_id, "at_once": at_once, "lock": number_of(lock_of(account_id))}
    found = [_job(row) for row in connection.execute(_RELEASE, given)]
    return sorted(found, key=lambda one: one.job_id)


def lock_of(account_id: str) -> str:
    """The name of the lock that whoever asks or releases for an account has."""
    return f"account {account_id}"


def seconds_until_next(connection: sa.Connection, account_id: str, most: int, a_s: float) -> float:
    """How long an account has to wait so that with one more it has asked at most so often in so
    many seconds; 0 or less where it need not.
    """
    # A job of later than now was made before the clock of the database was set back.
    own = (job.c.account_id == account_id) & (job.c.created_at <= sa.func.clock_timestamp())
    nth = sa.select(job.c.created_at).where(own)
    nth = nth.order_by(job.c.created_at.desc()).offset(most - 1).limit(1).scalar_subquery()
    age_s = sa.func.extract("epoch", sa.func.clock_timestamp() - nth)
    found = connection.execute(sa.select(age_s)).scalar()
    return 0.0 if found is None else a_s - float(found)


def which_unfinished(connection: sa.Connection, job_ids: Sequence[str]) -> Sequence[UUID]:
    """Those of the jobs that have not ended."""
    query = sa.select(job.c.job_id).where(job.c.job_id.in_([UUID(one) for one in job_ids]))
    return connection.execute(query.where(unfinished)).scalars().all()


def claim_job(connection: sa.Connection, job_id: UUID, worker_id: str) -> Job | None:
    """Makes a job a worker's, before an attempt begins; None where it has ended or is another's,
    which it is until `let_go`.
    """
    free = (job.c.job_id == job_id) & unfinished & _free_for(worker_id)
    query = sa.update(job).where(free).values(worker_id=worker_id).returning(job)
    row = connection.execute(query).one_or_none()
    return None if row is None else _job(row)


def start_job(connection: sa.Connection, job_id: UUID, worker_id: str = "") -> Job | None:
    """Begins an attempt: the job is running, and from here on this worker's; None where it has
    ended or is another's. Who had it before has it no more, and is told so by `is_held` and
    `end_job`.
    """
    started = sa.func.coalesce(job.c.started_at, sa.func.now())
    values = {"state": "running", "started_at": started, "worker_id": worker_id}
    free = (job.c.job_id == job_id) & unfinished & _free_for(worker_id)
    query = sa.update(job).where(free).values(values | {"attempts": job.c.attempts + 1})
    row = connection.execute(query.returning(job)).one_or_none()
    return None if row is None else _job(row)


def _free_for(worker_id: str) -> sa.ColumnElement[bool]:
    return job.c.worker_id.is_(None) | (job.c.worker_id == worker_id)


def note_break(connection: sa.Connection, attempt: Job) -> None:
    """Notes that an attempt broke, and its worker lives."""
    connection.execute(sa.update(job).where(_is(attempt)).values(breaks=job.c.breaks + 1))


def is_held(connection: sa.Connection, attempt: Job) -> bool:
    """Whether an attempt still goes on: the job has not ended, and no one has begun another."""
    query = sa.select(sa.func.count()).where(_is(attempt) & (job.c.state == "running"))
    return connection.execute(query).scalar_one() == 1


def _is(attempt: Job) -> sa.ColumnElement[bool]:
    """What no other attempt has in common with this one: an attempt that was taken back had another
    worker.
    """
    return (
        (job.c.job_id == attempt.job_id)
        & (job.c.worker_id == attempt.worker_id)
        & (job.c.attempts == attempt.attempts)
    )


def let_go(connection: sa.Connection, job_id: UUID, worker_id: str, counts: bool = True) -> None:
    """Takes a job from a worker; an attempt under way counts unless it was told to stop."""
    its = (job.c.job_id == job_id) & (job.c.worker_id == worker_id) & unfinished
    uncounted = 0 if counts else sa.case((job.c.state == "running", 1), else_=0)
    attempts = job.c.attempts - uncounted
    connection.execute(sa.update(job).where(its).values(worker_id=None, attempts=attempts))


def end_job(
    connection: sa.Connection,
    job_id: UUID,
    state: JobState,
    error: str | None = None,
    attempt: Job | None = None,
) -> bool:
    """Ends a job, once: False where it has already ended, and then nothing is changed. So it is for
    an `attempt` that is held no more; who cancels has none.
    """
    assert state in ENDS
    may = job.c.job_id == job_id if attempt is None else _is(attempt)
    values = {"state": state, "error": error, "finished_at": sa.func.now()}
    query = sa.update(job).where(may & unfinished).values(values)
    return connection.execute(query).rowcount == 1


def delete_job(connection: sa.Connection, account_id: str, job_id: UUID) -> bool:
    """Hides an account's job until it is restored; False where it is not there."""
    shown = _owned(account_id, job_id) & job.c.deleted_at.is_(None)
    query = sa.update(job).where(shown).values(deleted_at=sa.func.now())
    return connection.execute(query).rowcount == 1


def restore_job(connection: sa.Connection, account_id: str, job_id: UUID) -> bool:
    """Undoes a deletion; False where there is none to undo."""
    hidden = _owned(account_id, job_id) & job.c.deleted_at.is_not(None)
    return connection.execute(sa.update(job).where(hidden).values(deleted_at=None)).rowcount == 1


def _owned(account_id: str, job_id: UUID) -> sa.ColumnElement[bool]:
    return (job.c.job_id == job_id) & (job.c.account_id == account_id)


def _job(row: sa.Row[Any]) -> Job:
    return Job(**row._mapping)
