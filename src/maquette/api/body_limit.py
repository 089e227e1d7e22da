"""Refuses a request whose body is too large, before it is read whole."""

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 2**20
ENVELOPE_BYTES = 2**16  # of a multipart upload, around its file


class BodyLimit:
    """Middleware that answers 413: at once where the length is told, else as soon as more came
    than may. `by_path` has the paths that take another size than `MOST_BYTES`.
    """

    def __init__(self, app: ASGIApp, by_path: Mapping[str, int]) -> None:
        self._app, self._by_path = app, by_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._by_path.get(scope["path"], MOST_BYTES)
        told = Headers(scope=scope).get("content-length", "")

        async def refuse() -> None:
            message = f"a body over {most / 2**20:.0f} MiB is not taken here; send less"
            await JSONResponse({"error": message}, 413)(scope, receive, send)

        if told.isdecimal() and int(told) > most:
            await refuse()
            return
        read_bytes, started = 0, False

        async def counted() -> Message:
            nonlocal read_bytes
            message = await receive()
            read_bytes += len(message.get("body", b""))
            return message if read_bytes <= most else {"type": "http.disconnect"}

        async def unless_refused(message: Message) -> None:
            nonlocal started
            if started or read_bytes <= most:
                started = True
                await send(message)

        try:
            await self._app(scope, counted, unless_refused)
        except ClientDisconnect:
            if read_bytes <= most:
                raise
        if read_bytes > most and not started:
            await refuse()
