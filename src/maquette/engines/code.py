"""The code engine: words to code that was run before it is handed over, tried again if it fails."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

from maquette.core.code_requests import RUN_KINDS, CodeRequest
from maquette.core.errors import CodeFailed
from maquette.core.text_requests import Message
from maquette.engines.code_prompts import Extract, again, extract, opening
from maquette.engines.code_runs import (
    MOST_CODE_BYTES,
    CodeFile,
    Outcome,
    data_name,
    try_page_or_drawing,
    try_python,
)
from maquette.sandbox.runs import Sandbox

MOST_ANSWER_CHARACTERS = 500_000  # which are looked through for code
MOST_NOTES_CHARACTERS = 4000  # of what a writer says beside the code, in the log


@dataclass(frozen=True, slots=True)
class Written:
    """An answer of a writer, and how many tokens were read and said for it."""

    text: str
    read_tokens: int = 0
    said_tokens: int = 0


class Writer(Protocol):
    """Answers a talk; the number of the attempt, from 0, goes into its seed."""

    def __call__(self, messages: Sequence[Message], attempt: int) -> Written: ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, as the log has it: the code and its tests, how it ended, what it printed, and
    what failed: "" where it passed.
    """

    number: int
    code: str
    tests: str
    exit_code: int | None
    stopped_by: str | None
    output: str
    failure: str
    seconds: float
    read_tokens: int
    said_tokens: int
    notes: str = ""  # what the answer said beside its code


@dataclass(frozen=True, slots=True)
class CodeMade:
    """What passed, the main thing first, and all attempts at it, the last of which it is."""

    files: Sequence[CodeFile]
    attempts: Sequence[Attempt]

    @property
    def read_tokens(self) -> int:
        return sum(one.read_tokens for one in self.attempts)

    @property
    def said_tokens(self) -> int:
        return sum(one.said_tokens for one in self.attempts)


@dataclass(frozen=True, slots=True)
class Told:
    """What is under way: "writing" or "running" of the attempt of a number, from 1."""

    attempt: int
    doing: str


def make_code(
    request: CodeRequest,
    write: Writer,
    sandbox: Callable[[], Sandbox],
    begun: Sequence[Attempt] = (),
    on_attempt: Callable[[Sequence[Attempt]], None] = lambda attempts: None,
    on_doing: Callable[[Told], None] = lambda told: None,
) -> CodeMade:
    """Writes, runs and, where that fails, writes again, as often as the request has it.

    `begun` are attempts of before, from which it goes on; where the last of them passed, what it
    made was lost, and its code is run again without being written again. `on_attempt` is told all
    so far, whenever one has ended. The sandbox is asked for before anything is written, and not at
    all where nothing is run.

    Raises CodeFailed where no attempt passed, SandboxUnavailable where Python cannot be run, and
    whatever the writer raises.
    """
    attempts = list(begun)
    passed = attempts.pop() if attempts and not attempts[-1].failure else None
    walls = sandbox() if request.kind in RUN_KINDS else None
    first = opening(request, data_name(request.data))
    for number in range(len(attempts) + 1, request.attempts + 1):
        if passed is not None:
            written = Written("", passed.read_tokens, passed.said_tokens)
            found, fault = Extract(passed.code, passed.tests, passed.notes), ""
            passed = None
        else:
            on_doing(Told(number, "writing"))
            last = attempts[-1] if attempts else None
            messages = again(first, _block(last) or last.notes, last.failure) if last else first
            written = write(messages, number - 1)
            found, fault = _read(request, written.text)
        on_doing(Told(number, "running"))
        outcome = Outcome(fault) if fault else _try(request, found, walls)
        attempts.append(_note(number, written, found, outcome))
        on_attempt(attempts)
        if not outcome.failure:
            return CodeMade(outcome.files, attempts)
    raise CodeFailed(
        f"no code passed within {len(attempts)} attempts ({_why(attempts)}); say more exactly what "
        "is wanted, allow more attempts or choose another model",
        [asdict(one) for one in attempts],
    )


def _read(request: CodeRequest, answer: str) -> tuple[Extract, str]:
    """What is in an answer, and why it is not tried: "" where it is."""
    if len(answer) > MOST_ANSWER_CHARACTERS:
        return Extract(
            ""
        ), f"the answer is longer than {MOST_ANSWER_CHARACTERS} characters; write less"
    found = extract(answer, request.kind)
    if not found.code.strip():
        return found, "no code was found in the answer; put it into one block"
    if len(found.code.encode(errors="replace")) > MOST_CODE_BYTES:
        return found, f"the code is larger than {MOST_CODE_BYTES} bytes; write less"
    return found, ""


def _try(request: CodeRequest, found: Extract, walls: Sandbox | None) -> Outcome:
    if walls is None:
        return try_page_or_drawing(request, found.code)
    return try_python(request, found, walls)


def _note(number: int, written: Written, found: Extract, outcome: Outcome) -> Attempt:
    most = MOST_CODE_BYTES
    return Attempt(
        number,
        found.code[:most].replace("\0", ""),
        found.tests[:most].replace("\0", ""),
        outcome.exit_code,
        outcome.stopped_by,
        outcome.output,
        outcome.failure,
        round(outcome.seconds, 3),
        written.read_tokens,
        written.said_tokens,
        found.notes[:MOST_NOTES_CHARACTERS].replace("\0", ""),
    )


def _block(attempt: Attempt) -> str:
    """The code as its writer gave it."""
    blocks = [f"```\n{text.rstrip()}\n```" for text in (attempt.code, attempt.tests) if text]
    return "\n".join(blocks)


def _why(attempts: Sequence[Attempt]) -> str:
    """The last failure in short: its first line says where it ended, its last one why."""
    said = attempts[-1].failure.strip().splitlines() if attempts else []
    if not said:
        return "nothing was tried"
    return ": ".join(dict.fromkeys([said[0].strip(), said[-1].strip()]))[:300]


def log_file(request: CodeRequest, attempts: Sequence[Attempt], model: str) -> CodeFile:
    """The log that is handed over beside the code."""
    log = {
        "prompt": request.prompt,
        "kind": request.kind,
        "model": model,
        "seed": request.seed,
        "tests": asdict(request.tests),
        "attempts": [asdict(one) for one in attempts],
    }
    text = json.dumps(log, ensure_ascii=False, indent=1)
    return CodeFile("log.json", "application/json", f"{text}\n".encode())
