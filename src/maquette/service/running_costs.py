"""What a picture or a thousand tokens cost to make, beside their price: what the operator earns."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

import sqlalchemy as sa

from maquette.core.requests import SamplingParams
from maquette.db.tables.jobs import job, job_event
from maquette.engines.catalog import SHIPPED, ModelSpec
from maquette.jobs.workers import StepTime, measured_step_times
from maquette.ledger.prices import CREDIT_CENTS, PRICES, Price
from maquette.service.cost import rows_of
from maquette.service.queues import IMAGE, TEXT
from maquette.service.quotes import quote
from maquette.service.text_price import READ_SHARE

MS_AN_HOUR = 3_600_000.0
TEXTS_SINCE = timedelta(days=1)  # what they cost follows from how many share the machine


@dataclass(frozen=True, slots=True)
class SharedCost:
    """US cents that a picture costs where its passes have so many rows, others' among them: with a
    text that was read before, and with one that was not.
    """

    rows: int
    cents: float
    new_text_cents: float


@dataclass(frozen=True, slots=True)
class RunningCost:
    """A model's usual picture, or a thousand tokens that it says: the price, and what making it
    costs; nothing of the latter where no worker has measured it yet.
    """

    model: str
    kind: str
    price: Price
    units: float  # of the price, that it has
    price_microcredits: int
    cost_cents: float | None  # where passes are shared as well as they were seen to be
    shared: Sequence[SharedCost] = ()  # of pictures

    @property
    def price_cents(self) -> float:
        return self.price_microcredits / 1e6 * CREDIT_CENTS

    @property
    def margin(self) -> float | None:
        """The share of the price that is left."""
        return None if self.cost_cents is None else 1 - self.cost_cents / self.price_cents


def running_costs(database: sa.Engine, machine_cents_hour: float) -> list[RunningCost]:
    """All models' costs: of pictures as the worker that last reported has measured them, of texts
    as those of the last day took the machine.
    """
    with database.connect() as connection:
        measured = measured_step_times(connection)
        token_ms = _token_ms(connection)
    cents_a_ms = machine_cents_hour / MS_AN_HOUR
    pictures = [
        _of_picture(spec, measured.get(spec.model_id, []), cents_a_ms) for spec in SHIPPED[IMAGE]
    ]
    texts = [
        _of_text(spec.model_id, token_ms.get(spec.model_id), cents_a_ms) for spec in SHIPPED[TEXT]
    ]
    return pictures + texts


def _of_picture(spec: ModelSpec, measured: Sequence[StepTime], cents_a_ms: float) -> RunningCost:
    params = SamplingParams("a picture", **asdict(spec.usual))
    pixels, rows = params.width * params.height, rows_of(params, 1)
    shared: list[SharedCost] = []
    for one in measured:
        if one.pixels != pixels:
            continue
        for at_once, pass_ms in one.passes:
            ms = rows * pass_ms / at_once + (one.decode_ms or 0.0)
            new = ms + (one.text_ms or 0.0)
            shared.append(SharedCost(at_once, ms * cents_a_ms, new * cents_a_ms))
    asked = quote(params, 1, spec.model_id)
    return RunningCost(
        spec.model_id,
        IMAGE,
        PRICES[spec.model_id],
        asked.megapixel_steps,
        asked.price_microcredits,
        min((one.cents for one in shared), default=None),
        shared,
    )


def _of_text(model: str, token_ms: float | None, cents_a_ms: float) -> RunningCost:
    price = PRICES[model]
    cents = None if token_ms is None else 1000 * token_ms * cents_a_ms
    return RunningCost(model, TEXT, price, 1.0, price.microcredits, cents)


def _token_ms(connection: sa.Connection) -> dict[str, float]:
    """What a token that is said took the engines in the last day, by model; one that is read counts
    as it is charged.
    """
    seconds, read, said = (
        sa.func.sum(sa.cast(job_event.c.data[name].astext, sa.Double))
        for name in ("engine_s", "prompt_tokens", "answer_tokens")
    )
    model = job.c.request["model"].astext
    query = (
        sa.select(model, seconds, read, said)
        .select_from(job.join(job_event, job_event.c.job_id == job.c.job_id))
        .where(job.c.finished_at > sa.func.now() - TEXTS_SINCE, job.c.kind == TEXT)
        .where(job_event.c.kind == "succeeded", job_event.c.data.has_key("engine_s"))
        .group_by(model)
    )
    return {
        name: 1e3 * float(took_s) / (float(said) + float(read) / READ_SHARE)
        for name, took_s, read, said in connection.execute(query)
        if said
    }
