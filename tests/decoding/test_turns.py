"""Who says something in which pass, where one has fewer rows than there are."""

import pytest
from transformers import LlamaForCausalLM

from maquette.core.text_requests import TextParams
from maquette.decoding.request import DecodingRequest
from tests.decoding.test_engine import engine_of, request


def test_rows_say_something_in_turn_so_many_to_a_pass(model: LlamaForCausalLM) -> None:
    engine = engine_of(model, pass_rows=3)
    ones = [request(number, max_tokens=40) for number in range(8)]
    for one in ones:
        engine.add(one)
    assert len(engine.step()) == 8  # all read, and say their first
    passes = [[output.request.request_id for output in engine.step()] for _ in range(6)]
    names = [one.request_id for one in ones]
    assert passes == 2 * [names[:3], names[3:6], names[6:]]
    engine.cancel("r1")  # the last takes its place, and of seven each pass has three at most
    passes = [[output.request.request_id for output in engine.step()] for _ in range(3)]
    assert passes == [["r0", "r7", "r2"], ["r3", "r4", "r5"], ["r6"]]
    for name in ("r4", "r5", "r6"):
        engine.cancel(name)
    passes = [[output.request.request_id for output in engine.step()] for _ in range(4)]
    assert passes == 2 * [["r0", "r7"], ["r2", "r3"]]
    engine.cancel("r2")
    passes = [[output.request.request_id for output in engine.step()] for _ in range(2)]
    assert passes == 2 * [["r0", "r7", "r3"]]


def test_those_who_decode_wait_for_so_many_tokens_of_prompts_in_a_round(
    model: LlamaForCausalLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maquette.decoding.engine.MOST_READ", 20)
    engine = engine_of(model, pass_rows=2)
    for number in range(4):
        engine.add(DecodingRequest(f"r{number}", [5] * 5, TextParams(max_tokens=60, seed=number)))
    engine.step()
    engine.add(DecodingRequest("long", [7] * 90, TextParams(max_tokens=9)))
    says = [len(engine.step()) > 0 for _ in range(9)]  # two passes are a round
    assert says == 3 * [True, True, False]
