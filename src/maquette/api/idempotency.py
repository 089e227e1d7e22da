"""The header `Idempotency-Key`: a route that takes `OnceDep` has one effect however often asked."""

from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from maquette.api.dependencies import Account
from maquette.ledger.idempotency import Answer, AnsweredBefore, Once

REPLAYED = "Idempotent-Replayed"  # on an answer that was given before
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern="^[!-~]{1,255}$",
        description="A name of yours for this request, such as a UUID. The same request with it "
        "within a day does nothing more and is answered alike; another with it is refused.",
    ),
]
OnceOf = Callable[[int, Callable[..., BaseModel]], Once | None]


async def _once(request: Request, account: Account, key: Key = None) -> OnceOf:
    """Gives a route what to hand to the service: the status and the body of its answer, which is
    made of what the service made.
    """
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    digest = sha256(asked + await request.body()).digest()

    def once(status: int, body: Callable[..., BaseModel]) -> Once | None:
        def answer(*made: Any) -> Answer:
            return Answer(status, body(*made).model_dump_json().encode())

        return None if key is None else Once(account, key, digest, answer)

    return once


OnceDep = Annotated[OnceOf, Depends(_once)]


async def answered_before(_: Request, done: Exception) -> Response:
    """Says again what was said."""
    assert isinstance(done, AnsweredBefore)
    said = done.answer
    return Response(said.body, said.status, {REPLAYED: "true"}, "application/json")
