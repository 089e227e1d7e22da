"""Requests for pictures: asked for, listed, cancelled, deleted."""

import secrets
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from maquette.api.dependencies import Account, CallerDep, OwnJob, StudioDep
from maquette.api.idempotency import OnceDep
from maquette.api.schemas import GenerationIn, GenerationOut, Kind, problems
from maquette.core import logs
from maquette.engines.catalog import find_shipped
from maquette.service.queues import IMAGE

router = APIRouter(prefix="/v1/generations", tags=["generations"])
PROBLEMS = problems(400, 402, 403, 404, 413, 429)


@router.post("", status_code=status.HTTP_202_ACCEPTED, responses=PROBLEMS)
def create_generation(
    asked: GenerationIn, studio: StudioDep, caller: CallerDep, once: OnceDep
) -> GenerationOut:
    """Accept a request and hold its price. It is kept before this answers; watch its events for
    what comes of it.
    """
    seed = secrets.randbits(32) if asked.seed is None else asked.seed
    params = asked.params(seed, find_shipped(asked.model, IMAGE).usual)
    job, outcome = studio.submit(
        caller.account_id,
        params,
        asked.count,
        asked.model,
        asked.source,
        asked.mask,
        caller.payer_id,
        asked.priority,
        once(status.HTTP_202_ACCEPTED, GenerationOut.of),
        caller.key_id,
    )
    logs.add(job_id=str(job.job_id))
    return GenerationOut.of(job, outcome)


@router.get("", responses=PROBLEMS)
def list_generations(
    studio: StudioDep,
    account: Account,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: UUID | None = None,
    kind: Kind | None = None,
) -> list[GenerationOut]:
    """Your requests, the newest first, or those of one kind; `before` is the last one of the page
    before.
    """
    jobs = studio.jobs(account, limit, before, kind)
    outcomes = studio.outcomes([job.job_id for job in jobs])
    return [GenerationOut.of(job, outcomes[job.job_id]) for job in jobs]


@router.get("/{generation_id}", responses=PROBLEMS)
def get_generation(job: OwnJob, studio: StudioDep) -> GenerationOut:
    """One request as it is now."""
    return GenerationOut.of(job, studio.outcome(job.job_id))


@router.post("/{generation_id}/cancel", responses=PROBLEMS)
def cancel_generation(generation_id: UUID, studio: StudioDep, account: Account) -> GenerationOut:
    """End a request before its time; one that has ended stays as it is."""
    studio.cancel(account, generation_id)
    return get_generation(studio.job(account, generation_id), studio)


@router.delete("/{generation_id}", status_code=204, responses=PROBLEMS)
def delete_generation(generation_id: UUID, studio: StudioDep, account: Account) -> None:
    """Delete a request with its pictures, ended if need be; `restore` undoes it."""
    studio.delete_job(account, generation_id)


@router.post("/{generation_id}/restore", status_code=204, responses=PROBLEMS)
def restore_generation(generation_id: UUID, studio: StudioDep, account: Account) -> None:
    """Undo a deletion."""
    studio.restore_job(account, generation_id)
