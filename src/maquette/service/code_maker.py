"""How the code of a job is made: each attempt told and kept, what is run behind walls, in turn."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, wait
from dataclasses import asdict
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maquette.batching.loop import EngineLoop
from maquette.core import tracing
from maquette.core.code_requests import CodeRequest, CodeTests
from maquette.core.text_requests import Message, TextParams, TextRequest
from maquette.decoding.request import DecodingOutput, DecodingRequest
from maquette.engines.code import Attempt, Told, Writer, Written, log_file, make_code
from maquette.engines.remote_text import RemoteText
from maquette.engines.starter_code import STARTER_CODE, StarterWriter
from maquette.jobs.store import Job
from maquette.sandbox.choice import choose_sandbox
from maquette.sandbox.runs import Limits, Run, Sandbox
from maquette.service.code_price import most_code_price
from maquette.service.engine_clock import EngineClock
from maquette.service.making import TICK_S, Made, MadeAsset, Making
from maquette.service.text_maker import LOOKS_A_TICK
from maquette.service.text_price import price_by_tokens
from maquette.service.text_servers import TextServers
from maquette.service.turns import Turns

if TYPE_CHECKING:  # which takes seconds to import, and is handed in
    from maquette.engines.text import TextEngine

RUNS_AT_ONCE = 2  # each may take half a gigabyte and all of a core
TEMPERATURE, TOP_P = 0.2, 0.95  # code is right or wrong, and a second attempt has another seed


class CodeMaker:
    """Makes code: the starter's with its language model, where that is here, all other by models of
    other servers.
    """

    def __init__(
        self,
        servers: TextServers,
        starter: "tuple[TextEngine, EngineLoop[DecodingRequest, DecodingOutput]] | None",
        data: Path | None = None,
        clock: EngineClock[DecodingRequest, DecodingOutput] | None = None,
    ) -> None:
        self._servers, self._starter, self._clock = servers, starter, clock
        self._walls = OneSandbox(data)

    def make(self, making: Making) -> Made:
        """What passed, and the log; what that cost. Raises CodeFailed, SandboxUnavailable,
        RemoteUnavailable, InvalidRequest, and CancelledError where it is not to go on.
        """
        request, model = read_request(making.job.request), making.job.request["model"]
        kept = making.last_kept()
        begun = [Attempt(**one) for one in kept["log"]] if kept else []

        def note(attempts: Sequence[Attempt]) -> None:
            making.keep(_progress(request, len(attempts), "tried", attempts))
            if not making.goes_on():
                raise CancelledError

        def tell(told: Told) -> None:
            making.tell(_progress(request, told.attempt, told.doing))

        with tracing.span("code"):
            writer, walls = self._writer(making, request), partial(self._walls.get, making)
            made = make_code(request, writer, walls, begun, note, tell)
        files = [*made.files, log_file(request, made.attempts, model)]
        price = None
        if (thousand_tokens := making.job.request.get("thousand_tokens_microcredits")) is not None:
            price = min(
                price_by_tokens(thousand_tokens, made.read_tokens, made.said_tokens),
                most_code_price(request, thousand_tokens),
            )
        return Made(
            [MadeAsset(file.content, file.media_type, request.seed) for file in files],
            price,
            {
                "files": [file.name for file in files],
                "attempt": len(made.attempts),
                "prompt_tokens": made.read_tokens,
                "answer_tokens": made.said_tokens,
            },
        )

    def kept(self, job: Job) -> Sequence[Path]:
        """No files: the attempts so far are kept as an event."""
        return ()

    def fail(self, error: Exception) -> None:
        """Ends the worker where the device of the starter is broken."""
        if self._starter is not None:
            self._starter[1].fail(error)

    def _writer(self, making: Making, request: CodeRequest) -> Writer:
        model = making.job.request["model"]
        if model == STARTER_CODE:
            assert self._starter is not None  # a worker takes no jobs for models that it has not
            engine, loop = self._starter
            return StarterWriter(request, teller(making, engine, loop, self._clock))
        return self._elsewhere(making, request, model)

    def _elsewhere(self, making: Making, request: CodeRequest, model: str) -> Writer:
        server, name = self._servers.open(model)
        looks = count(1)

        def look() -> bool:
            return next(looks) % LOOKS_A_TICK != 0 or making.goes_on()

        def write(messages: Sequence[Message], attempt: int) -> Written:
            asked = text_request(request, messages, attempt)
            (answer,) = RemoteText(server).answers(asked, name, look=look)
            return Written(answer.text, answer.prompt_tokens, answer.answer_tokens)

        return write


class OneSandbox:
    """The sandbox of a worker, looked for when code is first run, so many runs of it at once. One
    that is not there is looked for again, for it may have been installed meanwhile.
    """

    def __init__(self, data: Path | None) -> None:
        self._data = data
        self._found: Sandbox | None = None
        self._looking = threading.Lock()
        self._turns = Turns(RUNS_AT_ONCE)

    def get(self, making: Making) -> Sandbox:
        """That of a job, whose runs wait for their turns. Raises SandboxUnavailable saying what to
        do.
        """
        with self._looking:
            if self._found is None:
                self._found = choose_sandbox(self._data)
            return _InTurn(self._found, self._turns, making)


class _InTurn:
    def __init__(self, sandbox: Sandbox, turns: Turns, making: Making) -> None:
        self._sandbox, self._turns, self._making = sandbox, turns, making

    def run(self, files: Mapping[str, bytes], command: Sequence[str], limits: Limits) -> Run:
        """As `Sandbox.run` says; raises CancelledError where it is not to go on before."""
        with self._turns.of(self._making.job.account_id, self._making.goes_on):
            return self._sandbox.run(files, command, limits)


def teller(
    making: Making,
    engine: "TextEngine",
    loop: "EngineLoop[DecodingRequest, DecodingOutput]",
    clock: EngineClock[DecodingRequest, DecodingOutput] | None = None,
) -> Callable[[TextRequest], Written]:
    """Writes a story with everyone else's texts. Raises CancelledError where it is not to go on."""
    numbers, job = count(), making.job

    def tell(request: TextRequest) -> Written:
        name = f"{job.job_id}/draft/{next(numbers)}"
        (one,) = engine.prepare(request, name, job.account_id, job.priority == "interactive")
        said: list[str] = []
        future = loop.add(one, lambda output: said.append(output.text))
        try:
            while wait([future], TICK_S).not_done:
                if not making.goes_on():
                    raise CancelledError
        finally:
            loop.cancel(one.request_id)  # nothing where it has finished
            wait([future])
            if clock is not None:
                clock.take(one.request_id)  # or it would be remembered for ever
        if (error := future.result().error) is not None:
            raise error
        return Written("".join(said), len(one.prompt), len(said))

    return tell


def text_request(request: CodeRequest, messages: Sequence[Message], attempt: int) -> TextRequest:
    """What a writer's model is asked for an attempt, counted from 0."""
    params = TextParams(request.max_tokens, TEMPERATURE, TOP_P, request.seed + attempt)
    return TextRequest(tuple(messages), params)


def read_request(asked: Mapping[str, Any]) -> CodeRequest:
    """The request as it was asked for."""
    tests: dict[str, Any] = dict(asked["tests"])
    for name in ("contains", "arguments"):
        tests[name] = tuple(tests[name])  # JSON has no tuples
    names = CodeRequest.__dataclass_fields__.keys() - {"tests"}
    return CodeRequest(**{name: asked[name] for name in names}, tests=CodeTests(**tests))


def _progress(
    request: CodeRequest, attempt: int, doing: str, log: Sequence[Attempt] | None = None
) -> Mapping[str, Any]:
    told: dict[str, Any] = {"attempt": attempt, "attempts": request.attempts, "doing": doing}
    return told if log is None else {**told, "log": [asdict(one) for one in log]}
