"""Each request's id, its line in the log, and for Prometheus how soon it was answered."""

import logging
import re
import time

from prometheus_client import CollectorRegistry, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maquette.core import logs, tracing
from maquette.core.ids import new_id

HEADER = "X-Request-ID"
MAY_BE_TAKEN_OVER = re.compile(r"[\w.-]{1,64}")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

log = logging.getLogger(__name__)


class Access:
    """Middleware. A request that comes with an id keeps it; the answer says it in any case. Of a
    stream it is timed when it begins, not how long it goes on.
    """

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        self._seconds = Histogram(
            "maquette_http_seconds",
            "Seconds until a request was answered.",
            ["method", "route", "status"],
            registry=registry,
            buckets=BUCKETS_S,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if MAY_BE_TAKEN_OVER.fullmatch(given) else new_id().hex
        logs.begin(request_id=request_id)  # until the server's task for this request ends
        begun_s, status = time.perf_counter(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
                self._note(scope, status, time.perf_counter() - begun_s)
            await send(message)

        with tracing.span(_method(scope), dict(Headers(scope=scope))) as span:
            try:
                await self._app(scope, receive, answer)
            finally:
                if span is not None:
                    route = _route(scope)
                    span.update_name(f"{_method(scope)} {route}")
                    span.set_attributes({"http.route": route, "http.response.status_code": status})

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        self._seconds.labels(_method(scope), _route(scope), status).observe(seconds)
        fields = {"status": status, "ms": round(seconds * 1e3, 1)}  # no query: it may hold a secret
        log.info("%s %s", scope["method"], scope["path"], extra={logs.FIELDS: fields})


def _method(scope: Scope) -> str:
    """Not whatever word was sent, of which there is no end: each would be a series of its own."""
    return scope["method"] if scope["method"] in METHODS else "other"


def _route(scope: Scope) -> str:
    """Not the path, of which there are as many as pictures."""
    return getattr(scope.get("route"), "path", None) or "other"
