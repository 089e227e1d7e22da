"""Which models a studio has, and what a small one knows."""

from dataclasses import dataclass
from functools import cache

from maquette.world.captions import chinese, english
from maquette.world.vocabulary import STYLES

Subject = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Style:
    """A style by name: its label and what a prompt says for it by language, the usual words first,
    and where a picture in it is.
    """

    name: str
    label: dict[str, str]
    words: dict[str, list[str]]
    picture: str


@cache
def starter_subjects() -> list[Subject]:
    """What the starter model learned to draw: each subject's names, the usual one first."""
    return [
        {
            # What a noun has before a `~` or as its measure word is not part of the name.
            "en": [*dict.fromkeys(name.rpartition("~ ")[2] for name in english.NOUNS[subject])],
            "zh": [name[1:] for name in chinese.NOUNS[subject]],
        }
        for subject in english.NOUNS
    ]


@cache
def starter_styles() -> list[Style]:
    """The styles that the starter model learned to draw in."""
    return [
        Style(
            style,
            {"en": style, "zh": chinese.LABELS[style][0]},
            {
                "en": [*english.STYLES[style], *english.LABELS[style]],
                "zh": [*chinese.STYLES[style], *chinese.LABELS[style]],
            },
            f"/tiles/{style}.webp",
        )
        for style in STYLES
    ]
