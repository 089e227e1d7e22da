"""A pass that fails ends its own requests; one that lacks memory is tried again with fewer."""

import weakref
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from maquette.core.errors import OutOfMemory
from maquette.diffusion.engine import DenoisingEngine
from maquette.diffusion.noise_schedule import NoiseSchedule
from maquette.diffusion.request import DenoisingRequest, Network
from maquette.diffusion.samplers import compile_table

CPU = torch.device("cpu")
TABLE = compile_table("euler-a", NoiseSchedule(prediction_type="v_prediction"), 5)


def _network(latents: Tensor, timesteps: Tensor, context: Tensor, *_: object) -> Tensor:
    return torch.tanh(latents.roll(1, -1)) + context.mean((1, 2)).view(-1, 1, 1, 1)


def _request(number: int, network: Network = _network, side: int = 4) -> DenoisingRequest:
    """Its words are its number. Every second one is guided."""
    return DenoisingRequest(
        request_id=str(number),
        model_id="net",
        network=network,
        table=TABLE,
        guidance=((1.0, 3.0)[number % 2],) * len(TABLE),
        shape=(1, side, side),
        context=torch.stack([torch.zeros(2, 3), torch.full((2, 3), float(number))]),
        seed=number,
    )


def _finish(engine: DenoisingEngine) -> tuple[dict[str, Tensor], list[Exception]]:
    """The results by name, and what was raised on the way."""
    results: dict[str, Tensor] = {}
    raised: list[Exception] = []
    while len(engine):
        try:
            results |= {o.request.request_id: o.latents for o in engine.step() if o.finished}
        except Exception as error:
            raised.append(error)
    return results, raised


@cache
def _alone(number: int, side: int = 4) -> Tensor:
    engine = DenoisingEngine(CPU)
    engine.add(_request(number, side=side))
    return _finish(engine)[0][str(number)]


def _assert_as_alone(results: dict[str, Tensor]) -> None:
    for name, latents in results.items():
        torch.testing.assert_close(latents, _alone(int(name), latents.shape[-1]), rtol=0, atol=1e-4)


@pytest.mark.parametrize(("deterministic", "gone"), [(False, {"1", "2", "3"}), (True, {"2"})])
def test_what_a_pass_raises_ends_those_of_the_pass_alone(
    deterministic: bool, gone: set[str]
) -> None:
    def moody(latents: Tensor, timesteps: Tensor, context: Tensor, *_: object) -> Tensor:
        if (context == 2.0).any():
            raise ValueError("no such thing")
        return _network(latents, timesteps, context)

    engine = DenoisingEngine(CPU, deterministic=deterministic)
    for number in range(1, 6):
        engine.add(_request(number, moody, side=4 if number <= 3 else 6))
    results, raised = _finish(engine)
    assert [str(error) for error in raised] == ["no such thing"]
    assert set(results) == {"1", "2", "3", "4", "5"} - gone
    _assert_as_alone(results)


@pytest.mark.parametrize("most_rows", [2, 5, 9])
def test_a_pass_that_lacks_memory_is_tried_again_with_fewer(most_rows: int) -> None:
    tried: list[int] = []

    def greedy(latents: Tensor, timesteps: Tensor, context: Tensor, *_: object) -> Tensor:
        tried.append(len(latents))
        if len(latents) > most_rows:
            torch.empty(2**60)
        return _network(latents, timesteps, context)

    engine = DenoisingEngine(CPU)
    for number in range(10):
        engine.add(_request(number, greedy))
    results, raised = _finish(engine)
    assert raised == []
    assert len(results) == 10
    _assert_as_alone(results)  # though noise had been drawn for the passes that failed
    assert tried[0] > most_rows
    assert sum(rows > most_rows for rows in tried) <= 4  # it is not found out at every step


def test_a_request_that_does_not_fit_alone_is_refused_in_one_line() -> None:
    held: list[weakref.ref[Tensor]] = []

    def greedy(latents: Tensor, timesteps: Tensor, context: Tensor, *_: object) -> Tensor:
        activations = latents + 1
        held.append(weakref.ref(activations))
        torch.empty(2**60)
        return activations

    engine = DenoisingEngine(CPU)
    engine.add(_request(1, greedy, side=8))
    engine.add(_request(2))
    message = "latents of 1 x 8 x 8 do not fit the memory that cpu has left; ask for a smaller size"
    results, (error,) = _finish(engine)
    assert isinstance(error, OutOfMemory)
    assert message in error.message
    assert [ref() for ref in held] == [None]  # the error holds nothing of the pass
    assert set(results) == {"2"}


def test_other_errors_of_pytorch_are_no_lack_of_memory() -> None:
    def wrong(latents: Tensor, *_: Any) -> Tensor:
        return latents @ torch.zeros(3, 3)

    engine = DenoisingEngine(CPU)
    for number in (1, 2):
        engine.add(_request(number, wrong))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        engine.step()
    assert len(engine) == 0
