"""How often a text is written until it meets its checks, and by what each try differs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from maquette.copydesk.assignment import Assignment
from maquette.copydesk.checks import Demands, check, missed
from maquette.core.errors import InvalidRequest
from maquette.core.text_requests import MOST_PROMPT_CHARACTERS, Message, TextRequest

COPY_TRIES = 3
SEED_STEP = 1_000_003  # more than texts of one request
MOST_COPY_TOKENS, TOKENS_A_WORD, TOKENS_MORE = 2048, 3, 60
MOST_TOLD_LINES, MOST_TOLD_CHARACTERS = 8, 600  # of what a try misses, to who writes the next
AGAIN_TOKENS = MOST_TOLD_CHARACTERS // 2  # of them, and what is said around them
CUT = "length"  # why a text ends that was not finished
_AGAIN = (
    "That is not it yet:\n{}\nWrite the whole text again, mended, and nothing else.",
    "还不行：\n{}\n请改好，重写全文，其他的不写。",
)

# Gives the names of the checks that a text misses, by the text and why it finished.
Judge = Callable[[str, str], list[str]]


@dataclass(slots=True)
class Tries:
    """The tries at one text: the number of the one under way, and of those before it the one that
    misses least: its "text", why it "finished", what it "missed", and which "try" it was.
    """

    number: int = 1
    best: Mapping[str, Any] = field(default_factory=dict)

    @property
    def best_number(self) -> int:
        """Which of them that is, from 1."""
        return self.best["try"]

    def end(self, text: str, finished: str, judge: Judge, most: int) -> bool:
        """Judges the one under way. Whether it is the last: it misses nothing, or there were as
        many as there may be; else the next begins.
        """
        found = judge(text, finished)
        if not self.best or _gravity(found) < _gravity(self.best["missed"]):
            said = {"text": text, "finished": finished}
            self.best = {**said, "missed": found, "try": self.number}
        if not found or self.number >= most:
            return True
        self.number += 1
        return False


def _gravity(missed: Sequence[str]) -> tuple[bool, int]:
    """Nothing at all is worse than whatever a text misses."""
    return "empty" in missed, len(missed)


def judge_of(demands: Demands) -> Judge:
    """What says what a text misses of some demands."""
    return lambda text, finished: missed(text, demands, finished == CUT)


def seed_of_try(seed: int, tries: int) -> int:
    """The seed of a text's n-th try; no other text of a request has it."""
    return (seed + (tries - 1) * SEED_STEP) % 2**63


def next_try(
    first: TextRequest, asked: Assignment, said: str, finished: str, tries: int
) -> TextRequest:
    """What a larger model is asked for the n-th try at one text: the same by another seed, and it
    is told what it said last, and what that misses. The starter learned no such talk.
    """
    at, params = asked.language, first.params
    lines = [one.line[at] for one in check(said, asked.demands(), finished == CUT) if one.demanded]
    told = "\n".join(f"- {one}" for one in [*dict.fromkeys(lines)][:MOST_TOLD_LINES])
    mend = _AGAIN[at == "zh"].format(told[:MOST_TOLD_CHARACTERS])
    talk = [*first.messages, Message("assistant", said), Message("user", mend)]
    fits = sum(len(one.content) for one in talk) <= MOST_PROMPT_CHARACTERS
    return replace(
        first,
        messages=talk if fits and said.strip() else first.messages,  # no server reads an empty one
        params=replace(params, seed=seed_of_try(params.seed, tries)),
    )


def tokens_of(asked: Assignment) -> int:
    """How many tokens a text is given: as many as so many words may have in any language. Raises
    InvalidRequest where they are fewer than the words that it has to have.
    """
    tokens = min(asked.words() * TOKENS_A_WORD + TOKENS_MORE, MOST_COPY_TOKENS)
    if (least := asked.least_words()) > tokens:
        raise InvalidRequest(f"{least} words do not fit this text; ask for at most {tokens}")
    return tokens


def in_sight(asked: Assignment, most: int, count: Callable[[Sequence[Message]], int]) -> Assignment:
    """The assignment with those examples of its voice that a model has room for which keeps `most`
    tokens in sight: they leave the text as many tokens as it is given, or else half of all.
    """
    room = most - min(tokens_of(asked), most // 2)
    return asked.with_examples(lambda one: count(one.messages()) <= room)
