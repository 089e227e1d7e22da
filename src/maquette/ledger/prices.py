"""What work costs: one row a model, in microcredits for a unit of what it makes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from maquette.core.errors import ModelNotFound, did_you_mean

# A megapixel-step is a row of a pass for a picture of a million pixels: a guided step has two rows.
Unit = Literal["megapixel-step", "thousand tokens", "thousand characters", "second", "piece"]


@dataclass(frozen=True, slots=True)
class Price:
    """What a unit costs."""

    unit: Unit
    microcredits: int


CAPTIONS = "starter-captioner"  # of pictures that a request names as context
OWN_CAPTIONERS = "captioners"  # all models that see which a person put there
OWN_VOICES = "voices"  # all that a person put there: networks, which take longer than rules
# A step of the starter's two networks, which are of one size, was measured to cost the same; so has
# it one price, and the fast one takes fewer. Operators see price and cost side by side.
PRICES: Mapping[str, Price] = {
    "starter": Price("megapixel-step", 20_000),
    "starter-turbo": Price("megapixel-step", 20_000),
    "starter-text": Price("thousand tokens", 100_000),  # that are said; four read cost as one said
    "espeak-ng": Price("thousand characters", 50_000),
    OWN_VOICES: Price("thousand characters", 250_000),
    CAPTIONS: Price("piece", 10_000),
    OWN_CAPTIONERS: Price("thousand tokens", 250_000),
    "starter-code": Price("piece", 50_000),  # a drawing or a page, its story included
}
CREDIT_CENTS = 1.0  # US cents that a credit costs who buys a thousand
LEAST_STEP = 10_000  # a hundredth of a credit, to which prices are rounded up


def price_of(model_id: str, millionths: int) -> int:
    """The price in microcredits of so many millionths of the model's unit, rounded up to a
    hundredth of a credit. Raises ModelNotFound where no price is set: nothing is free by mistake.
    """
    price = PRICES.get(model_id)
    if price is None:
        raise ModelNotFound(f"model {model_id} has no price; {did_you_mean(model_id, PRICES)}")
    return round_up(price.microcredits * millionths, 1_000_000)


def round_up(amount: int, parts: int) -> int:
    """An amount in so many parts of a microcredit, in microcredits: up to a hundredth of a
    credit.
    """
    return -(-amount // (LEAST_STEP * parts)) * LEAST_STEP
