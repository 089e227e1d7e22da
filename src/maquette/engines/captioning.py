"""Captions of pictures: what of the picture-book world fits one best, as CLIP sees it.

No caption is made up word by word. The grammar of the world (`world/captions`) says what a picture
can show, CLIP how well each of its captions fits, and a search goes through its attributes in turn:
who is there, where, when, in which style; then each once more beside all the others.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

import torch
from PIL import Image
from torch import Tensor

from maquette.engines.clip import ClipEngine
from maquette.world.captions import plain_caption
from maquette.world.scene import Figure, Scene
from maquette.world.vocabulary import (
    COLOURS,
    RELATIONS,
    SETTINGS,
    STYLES,
    SUBJECTS,
    TIMES,
    WEATHERS,
)

SEARCHED_IN = "en"  # what is seen is one and the same, whatever language it is told in
BATCH = 32  # texts of about one length, so that little of a pass is padding
MOST_KEPT = 20_000  # texts whose embeddings are kept: 20 MB
LONE, CAST, COMPANIES = 4, 8, 2  # how many of what fits best go on
SWEEPS = 3
# Below this the best caption does not fit either (docs/context.md has how both sides lie).
LEAST_SIMILARITY = 0.8
# A style is said where the next one fits so much less: flat and painted look alike to it.
STYLE_MARGIN = 0.01
PAIR = RELATIONS[0]  # until it is known how two stand to each other
# Of a pair the whole picture says who is there and which colours, but neither which is whose nor
# left from right: so it looks at parts, so many a side, each so wide, and sees where each one is.
PARTS, PART = 4, 0.5
SHARPNESS = 30.0  # how much the part where it fits best counts for where it is
PARTS_SHARE = 0.5  # of the parts in whose colour is whose; the whole knows which there are
RIVAL = 0.5  # how much the other one, if it is there, too, counts against it
WHO = frozenset({"subject", "colour", "count"})
WHERE, WHEN = WHO | {"setting"}, WHO | {"setting", "time", "weather"}
ALL = WHEN | {"style"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a picture shows as far as CLIP can tell; `similarity` is of its best caption."""

    scene: Scene
    said: frozenset[str]  # the attributes that it is sure of
    similarity: float

    @property
    def is_known(self) -> bool:
        """Whether it is of the world at all; else even the best caption is a guess."""
        return self.similarity >= LEAST_SIMILARITY

    def caption(self, language: str) -> str:
        """In "en" a phrase, which goes into any sentence ("alt text for a picture of a red boat on
        the sea"); in "zh" a sentence, as one says it there.
        """
        return plain_caption(self.scene, language, self.said, whole=language == "zh")


