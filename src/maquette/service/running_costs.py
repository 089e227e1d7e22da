"""What a picture costs to make, beside its price: what the operator earns by it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from maquette.core.requests import SamplingParams
from maquette.engines.catalog import SHIPPED, ModelSpec
from maquette.jobs.workers import StepTime, measured_step_times
from maquette.ledger.prices import CREDIT_CENTS, PRICES, Price
from maquette.service.cost import rows_of
from maquette.service.quotes import Quote, quote
from maquette.service.studio import IMAGE

MS_AN_HOUR = 3_600_000.0


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
    """A model's usual picture: its price, and what making it costs; nothing of the latter where no
    worker has measured it yet.
    """

    model: str
    price: Price
    quote: Quote
    shared: Sequence[SharedCost]

    @property
    def price_cents(self) -> float:
        return self.quote.price_microcredits / 1e6 * CREDIT_CENTS

    @property
    def cost_cents(self) -> float | None:
        """Where passes are shared as well as they were seen to be."""
        return min((one.cents for one in self.shared), default=None)

    @property
    def margin(self) -> float | None:
        """The share of the price that is left."""
        return None if self.cost_cents is None else 1 - self.cost_cents / self.price_cents


def running_costs(database: sa.Engine, machine_cents_hour: float) -> list[RunningCost]:
    """All models' costs, as the worker that last reported has measured them."""
    with database.connect() as connection:
        measured = measured_step_times(connection)
    return [
        _of(spec, measured.get(spec.model_id, []), machine_cents_hour) for spec in SHIPPED[IMAGE]
    ]


def _of(spec: ModelSpec, measured: Sequence[StepTime], machine_cents_hour: float) -> RunningCost:
    params = SamplingParams("a picture", **asdict(spec.usual))
    pixels, rows = params.width * params.height, rows_of(params, 1)
    cents_a_ms = machine_cents_hour / MS_AN_HOUR
    shared: list[SharedCost] = []
    for one in measured:
        if one.pixels != pixels:
            continue
        for at_once, pass_ms in one.passes:
            ms = rows * pass_ms / at_once + (one.decode_ms or 0.0)
            new = ms + (one.text_ms or 0.0)
            shared.append(SharedCost(at_once, ms * cents_a_ms, new * cents_a_ms))
    return RunningCost(
        spec.model_id, PRICES[spec.model_id], quote(params, 1, spec.model_id), shared
    )
