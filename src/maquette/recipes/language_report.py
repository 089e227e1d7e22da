"""The evaluation of the language model as a page: tables, samples as they came, and its limits."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maquette.core.files import check_writable, write_whole
from maquette.core.machine import look_at_machine
from maquette.decoding.learned import LONG_WORDS
from maquette.recipes.language_evaluation import TRIES, Tried

PAGE, FIGURES = "evaluation-text.md", "evaluation-text.json"
SAMPLES = 5  # of each language, the first of the evaluation, whatever they are
SHOWN_COPIES = 5  # of each language
CHECKS = ("language", "name", "length", "include", "avoid", "tone", "repetition")
LIMITS = (
    "It writes about everyday products and the picture-book world, in the ways of its lessons, and "
    "of nothing else. It knows no facts: what it is not told it makes up in their manner, so a "
    "text is to be read before it is used. It loses the thread of long texts, counts words only "
    "roughly, and may misspell a word or a name that it has never seen. A word that a text must "
    "have may stand where it makes no sense: all checks are met then, and no reader is pleased. "
    "For all else a larger model takes its place by name."
)


COPIED = (
    f"A sentence was copied where it is longer than {LONG_WORDS} words and a lesson has it, to the "
    "letter. Those that the grammar has whole are hooks, greetings and farewells in which nothing "
    "is drawn, so that all texts may have them. Where another one would end, the text goes on "
    "after a comma (`decoding/learned.py`): it begins with a sentence of a lesson then, but is "
    "none. Of others, these come first by the alphabet."
)


def check_page(folder: Path) -> None:
    """Raises OutputNotWritable where the page could not be kept, before the work for it."""
    for name in (PAGE, FIGURES):
        check_writable(folder / name)


def tables(table: dict[str, Any]) -> str:
    """The figures as Markdown."""
    languages, searched = table["languages"], table["searched_lessons"]
    rows = [
        ("assignments", lambda one: str(one["assignments"])),
        (f"all checks met within {TRIES} tries", lambda one: f"{one['met']:.1%}"),
        ("all checks met at once", lambda one: f"{one['met_at_once']:.1%}"),
        ("given facts that are said, word for word", lambda one: f"{one['facts_said']:.1%}"),
        *(
            (f"{name} missed at the first try", lambda one, name=name: _first(one, name))
            for name in CHECKS
        ),
        ("perplexity a word on what the grammar wrote", lambda one: f"{one['perplexity']:.2f}"),
        (
            f"that of a trigram model of {table['lessons']:,} lessons",
            lambda one: f"{one['trigram_perplexity']:.1f}",
        ),
        (
            f"sentences over {LONG_WORDS} words that one of {searched:,} lessons has",
            lambda one: f"{sum(one['copied'].values())} of {one['long_sentences']:,}",
        ),
        ("… that the grammar has whole", lambda one: str(one["copied"]["fixed"])),
        ("… that the ask has, too", lambda one: str(one["copied"]["given"])),
        ("… others", lambda one: str(one["copied"]["others"])),
    ]
    head = f"| | {' | '.join(languages)} |\n| --- |{' ---: |' * len(languages)}\n"
    return head + "".join(
        f"| {name} | {' | '.join(show(one) for one in languages.values())} |\n"
        for name, show in rows
    )


def _first(one: dict[str, Any], name: str) -> str:
    return f"{one['missed_at_first'].get(name, 0.0):.1%}"


def _copied(languages: dict[str, Any]) -> str:
    shown = [s for one in languages.values() for s in one["copied_others"][:SHOWN_COPIES]]
    return "\n".join(f"- {one}" for one in shown) or "There are none."


def write_page(folder: Path, table: dict[str, Any], tried: Sequence[Tried]) -> None:
    """Writes the page and the figures as JSON."""
    measured = f"{datetime.now(UTC):%Y-%m-%d}: {look_at_machine().cpu}"
    parts = [
        "# What the language model can do",
        f"Written by `maquette evaluate --model {table['model']} --report docs` on {measured}. All "
        "assignments are about kinds of product, names and tones of them that no lesson has.",
        tables(table),
        "## What it cannot",
        LIMITS,
        "## What it has from its lessons",
        COPIED,
        _copied(table["languages"]),
        "## Samples",
        "The first of the evaluation, as they came.",
    ]
    for language in table["languages"]:
        own = [one for one in tried if one.assignment.language == language]
        for one in own[:SAMPLES]:
            missed = ", ".join(one.missed[-1]) or "none"
            parts += [_quoted(one.asked), _fenced(one.texts[-1]), f"Checks missed: {missed}."]
    write_whole(folder / PAGE, ("\n\n".join(parts) + "\n").encode())
    write_whole(folder / FIGURES, (json.dumps(table, indent=1) + "\n").encode())


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}  " for line in text.splitlines())


def _fenced(text: str) -> str:
    return f"```text\n{text}\n```"
