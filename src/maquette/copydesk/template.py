"""Templates of copy as data: a YAML file each, read strictly, and never changed by the program."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic import model_validator as whole

from maquette.core.errors import InvalidRequest, NotFound, did_you_mean
from maquette.core.requests import is_unicode

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
# fmt: off
Group = Literal[
    "shop", "social", "mail", "press", "advert", "web", "video", "story", "caption", "edit",
]
GROUPS: tuple[Group, ...] = get_args(Group)  # in the order in which people see them
Kind = Literal[
    "tagline", "headline", "call_to_action", "description", "post", "email", "press", "advert",
    "seo", "bullets", "faq", "script", "note", "article", "reply", "review", "story", "film",
    "caption", "edit",
]
# fmt: on
Counted = Literal["plain", "x", "mastodon", "google"]  # who says how long a character is
Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Pair = tuple[Words, Words]  # in English, in Chinese
Count = Annotated[int, Field(ge=0, le=100_000)]
Given = str | Sequence[str]  # a line or a text, or lines
USUAL_INPUTS = {"voice", "tone", "language", "length", "include", "avoid"}  # of all templates


def _storable(text: str) -> str:
    if not is_unicode(text):
        raise ValueError("this has a NUL character, which is no text; take it out")
    return text


Plain = Annotated[str, AfterValidator(_storable)]  # that a database keeps
FOLDER = Path(__file__).with_name("templates")


class Strict(BaseModel):
    """Takes what it knows, and nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Input(Strict):
    """What a person fills in: a line, lines of which each is one fact, a long text, or a picture,
    which they name, or say what it shows. A line may be `named`: it says what is called how, and
    the text must name it.
    """

    name: Annotated[str, Field(pattern="^[a-z_]+$")]
    label: Pair
    kind: Literal["line", "lines", "text", "picture"]
    required: bool
    hint: Pair
    named: bool = False

    @whole(mode="after")
    def _can_be_named(self) -> Self:
        if self.named and self.kind != "line":
            raise ValueError(f"{self.kind} has no name that a text can say; take named out")
        return self


class Limits(Strict):
    """What a finished text has to meet; a Chinese character counts as a word."""

    least_words: Count | None = None
    most_words: Count | None = None
    most_characters: Count | None = None
    counted: Counted = "plain"
    lines: Count | None = None  # that are not empty
    most_title_characters: Count | None = None  # of the first line
    most_line_characters: Sequence[Count] = ()  # of each in turn; a single one is for all
    hashtags: tuple[Count, Count] | None = None  # least and most
    starts: Sequence[Words | Pair] = ()  # how lines begin that must be there


class Example(Strict):
    """Inputs as someone filled them in, and a good text for them."""

    language: Language
    inputs: Mapping[str, str | list[str]]
    result: Words


class Template(Strict):
    """One kind of copy: what is filled in, how it is asked for, and what it has to meet.

    In `ask` an input or the tone may be named in braces; one that is has no line of its own.
    """

    label: Pair
    group: Group
    about: Pair
    kind: Kind
    languages: Annotated[Sequence[Language], Field(min_length=1)]
    inputs: Annotated[Sequence[Input], Field(min_length=1)]
    ask: Pair
    fields: Mapping[str, Pair]  # the names of the lines that inputs become
    checks: Limits
    examples: Annotated[Sequence[Example], Field(min_length=1)]

    @property
    def is_edit(self) -> bool:
        """Whether it changes a text that is given."""
        return self.kind == "edit"

    @whole(mode="after")
    def _fits_together(self) -> Self:
        names = [one.name for one in self.inputs]
        if len({*names}) < len(names):
            raise ValueError(f"inputs: {names} has a name twice; give each its own")
        for name in names:
            asked = f"{{{name}}}" in self.ask[0] and f"{{{name}}}" in self.ask[1]
            if name not in self.fields and not asked and not (self.is_edit and name == "text"):
                raise ValueError(f"fields: {name} has no line; name one, or put it into ask")
        if unknown := self.fields.keys() - {*names}:
            raise ValueError(f"fields: {min(unknown)} is no input; name one of {names}")
        if not any(one.required for one in self.inputs):
            raise ValueError("inputs: none is required; say what no text can do without")
        for example in self.examples:
            if unknown := example.inputs.keys() - {*names} - USUAL_INPUTS:
                raise ValueError(f"examples: {min(unknown)} is no input; name one of {names}")
        return self


@cache
def templates() -> Mapping[str, Template]:
    """All that come with the program, by name, group by group."""
    found = {path.stem: read_template(path) for path in FOLDER.glob("*.yaml")}
    order = sorted(found, key=lambda name: (GROUPS.index(found[name].group), name))
    return {name: found[name] for name in order}


def find_template(name: str) -> Template:
    """Raises NotFound where there is none of that name."""
    known = templates()
    if name not in known:
        raise NotFound(f"no template named {name!r}; {did_you_mean(name, known)}")
    return known[name]


def read_template(path: Path) -> Template:
    """One file. Raises InvalidRequest that names the file, the key and what to do."""
    try:
        said: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Template.model_validate(said)
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        at = f"line {place.line + 1}" if place else "the file"
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise InvalidRequest(f"{path.name}: {at} is no YAML: {problem}; mend it") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        why = first["msg"].removeprefix("Value error, ")
        raise InvalidRequest(
            f"{path.name}: {f'{key}: ' if key else ''}{why}; see the other templates"
        ) from None
