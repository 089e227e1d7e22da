"""How often copy is written, and what of a voice's examples is read for it."""

from collections.abc import Sequence

import pytest

from maquette.copydesk.assignment import Assignment, Length
from maquette.copydesk.tries import Tries, in_sight, next_try, seed_of_try, tokens_of
from maquette.copydesk.voice import Voice
from maquette.core.text_requests import MOST_PROMPT_CHARACTERS, Message, TextParams, TextRequest

SHORT, LONG, LAST = "A short one. " * 40, "A long one. " * 300, "The last one. " * 40


def _asked(*examples: str) -> Assignment:
    voice = Voice(brand="Norvik", tones=["warm"], examples=[one.strip() for one in examples])
    inputs = {"product": "Alder, a kettle"}
    return Assignment(template="tagline", inputs=inputs, language="en", voice=voice)


def _count(messages: Sequence[Message]) -> int:
    """As if a word were a token."""
    return sum(len(one.content.split()) for one in messages)


def _shown(asked: Assignment, most: int) -> list[str]:
    voice = in_sight(asked, most, _count).voice
    assert voice is not None
    return [*voice.examples]


def test_examples_are_shown_whole_as_far_as_there_is_room_for_them() -> None:
    asked = _asked(SHORT, LONG, LAST)
    first, second, third = (one.strip() for one in (SHORT, LONG, LAST))
    enough = _count(asked.messages()) + tokens_of(asked)
    assert _shown(asked, enough) == [first, second, third]
    assert _shown(asked, enough - 1) == [first, second]  # a token less, and the last has no room
    without_long = _count(_asked(SHORT, LAST).messages()) + tokens_of(asked)
    assert _shown(asked, without_long) == [first, third]
    assert _shown(asked, without_long - 1) == [first]
    alone = _count(_asked(SHORT).messages()) + tokens_of(asked)
    assert (_shown(asked, alone), _shown(asked, alone - 1)) == ([first], [])
    assert _shown(asked, 10) == []
    assert len(_shown(_asked(*"abcd"), 10**6)) == 3


def test_what_is_read_may_have_half_where_a_text_could_take_all() -> None:
    asked = _asked(SHORT, LAST).model_copy(update={"length": Length(most=600)})
    read = _count(asked.messages())
    assert tokens_of(asked) > 2 * read
    assert len(_shown(asked, 2 * read)) == 2
    assert len(_shown(asked, 2 * read - 2)) == 1


def test_without_a_voice_nothing_is_left_out() -> None:
    asked = Assignment(template="tagline", inputs={"product": "Alder"}, language="en")
    assert in_sight(asked, 10, _count) is asked


def test_the_best_of_some_tries_is_the_first_that_misses_least() -> None:
    missed = {"a": ["length", "include"], "b": ["include"], "c": ["length"], "d": []}
    tries = Tries()
    ended = [tries.end(text, "stop", lambda said, _: missed[said], 3) for text in "abc"]
    assert (ended, tries.number, tries.best_number) == ([False, False, True], 3, 2)
    at_once = Tries()
    assert at_once.end("d", "stop", lambda said, _: missed[said], 3)
    assert (at_once.best["text"], at_once.number) == ("d", 1)


@pytest.mark.parametrize("said", ["", " \n", "x" * MOST_PROMPT_CHARACTERS])
def test_what_cannot_be_told_again_is_asked_for_as_at_first(said: str) -> None:
    asked = _asked()
    first = TextRequest(asked.messages(larger=True), TextParams(seed=5))
    again = next_try(first, asked, said, "stop", 3)
    assert again.messages == first.messages
    assert again.params.seed == seed_of_try(5, 3)
    told = next_try(first, asked, "Two\nlines.", "length", 2).messages
    assert [one.role for one in told] == ["system", "user", "assistant", "user"]
    assert "2 lines; it is to have 1." in told[-1].content
    assert "It ends in the middle" in told[-1].content


def test_nothing_at_all_is_worse_than_whatever_a_text_misses() -> None:
    tries, found = Tries(), {"": ["empty"], "A kettle.": ["length", "name"]}
    for said in ("", "A kettle."):
        tries.end(said, "stop", lambda text, finished: found[text], 3)
    assert tries.best["text"] == "A kettle."
