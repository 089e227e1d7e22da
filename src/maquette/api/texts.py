"""Requests for texts."""

import secrets
from dataclasses import replace

from fastapi import APIRouter, status

from maquette.api.context import FinderDep
from maquette.api.dependencies import CallerDep, StudioDep, TextServersDep
from maquette.api.generations import PROBLEMS
from maquette.api.idempotency import OnceDep
from maquette.api.schemas import GenerationOut, TextIn
from maquette.core import logs
from maquette.service.context import of_seen_texts
from maquette.service.submissions import of_texts

router = APIRouter(prefix="/v1/texts", tags=["generations"])


@router.post("", status_code=status.HTTP_202_ACCEPTED, responses=PROBLEMS)
def create_text(
    asked: TextIn,
    studio: StudioDep,
    caller: CallerDep,
    once: OnceDep,
    servers: TextServersDep,
    finder: FinderDep,
) -> GenerationOut:
    """Accept a request for texts and hold what it can cost at most; what it cost is charged at its
    end. It is kept before this answers; watch its events for what is said.
    """
    request = asked.request(secrets.randbits(32) if asked.seed is None else asked.seed)
    job, outcome = studio.accept(
        caller.account_id,
        lambda: of_seen_texts(
            request.messages,
            lambda talk: of_texts(replace(request, messages=talk), asked.model, servers.price_of),
            finder.named(asked.context, asked.captioner, len(request.messages) - 1),
        ),
        caller.payer_id,
        asked.priority,
        once(status.HTTP_202_ACCEPTED, GenerationOut.of),
        caller.key_id,
    )
    logs.add(job_id=str(job.job_id))
    return GenerationOut.of(job, outcome)
