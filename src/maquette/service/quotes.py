"""What a request will cost, said before it is made; needs no PyTorch."""

from dataclasses import dataclass

from maquette.core.requests import SamplingParams
from maquette.ledger.prices import price_of
from maquette.service.cost import rows_of


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of a request: exact, for what it takes follows from what was asked for."""

    model: str
    pixel_steps: int
    price_microcredits: int

    @property
    def megapixel_steps(self) -> float:
        return self.pixel_steps / 1e6


def quote(params: SamplingParams, count: int, model: str) -> Quote:
    """The price of so many pictures. Raises ModelNotFound where the model has none."""
    pixel_steps = rows_of(params, count) * params.width * params.height
    return Quote(model, pixel_steps, price_of(model, pixel_steps))
