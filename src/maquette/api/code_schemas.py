"""What is said of code over the wire."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from maquette.api.context_fields import CaptionerName, Names
from maquette.api.fields import Int, told
from maquette.core.code_requests import (
    CODE_KINDS,
    DEFAULT_ATTEMPTS,
    DEFAULT_CODE_TOKENS,
    MOST_ARGUMENTS,
    MOST_ATTEMPTS,
    MOST_CODE_PROMPT_CHARACTERS,
    MOST_CODE_TOKENS,
    MOST_CONTAINS,
    MOST_DATA_CHARACTERS,
    MOST_TEST_CHARACTERS,
    MOST_WORD_CHARACTERS,
    CodeKind,
    CodeRequest,
    CodeTests,
)
from maquette.engines.starter_code import STARTER_CODE, STARTER_KINDS
from maquette.jobs.store import Job, Priority
from maquette.ledger.prices import CAPTIONS

Word = Annotated[str, Field(max_length=MOST_WORD_CHARACTERS)]


class CodeTestsIn(BaseModel):
    """What code has to pass; what is left out is not tested."""

    model_config = ConfigDict(extra="forbid")

    assertions: Annotated[
        str,
        Field(
            max_length=MOST_TEST_CHARACTERS,
            description='Python that sees what the program defines, and `run(*words, stdin="")`, '
            "which gives its exit code and what it printed.",
        ),
    ] = ""
    output: Annotated[
        str | None,
        Field(max_length=MOST_TEST_CHARACTERS, description="What it is to print."),
    ] = None
    contains: Annotated[
        list[Word],
        Field(max_length=MOST_CONTAINS, description="Texts it shows, or elements: `<button>`."),
    ] = []
    arguments: Annotated[
        list[Word], Field(max_length=MOST_ARGUMENTS, description="Words that it is called with.")
    ] = []


class CodeIn(BaseModel):
    """A request for code, which is run with its tests before it is handed over."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"prompt": "a red boat on a calm sea at night", "kind": "svg"}]
        },
    )

    prompt: Annotated[str, Field(max_length=MOST_CODE_PROMPT_CHARACTERS)]
    kind: CodeKind
    model: str = STARTER_CODE
    tests: CodeTestsIn = CodeTestsIn()
    data: Annotated[
        str, Field(max_length=MOST_DATA_CHARACTERS, description="What a chart shows: CSV, JSON.")
    ] = ""
    attempts: Annotated[Int, told(minimum=1, maximum=MOST_ATTEMPTS)] = DEFAULT_ATTEMPTS
    seed: Annotated[Int, Field(ge=0, lt=2**53)] | None = None
    max_tokens: Annotated[Int, told(minimum=1, maximum=MOST_CODE_TOKENS)] = DEFAULT_CODE_TOKENS
    context: Names = []
    captioner: CaptionerName = CAPTIONS
    priority: Priority = "interactive"  # which comes before batch

    def request(self, seed: int) -> CodeRequest:
        """What was asked for. Raises InvalidRequest naming what does not fit."""
        contains, arguments = tuple(self.tests.contains), tuple(self.tests.arguments)
        tests = CodeTests(self.tests.assertions, self.tests.output, contains, arguments)
        return CodeRequest(
            self.prompt, self.kind, tests, self.data, self.attempts, seed, self.max_tokens
        )

    @classmethod
    def of(cls, job: Job) -> "CodeIn":
        """What a job was asked for."""
        asked: dict[str, Any] = {
            name: job.request[name] for name in cls.model_fields if name in job.request
        }
        return cls(**asked, priority=job.priority)


class CodeQuoteOut(BaseModel):
    """What a request can cost at most. That much is held when it is made; what its attempts took is
    charged at its end, and nothing where none passed.
    """

    kind: Literal["at_most"] = "at_most"
    model: str
    price_microcredits: int


class CodeModelOut(BaseModel):
    """What writes code without a language model of its own, and which kinds."""

    id: str = STARTER_CODE
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "maquette"
    media: Literal["code"] = "code"
    kinds: tuple[CodeKind, ...] = STARTER_KINDS
    all_kinds: tuple[CodeKind, ...] = CODE_KINDS
    attempts: int = DEFAULT_ATTEMPTS
    most_attempts: int = MOST_ATTEMPTS
    piece_microcredits: int
