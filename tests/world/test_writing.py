"""The grammar of copy: its data is whole, its lessons do what they ask, the held-out stays so."""

import os
import random
import subprocess
import sys
from itertools import product

import pytest

from maquette.core.measures import count_words, language_of
from maquette.world.writing.assignment import asking
from maquette.world.writing.copywriting import is_held_out, write_copy
from maquette.world.writing.data import FACTS, SLOT_FACTS, categories, patterns, phrases, stories
from maquette.world.writing.fixed import fixed_sentences, is_fixed, without_label
from maquette.world.writing.kinds import KINDS
from maquette.world.writing.lessons import lesson
from maquette.world.writing.pairs import Pair, fill, say
from maquette.world.writing.products import HELD_OUT, draw_product

ITSELF = {"name", "brand", "noun", "a"}
ROLES = {
    *("hook", "intro", "does", "has", "benefit", "moment", "who", "material", "close", "tagline"),
    *("headline", "quote", "reply"),
}


def test_every_category_has_all_facts_in_both_languages() -> None:
    assert len(categories()) >= 90
    assert set(categories()) > HELD_OUT
    for key, one in categories().items():
        assert set(one.facts) == set(FACTS), key
        for facts in one.facts.values():
            assert len(facts) >= 4, key
            for fact in facts:
                assert fact.en, key
                assert fact.zh, key
                settled = fact.settled(random.Random(0))
                assert "{" not in settled.en + settled.zh, (key, fact)


def test_every_tone_has_all_roles_and_its_slots_can_be_filled() -> None:
    assert set(patterns()) == set(asking()["tones"])
    assert len(patterns()) >= 7
    for tone, roles in patterns().items():
        assert set(roles) == ROLES, tone
        for role, pattern in ((r, p) for r, those in roles.items() for p in those):
            assert pattern.slots <= ITSELF | set(SLOT_FACTS), (tone, role, pattern)
            if role in SLOT_FACTS:
                assert role in pattern.slots, (tone, role, pattern)


def test_no_two_patterns_are_the_same() -> None:
    every = [p.en for roles in patterns().values() for those in roles.values() for p in those]
    assert len(every) > 1500
    assert len(set(every)) == len(every)


def test_stories_have_all_of_the_picture_books_cast_and_places() -> None:
    from maquette.world.vocabulary import SETTINGS, SUBJECTS

    told = stories()
    assert set(told.cast) == set(SUBJECTS)
    assert set(told.places) == set(SETTINGS)


def test_a_number_is_the_same_in_both_languages() -> None:
    pair = Pair("for {n:2-8} hours", "{n}小时")
    settled = pair.settled(random.Random(3))
    (number,) = (word for word in settled.en.split() if word.isdigit())
    assert settled.zh == f"{number}小时"
    assert 2 <= int(number) <= 8


def test_english_sentences_begin_with_capitals() -> None:
    values = {"does": Pair("boils fast", "烧得快"), "name": Pair("Alder", "松禾")}
    pattern = Pair("quick? it {does}. {name} waits.", "快？它{does}。{name}等着。")
    assert say(pattern, values, "en") == "Quick? It boils fast. Alder waits."
    assert fill(pattern, values, "zh") == "快？它烧得快。松禾等着。"
    with pytest.raises(KeyError, match="name"):
        fill(pattern, {"does": values["does"]}, "en")


def test_a_number_gives_one_lesson_and_no_slot_is_left_in_it() -> None:
    for number in range(1500):
        one = lesson(number)
        assert one == lesson(number)
        assert one.messages[-1].role == "assistant"
        assert one.answer.strip()
        for message in one.messages:
            assert "{" not in message.content, message
            assert "}" not in message.content, message


