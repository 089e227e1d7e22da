"""What is asked for as code: small frozen values, checked when they are made."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from maquette.core.errors import InvalidRequest, did_you_mean
from maquette.core.requests import is_unicode

CodeKind = Literal["program", "tool", "page", "svg", "chart"]
CODE_KINDS: tuple[CodeKind, ...] = get_args(CodeKind)
RUN_KINDS = ("program", "tool", "chart")  # which are Python, and run; the others are looked through
MOST_CODE_PROMPT_CHARACTERS = 20_000
MOST_TEST_CHARACTERS = 50_000
MOST_DATA_CHARACTERS = 300_000  # a body of the API may have a mebibyte
MOST_CONTAINS, MOST_ARGUMENTS, MOST_WORD_CHARACTERS = 50, 50, 1000
MOST_ATTEMPTS, DEFAULT_ATTEMPTS = 8, 3
DEFAULT_CODE_TOKENS, MOST_CODE_TOKENS = 2048, 16_384
# Which tests a kind of code can have, for what else would be passed over.
TESTS_OF: dict[CodeKind, tuple[str, ...]] = {
    "program": ("assertions", "output", "arguments"),
    "tool": ("assertions", "output", "arguments"),
    "chart": ("assertions", "contains"),
    "page": ("contains",),
    "svg": ("contains",),
}


def _check_python(assertions: str) -> None:
    try:
        ast.parse(assertions)
    except SyntaxError as error:
        raise InvalidRequest(f"the tests are no Python: line {error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise InvalidRequest(f"the tests are no Python: {error or 'nested too deeply'}") from None


@dataclass(frozen=True, slots=True)
class CodeTests:
    """What code has to pass.

    `assertions` is Python that sees all that the program defines, and `run(*words, stdin="")` of
    it, which gives an exit code and what was printed. `output` is what it is to print when it is
    called with `arguments`. `contains` are texts that a page or drawing has to show, or elements
    written as `<button>`.
    """

    assertions: str = ""
    output: str | None = None
    contains: Sequence[str] = ()
    arguments: Sequence[str] = ()

    def __post_init__(self) -> None:
        for text in (self.assertions, self.output or "", *self.contains, *self.arguments):
            if not is_unicode(text):
                raise InvalidRequest(
                    f"the test {text[:40]!a} is not valid UTF-8 text; type it anew"
                )
        longest = max(len(self.assertions), len(self.output or ""))
        if longest > MOST_TEST_CHARACTERS:
            raise InvalidRequest(
                f"the tests have {longest} characters, and at most {MOST_TEST_CHARACTERS} are "
                "read; shorten them"
            )
        if len(self.contains) > MOST_CONTAINS or len(self.arguments) > MOST_ARGUMENTS:
            raise InvalidRequest(f"at most {MOST_CONTAINS} texts and words can be named for a test")
        for word in (*self.contains, *self.arguments):
            if len(word) > MOST_WORD_CHARACTERS:
                raise InvalidRequest(
                    f"{word[:40]!r} has {len(word)} characters, and a test may name at most "
                    f"{MOST_WORD_CHARACTERS}; shorten it"
                )
        if not all(word.strip() for word in self.contains):
            raise InvalidRequest("an empty text is in everything; leave it out of the tests")
        _check_python(self.assertions)


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """Words for code of a `kind`; attempt i, counted from 0, uses `seed + i`. `data` is what a
    chart shows. Raises InvalidRequest naming the value that does not fit.
    """

    prompt: str
    kind: CodeKind
    tests: CodeTests = CodeTests()
    data: str = ""
    attempts: int = DEFAULT_ATTEMPTS
    seed: int = 0
    max_tokens: int = DEFAULT_CODE_TOKENS

    def __post_init__(self) -> None:
        if self.kind not in CODE_KINDS:
            hint = did_you_mean(self.kind, CODE_KINDS)
            raise InvalidRequest(f"unknown kind of code {self.kind!r}; {hint}")
        if not self.prompt.strip():
            raise InvalidRequest('the prompt is empty; say what to make, such as "a clock"')
        for text in (self.prompt, self.data):
            if not is_unicode(text):
                raise InvalidRequest(f"{text[:40]!a} is not valid UTF-8 text; type it anew")
        if len(self.prompt) > MOST_CODE_PROMPT_CHARACTERS:
            raise InvalidRequest(
                f"the prompt has {len(self.prompt)} characters, and at most "
                f"{MOST_CODE_PROMPT_CHARACTERS} are read; shorten it"
            )
        if len(self.data) > MOST_DATA_CHARACTERS:
            raise InvalidRequest(
                f"the data have {len(self.data)} characters, and at most {MOST_DATA_CHARACTERS} "
                "are read; leave some out"
            )
        if self.kind == "chart" and not self.data.strip():
            raise InvalidRequest("a chart needs data; give them as CSV or JSON")
        if self.kind != "chart" and self.data:
            raise InvalidRequest(f"a {self.kind} takes no data; only a chart does")
        for name in ("assertions", "output", "contains", "arguments"):
            given = getattr(self.tests, name) not in ("", None, (), [])
            if given and name not in TESTS_OF[self.kind]:
                can = " or ".join(TESTS_OF[self.kind])
                raise InvalidRequest(f"a {self.kind} cannot be tested by {name}; give {can}")
        if not 1 <= self.attempts <= MOST_ATTEMPTS:
            raise InvalidRequest(f"attempts {self.attempts} must be between 1 and {MOST_ATTEMPTS}")
        if not 1 <= self.max_tokens <= MOST_CODE_TOKENS:
            raise InvalidRequest(
                f"max_tokens {self.max_tokens} must be between 1 and {MOST_CODE_TOKENS}"
            )
        if not 0 <= self.seed < 2**63 - MOST_ATTEMPTS:
            raise InvalidRequest(f"seed {self.seed} must be between 0 and 2^63 - 9")