class Captioner:
    """Looks at pictures, one at a time, whichever threads ask; each always in the same words."""

    def __init__(self, clip: ClipEngine) -> None:
        self._clip, self._turn = clip, threading.Lock()
        self._kept: dict[str, Tensor] = {}

    def look(self, picture: Image.Image) -> Seen:
        """What it shows."""
        picture = picture.convert("RGB")
        with self._turn:
            if len(self._kept) > MOST_KEPT:
                self._kept.clear()
            (image,) = self._clip.embed_pictures([picture])
            return self._look(image, picture)

    def _look(self, image: Tensor, picture: Image.Image) -> Seen:
        everyone = [_scene([(s, c)]) for s in SUBJECTS for c in COLOURS]
        cast = self._best(image, everyone, len(everyone), WHO)
        found = [self._placed(image, who) for who in self._companies(image, cast)]
        (best,) = self._best(image, found, 1)
        scene = self._refined(image, best, _each_once(cast, CAST))
        stances = [scene]
        if scene.relation is not None:
            stances = [replace(scene, relation=one) for one in RELATIONS]
            scene = self._closer(image, picture, scene)
        said = _says(scene)
        styles = [replace(scene, style=style) for style in STYLES]
        first, second = self._fits(image, styles).topk(2).values.tolist()
        similarity = float(self._fits(image, stances, said).max())
        unsure = {"style"} if first - second < STYLE_MARGIN else set[str]()
        return Seen(scene, said - unsure, similarity)

    def _companies(self, image: Tensor, cast: Sequence[Scene]) -> list[Scene]:
        """Who may be there: one alone, several of a kind, or two of different kinds."""
        several = [
            replace(one, figures=one.figures * count)
            for one in cast[:LONE]
            for count in range(1, 5)
        ]
        pairs = [
            _pair(one, other)
            for one, other in combinations(_each_once(cast, CAST), 2)
            if one.subject != other.subject
        ]
        alike = self._best(image, several, COMPANIES, WHO)
        return [*alike, *self._best(image, pairs, COMPANIES, WHO)]

    def _placed(self, image: Tensor, who: Scene) -> Scene:
        """The same where, when and as it fits best."""
        places = [replace(who, setting=one) for one in SETTINGS]
        (where,) = self._best(image, places, 1, WHERE)
        moments = [where]
        if SETTINGS[where.setting].has_sky:
            moments = [replace(where, time=t, weather=w) for t in TIMES for w in WEATHERS]
        (when,) = self._best(image, moments, 1, WHEN)
        return self._best(image, [replace(when, style=one) for one in STYLES], 1)[0]

    def _refined(self, image: Tensor, scene: Scene, others: Sequence[Figure]) -> Scene:
        """Each attribute anew beside all others, until none fits better."""
        for _ in range(SWEEPS):
            before = scene
            for choices in _turns(scene, others):
                scene = self._best(image, [scene, *choices], 1)[0]
            if scene == before:
                break
        return scene

    def _closer(self, image: Tensor, picture: Image.Image, pair: Scene) -> Scene:
        """A pair with whose colour is whose, and how they stand to each other."""
        boxes = _boxes(*picture.size)
        parts = self._clip.embed_pictures([picture.crop(box) for box in boxes])
        one, other = (self._in_parts(parts, figure) for figure in pair.figures)
        fits = (one.amax(1) - RIVAL * other.amax(1), other.amax(1) - RIVAL * one.amax(1))
        middles = torch.tensor([((x + x2) / 2, (y + y2) / 2) for x, y, x2, y2 in boxes])
        places = [torch.softmax(each * SHARPNESS, 0) @ middles for each in fits]
        near = [own[int(each.argmax())] for own, each in zip((one, other), fits, strict=True)]
        scene = self._coloured(image, pair, near)
        stances = [replace(scene, relation=one) for one in RELATIONS]
        (stance,) = self._best(image, stances, 1, ALL | {"relation"})
        return replace(scene, relation=_relation(str(stance.relation), *places))

    def _coloured(self, image: Tensor, pair: Scene, near: Sequence[Tensor]) -> Scene:
        """A pair in the colours that fit both the whole and the parts where the two are, of which
        `near` has how well each colour fits.
        """
        names = [*COLOURS]
        likely = {one.colour for one in pair.figures} | {names[int(n.argmax())] for n in near}
        choices = list(product(sorted(likely), repeat=2))
        scenes = [
            replace(
                pair,
                figures=tuple(
                    replace(figure, colour=colour)
                    for figure, colour in zip(pair.figures, colours, strict=True)
                ),
            )
            for colours in choices
        ]
        parts = torch.tensor(
            [sum(float(n[names.index(c)]) for n, c in zip(near, cs, strict=True)) for cs in choices]
        )
        whole = self._fits(image, scenes)
        return scenes[int((whole + PARTS_SHARE * parts).argmax())]

    def _in_parts(self, parts: Tensor, figure: Figure) -> Tensor:
        """How well parts of a picture fit a figure in each colour: (parts, colours)."""
        texts = [_scene([(figure.subject, colour)]) for colour in COLOURS]
        return self._fits(parts.T, texts, WHO).T

    def _best(
        self,
        image: Tensor,
        scenes: Sequence[Scene],
        count: int,
        said: frozenset[str] = ALL,
    ) -> list[Scene]:
        """So many that fit best, the best first; of equals that which comes first."""
        fits = self._fits(image, scenes, said)
        return [scenes[at] for at in fits.sort(descending=True, stable=True).indices[:count]]

    def _fits(self, image: Tensor, scenes: Sequence[Scene], said: frozenset[str] = ALL) -> Tensor:
        """Cosines of a picture (D,), or of several (D, P), with captions of scenes, of which that
        much is `said`: (N,) or (N, P).
        """
        texts = [plain_caption(one, SEARCHED_IN, said & _says(one)) for one in scenes]
        new = sorted({*texts} - self._kept.keys(), key=lambda text: (len(text), text))
        for start in range(0, len(new), BATCH):
            some = new[start : start + BATCH]
            self._kept.update(zip(some, self._clip.embed_texts(some), strict=True))
        return torch.stack([self._kept[text] for text in texts]) @ image


