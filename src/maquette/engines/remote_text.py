"""Language models on other servers, by the routes that OpenAI's clients call."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from concurrent.futures import CancelledError
from contextlib import aclosing
from functools import partial
from typing import Any

import httpx2 as httpx

from maquette.core.errors import InvalidRequest, RemoteUnavailable
from maquette.core.text_requests import TextRequest, one_by_one
from maquette.engines.remote_answer import (
    RemoteAnswer,
    Saying,
    Senseless,
    reason_in,
    reason_of,
)
from maquette.engines.remote_request import MOST_TOKENS_NAME, OTHER_NAME, body_of
from maquette.engines.remote_schema import misfit
from maquette.engines.remote_server import RemoteServer

MOST_LINE_BYTES = 2**20
MOST_TOKEN_BYTES = 4096  # of what is streamed for a token
AFTER_S = 3.0  # that is waited for how many tokens there were, once an answer has ended
LOOK_S = 0.05  # between two looks at whether anyone waits for it still
AT_ONCE = 4  # answers of one request
STREAM = "text/event-stream"

log = logging.getLogger(__name__)

# What is asked next, by the number of a text and its answers so far; None where that is all.
Again = Callable[[int, Sequence[RemoteAnswer]], TextRequest | None]


class RemoteText(RemoteServer):
    """Asks one server. Raises RemoteUnavailable where it is away, slow or says what is no answer,
    InvalidRequest where it refuses what was asked.
    """

    def answers(
        self,
        request: TextRequest,
        model: str,
        on_text: Callable[[int, str], None] = lambda number, more: None,
        look: Callable[[], bool] = lambda: True,
    ) -> list[RemoteAnswer]:
        """All answers of a request, told by their numbers as they come. `look` is called twenty
        times a second; where it says that they are not to go on, they are broken off at once, with
        CancelledError.
        """
        talks = self.talks(one_by_one(request), model, lambda *_: None, on_text, look)
        return [answer for (answer,) in talks]

    def talks(
        self,
        firsts: Sequence[TextRequest],
        model: str,
        again: Again,
        on_text: Callable[[int, str], None] = lambda number, more: None,
        look: Callable[[], bool] = lambda: True,
    ) -> list[list[RemoteAnswer]]:
        """The same for requests for one text each, as often as each is asked for `again`. Where
        that fails, what was answered before is all.
        """
        return asyncio.run(self._talks(firsts, model, again, on_text, look))

    async def _talks(
        self,
        firsts: Sequence[TextRequest],
        model: str,
        again: Again,
        on_text: Callable[[int, str], None],
        look: Callable[[], bool],
    ) -> list[list[RemoteAnswer]]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def talk(number: int, asked: TextRequest | None) -> list[RemoteAnswer]:
            said: list[RemoteAnswer] = []
            while asked is not None:
                try:
                    async with gate:
                        answer = await self._answer(asked, model, partial(on_text, number))
                except (RemoteUnavailable, InvalidRequest) as error:
                    if not said:
                        raise
                    log.warning("what was asked again did not come: %s", error.message)
                    break
                said.append(answer)
                asked = again(number, said)
            return said

        tasks = [asyncio.create_task(talk(*one)) for one in enumerate(firsts)]
        try:
            waiting = set(tasks)
            while waiting:
                done, waiting = await asyncio.wait(
                    waiting, timeout=LOOK_S, return_when=asyncio.FIRST_EXCEPTION
                )
                for task in done:
                    task.result()  # no more is asked for where one failed
                if waiting and not look():
                    raise CancelledError
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return [task.result() for task in tasks]

    async def _answer(
        self, request: TextRequest, model: str, on_text: Callable[[str], None]
    ) -> RemoteAnswer:
        asked = body_of(request, model)
        try:
            answer = await self._asked(request, asked, on_text)
        except InvalidRequest as error:
            if OTHER_NAME not in error.message:
                raise
            asked[OTHER_NAME] = asked.pop(MOST_TOKENS_NAME)
            answer = await self._asked(request, asked, on_text)
        if (schema := request.params.schema) is not None and answer.finish_reason == "stop":
            self._check_schema(answer.text, schema)
        return answer

    async def _asked(
        self, request: TextRequest, asked: dict[str, Any], on_text: Callable[[str], None]
    ) -> RemoteAnswer:
        most = request.params.max_tokens
        saying = Saying(request.messages, most, self._server.key)
        async with (
            self._asking(self._patience.whole_s(most)) as client,
            aclosing(self._pieces(client, asked, most)) as pieces,
        ):
            while (piece := await self._next(pieces, saying)) is not None:
                try:
                    more = saying.take(piece)
                except Senseless as error:
                    self._refuse(str(error))
                if more:
                    on_text(more)
            if not saying.begun:
                self._refuse("an end, and nothing before it")
        return saying.answer()

    async def _next(
        self, pieces: AsyncGenerator[dict[str, Any] | None], saying: Saying
    ) -> dict[str, Any] | None:
        """The next piece; None where an answer is whole, though nothing may say so any more."""
        ended = saying.finish is not None
        try:
            async with asyncio.timeout(AFTER_S if ended else self._patience.silent_s):
                return await anext(pieces)
        except (httpx.HTTPError, TimeoutError, StopAsyncIteration) as error:
            if ended:
                return None
            if isinstance(error, StopAsyncIteration):
                raise RemoteUnavailable(
                    f"{self._server.called} broke off in the middle of its answer; ask again"
                ) from None
            raise

    async def _pieces(
        self, client: httpx.AsyncClient, asked: dict[str, Any], max_tokens: int
    ) -> AsyncGenerator[dict[str, Any] | None]:
        """What the server streams, piece by piece, and None where it says that this was all."""
        most_bytes = MOST_LINE_BYTES + max_tokens * MOST_TOKEN_BYTES
        async with self._sent(client, "POST", "/chat/completions", asked) as answer:
            kind = answer.headers.get("content-type", "nothing").partition(";")[0].strip().lower()
            if kind != STREAM:
                body = await self._body(answer)
                self._refuse(f"{kind}: {reason_in(body.decode(errors='replace'))}")
            async for line in self._lines(answer.aiter_raw(), most_bytes):
                if not line.startswith(b"data:"):
                    continue
                said = line.removeprefix(b"data:").strip()
                if said == b"[DONE]":
                    yield None
                    return
                yield self._piece(said.decode(errors="replace"))

    async def _lines(self, chunks: AsyncIterator[bytes], most_bytes: int) -> AsyncGenerator[bytes]:
        """Lines that have an end within reason."""
        begun, received = bytearray(), 0
        async for chunk in chunks:
            received += len(chunk)
            *ends, last = chunk.split(b"\n")
            for end in ends:
                begun += end
                if len(begun) > MOST_LINE_BYTES:
                    break
                yield bytes(begun)
                begun.clear()
            else:
                begun += last
            if len(begun) > MOST_LINE_BYTES or received > most_bytes:
                self._refuse(f"{received} bytes and no end")
        yield bytes(begun)

    def _piece(self, said: str) -> dict[str, Any]:
        try:
            piece = json.loads(said)
        except (ValueError, RecursionError):
            piece = None
        if not isinstance(piece, dict):
            self._refuse(said)
        if piece.get("error"):
            raise RemoteUnavailable(
                f"{self._server.called} broke off: {self._words(reason_of(piece))}"
            )
        return piece

    def _check_schema(self, text: str, schema: str) -> None:
        if (why := misfit(text, schema)) is not None:
            raise RemoteUnavailable(
                f"{self._server.called} wrote what does not fit the JSON Schema: "
                f"{self._words(why)}; ask again, or choose another model"
            )
