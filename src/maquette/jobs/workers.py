"""Workers as rows: when each last said that it lives, what it can do, and what passes take it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maquette.db.tables.jobs import job, job_event, unfinished, worker

SILENT_S = 20.0  # without a word, a worker does not count as living
WAITING = "waiting"  # an event's kind: no worker that lives can do the job


@dataclass(frozen=True, slots=True)
class StepTime:
    """What was measured of a model at a size: the milliseconds of the shortest pass, of a row in
    the passes that take least a row, and of passes by their rows; of decoding a picture and of
    reading a text that was not read before, where that is known.
    """

    pixels: int  # of a picture
    pass_ms: float
    row_ms: float
    passes: Sequence[tuple[int, float]] = ()
    decode_ms: float | None = None
    text_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Abilities:
    """Which jobs a worker takes: of these queues, which stand for models and sizes."""

    queues: tuple[str, ...]
    models: tuple[str, ...] = ()
    most_pixels: int = 0


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker as it last said it is; which jobs it has, and whether it looks after the others."""

    worker_id: str
    host: str
    models: Sequence[str]
    most_pixels: int
    queues: Sequence[str]
    heartbeat_at: datetime
    lives: bool
    leads: bool
    running: int


def report(
    connection: sa.Connection,
    worker_id: str,
    step_times: Mapping[str, Sequence[StepTime]] | None = None,
    abilities: Abilities | None = None,
    host: str = "",
) -> None:
    """Notes that a worker lives, and what passes take it by model; None where that has not changed.

    What it said before is replaced: it may have other weights, another backend or another machine.
    """
    row: dict[str, Any] = {"worker_id": worker_id, "heartbeat_at": sa.func.clock_timestamp()}
    if step_times is not None:
        row["step_times"] = {
            model: [asdict(one) for one in times] for model, times in step_times.items()
        }
    if abilities is not None:
        can = {name: list(getattr(abilities, name)) for name in ("queues", "models")}
        row |= {"host": host, "most_pixels": abilities.most_pixels, **can}
    connection.execute(
        insert(worker).values(row).on_conflict_do_update(index_elements=["worker_id"], set_=row)
    )


def heartbeats(connection: sa.Connection) -> dict[str, datetime]:
    """When each worker last said that it lives, by the clock of the database."""
    rows = connection.execute(sa.select(worker.c.worker_id, worker.c.heartbeat_at))
    return {row.worker_id: row.heartbeat_at for row in rows}


def note_leader(connection: sa.Connection, worker_id: str) -> None:
    """Notes who looks after the jobs of others."""
    led = {"led_at": sa.func.clock_timestamp()}
    connection.execute(sa.update(worker).where(worker.c.worker_id == worker_id).values(led))


def forget_workers(connection: sa.Connection, silent_for: timedelta) -> int:
    """Strikes out workers that were not heard of for so long; gives how many."""
    silent = worker.c.heartbeat_at < sa.func.now() - silent_for
    return connection.execute(sa.delete(worker).where(silent)).rowcount


def list_workers(connection: sa.Connection) -> Sequence[Worker]:
    """All workers, in the order of their names."""
    mine = (job.c.worker_id == worker.c.worker_id) & (job.c.state == "running")
    leader = sa.select(sa.func.max(worker.c.led_at)).scalar_subquery()
    query = sa.select(
        *(worker.c[name] for name in ("worker_id", "host", "models", "most_pixels", "queues")),
        worker.c.heartbeat_at,
        _lives().label("lives"),
        (_lives() & (worker.c.led_at == leader)).is_(True).label("leads"),
        sa.select(sa.func.count()).where(mine).scalar_subquery().label("running"),
    )
    rows = connection.execute(query.order_by(worker.c.worker_id))
    return [Worker(**row._mapping) for row in rows]


def living_by_queue(connection: sa.Connection) -> dict[str, int]:
    """How many workers live that take jobs of a queue, by its name."""
    name = sa.func.unnest(worker.c.queues).label("name")
    query = sa.select(name, sa.func.count()).where(_lives()).group_by(name)
    return {name: count for name, count in connection.execute(query)}  # noqa: C416


def unserved_jobs(connection: sa.Connection, most: int) -> Sequence[UUID]:
    """Jobs that wait, that no worker which lives can do, and of which that was not said yet."""
    served = sa.exists().where(_lives() & (worker.c.queues.any_() == job.c.queue))
    told = sa.exists().where((job_event.c.job_id == job.c.job_id) & (job_event.c.kind == WAITING))
    query = sa.select(job.c.job_id).where(unfinished & job.c.worker_id.is_(None) & ~served & ~told)
    return connection.execute(query.order_by(job.c.job_id).limit(most)).scalars().all()


def _lives() -> sa.ColumnElement[bool]:
    return worker.c.heartbeat_at > sa.func.clock_timestamp() - timedelta(seconds=SILENT_S)


def heartbeat_age_s(connection: sa.Connection) -> float | None:
    """How long ago a worker was last heard of; None where none ever was."""
    last = sa.select(sa.func.extract("epoch", sa.func.now() - sa.func.max(worker.c.heartbeat_at)))
    age_s = connection.execute(last).scalar_one()
    return None if age_s is None else float(age_s)


def measured_step_times(connection: sa.Connection) -> dict[str, list[StepTime]]:
    """What passes take, by model: as the worker says that last reported of those that have it."""
    query = sa.select(worker.c.step_times).order_by(worker.c.heartbeat_at)
    latest = {
        model_id: times
        for known in connection.execute(query).scalars()
        for model_id, times in known.items()
    }
    return {
        model_id: [
            StepTime(**{**one, "passes": [(rows, ms) for rows, ms in one.get("passes", ())]})
            for one in times
        ]
        for model_id, times in latest.items()
    }
