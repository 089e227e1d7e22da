"""The seconds of passes, shared out among those whom they brought something."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import torch

from maquette.batching.loop import EngineLoop
from maquette.core.ids import new_id
from maquette.core.text_requests import Message, TextParams, TextRequest
from maquette.engines.catalog import ModelSpec
from maquette.engines.text import TextEngine
from maquette.jobs.store import Job
from maquette.service.code_maker import teller
from maquette.service.engine_clock import EngineClock
from maquette.service.making import Making

PAUSE_S = 0.02


def test_texts_share_the_time_of_their_passes(tiny_language: Path) -> None:
    engine = TextEngine(ModelSpec("tiny", tiny_language), torch.device("cpu"), torch.float32)
    passes: list[int] = []

    def slow(*_: object) -> None:
        passes.append(1)
        time.sleep(PAUSE_S)

    engine.model.register_forward_pre_hook(slow)
    clock = EngineClock(engine.decoder())
    talk = (Message("user", "A tagline for a kettle."),)
    first, second = engine.prepare(TextRequest(talk, TextParams(max_tokens=12, seed=4), 2))
    begun_s = time.perf_counter()
    clock.add(first)
    while len(clock):
        clock.step()
        if len(passes) == 6:
            clock.add(second)
        if len(passes) == 12:
            clock.cancel(second.request_id)
    took_s = time.perf_counter() - begun_s
    both = [clock.take(one.request_id) for one in (first, second)]
    assert len(passes) * PAUSE_S <= sum(both) <= took_s
    assert both[0] > both[1] > 2 * PAUSE_S
    assert clock.take(first.request_id) == 0.0  # forgotten with that


def test_a_pass_that_only_reads_counts_with_the_next(tiny_language: Path) -> None:
    engine = TextEngine(ModelSpec("tiny", tiny_language), torch.device("cpu"), torch.float32)
    clock = EngineClock(engine.decoder())
    talk = (Message("user", "kettle " * 40),)
    (one,) = engine.prepare(TextRequest(talk, TextParams(max_tokens=2)))
    clock.add(one)
    engine.model.register_forward_pre_hook(lambda *_: time.sleep(PAUSE_S))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("maquette.decoding.engine.MOST_READ", 16)
        reading = 0
        while not clock.step():
            reading += 1
    assert reading >= 2
    assert clock.take(one.request_id) >= (reading + 1) * PAUSE_S


def test_of_the_story_of_code_nothing_is_remembered(tiny_language: Path) -> None:
    engine = TextEngine(ModelSpec("tiny", tiny_language), torch.device("cpu"), torch.float32)
    clock = EngineClock(engine.decoder())
    loop = EngineLoop(clock)
    job_id, now = new_id(), datetime.now(UTC)
    whole = (job_id, "someone", "code", "running", {}, None, 1, 0, "code/starter", "interactive")
    job = Job(*whole, "worker", now, now, None, None, now, None, None)
    quiet = {"tell": print, "keep": print, "say": print}
    making = Making(job, lambda: True, **quiet, last_kept=lambda: None, said=lambda: None)
    ask = TextRequest((Message("user", "A fox"),), TextParams(max_tokens=4))
    assert teller(making, engine, loop, clock)(ask).said_tokens > 0
    loop.close()
    assert clock.take(f"{job_id}/draft/0") == 0.0
