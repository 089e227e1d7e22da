"""A brand's voice: what is true of it, how it speaks, and what it never says."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from maquette.copydesk.template import Language, Plain, Strict

Line = Annotated[Plain, StringConstraints(min_length=1, max_length=400, strip_whitespace=True)]
Text = Annotated[Plain, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
Person = Literal["we", "I", "you"]  # whom the sentences are about
MOST_LINES, MOST_EXAMPLES = 200, 10


class Spelling(Strict):
    """A word that is written wrong, and how it is written."""

    wrong: Line
    right: Line


class Style(Strict):
    """What its sentences are like; None is as it comes."""

    sentence_words: Annotated[int, Field(ge=1, le=200)] | None = None  # about so many
    person: Person | None = None
    exclamation_marks: bool | None = None
    emoji: bool | None = None


class Voice(Strict):
    """All that copy in a brand's voice is written and checked by."""

    brand: Annotated[Plain, StringConstraints(max_length=200, strip_whitespace=True)] = ""
    facts: Annotated[Sequence[Line], Field(max_length=MOST_LINES)] = ()
    tones: Annotated[Sequence[Line], Field(max_length=10)] = ()
    banned: Annotated[Sequence[Line], Field(max_length=MOST_LINES)] = ()
    glossary: Annotated[Sequence[Spelling], Field(max_length=MOST_LINES)] = ()
    terms: Annotated[Sequence[Line], Field(max_length=MOST_LINES)] = ()  # names, as it writes them
    examples: Annotated[Sequence[Text], Field(max_length=MOST_EXAMPLES)] = ()
    languages: Annotated[Sequence[Language], Field(max_length=2)] = ()
    style: Style = Style()