def test_a_number_gives_one_lesson_in_every_process() -> None:
    """Whatever order sets of words have there."""
    code = (
        "from maquette.world.writing.lessons import lesson; print([lesson(n) for n in range(200)])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


@pytest.mark.parametrize("split", ["train", "held_out"])
def test_copy_keeps_to_what_is_asked(split: str) -> None:
    for number in range(800):
        copy = write_copy(random.Random(f"{split}/{number}"), split)  # type: ignore[arg-type]
        assignment = copy.assignment
        text = copy.plan.said(assignment.language)
        assert language_of(text) == assignment.language, text
        assert all(word in text for word in assignment.include), (assignment, text)
        assert not any(word in text.lower() for word in assignment.avoid), (assignment, text)
        if assignment.length is not None and assignment.length.said != "about":
            assert assignment.length.low <= count_words(text) <= assignment.length.high


def test_names_are_the_same_where_it_is_asked_for_in_the_other_language() -> None:
    """Or a text would call a product what no one has told."""
    across = 0
    for number in range(600):
        assignment = write_copy(random.Random(number)).assignment
        if assignment.asked_in != assignment.language:
            across += 1
            for name in (assignment.product.name, assignment.product.brand):
                assert name.en == name.zh
    assert across > 30


def test_no_training_text_has_a_held_out_product_or_a_held_out_tone_of_one() -> None:
    for number in range(1500):
        copy = write_copy(random.Random(number))
        assert copy.assignment.product.category not in HELD_OUT
        assert not is_held_out(copy.assignment.product.category, copy.tone)
        held = write_copy(random.Random(number), "held_out")
        assert is_held_out(held.assignment.product.category, held.tone)
    train = {draw_product(random.Random(n)).name.en for n in range(3000)}
    assert not train & {draw_product(random.Random(n), "held_out").name.en for n in range(3000)}


def test_some_of_each_kind_is_written_in_each_language() -> None:
    seen = set()
    for number in range(2500):
        copy = write_copy(random.Random(number))
        seen.add((copy.assignment.kind, copy.assignment.language))
    assert seen == set(product(KINDS, ("en", "zh")))


def test_the_same_plan_is_said_in_both_languages() -> None:
    copy = write_copy(random.Random(5), kind="description")
    assert len(copy.plan.lines) > 2
    assert language_of(copy.plan.said("en")) == "en"
    assert language_of(copy.plan.said("zh")) == "zh"


def test_fixed_phrases_have_the_same_facts_on_both_sides() -> None:
    for name, pairs in phrases().items():
        for pair in pairs:
            sides = [Pair(side, "").slots for side in (pair.en, pair.zh)]
            assert (sides[0] ^ sides[1]) <= {"name", "noun", "a"}, (name, pair)


def test_fixed_sentences_are_those_in_which_nothing_is_drawn() -> None:
    fixed = fixed_sentences()
    assert "Some things only have to work." in fixed
    assert "Would that be enough?" in fixed  # of "Suppose that {benefit}. Would that be enough?"
    assert not any("{" in one or "}" in one for one in fixed)
    assert is_fixed("Voice: Some things only have to work.")
    assert is_fixed("有些东西，好用就行。")
    assert not is_fixed("Alder is a kettle.")
    assert without_label("旁白：好用就行。") == "好用就行。"
    facts = {
        one.said(side)
        for c in categories().values()
        for those in c.facts.values()
        for one in those
        for side in ("en", "zh")
    }
    assert not facts & fixed


def test_many_training_texts_are_of_facts_that_only_reading_gives() -> None:
    """Or the facts of all kinds are learned by heart, and those of new kinds are not said."""
    known = {
        fact.en for one in categories().values() for those in one.facts.values() for fact in those
    }
    strange = said = 0
    for number in range(400):
        copy = write_copy(random.Random(number))
        for fact in (one for those in copy.assignment.facts.values() for one in those):
            plain = not any(character.isdigit() for character in fact.en)
            if plain and fact.en not in known:
                strange += 1
                said += fact.said(copy.assignment.language) in copy.plan.said(
                    copy.assignment.language
                )
    assert strange > 150
    assert said > strange / 3


def test_no_held_out_text_is_of_such_facts() -> None:
    known = {
        fact.en for one in categories().values() for those in one.facts.values() for fact in those
    }
    for number in range(100):
        copy = write_copy(random.Random(number), "held_out")
        facts = [one.en for those in copy.assignment.facts.values() for one in those]
        assert all(one in known or any(c.isdigit() for c in one) for one in facts)
