"""Requests for code."""

import secrets

from fastapi import APIRouter, status

from maquette.api.code_schemas import CodeIn, CodeQuoteOut
from maquette.api.context import FinderDep
from maquette.api.dependencies import CallerDep, StudioDep, TextServersDep
from maquette.api.generations import PROBLEMS
from maquette.api.idempotency import OnceDep
from maquette.api.schemas import GenerationOut
from maquette.core import logs
from maquette.service.context import of_seen_code
from maquette.service.submissions import of_code

router = APIRouter(prefix="/v1/code", tags=["generations"])


@router.post("", status_code=status.HTTP_202_ACCEPTED, responses=PROBLEMS)
def create_code(
    asked: CodeIn,
    studio: StudioDep,
    caller: CallerDep,
    once: OnceDep,
    servers: TextServersDep,
    finder: FinderDep,
) -> GenerationOut:
    """Accept a request for code and hold what it can cost at most. It is kept before this answers;
    its events tell of each attempt. What passed is its first asset, its log the last; where none
    passed, it fails, nothing is charged, and the log is in its event `failed`.
    """
    request = asked.request(secrets.randbits(32) if asked.seed is None else asked.seed)
    job, outcome = studio.accept(
        caller.account_id,
        lambda: of_seen_code(
            request,
            lambda read: of_code(read, asked.model, servers.offered()),
            finder.named(asked.context, asked.captioner),
        ),
        caller.payer_id,
        asked.priority,
        once(status.HTTP_202_ACCEPTED, GenerationOut.of),
        caller.key_id,
    )
    logs.add(job_id=str(job.job_id))
    return GenerationOut.of(job, outcome)


@router.post("/quotes", responses=PROBLEMS)
def create_code_quote(
    asked: CodeIn, caller: CallerDep, servers: TextServersDep, finder: FinderDep
) -> CodeQuoteOut:
    """What a request for code would cost at most, without making it."""
    made = of_seen_code(
        asked.request(asked.seed or 0),
        lambda read: of_code(read, asked.model, servers.offered()),
        finder.named(asked.context, asked.captioner),
    )
    return CodeQuoteOut(model=asked.model, price_microcredits=made.price_microcredits)
