"""Routes of OpenAI's, for clients of it: https://platform.openai.com/docs/api-reference."""

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncGenerator
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from fastapi.sse import format_sse_event
from pydantic import BaseModel, ConfigDict, Field

from maquette.api.context import FinderDep, PartIn, shown_in, words_of
from maquette.api.dependencies import CallerDep, StudioDep, TextServersDep, WatchDep
from maquette.api.events import PING, EventStream
from maquette.api.idempotency import REPLAYED, OnceDep
from maquette.api.schemas import MOST_MESSAGES, Float, Int, problems
from maquette.api.text_stream import End, Piece, Replaced, Silence, TextStream
from maquette.api.watch import Watcher
from maquette.core import logs
from maquette.core.errors import (
    InvalidRequest,
    JobFailed,
    MaquetteError,
    NotFound,
    StorageUnavailable,
    first_line,
)
from maquette.core.text_requests import (
    DEFAULT_TEMPERATURE,
    DEFAULT_TOKENS,
    DEFAULT_TOP_P,
    MOST_TEXTS,
    Message,
    TextParams,
    TextRequest,
)
from maquette.db.connect import DATABASE_AWAY
from maquette.engines.catalog import SHIPPED
from maquette.jobs.store import Job
from maquette.ledger.idempotency import AnsweredBefore
from maquette.service.context import of_seen_texts
from maquette.service.outcomes import Outcome
from maquette.service.queues import TEXT
from maquette.service.studio import Studio
from maquette.service.submissions import of_texts

CLIENT_GONE = 499  # as nginx has it; no one reads it
STATUS_BEGUN, STATUS_AWAY = 202, 503
STATUS_FAILED = 422  # clients try again what answers with a 5xx, and would pay again
ERROR_CODES = {
    401: "invalid_api_key",
    402: "insufficient_credits",
    404: "not_found",
    429: "rate_limit_exceeded",
}
PATHS = (
    "/v1/chat/completions",
    "/v1/audio/speech",
)  # where errors have the form that clients of OpenAI's read


class OpenAIError(BaseModel):
    """What is wrong, in one line that names the value and the remedy."""

    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIProblem(BaseModel):
    """The form in which clients of OpenAI's read what is wrong."""

    error: OpenAIError


PROBLEMS = {code: {"model": OpenAIProblem} for code in problems(400, 402, 403, 404, 413, 429)}
router = APIRouter(prefix="/v1", tags=["openai"])
log = logging.getLogger(__name__)


class MessageIn(BaseModel):
    """What one side of a talk says."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[PartIn]

    def message(self) -> Message:
        """As the engine takes it. Raises InvalidRequest."""
        role = "system" if self.role == "developer" else self.role
        return Message(role, words_of(self.content))


class JsonSchemaIn(BaseModel):
    """A schema under the name that a client gave it."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    name: str = "answer"
    schema_: Annotated[dict[str, Any], Field(alias="schema")] = {}


class ResponseFormatIn(BaseModel):
    """What form the answer is to have."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: JsonSchemaIn | None = None

    def schema_text(self) -> str | None:
        """The JSON Schema as JSON; None for any text."""
        if self.type == "text":
            return None
        return json.dumps(self.json_schema.schema_ if self.json_schema else {})


class StreamOptionsIn(BaseModel):
    """Whether the last piece says how many tokens were read and said."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool = False


