"""The engine in its own thread: many ask at once, what fails is told, nothing is left behind."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from maquette.batching.loop import MOST_FAILURES, EngineLoop
from maquette.core.errors import OutOfMemory
from maquette.diffusion.engine import DenoisingEngine
from maquette.diffusion.noise_schedule import NoiseSchedule
from maquette.diffusion.request import DenoisingRequest, Network
from maquette.diffusion.runner import StepOutput
from maquette.diffusion.samplers import SamplerTable, compile_table
from tests.waiting import PATIENCE_S

TABLE = compile_table("ddim", NoiseSchedule(prediction_type="v_prediction"), 6)


def _network(latents: Tensor, timesteps: Tensor, context: Tensor, *_: object) -> Tensor:
    return torch.tanh(latents) + context.mean((1, 2)).view(-1, 1, 1, 1)


def _request(name: str, **more: Any) -> DenoisingRequest:
    request = DenoisingRequest(
        request_id=name,
        model_id="net",
        network=_network,
        table=TABLE,
        guidance=(1.0,) * len(TABLE),
        shape=(1, 4, 4),
        context=torch.zeros(2, 1, 1),
        seed=int(name),
    )
    return replace(request, **more)


@pytest.fixture
def loop() -> Iterator[EngineLoop]:
    made = EngineLoop(DenoisingEngine(torch.device("cpu")))
    yield made
    made.close()


def _slow(latents: Tensor, *_: object) -> Tensor:
    time.sleep(0.05)
    return latents


def test_an_error_met_elsewhere_ends_the_loop_where_it_lasts() -> None:
    told: list[Exception] = []
    loop = EngineLoop(DenoisingEngine(torch.device("cpu")), told.append)
    loop.fail(RuntimeError("of one request alone"))
    loop.fail(torch.OutOfMemoryError("CUDA out of memory"))
    assert loop.add(_request("1")).result(PATIENCE_S).finished
    waiting = loop.add(_request("2", network=_slow))
    broken = torch.AcceleratorError("CUDA error: device-side assert triggered")
    loop.fail(broken)
    assert told == [broken]
    with pytest.raises(CancelledError):
        waiting.result(PATIENCE_S)
    loop._thread.join(PATIENCE_S)
    assert not loop._thread.is_alive()
    loop.fail(broken)  # no one is left to hear it
    assert told == [broken]


def test_many_threads_ask_and_each_has_its_own_answer(loop: EngineLoop) -> None:
    steps: dict[str, list[int]] = {str(n): [] for n in range(40)}

    def ask(number: int) -> StepOutput:
        def watch(output: StepOutput) -> None:
            steps[str(number)].append(output.step_index)

        return loop.add(_request(str(number)), watch).result(PATIENCE_S)

    with ThreadPoolExecutor(8) as pool:
        outputs = list(pool.map(ask, range(40)))
    assert [o.request.request_id for o in outputs] == [str(n) for n in range(40)]
    assert all(seen == list(range(6)) for seen in steps.values())
    assert all(o.finished for o in outputs)


def test_what_is_cancelled_ends_at_once_and_the_others_go_on(loop: EngineLoop) -> None:
    begun = threading.Event()
    first = loop.add(_request("1", network=_slow, model_id="slow"), lambda _: begun.set())
    second = loop.add(_request("2", network=_slow, model_id="slow"))
    assert begun.wait(PATIENCE_S)
    loop.cancel("1")
    loop.cancel("nobody")
    assert wait([first], 10).done
    with pytest.raises(CancelledError):
        first.result(0)
    assert second.result(PATIENCE_S).finished


def test_what_breaks_is_told_and_the_engine_goes_on(loop: EngineLoop) -> None:
    def broken(*_: object) -> Tensor:
        raise MemoryError("no more")

    with pytest.raises(OutOfMemory):
        loop.add(_request("1", network=broken, model_id="broken")).result(PATIENCE_S)
    _, second = [loop.add(_request("2", network=_slow, model_id="slow")) for _ in range(2)]
    with pytest.raises(ValueError, match="already here"):
        second.result(PATIENCE_S)
    assert loop.add(_request("3")).result(PATIENCE_S).finished


def test_a_watcher_that_breaks_ends_its_own_request_alone(loop: EngineLoop) -> None:
    def watch(_: StepOutput) -> None:
        raise RuntimeError("a bad watcher")

    first = loop.add(_request("1", network=_slow), watch)
    second = loop.add(_request("2", network=_slow))
    with pytest.raises(RuntimeError, match="a bad watcher"):
        first.result(PATIENCE_S)
    assert second.result(PATIENCE_S).finished
    assert loop.add(_request("3")).result(PATIENCE_S).finished


def _raising(error: Exception) -> Network:
    def network(*_: object) -> Tensor:
        raise error

    return network


def test_what_breaks_is_told_to_those_of_the_pass_alone(loop: EngineLoop) -> None:
    network = _raising(ValueError("no such thing"))
    others = [loop.add(_request(n, network=_slow, model_id="slow")) for n in ("1", "2")]
    with pytest.raises(ValueError, match="no such thing"):
        loop.add(_request("3", network=network, model_id="moody")).result(PATIENCE_S)
    assert all(other.result(PATIENCE_S).finished for other in others)


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (torch.AcceleratorError("CUDA error: device-side assert triggered"), 1),
        (ValueError("again"), MOST_FAILURES),
    ],
)
def test_an_error_that_will_not_go_away_ends_the_loop(error: Exception, passes: int) -> None:
    told: list[Exception] = []
    ended = threading.Event()

    def on_broken(broken: Exception) -> None:
        told.append(broken)
        ended.set()

    loop = EngineLoop(DenoisingEngine(torch.device("cpu"), max_rows=1), on_broken)
    blocked = threading.Event()

    def block(_: StepOutput) -> None:
        blocked.wait(PATIENCE_S)

    at_once = _request("99", table=SamplerTable(TABLE.rows[-1:], 1.0), guidance=(1.0,))
    loop.add(at_once, block)  # till all are here
    asked = [_request(str(n), network=_raising(error), model_id="moody") for n in range(passes)]
    futures = [loop.add(one) for one in asked]
    idle = loop.add(_request("100", network=_slow, model_id="slow", interactive=False))
    blocked.set()
    assert ended.wait(PATIENCE_S)
    wait([*futures, idle], PATIENCE_S)
    loop.close()
    assert told == [error]
    assert [future.exception() for future in futures] == [error] * passes
    assert idle.cancelled()
    assert loop.add(_request("101")).cancelled()


def test_what_fails_now_and_then_or_for_want_of_memory_does_not_end_the_loop() -> None:
    told: list[Exception] = []
    loop = EngineLoop(DenoisingEngine(torch.device("cpu")), told.append)
    for error in (ValueError("now and then"), MemoryError("no more")):
        network = _raising(error)
        for number in range(3 * MOST_FAILURES):
            with pytest.raises((ValueError, OutOfMemory)):
                loop.add(_request(str(number), network=network, model_id="moody")).result(
                    PATIENCE_S
                )
            if isinstance(error, ValueError):
                assert loop.add(_request("100")).result(PATIENCE_S).finished
    loop.close()
    assert told == []


def test_what_is_left_at_the_end_is_cancelled() -> None:
    loop = EngineLoop(DenoisingEngine(torch.device("cpu")))
    left = loop.add(_request("1", network=_slow, model_id="slow"))
    loop.close()
    assert left.cancelled()
    assert loop.add(_request("2")).cancelled()