def _scene(cast: Sequence[tuple[str, str]]) -> Scene:
    """Who is there; the place and the style are not said yet."""
    figures = tuple(Figure(subject, colour, 0, 0.0, 0.0, 0.0) for subject, colour in cast)
    return Scene(0, "meadow", None, None, STYLES[0], "medium", figures, None, 0)


def _pair(one: Figure, other: Figure) -> Scene:
    made = _scene([(one.subject, one.colour), (other.subject, other.colour)])
    return replace(made, relation=PAIR)


def _each_once(cast: Sequence[Scene], count: int) -> list[Figure]:
    """The figures that fit best, at most two of a subject."""
    found: list[Figure] = []
    for figure in (one.figures[0] for one in cast):
        if sum(other.subject == figure.subject for other in found) < 2:
            found.append(figure)
    return found[:count]


def _says(scene: Scene) -> frozenset[str]:
    """All that a caption can say of it."""
    unsaid = {"relation"} if scene.relation is None else set[str]()
    unsaid |= set[str]() if scene.count > 1 else {"count"}
    return (ALL | {"relation"}) - (unsaid if scene.time else unsaid | {"time", "weather"})


def _boxes(width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Parts of a picture, evenly laid over each other."""
    wide, high = round(width * PART), round(height * PART)
    return [
        (left, top, left + wide, top + high)
        for left in (round((width - wide) * n / (PARTS - 1)) for n in range(PARTS))
        for top in (round((height - high) * n / (PARTS - 1)) for n in range(PARTS))
    ]


def _relation(seen: str, one: Tensor, other: Tensor) -> str:
    """Which way round a relation is, by where two are; what is nearer stands lower."""
    (x, y), (x2, y2) = one.tolist(), other.tolist()
    if seen in ("left of", "right of"):
        return "left of" if x < x2 else "right of"
    if seen in ("above", "below"):
        return "above" if y < y2 else "below"
    return "in front of" if y > y2 else "behind"


def _turns(scene: Scene, others: Sequence[Figure]) -> Iterator[Sequence[Scene]]:
    """For each attribute in turn all else that it could be."""
    yield [
        replace(scene, figures=tuple(figures), relation=PAIR if len({*figures}) > 1 else None)
        for figures in _casts(scene, others)
    ]
    time, weather = scene.time or TIMES[1], scene.weather or WEATHERS[0]
    yield [
        replace(scene, setting=name, time=time, weather=weather)
        if setting.has_sky
        else replace(scene, setting=name, time=None, weather=None)
        for name, setting in SETTINGS.items()
    ]
    if SETTINGS[scene.setting].has_sky:
        yield [replace(scene, time=time) for time in TIMES]
        yield [replace(scene, weather=weather) for weather in WEATHERS]
    yield [replace(scene, style=style) for style in STYLES]


def _casts(scene: Scene, others: Sequence[Figure]) -> Iterator[Sequence[Figure]]:
    """The figures with one of them another, or another number of them."""
    figures = scene.figures
    if scene.relation is None:
        one = figures[0]
        yield from ([one] * count for count in range(1, 5))
        yield from ([other] * len(figures) for other in _likenesses(one, others))
        return
    for at, one in enumerate(figures):
        neighbour = figures[1 - at]
        for other in _likenesses(one, others):
            if other.subject != neighbour.subject:
                yield [other, neighbour] if at == 0 else [neighbour, other]


def _likenesses(figure: Figure, others: Sequence[Figure]) -> Iterator[Figure]:
    yield from others
    yield from (replace(figure, subject=subject) for subject in SUBJECTS)
    yield from (replace(figure, colour=colour) for colour in COLOURS)