class CompletionIn(BaseModel):
    """A talk to be answered."""

    model_config = ConfigDict(
        extra="ignore",  # clients send more than servers know, and servers pass it over
        json_schema_extra={
            "examples": [
                {"messages": [{"role": "user", "content": "Write a tagline for Alder, a kettle."}]}
            ]
        },
    )

    messages: Annotated[list[MessageIn], Field(min_length=1, max_length=MOST_MESSAGES)]
    model: str = SHIPPED[TEXT][0].model_id
    n: Annotated[Int, Field(ge=1, le=MOST_TEXTS)] | None = None
    max_tokens: Int | None = None
    max_completion_tokens: Int | None = None
    temperature: Float | None = None
    top_p: Float | None = None
    seed: Annotated[Int, Field(ge=0, lt=2**53)] | None = None
    stop: str | list[str] | None = None
    response_format: ResponseFormatIn | None = None
    stream: bool = False
    stream_options: StreamOptionsIn | None = None
    tools: list[Any] | None = None

    def params(self) -> TextParams:
        """As the engine takes them. Raises InvalidRequest naming what does not fit."""
        if self.tools:
            raise InvalidRequest("tools are not called here; leave them out")
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        given = self.max_completion_tokens
        most = self.max_tokens if given is None else given
        return TextParams(
            DEFAULT_TOKENS if most is None else most,
            DEFAULT_TEMPERATURE if self.temperature is None else self.temperature,
            DEFAULT_TOP_P if self.top_p is None else self.top_p,
            secrets.randbits(32) if self.seed is None else self.seed,
            tuple(stop),
            self.response_format.schema_text() if self.response_format else None,
        )


class _Completion:
    """A talk whose answer is under way."""

    def __init__(self, studio: Studio, job: Job, watcher: Watcher, replayed: bool) -> None:
        self.job = job
        self.headers = {REPLAYED: "true"} if replayed else {}
        self.stream = TextStream(studio, watcher, job.account_id, job.job_id)
        self.ended = self.misled = False

    async def pieces(self) -> AsyncGenerator[Piece | Replaced | Silence | End]:
        """All that is said, and the end. Raises JobFailed where nothing came of it, and as `follow`
        does.
        """
        async for piece in self.stream.follow():
            if isinstance(piece, End):
                self.ended = True
                if piece.event.kind != "succeeded":
                    why = piece.event.data.get("error") or "it was cancelled"
                    raise JobFailed(f"there is no answer: {why}")
            yield piece

    def head(self, kind: str) -> dict[str, Any]:
        """What each answer and each piece of one begins with."""
        return {
            "id": f"chatcmpl-{self.job.job_id.hex}",
            "object": kind,
            "created": int(self.job.created_at.timestamp()),
            "model": self.job.request["model"],
        }


class _Begun(BaseModel):
    """What is kept under a request's `Idempotency-Key`: whoever asks again follows that one."""

    generation_id: UUID

    @classmethod
    def of(cls, job: Job, _: Outcome) -> "_Begun":
        return cls(generation_id=job.job_id)


async def _completion(
    asked: CompletionIn,
    studio: StudioDep,
    caller: CallerDep,
    watch: WatchDep,
    servers: TextServersDep,
    once: OnceDep,
    finder: FinderDep,
) -> AsyncGenerator[_Completion]:
    """Asks for it, and calls it off where whoever asked has gone before its end; not where they
    gave it a key, for then they may come again for the rest.
    """
    params, key, replayed = asked.params(), once(STATUS_BEGUN, _Begun.of), False
    try:
        job, _ = await run_in_threadpool(
            studio.accept,
            caller.account_id,
            lambda: of_seen_texts(
                [one.message() for one in asked.messages],
                lambda talk: of_texts(
                    TextRequest(talk, params, asked.n or 1), asked.model, servers.price_of
                ),
                finder.shown(shown_in([one.content for one in asked.messages])),
            ),
            caller.payer_id,
            once=key,
            key_id=caller.key_id,
        )
    except AnsweredBefore as done:
        begun = _Begun.model_validate_json(done.answer.body)
        job = await run_in_threadpool(studio.job, caller.account_id, begun.generation_id)
        replayed = True
    logs.add(job_id=str(job.job_id))
    with watch.on_job(str(job.job_id)) as watcher:
        completion = _Completion(studio, job, watcher, replayed)
        try:
            yield completion
        finally:
            if not completion.ended and key is None:
                charge = not completion.misled
                await run_in_threadpool(_call_off, studio, caller.account_id, job.job_id, charge)


def _call_off(studio: Studio, account_id: str, job_id: UUID, charge: bool) -> None:
    """What was said so far is charged, unless it is to be forgotten."""
    try:
        studio.cancel(account_id, job_id, charge)
    except DATABASE_AWAY:
        log.warning("the database is away, so job %s goes on, though no one waits", job_id)
    except NotFound:
        pass  # deleted, and so ended


