"""What work costs, and how it is rounded."""

import pytest

from maquette.core.errors import ModelNotFound
from maquette.ledger import prices
from maquette.ledger.prices import LEAST_STEP, PRICES, Price, price_of


@pytest.mark.parametrize(
    ("millionths", "microcredits"),
    [(1, 10_000), (500_000, 10_000), (500_001, 20_000), (1_000_000, 20_000), (10**12, 2 * 10**10)],
)
def test_a_price_is_rounded_up_to_a_hundredth(
    monkeypatch: pytest.MonkeyPatch, millionths: int, microcredits: int
) -> None:
    monkeypatch.setattr(prices, "PRICES", {"one": Price("second", 20_000)})
    assert price_of("one", millionths) == microcredits


def test_nothing_is_free_by_mistake() -> None:
    with pytest.raises(ModelNotFound, match="model startr has no price; did you mean starter"):
        price_of("startr", 1)
    assert all(price_of(model, 1) == LEAST_STEP for model in PRICES)
