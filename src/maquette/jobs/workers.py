"""Workers as rows: when each last said that it lives, and what passes take it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maquette.db.tables.jobs import worker


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


def report(
    connection: sa.Connection,
    worker_id: str,
    step_times: Mapping[str, Sequence[StepTime]] | None = None,
) -> None:
    """Notes that a worker lives, and what passes take it by model; None where that has not changed.

    What it said before is replaced: it may have other weights, another backend or another machine.
    """
    row = {"worker_id": worker_id, "heartbeat_at": sa.func.now()}
    if step_times is not None:
        row["step_times"] = {
            model: [asdict(one) for one in times] for model, times in step_times.items()
        }
    connection.execute(
        insert(worker).values(row).on_conflict_do_update(index_elements=["worker_id"], set_=row)
    )


def measured_step_times(connection: sa.Connection, model_id: str) -> list[StepTime]:
    """What passes of a model take the worker that last reported; [] where nothing is known."""
    times = worker.c.step_times[model_id]
    query = sa.select(times).order_by(worker.c.heartbeat_at.desc()).limit(1)
    known = connection.execute(query).scalar() or []
    return [
        StepTime(**{**one, "passes": [(rows, ms) for rows, ms in one.get("passes", ())]})
        for one in known
    ]
