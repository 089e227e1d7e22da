"""Texts for many at once on the starter, beside one after another by `transformers.generate`.

And how long one waits for a first token where 32 are being written, beside one who is alone: asked
for at any moment, as people do, not between two passes and not all at once.
"""

import random
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import torch
from transformers import AutoModelForCausalLM, GenerationConfig

from benchmarks.report import (
    Outcome,
    compare,
    compare_rounds,
    print_outcome,
    rounds_of,
    shortest_of,
)
from maquette.batching.loop import EngineLoop
from maquette.core.settings import Settings
from maquette.core.text_requests import Message, TextParams, TextRequest
from maquette.decoding.request import DecodingRequest
from maquette.engines.text import TextEngine
from maquette.recipes.language_evaluation import held_out_assignments
from maquette.service import wiring

STREAMS, ROUNDS, ALONE = 32, 5, 6  # ALONE texts are enough to know the pace of one after another
MOST_TOKENS, MOST_SLOWER, THROUGHPUT = 96, 2.0, 4.0
ASKS_A_STREAM, LONGEST_PAUSE_S = 6, 0.05
LATEST_START_S, LENGTHS = 1.5, (32, 160)  # of who asks, and of what is asked for, in tokens


def _requests(engine: TextEngine, count: int) -> list[DecodingRequest]:
    params = TextParams(max_tokens=MOST_TOKENS)
    asked = [one.asked for one in held_out_assignments(count)]
    prepared = [
        engine.prepare(TextRequest((Message("user", said),), params), str(number))[0]
        for number, said in enumerate(asked)
    ]
    return [replace(one, params=replace(params, seed=n)) for n, one in enumerate(prepared)]


def _together(engine: TextEngine, requests: Sequence[DecodingRequest]) -> float:
    """Tokens a second."""
    decoder, tokens, started_s = engine.decoder(), 0, time.perf_counter()
    for request in requests:
        decoder.add(request)
    while len(decoder):
        tokens += len(decoder.step())
    return tokens / (time.perf_counter() - started_s)


def _one_by_one(model: Any, requests: Sequence[DecodingRequest], turn: int) -> float:
    """Tokens a second."""
    told = model.generation_config
    config = GenerationConfig(
        max_new_tokens=MOST_TOKENS,
        do_sample=True,
        temperature=0.8,
        top_p=0.95,
        top_k=0,
        eos_token_id=told.eos_token_id,
        pad_token_id=told.pad_token_id,
    )
    tokens, started_s = 0, time.perf_counter()
    for request in requests:
        torch.manual_seed(turn)
        prompt = torch.tensor([request.prompt])
        said = model.generate(prompt, generation_config=config)
        tokens += said.shape[1] - prompt.shape[1]
    return tokens / (time.perf_counter() - started_s)


def _first_tokens(engine: TextEngine, streams: int, asks: int) -> list[float]:
    """Milliseconds from being asked for to the first token, of so many people who each ask so
    often, after a pause of any length.
    """
    requests = _requests(engine, streams * asks)
    loop = EngineLoop(engine.decoder(streams))

    def person(number: int) -> list[float]:
        rng, waited = random.Random(number), list[float]()
        time.sleep(LATEST_START_S * number / streams)
        for request in requests[number::streams]:
            time.sleep(rng.uniform(0.0, LONGEST_PAUSE_S))
            params = replace(request.params, max_tokens=rng.randint(*LENGTHS))
            waited.append(_first_ms(loop, replace(request, params=params)))
        return waited[1:]  # by then the others are under way

    with ThreadPoolExecutor(streams) as people:
        waited = [one for each in people.map(person, range(streams)) for one in each]
    loop.close()
    return waited


def _first_ms(loop: "EngineLoop[Any, Any]", request: DecodingRequest) -> float:
    """To its first token; returns after its last."""
    told_s: list[float] = []
    begun_s = time.perf_counter()
    loop.add(request, lambda _: told_s.append(time.perf_counter())).result()
    return (told_s[0] - begun_s) * 1e3


def measure() -> Outcome:
    """Both claims; the one that falls shorter of its goal counts."""
    engine = wiring.text_engine(Settings(), "starter-text")
    requests = _requests(engine, STREAMS)
    rival = AutoModelForCausalLM.from_pretrained(engine.spec.folder, dtype=engine.dtype).eval()
    sides = rounds_of(
        {
            "ours": lambda turn: _together(engine, requests),
            "rival": lambda turn: _one_by_one(rival, requests[:ALONE], turn),
        },
        ROUNDS,
    )
    claim = f"tokens a second of {STREAMS} streams, beside transformers.generate one by one"
    pace = compare_rounds(claim, sides["ours"], sides["rival"], THROUGHPUT, less_is_better=False)
    alone = _first_tokens(engine, 1, 8 * ASKS_A_STREAM)
    crowd = _first_tokens(engine, STREAMS, ASKS_A_STREAM)
    p95 = statistics.quantiles(crowd, n=20)[-1]
    lone = statistics.median(alone)
    print(f"first token: {p95:.1f} ms (95th percentile) of {STREAMS}, alone {lone:.1f} ms (median)")
    claim = f"ms to a first token beside {STREAMS} streams, p95, beside {MOST_SLOWER:g} times alone"
    wait = compare(claim, p95, MOST_SLOWER * lone, 1.0, less_is_better=True)
    print(pace, wait, sep="\n")
    return shortest_of((pace, wait))


if __name__ == "__main__":
    print_outcome(measure())
