"""One number gives one lesson: what a person says to the model, and what it should answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from maquette.core.measures import count_words
from maquette.world.compose import Split
from maquette.world.writing.assignment import ask, put, term
from maquette.world.writing.copywriting import Copy, is_held_out, write_copy
from maquette.world.writing.data import patterns, talk
from maquette.world.writing.pairs import Language, Pair
from maquette.world.writing.plans import Line, Plan, said_anew
from maquette.world.writing.tales import write_caption, write_tale

VOICE_SHARE = 0.15  # of copy whose tone is the system's word, not the ask's


@dataclass(frozen=True, slots=True)
class Message:
    """What one side says."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """A talk that ends with the answer to be learned."""

    messages: Sequence[Message]

    @property
    def answer(self) -> str:
        """What the model should say."""
        return self.messages[-1].content


def lesson(number: int, split: Split = "train") -> Lesson:
    """The lesson of this number: about six in ten are copy, two edits of copy, one a tale, one a
    caption or talk.
    """
    rng = Random(f"{split}/{number}")
    made = rng.choices(
        (_copy_lesson, _edit_lesson, _tale_lesson, _caption_lesson, _talk_lesson),
        (0.60, 0.20, 0.11, 0.06, 0.03),
    )[0]
    return made(rng, split)


def _copy_lesson(rng: Random, split: Split) -> Lesson:
    copy = write_copy(rng, split)
    assignment = copy.assignment
    answer = copy.plan.said(assignment.language)
    messages = [Message("user", ask(assignment, rng)), Message("assistant", answer)]
    if rng.random() < VOICE_SHARE:
        tone = term("tones", copy.tone, rng)
        said = put("voice", rng, assignment.asked_in, brand=assignment.product.brand, tone=tone)
        messages.insert(0, Message("system", said))
    return Lesson(messages)


def _edit_lesson(rng: Random, split: Split) -> Lesson:
    kind = rng.choice(("description", "description", "post", "email", "bullets", "tagline"))
    copy = write_copy(rng, split, kind, swapped_share=0.0)  # which may be translated
    edit: Callable[[Random, Copy], Lesson | None] = rng.choice(
        (_shorten, _lengthen, _rewrite, _change_tone, _go_on, _translate, _translate)
    )
    return edit(rng, copy) or _translate(rng, copy)


def _edited(
    rng: Random, copy: Copy, group: str, before: Plan, after: str, tone: Pair | None = None
) -> Lesson:
    """The lesson of an edit. Of one that changes the length the ask may say to how many words."""
    language = copy.assignment.language
    values = {} if tone is None else {"tone": tone}
    said = put(group, rng, language, **values)
    if group in ("shorten", "lengthen") and rng.random() < 0.4:
        words = str(-(-count_words(after) // 5) * 5)
        said = said.rstrip("：:") + " " + put("most", rng, language, n=Pair(words, words))
        said = said if language == "en" else said.replace(" ", "，", 1)
    text = before.said(language)
    gap = rng.choice(("\n\n", "\n"))
    return Lesson([Message("user", f"{said}{gap}{text}"), Message("assistant", after)])


def _shorten(rng: Random, copy: Copy) -> Lesson | None:
    lines = copy.plan.lines
    if len(lines) < 3:
        return None
    kept = set(rng.sample(range(len(lines)), rng.randint(1, len(lines) * 2 // 3)))
    short = copy.plan.with_lines([one if i in kept else None for i, one in enumerate(lines)])
    return _edited(rng, copy, "shorten", copy.plan, short.said(copy.assignment.language))


def _lengthen(rng: Random, copy: Copy) -> Lesson | None:
    lines = copy.plan.lines
    if len(lines) < 3:
        return None
    kept = set(rng.sample(range(len(lines)), rng.randint(1, len(lines) * 2 // 3)))
    short = copy.plan.with_lines([one if i in kept else None for i, one in enumerate(lines)])
    return _edited(rng, copy, "lengthen", short, copy.plan.said(copy.assignment.language))


def _rewrite(rng: Random, copy: Copy) -> Lesson | None:
    return _in_tone(rng, copy, copy.tone, "rewrite", None)


def _change_tone(rng: Random, copy: Copy) -> Lesson | None:
    category = copy.assignment.product.category
    tones = [one for one in patterns() if one != copy.tone and not is_held_out(category, one)]
    if not tones:
        return None
    tone = rng.choice(tones)
    return _in_tone(rng, copy, tone, "change_tone", term("tones", tone, rng))


def _in_tone(rng: Random, copy: Copy, tone: str, group: str, named: Pair | None) -> Lesson | None:
    lines = copy.plan.lines
    anew = [said_anew(line, rng, tone) for line in lines]
    if sum(one is not None for one in anew) * 2 < len(lines):
        return None
    new: list[Line] = [one or old for one, old in zip(anew, lines, strict=True)]
    after = copy.plan.with_lines(new).said(copy.assignment.language)
    return _edited(rng, copy, group, copy.plan, after, named)


def _go_on(rng: Random, copy: Copy) -> Lesson | None:
    lines, language = copy.plan.lines, copy.assignment.language
    if len(lines) < 3:
        return None
    cut = rng.randint(1, len(lines) - 1)
    begun = copy.plan.with_lines([*lines[:cut], *[None] * (len(lines) - cut)])
    whole, first = copy.plan.said(language), begun.said(language)
    if not whole.startswith(first):
        return None
    return _edited(rng, copy, "go_on", begun, whole[len(first) :].strip())


def _translate(rng: Random, copy: Copy) -> Lesson:
    """From the copy's language into the other; the ask is in either."""
    language = copy.assignment.language
    other: Language = "zh" if language == "en" else "en"
    latin = [{**line.values, **_in_latin(line)} for line in copy.plan.lines]
    plan = copy.plan.with_lines(
        [Line(one.role, one.pattern, v) for one, v in zip(copy.plan.lines, latin, strict=True)]
    )
    said = put(f"translate_{other}", rng, rng.choice((language, other)))
    gap = rng.choice(("\n\n", "\n"))
    messages = [
        Message("user", f"{said}{gap}{plan.said(language)}"),
        Message("assistant", plan.said(other)),
    ]
    return Lesson(messages)


def _in_latin(line: Line) -> dict[str, Pair]:
    """Names as they are written in both languages: what a name is in the other no one can know."""
    names = {name: line.values[name] for name in ("name", "brand") if name in line.values}
    return {name: Pair(one.en, one.en) for name, one in names.items()}


def _tale_lesson(rng: Random, split: Split) -> Lesson:
    language: Language = rng.choice(("en", "zh"))
    said, plan = write_tale(rng, language, split)
    return Lesson([Message("user", said), Message("assistant", plan.said(language))])


def _caption_lesson(rng: Random, split: Split) -> Lesson:
    language: Language = rng.choice(("en", "zh"))
    said, answer = write_caption(rng.getrandbits(40), rng, language)
    return Lesson([Message("user", said), Message("assistant", answer)])


def _talk_lesson(rng: Random, split: Split) -> Lesson:
    topic = talk()[rng.choice([*talk()])]
    language: Language = rng.choice(("en", "zh"))
    said, answer = (Pair(*rng.choice(topic[side])).said(language) for side in ("asks", "answers"))
    return Lesson([Message("user", said), Message("assistant", answer)])
