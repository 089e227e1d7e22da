"""The recipe of the language model: it learns, resumes, and what it writes loads elsewhere."""

import csv
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer

from maquette.core.text_requests import Message, TextParams, TextRequest
from maquette.decoding.learned import learned_of
from maquette.engines.catalog import ModelSpec
from maquette.engines.text import TextEngine
from maquette.recipes.language import (
    BATCHES_A_POOL,
    MOST_TOKENS,
    batch_of_lessons,
    lesson_tokens,
    lessons_of,
    train_language,
)
from maquette.recipes.language_copies import long_sentences
from maquette.recipes.pictures import first_number
from maquette.train.loop import Compute, LoopSettings
from maquette.world.writing.fixed import is_fixed
from maquette.world.writing.lessons import lesson

CPU = Compute(torch.device("cpu"), torch.float32)


def _settings(steps: int) -> LoopSettings:
    return LoopSettings(
        steps, 3e-3, warmup_steps=2, muon=True, ema_decay=0.9, log_every=1, compute=CPU
    )


def test_it_learns_goes_on_and_writes_what_the_engine_reads(tmp_path: Path) -> None:
    train_language(tmp_path, _settings(4), "tiny", workers=0)
    folder = train_language(tmp_path, _settings(12), "tiny", workers=0)
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == list(range(1, 13))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"]) - 0.5
    engine = TextEngine(ModelSpec("learned", folder), CPU.device, CPU.dtype)
    request = TextRequest((Message("user", "Hello"),), TextParams(max_tokens=5))
    assert engine.answer(request)[0].answer_tokens == 5
    learned = learned_of(folder)
    had = [s for number in lessons_of(12) for s in long_sentences(lesson(number).answer)]
    assert all((one in learned) is not is_fixed(one) for one in had)


def test_the_lessons_of_a_run_are_those_of_its_batches(tiny_language: Path) -> None:
    for seed, updates in ((0, BATCHES_A_POOL), (1, 2 * BATCHES_A_POOL)):
        start = first_number(seed, 0, 1)
        batches = [batch_of_lessons(start + n, tiny_language) for n in range(updates)]
        rows = {tuple(row[row != 0].tolist()) for one in batches for row in one["tokens"]}
        lessons = [lesson_tokens(number, tiny_language)[0] for number in lessons_of(updates, seed)]
        assert rows == {tuple(t for t in one if t) for one in lessons if len(one) <= MOST_TOKENS}


def test_lessons_are_as_the_chat_template_has_them(tiny_language: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_language)
    for number in range(40):
        tokens, learned = lesson_tokens(number, tiny_language)
        talk = [{"role": m.role, "content": m.content} for m in lesson(number).messages]
        assert tokens == tokenizer.apply_chat_template(talk, return_dict=True).input_ids
        answer = [token for token, is_learned in zip(tokens, learned, strict=True) if is_learned]
        assert tokenizer.decode(answer) == lesson(number).answer.strip() + "<|end|>"


def test_batches_cost_alike_and_no_lesson_is_in_two(tiny_language: Path) -> None:
    made = [batch_of_lessons(number, tiny_language) for number in range(BATCHES_A_POOL)]
    sizes = [int(batch["tokens"].numel()) for batch in made]
    assert max(sizes) < 2 * min(sizes)
    rows = [tuple(row.tolist()) for batch in made for row in batch["tokens"]]
    assert len(set(rows)) == len(rows)
    assert max(batch["tokens"].shape[1] for batch in made) <= MOST_TOKENS
    again = batch_of_lessons(3, tiny_language)
    assert torch.equal(again["tokens"], made[3]["tokens"])


@pytest.mark.parametrize("text", ["水壶 3.5", "emoji ✨🌿 and ☁️", "tabs\tand\nlines", "naïve café"])
def test_any_text_comes_back_from_its_tokens(tiny_language: Path, text: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_language)
    assert tokenizer.decode(tokenizer(text).input_ids) == text
