"""Stories, narrations and captions of the picture-book world."""

from collections.abc import Mapping
from random import Random

from maquette.world.captions import caption
from maquette.world.compose import Split, compose
from maquette.world.holdout import is_held_out
from maquette.world.vocabulary import COLOURS, SETTINGS, SUBJECTS, TIMES
from maquette.world.writing.assignment import asking, put
from maquette.world.writing.data import stories
from maquette.world.writing.pairs import Language, Pair, fill, say
from maquette.world.writing.plans import Line, Paragraph, Plan

ARC = ("opening", "wish", "trouble", "friend", "help", "turn", "ending")
SPARED = ("wish", "trouble", "turn")  # what a short story may do without

_COLOURS = {
    "red": Pair("red", "红色的"),
    "orange": Pair("orange", "橙色的"),
    "yellow": Pair("yellow", "黄色的"),
    "green": Pair("green", "绿色的"),
    "teal": Pair("teal", "青色的"),
    "blue": Pair("blue", "蓝色的"),
    "purple": Pair("purple", "紫色的"),
    "pink": Pair("pink", "粉色的"),
    "brown": Pair("brown", "棕色的"),
    "black": Pair("black", "黑色的"),
    "grey": Pair("grey", "灰色的"),
    "white": Pair("white", "白色的"),
}
_WHEN = {
    "dawn": Pair("at dawn", "清晨"),
    "day": Pair("one bright day", "一个晴天"),
    "sunset": Pair("at sunset", "日落时"),
    "night": Pair("at night", "夜里"),
}


def write_tale(rng: Random, language: Language, split: Split = "train") -> tuple[str, Plan]:
    """What is asked for, and a story or a film script of a scene; of the held-out split the hero,
    its colour and the place make one that no training text has.
    """
    values = _draw_values(rng, split)
    if rng.random() < 0.65:
        return put("story", rng, language, **values), _story(rng, values)
    return put("film", rng, language, **values), _film(rng, values)


def ask_story(
    hero: str, colour: str, place: str, time: str, rng: Random, language: Language
) -> str:
    """One of the ways to ask for a story of a subject in its colour; by day in space, too."""
    told = stories()
    values = {
        "hero": _in_colour(told.cast[hero].a, _COLOURS[colour]),
        "at": told.places[place]["at"],
        "when": _WHEN[time],
    }
    rows = [Pair(*row) for row in asking()["story"]]
    return say(rng.choice([row for row in rows if row.slots == values.keys()]), values, language)


def write_caption(number: int, rng: Random, language: Language) -> tuple[str, str]:
    """What a picture is said to show, and a caption of it in a sentence of its own."""
    scene = compose(number)
    seen = caption(scene, language, rng).text
    said = ""
    while not said.endswith((".", "。")):
        said = caption(scene, language, rng, full=True).text
    return put("caption", rng, language, seen=Pair(seen, seen)), said


def _draw_values(rng: Random, split: Split) -> dict[str, Pair]:
    told = stories()
    while True:
        hero, friend = rng.sample([*SUBJECTS], 2)
        colour, other = rng.choice([*COLOURS]), rng.choice([*COLOURS])
        place = rng.choice([*SETTINGS])
        if is_held_out(hero, colour, place) == (split == "held_out"):
            break
    name, second = rng.sample(list(told.names), 2)
    one, two = told.cast[hero], told.cast[friend]
    a = _in_colour(one.a, _COLOURS[colour])
    return {
        "name": name,
        "friend": second,
        "hero": a,
        "a": a,
        "the": one.the,
        "a_friend": _in_colour(two.a, _COLOURS[other]),
        "trait": one.trait,
        "wants": rng.choice(one.wants),
        "can": rng.choice(two.can),
        "at": told.places[place]["at"],
        "of": told.places[place]["of"],
        "when": _WHEN[rng.choice(TIMES)],
    }


def _in_colour(pattern: Pair, colour: Pair) -> Pair:
    values = {"colour": colour}
    english = fill(pattern, values, "en")
    if english.startswith("a orange"):
        english = "an" + english[1:]
    return Pair(english, fill(pattern, values, "zh"))


def _line(rng: Random, stage: str, values: Mapping[str, Pair]) -> Line:
    return Line(stage, rng.choice(stories().patterns[stage]), values)


def _story(rng: Random, values: Mapping[str, Pair]) -> Plan:
    stages = [stage for stage in ARC if stage not in SPARED or rng.random() < 0.7]
    lines = [_line(rng, stage, values) for stage in stages]
    title = Paragraph([_line(rng, "title", values)])
    if len(lines) > 5:
        told = [Paragraph(lines[:3]), Paragraph(lines[3:])]
    else:
        told = [Paragraph(lines)]
    return Plan([title, *told] if rng.random() < 0.4 else told)


def _film(rng: Random, values: Mapping[str, Pair]) -> Plan:
    shots = rng.randint(2, 5)
    told = stories().patterns
    lines = [
        Line("voice_over", pattern, values)
        for pattern in rng.sample(list(told["voice_over"]), shots)
    ]
    if rng.random() < 0.4:
        return Plan([Paragraph(lines)])
    voice = Pair("Voice: ", "旁白：")
    script: list[Paragraph] = []
    for pattern, line in zip(rng.sample(list(told["shot"]), shots), lines, strict=True):
        script += [Paragraph([Line("shot", pattern, values)]), Paragraph([line], voice, "\n")]
    return Plan(script)