@router.post("/chat/completions", responses=PROBLEMS, response_model=None)
async def create_completion(
    asked: CompletionIn,
    request: Request,
    completion: Annotated[_Completion, Depends(_completion)],
) -> Response:
    """Answer a talk, whole or as it is said. Tools are not called; a JSON Schema is held to. Who
    goes away calls it off and is charged for what was said; with an `Idempotency-Key` it goes on,
    and the same request with that key is answered with it.
    """
    if asked.stream:
        with_usage = asked.stream_options is not None and asked.stream_options.include_usage
        stream = EventStream(_chunks(completion, with_usage))
        stream.headers.update(completion.headers)
        return stream
    whole, gone = asyncio.ensure_future(_last(completion)), asyncio.ensure_future(has_gone(request))
    await asyncio.wait((whole, gone), return_when=asyncio.FIRST_COMPLETED)
    gone.cancel()
    if not whole.done():
        whole.cancel()
        return Response(status_code=CLIENT_GONE)
    end = whole.result()
    choices = [
        {
            "index": number,
            "message": {"role": "assistant", "content": text, "refusal": None},
            "logprobs": None,
            "finish_reason": end.event.data["finish_reasons"][number],
        }
        for number, text in enumerate(end.texts)
    ]
    head = completion.head("chat.completion")
    answer = {**head, "choices": choices, "usage": _usage(end)}
    return JSONResponse(answer, headers=completion.headers)


async def _last(completion: _Completion) -> End:
    async for piece in completion.pieces():
        if isinstance(piece, End):
            return piece
    raise AssertionError("a stream ends with its end")


async def has_gone(request: Request) -> None:
    """Returns when whoever asked does not wait for the answer any more."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _chunks(completion: _Completion, with_usage: bool) -> AsyncGenerator[bytes]:
    head = completion.head("chat.completion.chunk")
    if with_usage:
        head["usage"] = None
    begun: set[int] = set()
    try:
        async for piece in completion.pieces():
            if isinstance(piece, Silence):
                yield PING
                continue
            if isinstance(piece, Replaced):
                completion.misled = True
                raise JobFailed(
                    "what was said before does not hold, for another worker went on otherwise; "
                    "ask again"
                )
            if isinstance(piece, Piece):
                delta = {"content": piece.text}
                if piece.index not in begun:
                    begun.add(piece.index)
                    delta = {"role": "assistant", **delta}
                yield _data({**head, "choices": [_choice(piece.index, delta, None)]})
                continue
            for number, reason in enumerate(piece.event.data["finish_reasons"]):
                yield _data({**head, "choices": [_choice(number, {}, reason)]})
            if with_usage:
                yield _data({**head, "choices": [], "usage": _usage(piece)})
    except (MaquetteError, *DATABASE_AWAY) as error:
        yield _data({"error": _told(error)})
    yield format_sse_event(data_str="[DONE]")


def _choice(index: int, delta: dict[str, str], reason: str | None) -> dict[str, Any]:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}


def _usage(end: End) -> dict[str, int]:
    read, said = end.event.data["prompt_tokens"], end.event.data["answer_tokens"]
    return {"prompt_tokens": read, "completion_tokens": said, "total_tokens": read + said}


def _data(content: dict[str, Any]) -> bytes:
    return format_sse_event(data_str=json.dumps(content, ensure_ascii=False))


def _told(error: Exception) -> dict[str, Any]:
    """What ended a stream, whose status was said long ago."""
    if isinstance(error, MaquetteError):
        away = isinstance(error, StorageUnavailable)
        return openai_error(error.message, STATUS_AWAY if away else STATUS_FAILED)
    log.warning("a stream ends, for the database is away: %s", first_line(error))
    return openai_error("the database does not answer; try again in a moment", STATUS_AWAY)


def openai_error(message: str, status: int) -> dict[str, Any]:
    """What is wrong, as clients of OpenAI's read it."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"message": message, "type": kind, "param": None, "code": ERROR_CODES.get(status)}
