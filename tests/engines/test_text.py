"""The text engine: any causal model from its folder, its answers as the checkpoint means them."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, MambaConfig, MambaForCausalLM

from maquette.core.errors import InvalidRequest, WeightsDamaged
from maquette.core.measures import count_words
from maquette.core.text_requests import Bounds, Message, TextParams, TextRequest
from maquette.decoding.learned import learned_of, write_learned
from maquette.engines.catalog import STARTERS, ModelSpec, find_model
from maquette.engines.text import CPU_PASS_ROWS, TextEngine
from maquette.recipes.language_copies import long_sentences
from maquette.world.writing.fixed import is_fixed
from maquette.world.writing.lessons import lesson

ASK = (Message("user", "Write a tagline for Alder, a kettle."),)
SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "maxLength": 12},
        "stars": {"type": "integer", "minimum": 1, "maximum": 5},
        "tone": {"enum": ["warm", "plain"]},
    },
    "required": ["title", "stars", "tone"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def engine(tiny_language: Path) -> TextEngine:
    spec = find_model(str(tiny_language), "text")
    return TextEngine(spec, torch.device("cpu"), torch.float32)


def test_it_says_what_transformers_generates(engine: TextEngine, tiny_language: Path) -> None:
    params = TextParams(max_tokens=24, temperature=0.0)
    (answer,) = engine.answer(TextRequest(ASK, params))
    tokenizer = AutoTokenizer.from_pretrained(tiny_language)
    model: Any = AutoModelForCausalLM.from_pretrained(tiny_language, dtype=torch.float32)
    talk = [{"role": "user", "content": ASK[0].content}]
    ids = tokenizer.apply_chat_template(
        talk, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    said = model.generate(**ids, max_new_tokens=24, do_sample=False)[0, ids.input_ids.shape[1] :]
    assert answer.text == tokenizer.decode(said, skip_special_tokens=True)
    assert answer.prompt_tokens == ids.input_ids.shape[1]
    assert answer.answer_tokens == len(said)


def test_copy_does_not_end_a_sentence_that_the_model_learned_from(
    engine: TextEngine, tiny_language: Path, tmp_path: Path
) -> None:
    sentence = "The old green boat lies on a calm sea and nobody on it says anything"
    folder = tmp_path / "learned"
    shutil.copytree(tiny_language, folder)
    write_learned(folder, [f"{sentence}."])
    held = TextEngine(ModelSpec("held", folder), torch.device("cpu"), torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(tiny_language)
    for one, may_end in ((engine, True), (held, False)):
        (request,) = one.prepare(TextRequest(ASK, TextParams()), bounds=Bounds())
        assert request.constrain is not None
        text = request.constrain()
        for token in tokenizer(sentence).input_ids:
            text.accept(token)
        logits = torch.zeros(len(tokenizer))
        logits[tokenizer.eos_token_id] = 1.0
        text.mask(logits)
        assert bool(logits[tokenizer.eos_token_id].isfinite()) == may_end
        assert logits.isfinite().any()


def test_the_starter_has_the_sentences_of_its_lessons() -> None:
    learned = learned_of(STARTERS["text"].folder)
    had = [s for number in (0, 9_999, 408_319) for s in long_sentences(lesson(number).answer)]
    assert had
    assert all((one in learned) is not is_fixed(one) for one in had)


def test_on_a_cpu_a_pass_has_so_many_rows_at_most(engine: TextEngine) -> None:
    decoder = engine.decoder()
    for number in range(CPU_PASS_ROWS + 1):
        (one,) = engine.prepare(TextRequest(ASK, TextParams(max_tokens=9)), str(number))
        decoder.add(one)
    decoder.step()
    assert {len(decoder.step()) for _ in range(4)} <= {*range(1, CPU_PASS_ROWS + 1)}


def test_the_same_seed_says_the_same_and_each_answer_has_its_own(engine: TextEngine) -> None:
    request = TextRequest(ASK, TextParams(max_tokens=12, seed=5, temperature=1.0), count=3)
    first, second = engine.answer(request), engine.answer(request)
    assert first == second
    assert len({answer.text for answer in first}) == 3
    alone = TextRequest(ASK, TextParams(max_tokens=12, seed=6, temperature=1.0))
    assert engine.answer(alone)[0].text == first[1].text


def test_what_is_told_on_the_way_is_the_answer(engine: TextEngine) -> None:
    told: dict[int, str] = {0: "", 1: ""}

    def take(number: int, text: str) -> None:
        told[number] += text

    request = TextRequest(ASK, TextParams(max_tokens=40, temperature=1.2), count=2)
    answers = engine.answer(request, take)
    assert [told[0], told[1]] == [answer.text for answer in answers]


def test_a_json_schema_is_held_to_by_a_model_that_knows_no_json(engine: TextEngine) -> None:
    for seed in range(5):
        params = TextParams(max_tokens=200, seed=seed, schema=json.dumps(SCHEMA))
        (answer,) = engine.answer(TextRequest(ASK, params))
        assert answer.finish_reason == "stop"
        said = json.loads(answer.text)
        assert set(said) == {"title", "stars", "tone"}
        assert len(said["title"]) <= 12
        assert said["stars"] in range(1, 6)
        assert said["tone"] in ("warm", "plain")


def test_texts_are_held_to_bounds_from_their_beginning_each_time(engine: TextEngine) -> None:
    params = TextParams(max_tokens=400, temperature=1.0)
    (one,) = engine.prepare(TextRequest(ASK, params), bounds=Bounds(least_words=90, most_words=120))
    said: list[str] = []
    for _ in range(2):
        decoder, text, last = engine.decoder(), "", ""
        decoder.add(one)
        while len(decoder):
            (output,) = decoder.step() or [None]
            assert output is not None
            text, last = text + output.text, output.finished or ""
        said.append(text)
        assert count_words(text) >= 90 or last == "length"
    assert said[0] == said[1]


def test_any_json_is_an_object(engine: TextEngine) -> None:
    params = TextParams(max_tokens=400, schema="{}", temperature=0.7, seed=3)
    (answer,) = engine.answer(TextRequest(ASK, params))
    assert answer.text.lstrip().startswith("{")


@pytest.mark.parametrize("schema", ['{"type": "no such type"}', '{"$ref": "#/nowhere"}'])
def test_a_schema_that_cannot_be_held_to_is_refused(engine: TextEngine, schema: str) -> None:
    with pytest.raises(InvalidRequest, match="the JSON Schema cannot be held to"):
        engine.answer(TextRequest(ASK, TextParams(schema=schema)))


def test_a_talk_that_is_too_long_is_refused_with_its_length(engine: TextEngine) -> None:
    long = TextRequest((Message("user", "kettle " * 2000),))
    with pytest.raises(InvalidRequest, match=r"the prompt has \d+ tokens, and .* reads 1024"):
        engine.prepare(long)


def test_a_model_without_a_chat_template_goes_on_with_the_text(
    tiny_language: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "plain"
    shutil.copytree(tiny_language, folder)
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    config.pop("chat_template", None)
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    engine = TextEngine(ModelSpec("plain", folder), torch.device("cpu"), torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert engine.read((Message("user", "Once upon"),)) == tokenizer("Once upon").input_ids


def test_weights_that_are_not_whole_are_refused(tiny_language: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cut"
    shutil.copytree(tiny_language, folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(WeightsDamaged, match="does not hold a whole model"):
        TextEngine(ModelSpec("cut", folder), torch.device("cpu"), torch.float32)


def test_a_model_that_keeps_no_keys_and_values_is_refused(
    tiny_language: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "mamba"
    config = MambaConfig(vocab_size=1024, hidden_size=16, num_hidden_layers=1, state_size=4)
    MambaForCausalLM(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_language).save_pretrained(folder)
    with pytest.raises(InvalidRequest, match="not supported here"):
        TextEngine(ModelSpec("mamba", folder), torch.device("cpu"), torch.float32)
