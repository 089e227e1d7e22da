"""The batching engine: a text is the same alone and in a crowd, whoever joins or leaves."""

import copy
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from transformers import (
    GenerationConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from maquette.core.errors import InvalidRequest
from maquette.core.text_requests import TextParams
from maquette.decoding.attention import use_slots
from maquette.decoding.engine import DecodingEngine
from maquette.decoding.request import DecodingOutput, DecodingRequest

END = 0


def generated(model: Any, prompt: list[int], tokens: int) -> list[int]:
    """What `transformers` says at temperature 0, but for the end."""
    config = GenerationConfig(
        max_new_tokens=tokens, do_sample=False, eos_token_id=END, pad_token_id=END
    )
    whole = model.generate(torch.tensor([prompt]), generation_config=config)[0]
    return [token for token in whole[len(prompt) :].tolist() if token != END]


def letters(tokens: Sequence[int]) -> str:
    """A character a token."""
    return "".join(chr(0x100 + token) for token in tokens)


def tokens_of(text: str) -> list[int]:
    return [ord(letter) - 0x100 for letter in text]


def engine_of(model: Any, max_rows: int = 32, pass_rows: int = 32) -> DecodingEngine:
    use_slots(model)
    return DecodingEngine(model, letters, [END], max_rows, pass_rows)


def request(number: int, **params: object) -> DecodingRequest:
    rng = random.Random(number)
    prompt = [rng.randrange(1, 96) for _ in range(rng.randint(1, 40))]
    given = {"max_tokens": rng.randint(3, 40), "seed": number, "temperature": 1.0, **params}
    return DecodingRequest(f"r{number}", prompt, TextParams(**given))  # type: ignore[arg-type]


def finish(engine: DecodingEngine) -> dict[str, str]:
    """What each of those in the engine says, to its end."""
    said: dict[str, str] = {}
    while len(engine):
        for output in engine.step():
            name = output.request.request_id
            said[name] = said.get(name, "") + output.text
    return said


def alone(model: LlamaForCausalLM, one: DecodingRequest) -> str:
    engine = engine_of(model)
    engine.add(one)
    return finish(engine)[one.request_id]


def test_a_text_is_the_same_in_every_order_of_joining_and_leaving(model: LlamaForCausalLM) -> None:
    ones = [request(number) for number in range(12)]
    expected = {one.request_id: alone(model, one) for one in ones}
    for order in range(6):
        rng = random.Random(order)
        waiting, said = rng.sample(ones, len(ones)), dict.fromkeys(expected, "")
        engine = engine_of(model, max_rows=rng.randint(1, 6), pass_rows=rng.randint(1, 6))
        while waiting or len(engine):
            while waiting and rng.random() < 0.5:
                engine.add(waiting.pop())
            for output in engine.step():
                said[output.request.request_id] += output.text
        assert said == expected


def test_at_temperature_0_it_says_what_transformers_generates(model: LlamaForCausalLM) -> None:
    one = request(3, temperature=0.0, max_tokens=30)
    theirs = copy.deepcopy(model)
    theirs.set_attn_implementation("sdpa")
    assert tokens_of(alone(model, one)) == generated(theirs, list(one.prompt), 30)


@pytest.mark.parametrize("kind", ["mistral", "qwen"])
def test_layers_that_see_but_a_window_are_masked_as_the_model_has_it(kind: str) -> None:
    torch.manual_seed(1)
    shape = {
        "vocab_size": 96,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 256,
        "sliding_window": 8,
        "initializer_range": 0.3,
    }
    if kind == "mistral":
        model = MistralForCausalLM(MistralConfig(**shape)).eval()
    else:
        mixed = {"use_sliding_window": True, "max_window_layers": 1}
        model = Qwen3ForCausalLM(Qwen3Config(**shape, **mixed)).eval()
    prompt = [*range(1, 41)]
    expected = generated(model, prompt, 24)
    engine = engine_of(model)  # type: ignore[arg-type]
    params = TextParams(max_tokens=24, temperature=0.0)
    engine.add(DecodingRequest("w", prompt, params))
    engine.add(request(5))
    assert tokens_of(finish(engine)["w"]) == expected


def test_a_long_prompt_is_read_in_parts_while_others_go_on(
    model: LlamaForCausalLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = DecodingRequest("long", [7] * 100, TextParams(max_tokens=8, temperature=1.0))
    expected = alone(model, long)
    monkeypatch.setattr("maquette.decoding.engine.MOST_READ", 16)
    engine = engine_of(model)
    engine.add(DecodingRequest("short", [5, 6], TextParams(max_tokens=60, temperature=1.0)))
    engine.step()
    engine.add(long)
    steps: list[list[str]] = []
    said = ""
    while "long" in engine:
        outputs = engine.step()
        steps.append([output.request.request_id for output in outputs])
        said += "".join(o.text for o in outputs if o.request.request_id == "long")
    assert said == expected
    said_meanwhile = [names for names in steps[:12] if names]
    assert said_meanwhile == [["short"]] * 6  # in turn with what was read


def test_who_comes_is_read_before_others_go_on(model: LlamaForCausalLM) -> None:
    engine = engine_of(model)
    engine.add(DecodingRequest("long", [5, 6], TextParams(max_tokens=60, temperature=1.0)))
    engine.step()
    engine.step()
    for name, length in (("first", 5), ("second", 60)):
        engine.add(DecodingRequest(name, [7] * length, TextParams(max_tokens=9)))
    names = [[output.request.request_id for output in engine.step()] for _ in range(2)]
    assert names[0] == ["first", "second"]
    assert sorted(names[1]) == ["first", "long", "second"]


def test_where_all_rows_are_one_account_s_the_last_makes_way_and_loses_nothing(
    model: LlamaForCausalLM,
) -> None:
    engine = engine_of(model, max_rows=4)
    ones = [replace(request(n, max_tokens=30), account="a") for n in range(5)]
    for one in ones:
        engine.add(one)
    said: dict[str, str] = {}
    for output in engine.step() + engine.step() + engine.step():
        said[output.request.request_id] = said.get(output.request.request_id, "") + output.text
    late = [replace(request(n, max_tokens=30), account="b") for n in (20, 21, 22)]
    for one in late:
        engine.add(one)
    outputs = [*engine.step(), *engine.step(), *engine.step(), *engine.step()]
    begun = {output.request.request_id for output in outputs}
    assert begun >= {"r20", "r21"}  # two of four rows, and no more
    assert "r22" not in begun
    for output in outputs:
        said[output.request.request_id] = said.get(output.request.request_id, "") + output.text
    for name, rest in finish(engine).items():
        said[name] = said.get(name, "") + rest
    assert said == {one.request_id: alone(model, one) for one in (*ones, *late)}


def test_nobody_in_person_makes_way_for_a_batch(model: LlamaForCausalLM) -> None:
    engine = engine_of(model, max_rows=2)
    params = TextParams(max_tokens=5, temperature=0.0)
    for name in ("a1", "a2"):
        engine.add(DecodingRequest(name, [3], params, "a"))
    engine.step()
    engine.add(DecodingRequest("batch", [3], params, "c", interactive=False))
    assert {output.request.request_id for output in engine.step()} == {"a1", "a2"}


def test_who_asks_in_person_comes_before_a_batch_of_their_own(model: LlamaForCausalLM) -> None:
    engine = engine_of(model, max_rows=2)
    batch = [replace(request(n, max_tokens=20), account="a", interactive=False) for n in (1, 2)]
    for one in batch:
        engine.add(one)
    said: dict[str, str] = {}
    for output in engine.step():
        said[output.request.request_id] = output.text
    engine.add(DecodingRequest("now", [3, 4], TextParams(max_tokens=2, temperature=0.0), "a"))
    assert [output.request.request_id for output in engine.step()] == ["now"]
    for name, rest in finish(engine).items():
        said[name] = said.get(name, "") + rest
    assert {name: said[name] for name in ("r1", "r2")} == {
        one.request_id: alone(model, one) for one in batch
    }


def test_rows_wait_where_keys_and_values_would_take_too_much(model: LlamaForCausalLM) -> None:
    position = 2 * 2 * 2 * 8 * 8  # keys and values, layers, heads, their size, bytes of a double
    engine = DecodingEngine(model, letters, [END], most_bytes=3 * 128 * position)
    ones = [request(n, max_tokens=40) for n in range(8)]
    for one in ones:
        engine.add(one)
    most, said = 0, dict[str, str]()
    while len(engine):
        for output in engine.step():
            said[output.request.request_id] = said.get(output.request.request_id, "") + output.text
        most = max(most, engine.size_bytes)
    assert said == {one.request_id: alone(model, one) for one in ones}
    assert 128 * position < most <= 3 * 128 * position
    with pytest.raises(InvalidRequest, match=r"tokens need .* GiB for their keys and values"):
        DecodingEngine(model, letters, [END], most_bytes=100 * position).add(
            DecodingRequest("long", [5] * 90, TextParams(max_tokens=90))
        )


def test_memory_that_no_row_needs_is_given_back(
    model: LlamaForCausalLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maquette.decoding.slots.KEPT_BYTES", 1000)
    engine = engine_of(model)
    engine.add(request(1))
    assert len(finish(engine)) == 1
    assert engine.size_bytes == 0
    engine.add(request(1))
    assert finish(engine) == {"r1": alone(model, request(1))}


def test_a_stop_ends_the_text_before_it_and_is_not_told_in_part(model: LlamaForCausalLM) -> None:
    whole = alone(model, request(8, max_tokens=30))
    stop = whole[10:13]
    engine = engine_of(model)
    engine.add(request(8, max_tokens=30, stop=(stop,)))
    outputs: list[DecodingOutput] = []
    while len(engine):
        outputs += engine.step()
    assert "".join(output.text for output in outputs) == whole[: whole.index(stop)]
    assert outputs[-1].finished == "stop"


def test_what_was_kept_back_for_a_stop_that_never_came_is_told(model: LlamaForCausalLM) -> None:
    whole = alone(model, request(9, max_tokens=12))
    almost = whole[-1] + "\u4e00"
    engine = engine_of(model)
    engine.add(request(9, max_tokens=12, stop=(almost,)))
    assert finish(engine)["r9"] == whole


def test_it_goes_on_elsewhere_from_what_was_said(model: LlamaForCausalLM) -> None:
    one = request(11, max_tokens=40)
    expected = alone(model, one)
    first, tokens, text = engine_of(model), [], ""
    first.add(one)
    for _ in range(7):
        for output in first.step():
            tokens.append(output.token)
            text += output.text
    second = engine_of(model)
    second.add(one, tokens)
    assert text + finish(second)["r11"] == expected


def test_who_is_cancelled_leaves_and_the_others_are_as_they_were(model: LlamaForCausalLM) -> None:
    engine = engine_of(model)
    for number in (1, 2, 3):
        engine.add(request(number, max_tokens=30))
    said: dict[str, str] = dict.fromkeys(("r1", "r2", "r3"), "")
    for output in engine.step() + engine.step():
        said[output.request.request_id] += output.text
    engine.cancel("r1")
    assert "r1" not in engine
    for name, rest in finish(engine).items():
        said[name] += rest
    for number in (2, 3):
        assert said[f"r{number}"] == alone(model, request(number, max_tokens=30))


def test_rows_go_to_who_asks_in_person_and_has_fewest(model: LlamaForCausalLM) -> None:
    engine = engine_of(model, max_rows=2)
    params = TextParams(max_tokens=5, temperature=0.0)
    for name, account, in_person in (
        ("batch", "c", False),
        ("a1", "a", True),
        ("a2", "a", True),
        ("b1", "b", True),
    ):
        engine.add(DecodingRequest(name, [3], params, account, in_person))
    assert {output.request.request_id for output in engine.step()} == {"a1", "b1"}


def test_a_text_ends_where_the_model_reads_no_further(model: LlamaForCausalLM) -> None:
    engine = engine_of(model)
    params = TextParams(max_tokens=500, temperature=1.0, seed=4)
    engine.add(DecodingRequest("full", [9] * 240, params))
    last = iter_outputs(engine)[-1]
    assert last.finished in ("length", "stop")
    with pytest.raises(InvalidRequest, match="the prompt has 256 tokens, and this model reads 256"):
        engine.add(DecodingRequest("more", [9] * 256, params))


def iter_outputs(engine: DecodingEngine) -> Sequence[DecodingOutput]:
    outputs: list[DecodingOutput] = []
    while len(engine):
        outputs += engine.step()
    return outputs


def test_who_leaves_before_another_is_read_takes_nothing_of_it(
    model: LlamaForCausalLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maquette.decoding.engine.MOST_READ", 3)
    short = DecodingRequest("short", [5, 6, 7], TextParams(max_tokens=1, temperature=0.0))
    long = DecodingRequest("long", [8] * 40, TextParams(max_tokens=12, temperature=1.0))
    engine = engine_of(model)
    engine.add(short)
    engine.add(long)
    assert [output.request.request_id for output in engine.step()] == ["short"]
    assert finish(engine)["long"] == alone(model, long)


@pytest.mark.parametrize("reads", [True, False])
def test_who_was_in_a_pass_that_broke_leaves_and_the_others_go_on(
    model: LlamaForCausalLM, monkeypatch: pytest.MonkeyPatch, reads: bool
) -> None:
    engine = engine_of(model)
    params = TextParams(max_tokens=9)
    one, two = DecodingRequest("one", [9] * 3, params), DecodingRequest("two", [9] * 40, params)
    engine.add(one)
    (first,) = engine.step()
    if reads:
        engine.add(two)
    forward = engine._forward

    def breaks_once(*given: Any) -> Any:
        monkeypatch.setattr(engine, "_forward", forward)
        raise RuntimeError("out of luck")

    monkeypatch.setattr(engine, "_forward", breaks_once)
    with pytest.raises(RuntimeError, match="out of luck"):
        engine.step()
    assert "two" not in engine
    assert ("one" in engine) == reads
    if reads:
        assert first.text + finish(engine)["one"] == alone(model, one)
    engine.add(two)
    assert finish(engine)["two"] == alone(model, two)


class Breaking:
    """A constraint that breaks after some tokens."""

    ended = False

    def __init__(self, masks: int, accepts: int) -> None:
        self.masks, self.accepts = masks, accepts

    def mask(self, logits: torch.Tensor) -> None:
        self.masks -= 1
        if self.masks < 0:
            raise InvalidRequest("too hard to mask")

    def accept(self, token: int) -> None:
        self.accepts -= 1
        if self.accepts < 0:
            raise InvalidRequest("too hard to accept")


@pytest.mark.parametrize(("masks", "accepts"), [(2, 9), (9, 2)])
def test_what_breaks_in_one_text_ends_that_alone(
    model: LlamaForCausalLM, masks: int, accepts: int
) -> None:
    engine = engine_of(model)
    breaking = Breaking(masks, accepts)
    engine.add(replace(request(1, max_tokens=30, schema="{}"), constrain=lambda: breaking))
    engine.add(request(2, max_tokens=30))
    outputs = iter_outputs(engine)
    last = [output for output in outputs if output.request.request_id == "r1"][-1]
    assert last.finished == "error"
    assert isinstance(last.error, InvalidRequest)
    said = "".join(o.text for o in outputs if o.request.request_id == "r2")
    assert said == alone(model, request(2, max_tokens=30))


def test_a_name_comes_once(model: LlamaForCausalLM) -> None:
    engine = engine_of(model)
    engine.add(request(1))
    with pytest.raises(ValueError, match="r1 is already here"):
        engine.add(request(1))
