"""A server for OpenAI's clients that answers as a test wants."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


@contextmanager
def serving(answer: Answer, port: int = 0) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of a server that answers so, and what it was asked."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append({"path": self.path, "key": self.headers["authorization"], **body})
            answer(self, body)

        def do_GET(self) -> None:
            answer(self, {})

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
        server.shutdown()


def say(
    handler: BaseHTTPRequestHandler,
    *lines: str,
    status: int = 200,
    pause_s: float = 0,
    **headers: str,
) -> None:
    handler.send_response(status)
    for name, value in {"content_type": "text/event-stream", **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    for line in lines:
        handler.wfile.write(f"{line}\n\n".encode())
        handler.wfile.flush()
        time.sleep(pause_s)


def piece(text: str | None, finish: str | None = None) -> str:
    choice = {"index": 0, "delta": {} if text is None else {"content": text}}
    return "data: " + json.dumps({"choices": [{**choice, "finish_reason": finish}]})


def good(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 3}
    last = "data: " + json.dumps({"choices": [], "usage": usage})
    say(handler, piece("Tea, "), piece("水"), piece(None, "length"), last, "data: [DONE]")


def data(said: Any) -> str:
    return "data: " + json.dumps(said)
