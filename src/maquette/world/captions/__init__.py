"""Captions of scenes in English and Simplified Chinese, from one word to everything there is."""

from dataclasses import dataclass
from functools import cache
from random import Random
from types import ModuleType
from typing import NamedTuple

from maquette.world.captions import chinese, english
from maquette.world.captions.form import Form, parse
from maquette.world.scene import Scene
from maquette.world.vocabulary import (
    COLOURS,
    RELATIONS,
    SETTINGS,
    STYLES,
    SUBJECTS,
    TIMES,
    WEATHERS,
)

LANGUAGES = ("en", "zh")
_TONGUES = {"en": english, "zh": chinese}

# What an attribute can be asked for.
VALUES: dict[str, tuple[str, ...]] = {
    "subject": tuple(SUBJECTS),
    "colour": tuple(COLOURS),
    "count": ("1", "2", "3", "4"),
    "relation": RELATIONS,
    "setting": tuple(SETTINGS),
    "time": TIMES,
    "weather": WEATHERS,
    "style": STYLES,
}

FULL_SHARE = 0.45
SHORT_SHARE = 0.20
SIZE_SHARE = 0.25  # of captions whose scene has a size worth saying
ONE_SHARE = 0.08  # of captions of a lone figure that say it is the only one
_FIGURES = frozenset({"subject", "colour", "count", "relation"})
# How likely a partial caption is to say each of these.
_PARTIAL = {"colour": 0.85, "count": 0.75, "relation": 0.85}
_PARTIAL_OTHER = 0.5


class _Usual(Random):
    """Draws the middle each time: the usual words, and nothing that may be left out."""

    def random(self) -> float:
        return 0.5


class _Plain(NamedTuple):
    """The forms of one language in which anything can be said."""

    phrase: Form
    sentence: Form
    being: Form  # a sentence that says no place
    fact: Form  # how two stand to each other


_PLAIN = {
    "en": _Plain(
        parse("{who}[ {where}][ {time}][ {weather}][, {style}]"),
        parse("{who} {verb} {where}[ {time}][ {weather}][, {style}]."),
        parse("there {be} {who}[ {time}][ {weather}][, {style}]."),
        parse("{fact}[ {where}][ {time}][ {weather}][, {style}]."),
    ),
    "zh": _Plain(
        parse("{who}[，{where}][，{time}][，{weather}][，{label}]"),
        parse("[{time}，]{where}{verb}{who}[，{weather}][，{style}]。"),
        parse("画面里有{who}[，{time}][，{weather}][，{style}]。"),
        parse("[{time}，][{where}，]{fact}[，{weather}][，{style}]。"),
    ),
}


@dataclass(frozen=True, slots=True)
class Caption:
    """What a text says of a scene; `mentions` names the attributes that it states."""

    text: str
    mentions: frozenset[str]


def caption(scene: Scene, language: str, rng: Random, *, full: bool = False) -> Caption:
    """A true caption of the scene in "en" or "zh"; the same `rng` state gives the same text.

    About 45 % say everything that applies (all of them if `full`), 20 % only who is there, the
    rest a random part. Size is an extra that even a full caption may leave out.

    Raises ValueError if the language is neither.
    """
    tongue = _tongue(language)
    said = _choose(scene, rng, full)
    forms = _suitable(language, said)
    form = forms[int(rng.random() * len(forms))]
    return Caption(form.fill(tongue.words(scene, said, rng)), said)


def plain_caption(scene: Scene, language: str, said: frozenset[str], *, whole: bool = False) -> str:
    """What is `said` of a scene in "en" or "zh", in the usual words: a phrase, or a `whole`
    sentence. The same scene is always the same text.

    Raises ValueError if the language is neither.
    """
    tongue, forms = _tongue(language), _PLAIN[language]
    fact = scene.relation is not None and "relation" in said
    sentence = forms.fact if fact else forms.sentence if "setting" in said else forms.being
    form = sentence if whole else forms.phrase
    return form.fill(tongue.words(scene, said, _Usual()))


def attributes(scene: Scene) -> dict[str, tuple[str, ...] | str | int | None]:
    """The true values a caption may state, None where there is nothing to say.

    `subject` and `colour` are tuples in the order of a pair; `count` is None for a pair,
    `relation` for all others, `size` for a pair and where it is medium.
    """
    pair = scene.relation is not None
    cast = scene.figures if pair else scene.figures[:1]
    return {
        "subject": tuple(figure.subject for figure in cast),
        "colour": tuple(figure.colour for figure in cast),
        "count": None if pair else scene.count,
        "relation": scene.relation,
        "setting": scene.setting,
        "time": scene.time,
        "weather": scene.weather,
        "style": scene.style,
        "size": None if pair or scene.size == "medium" else scene.size,
    }


def prompts(attribute: str, language: str) -> dict[str, tuple[str, ...]]:
    """Zero-shot prompts: each value of the attribute (counts as "1" to "4") with plain texts that
    state it, of all subjects in turn where it is not the subject itself. Their mean says the value
    alone (prompt ensembles, Radford et al. 2021, https://arxiv.org/abs/2103.00020).

    Raises ValueError naming an attribute or a language that has none; for a relation see
    `relation_prompts`.
    """
    tongue = _tongue(language)
    known = [name for name in VALUES if name != "relation"]
    if attribute not in known:
        raise ValueError(f"attribute {attribute!r} has no prompts; choose from {', '.join(known)}")
    return {
        value: tuple(dict.fromkeys(tongue.prompt(attribute, value, s) for s in SUBJECTS))
        for value in VALUES[attribute]
    }


def relation_prompts(first: str, second: str, language: str) -> dict[str, str]:
    """Each relation with a plain text that states it of these two subjects.

    A relation means nothing without them: whoever draws A left of B also draws B right of A, so
    the mean over all subjects would say no more than that two things stand side by side.
    """
    tongue = _tongue(language)
    return {value: tongue.relation_prompt(value, first, second) for value in RELATIONS}


def _tongue(language: str) -> ModuleType:
    try:
        return _TONGUES[language]
    except KeyError:
        raise ValueError(f"language {language!r} is not one of {', '.join(LANGUAGES)}") from None


def _choose(scene: Scene, rng: Random, full: bool) -> frozenset[str]:
    """Which attributes to say."""
    values = attributes(scene)
    everything = {name for name, value in values.items() if value is not None} - {"size"}
    if scene.count == 1:
        everything.discard("count")
    share = rng.random()
    if full or share < FULL_SHARE:
        said = everything
    elif share < FULL_SHARE + SHORT_SHARE:
        said = everything & _FIGURES
    else:
        said = {
            name
            for name in sorted(everything)
            if name == "subject" or rng.random() < _PARTIAL.get(name, _PARTIAL_OTHER)
        }
    if "weather" in said and scene.setting == "room":
        said.add("setting")  # for it is seen through a window
    if values["size"] and rng.random() < SIZE_SHARE:
        said.add("size")
    if values["count"] == 1 and rng.random() < ONE_SHARE:
        said.add("count")
    return frozenset(said)


@cache
def _suitable(language: str, said: frozenset[str]) -> tuple[Form, ...]:
    return tuple(form for form in _tongue(language).FORMS if form.suits(said))
