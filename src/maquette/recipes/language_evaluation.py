"""What the starter language model can do, on products and tones that no lesson is about."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import exp, inf, isinf
from random import Random
from typing import Any

import torch

from maquette.copydesk.naming import names_in, unnamed
from maquette.core.measures import (
    count_words,
    language_of,
    places_of,
    repeated_phrases,
    sentences,
)
from maquette.core.text_requests import Bounds, Message, TextParams, TextRequest
from maquette.core.tones import ToneJudge
from maquette.decoding.attention import logits_of
from maquette.decoding.engine import MAX_ROWS
from maquette.decoding.request import DecodingRequest
from maquette.engines.text import TextEngine
from maquette.recipes.language_copies import copies_in, long_sentences
from maquette.recipes.trigram import Trigrams
from maquette.world.captions import LANGUAGES
from maquette.world.writing.assignment import Assignment, ask
from maquette.world.writing.copywriting import Copy, write_copy
from maquette.world.writing.kinds import KINDS
from maquette.world.writing.lessons import lesson

TRIES = 3
REPEATED_RUN = 8  # words that do not come twice
SLACK = 0.2  # that "about so many words" leaves
TRIGRAM_LESSONS = 60_000  # which it has room for


@dataclass(slots=True)
class Tried:
    """An assignment, and what was written for it, try by try, until all checks were met."""

    assignment: Assignment
    asked: str
    reference: str
    texts: list[str] = field(default_factory=list)
    missed: list[list[str]] = field(default_factory=list)  # the names of checks, by try

    @property
    def met(self) -> bool:
        """Whether a try met all checks."""
        return bool(self.missed) and not self.missed[-1]


def held_out_assignments(count: int, seed: int = 0) -> list[Tried]:
    """Assignments about held-out products and tones, about half of them in each language."""
    tried = []
    for number in range(count):
        rng = Random(f"assignment/{seed}/{number}")
        copy: Copy = write_copy(rng, "held_out")
        assignment = copy.assignment
        tried.append(Tried(assignment, ask(assignment, rng), copy.plan.said(assignment.language)))
    return tried


def check(assignment: Assignment, text: str, judge: ToneJudge) -> list[str]:
    """The names of the demands that a text does not meet: of those that are stated, and whether it
    names the product, where a reader expects it.
    """
    missed = []
    least, most = _words(assignment)
    if language_of(text) != assignment.language:
        missed.append("language")
    if unnamed(names_of(assignment), text, assignment.language):
        missed.append("name")
    if not least <= count_words(text) <= most:
        missed.append("length")
    lowered = text.lower()
    if not all(places_of(word, text) for word in assignment.include):
        missed.append("include")
    if any(word.lower() in lowered for word in assignment.avoid):
        missed.append("avoid")
    if assignment.tone is not None and judge.name(text) != assignment.tone:
        missed.append("tone")
    if not text.strip() or repeats(text):
        missed.append("repetition")
    return missed


def bounds_of(assignment: Assignment) -> Bounds:
    """What a text is held to, as copy is (`copydesk/checks.py`)."""
    least, most = _words(assignment)
    include = [*assignment.include, *names_in(names_of(assignment), assignment.language)]
    most_words = None if isinf(most) else int(most)
    return Bounds(least, most_words, include, REPEATED_RUN, 0, assignment.language)


def _words(assignment: Assignment) -> tuple[int, float]:
    if (length := assignment.length) is None:
        return 0, inf
    slack = round(length.high * SLACK) if length.said == "about" else 0
    return length.low - slack, length.high + slack


def names_of(assignment: Assignment) -> list[str]:
    """What a text is to name, as forms have it; nothing where its kind may do without."""
    if not KINDS[assignment.kind].named:
        return []
    product, joint = assignment.product, ", " if assignment.language == "en" else "，"
    return [joint.join(one.said(assignment.language) for one in (product.name, product.a))]


def repeats(text: str) -> bool:
    """Whether a run of eight words comes twice, or one sentence does."""
    said = sentences(text)
    return bool(repeated_phrases(text, REPEATED_RUN)) or len(set(said)) < len(said)


def write_all(
    engine: TextEngine,
    tried: Sequence[Tried],
    judge: ToneJudge,
    params: TextParams,
    on_text: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Has every assignment written, up to TRIES times, all of a try together."""
    for number in range(TRIES):
        left = [one for one in tried if not one.met]
        decoder, texts, done = engine.decoder(pass_rows=MAX_ROWS), [""] * len(left), 0
        for place, one in enumerate(left):
            request = TextRequest((Message("user", one.asked),), params)
            bounds = bounds_of(one.assignment)
            (prepared,) = engine.prepare(request, str(place), bounds=bounds)
            decoder.add(_with_seed(prepared, 1_000_003 * number + place))
        while len(decoder):
            for output in decoder.step():
                texts[int(output.request.request_id.partition("/")[0])] += output.text
                done += output.finished is not None
            on_text(done, len(left))
        for one, text in zip(left, texts, strict=True):
            one.texts.append(text)
            one.missed.append(check(one.assignment, text, judge))


