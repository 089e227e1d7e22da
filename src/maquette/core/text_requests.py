"""What is asked of a language model: small frozen values, checked when they are made."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from maquette.core.errors import InvalidRequest, did_you_mean
from maquette.core.requests import is_unicode

Role = Literal["system", "user", "assistant"]
ROLES: tuple[Role, ...] = get_args(Role)
MOST_PROMPT_CHARACTERS = 200_000
MOST_TOKENS = 32_768
MOST_TEXTS = 16
MOST_SCHEMA_CHARACTERS = 100_000
MOST_STOPS, MOST_STOP_CHARACTERS = 16, 200  # which are looked for at each token
MOST_TEMPERATURE = 2.0
DEFAULT_TOKENS = 512
DEFAULT_TEMPERATURE = 0.8
DEFAULT_TOP_P = 0.95


@dataclass(frozen=True, slots=True)
class Message:
    """What one side of a talk says."""

    role: Role
    content: str

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise InvalidRequest(f"unknown role {self.role!r}; {did_you_mean(self.role, ROLES)}")
        if not is_unicode(self.content):
            raise InvalidRequest(
                f"the message {self.content[:40]!a} is not valid UTF-8 text; type it anew"
            )


@dataclass(frozen=True, slots=True)
class ShownMessage(Message):
    """One that shows pictures, too, as data URLs; for models of other servers that see."""

    pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TextParams:
    """How a text is sampled: at temperature 0 the likeliest token each time.

    `schema` is a JSON Schema, as JSON, that the text is to satisfy; "{}" is any JSON. Raises
    InvalidRequest naming the value that does not fit.
    """

    max_tokens: int = DEFAULT_TOKENS
    temperature: float = DEFAULT_TEMPERATURE
    top_p: float = DEFAULT_TOP_P
    seed: int = 0
    stop: tuple[str, ...] = ()
    schema: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.max_tokens <= MOST_TOKENS:
            raise InvalidRequest(
                f"max_tokens {self.max_tokens} must be between 1 and {MOST_TOKENS}"
            )
        if not 0.0 <= self.temperature <= MOST_TEMPERATURE:
            raise InvalidRequest(
                f"temperature {self.temperature:g} must be between 0 and {MOST_TEMPERATURE:g}"
            )
        if not 0.0 < self.top_p <= 1.0:
            raise InvalidRequest(f"top_p {self.top_p:g} must be above 0 and at most 1")
        if not 0 <= self.seed < 2**63:
            raise InvalidRequest(f"seed {self.seed} must be between 0 and 2^63 - 1")
        if len(self.stop) > MOST_STOPS:
            raise InvalidRequest(f"{len(self.stop)} stops are too many; at most {MOST_STOPS}")
        for one in self.stop:
            if not one:
                raise InvalidRequest("an empty stop would end every text at once; leave it out")
            if len(one) > MOST_STOP_CHARACTERS:
                raise InvalidRequest(
                    f"a stop of {len(one)} characters is too long; at most {MOST_STOP_CHARACTERS}"
                )
            if not is_unicode(one):
                raise InvalidRequest(f"the stop {one!a} is not valid UTF-8 text; type it anew")
        if self.schema is not None:
            _check_schema(self.schema)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a text is held to while it is sampled: how many words it has, and which it must have, as
    far as that can be; that no run of `run_words` comes twice, and no sentence of more words than
    `sentence_words`; and its language, so that English hardly has Chinese characters in it.
    """

    least_words: int | None = None
    most_words: int | None = None
    include: Sequence[str] = ()
    run_words: int | None = None
    sentence_words: int | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class TextRequest:
    """One or several answers to a talk; answer i uses `params.seed + i`."""

    messages: Sequence[Message]
    params: TextParams = TextParams()
    count: int = 1

    def __post_init__(self) -> None:
        if not any(message.content.strip() for message in self.messages):
            raise InvalidRequest(
                'the prompt is empty; say what to write, such as "a tagline for a kettle"'
            )
        if not 1 <= self.count <= MOST_TEXTS:
            raise InvalidRequest(f"count {self.count} must be between 1 and {MOST_TEXTS}")
        characters = sum(len(message.content) for message in self.messages)
        if characters > MOST_PROMPT_CHARACTERS:
            raise InvalidRequest(
                f"the prompt has {characters} characters, and at most {MOST_PROMPT_CHARACTERS} are "
                "read; shorten it"
            )


def one_by_one(request: TextRequest) -> Sequence[TextRequest]:
    """A request for several texts as one for each, with its seed."""
    params = request.params
    return [
        replace(request, count=1, params=replace(params, seed=params.seed + number))
        for number in range(request.count)
    ]


def _check_schema(schema: str) -> None:
    if len(schema) > MOST_SCHEMA_CHARACTERS:
        raise InvalidRequest(
            f"the JSON Schema has {len(schema)} characters, and at most {MOST_SCHEMA_CHARACTERS} "
            "are read; shorten it"
        )
    try:
        read = json.loads(schema)
    except ValueError as error:
        raise InvalidRequest(f"the JSON Schema is no JSON: {error}") from None
    if not isinstance(read, dict):
        raise InvalidRequest("the JSON Schema must be a JSON object")
    if not is_unicode(json.dumps(read, ensure_ascii=False)):
        raise InvalidRequest("the JSON Schema is not valid UTF-8 text; type it anew")
