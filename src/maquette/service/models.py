"""Which models a studio has, and what a small one knows."""

from functools import cache

from maquette.world.captions import chinese, english

Subject = dict[str, list[str]]


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
