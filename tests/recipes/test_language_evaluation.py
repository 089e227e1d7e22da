"""The evaluation of the language model: what is checked, what was copied, and the page of it."""

from pathlib import Path
from random import Random

import torch

from maquette.core.measures import count_words, sentences
from maquette.core.text_requests import TextParams
from maquette.engines.catalog import ModelSpec
from maquette.engines.text import TextEngine
from maquette.recipes.language_copies import copies_in, learned_among, long_sentences
from maquette.recipes.language_evaluation import (
    check,
    figures,
    held_out_assignments,
    long_sentences_of,
    write_all,
)
from maquette.recipes.language_report import tables, write_page
from maquette.recipes.tones import judge_of
from maquette.world.writing.copywriting import write_copy
from maquette.world.writing.kinds import KINDS
from maquette.world.writing.lessons import lesson


def _others(answers: list[str]) -> set[str]:
    said = {one for text in answers for one in long_sentences(text)}
    copies = copies_in([("", one) for one in said], said)
    return {*copies.others}


def test_what_the_grammar_writes_names_the_product_where_a_reader_expects_it() -> None:
    judge, missed = judge_of(20), 0
    for number in range(1500):
        copy = write_copy(Random(f"names/{number}"), "held_out")
        text = copy.plan.said(copy.assignment.language)
        misses = "name" in check(copy.assignment, text, judge)
        assert not misses or copy.assignment.kind in ("post", "note")  # some name the brand alone
        missed += misses
    assert missed < 15


def test_another_name_is_missed() -> None:
    judge, told = judge_of(20), 0
    for number in range(200):
        copy = write_copy(Random(f"others/{number}"), "held_out")
        assignment, name = copy.assignment, copy.assignment.product.name
        text = copy.plan.said(assignment.language).replace(name.said(assignment.language), "Xyzzy")
        misses = "name" in check(assignment, text, judge)
        assert not misses or KINDS[assignment.kind].named
        told += misses
    assert told > 80


def test_sentences_of_lessons_are_found_to_the_letter() -> None:
    answers = [lesson(number).answer for number in range(40)]
    long = {one for text in answers for one in long_sentences(text)}
    assert all(count_words(one) > 12 for one in long)
    strange = {f"{one} " + "Indeed." for one in long}
    calls: list[tuple[int, int]] = []
    assert learned_among(long | strange, 40, lambda *at: calls.append(at)) == long
    assert calls == [(40, 40)]
    assert learned_among(long, 0) == frozenset()


def test_fixed_phrases_and_what_was_given_are_told_from_the_others() -> None:
    other = "Alder boils a whole litre in three minutes, and says so in a whisper."
    given = "- keeps its paint through a whole summer of puddles and rain and sun"
    fixed = "旁白：谁也没看清是怎么回事，忽然之间，就成了。"
    said = f"{other}\n{given}\n{fixed}\nA short one."
    asked = "Facts: keeps its paint through a whole summer of puddles and rain and sun."
    copies = copies_in([(asked, said)], {*sentences(said)})
    assert (copies.fixed, copies.given, copies.others) == ([fixed], [given], [other])
    assert copies_in([(asked, said)], set()).others == []


def test_the_page_has_the_figures_and_the_copies(tiny_language: Path, tmp_path: Path) -> None:
    cpu = torch.device("cpu")
    engine = TextEngine(ModelSpec("tiny", tiny_language), cpu, torch.float32)
    tried, judge = held_out_assignments(12), judge_of(20)
    write_all(engine, tried, judge, TextParams(max_tokens=8))
    copied = next(one for one in (lesson(n).answer for n in range(99)) if _others([one]))
    tried[0].texts[-1] = copied
    corpus = [lesson(number).answer for number in range(99)]
    learned = learned_among(long_sentences_of(tried), 99)
    table = {"model": "tiny", "searched_lessons": 99}
    table |= figures(engine, tried, corpus, learned)
    own = table["languages"][tried[0].assignment.language]
    assert own["copied"]["others"] == len(own["copied_others"]) >= 1
    assert own["long_sentences"] <= own["sentences"]
    said = tables(table)
    assert "name missed at the first try" in said
    assert "sentences over 12 words that one of 99 lessons has" in said
    write_page(tmp_path, table, tried)
    page = (tmp_path / "evaluation-text.md").read_text(encoding="utf-8")
    assert all(f"- {one}" in page for one in own["copied_others"][:5])
    assert "Checks missed: " in page