def _with_seed(request: DecodingRequest, seed: int) -> DecodingRequest:
    return replace(request, params=replace(request.params, seed=seed))


@torch.inference_mode()
def surprise(engine: TextEngine, asked: str, answer: str) -> float:
    """Nats that the model takes an answer for, its end included."""
    prompt = engine.read([Message("user", asked)])
    whole = engine.read([Message("user", asked), Message("assistant", answer)])
    told = whole[: len(whole) - 1]
    logits = logits_of(engine.model, told)[len(prompt) - 1 : -1].float()
    wanted = torch.tensor(told[len(prompt) :], device=engine.device)
    return float(torch.nn.functional.cross_entropy(logits, wanted, reduction="sum"))


def figures(
    engine: TextEngine, tried: Sequence[Tried], corpus: Sequence[str], learned: Collection[str]
) -> dict[str, Any]:
    """The table of the evaluation; `corpus` are answers of lessons that the trigram model learns
    from, `learned` those of the long sentences of all last tries that are in lessons.
    """
    trigrams = Trigrams(corpus)
    languages: dict[str, Any] = {}
    for language in LANGUAGES:
        own = [one for one in tried if one.assignment.language == language]
        words = sum(count_words(one.reference) + 1 for one in own)
        copies = copies_in([(one.asked, one.texts[-1]) for one in own], learned)
        languages[language] = {
            "assignments": len(own),
            "met": sum(one.met for one in own) / len(own),
            "met_at_once": sum(not one.missed[0] for one in own) / len(own),
            "facts_said": _facts_said(own),
            "missed_at_first": _shares([name for one in own for name in one.missed[0]], len(own)),
            "missed_at_last": _shares([name for one in own for name in one.missed[-1]], len(own)),
            "perplexity": exp(
                sum(surprise(engine, one.asked, one.reference) for one in own) / words
            ),
            "trigram_perplexity": exp(sum(trigrams.surprise(one.reference) for one in own) / words),
            "sentences": sum(len(sentences(one.texts[-1])) for one in own),
            "long_sentences": sum(len(long_sentences(one.texts[-1])) for one in own),
            "copied": {name: len(those) for name, those in asdict(copies).items()},
            "copied_others": sorted({*copies.others}),
        }
    return {"lessons": len(corpus), "languages": languages}


def long_sentences_of(tried: Sequence[Tried]) -> set[str]:
    """All that could be copied in the last tries."""
    return {sentence for one in tried for sentence in long_sentences(one.texts[-1])}


def _facts_said(tried: Sequence[Tried]) -> float:
    """The share of given facts that the last tries say word for word, where both are in one
    language.
    """
    said = [
        fact.said(one.assignment.language).lower() in one.texts[-1].lower()
        for one in tried
        if one.assignment.asked_in == one.assignment.language
        for facts in one.assignment.facts.values()
        for fact in facts
    ]
    return sum(said) / max(1, len(said))


def _shares(names: Sequence[str], count: int) -> dict[str, float]:
    return {name: names.count(name) / count for name in sorted(set(names))}


def learned_answers(lessons: int) -> list[str]:
    """Answers that training had: those of so many lessons."""
    return [lesson(number).answer for number in range(lessons)]
