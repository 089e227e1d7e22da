"""What all clients of other servers have in common: one question, one line for what goes wrong."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import httpx2 as httpx

from maquette.core.errors import InvalidRequest, RemoteUnavailable, first_line
from maquette.engines.remote_address import check_url, places_of
from maquette.engines.remote_answer import reason_in, secret_of

MOST_BODY_BYTES = 2**20  # of what is not streamed
MOST_MODELS, MOST_NAME_CHARACTERS = 1000, 200


@dataclass(frozen=True, slots=True)
class TextServer:
    """A server by its address, such as http://127.0.0.1:11434/v1, the key it wants, if any, and
    what it is called where something is said of it.
    """

    url: str
    key: str | None = None
    name: str = ""

    @property
    def called(self) -> str:
        return self.name or self.url

    def __repr__(self) -> str:  # a key is in no log
        return f"TextServer({self.url!r})"


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a server has to be reached, between two pieces (a large model may read a long
    prompt for so long), for all of an answer at most, and of that before its tokens and for each.
    """

    connect_s: float = 10.0
    silent_s: float = 120.0
    most_s: float = 1800.0
    begin_s: float = 300.0
    token_s: float = 0.5  # or one that trickles would keep everyone else's texts waiting

    def whole_s(self, max_tokens: int) -> float:
        """For an answer of so many tokens."""
        return min(self.most_s, self.begin_s + max_tokens * self.token_s)


class RemoteServer:
    """Asks one server. Raises RemoteUnavailable where it is away, slow or says what is no answer,
    InvalidRequest where it refuses what was asked.
    """

    def __init__(self, server: TextServer, patience: Patience | None = None) -> None:
        self._server, self._patience = server, patience or Patience()
        check_url(server.url)

    def models(self) -> list[str]:
        """The names of the models it has, in its order."""
        return [one for one, _ in asyncio.run(self.list_models())]

    async def list_models(self) -> list[tuple[str, str]]:
        """The names of its models, and who owns each."""
        async with (
            self._asking(self._patience.silent_s) as client,
            self._sent(client, "GET", "/models") as answer,
        ):
            body = await self._body(answer)
        try:
            found = [(one["id"], one.get("owned_by")) for one in json.loads(body)["data"]]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self._refuse(body.decode(errors="replace"))
        names = [
            (one, str(whose)) for one, whose in found if isinstance(one, str) and self._is_name(one)
        ]
        return names[:MOST_MODELS]

    @asynccontextmanager
    async def _sent(
        self, client: httpx.AsyncClient, method: str, path: str, asked: Any = None
    ) -> AsyncGenerator[httpx.Response]:
        """What a server answers once it is there, and said yes."""
        answer = await self._first(client, method, path, asked)
        try:
            await self._check(answer, for_operators=method == "GET")
            yield answer
        finally:
            await answer.aclose()

    async def _first(
        self, client: httpx.AsyncClient, method: str, path: str, asked: Any
    ) -> httpx.Response:
        """What the first of a server's addresses answers at which something listens."""
        away: httpx.TransportError | None = None
        for place in await places_of(self._server.url, self._server.called):
            request = client.build_request(
                method,
                place.url + path,
                json=asked,
                headers={"Host": place.netloc},
                extensions={"sni_hostname": place.host},
            )
            try:
                return await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                away = error
        raise away or httpx.ConnectError("it has no address")

    @asynccontextmanager
    async def _asking(self, most_s: float) -> AsyncGenerator[httpx.AsyncClient]:
        """Whatever the network does becomes one line."""
        called, began_s = self._server.called, time.monotonic()
        headers = {"Accept-Encoding": "identity"}  # or a few bytes could become very many
        if self._server.key:
            headers["Authorization"] = f"Bearer {self._server.key}"
        timeout = httpx.Timeout(None, connect=self._patience.connect_s)
        whole = asyncio.timeout(most_s)
        try:
            # A key goes to no other server than the one that was named, by no proxy of a variable.
            async with (
                whole,
                httpx.AsyncClient(
                    headers=headers, timeout=timeout, follow_redirects=False, trust_env=False
                ) as client,
            ):
                yield client
        except (TimeoutError, httpx.TimeoutException):
            waited = f"{time.monotonic() - began_s:.0f}"
            if whole.expired() and most_s != self._patience.silent_s:
                raise RemoteUnavailable(
                    f"{called} was not done after {waited} s; ask for less, or choose another model"
                ) from None
            raise RemoteUnavailable(
                f"{called} said nothing for too long, after {waited} s; try again, or choose "
                "another model"
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = self._words(first_line(error))
            raise RemoteUnavailable(
                f"{called} does not answer ({why}); see that it runs, and that its address is right"
            ) from None

    async def _check(self, answer: httpx.Response, for_operators: bool) -> None:
        status, called = answer.status_code, self._server.called
        if answer.headers.get("content-encoding", "identity") != "identity":
            self._refuse("what is packed, though it was asked for plainly")
        if status == 200:
            return
        if 300 <= status < 400:
            raise RemoteUnavailable(
                f"{called} answers {status}, for it is elsewhere; give the address where it is"
            )
        if status in (401, 403) and not for_operators:  # a service may say a part of the key
            raise RemoteUnavailable(
                f"{called} answers {status}, for its key is refused; have an operator check it"
            )
        body = await self._body(answer)
        why = self._words(reason_in(body.decode(errors="replace")))
        if status in (401, 403):
            raise RemoteUnavailable(f"{called} answers {status}: {why}; see that its key is right")
        if 400 <= status < 500 and status not in (408, 429):
            raise InvalidRequest(f"{called} answers {status}: {why}")
        raise RemoteUnavailable(f"{called} answers {status}: {why}")

    async def _body(self, answer: httpx.Response) -> bytes:
        """All that is not streamed."""
        body = bytearray()
        async with asyncio.timeout(self._patience.silent_s):
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > MOST_BODY_BYTES:
                    self._refuse(f"{len(body)} bytes and no end")
        return bytes(body)

    def _refuse(self, said: str) -> NoReturn:
        raise RemoteUnavailable(
            f"{self._server.called} says what is no answer ({self._words(said)[:80]!r}); see that "
            "it is a server for OpenAI's clients"
        )

    def _is_name(self, text: str) -> bool:
        secret = secret_of(self._server.key)
        fits = 0 < len(text) <= MOST_NAME_CHARACTERS and text.isprintable() and text == text.strip()
        return fits and not (secret and secret in text)

    def _words(self, said: str) -> str:
        """A server's words on one line, short, and without the key that it was sent."""
        if self._server.key:
            said = said.replace(self._server.key, "…")
        return " ".join("".join(c if c.isprintable() else " " for c in said).split())[:200]
