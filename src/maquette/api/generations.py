"""Requests for pictures: asked for, watched, cancelled."""

import secrets
from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, HTTPException, Query, status
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent

from maquette.api.dependencies import Account, OwnJob, StudioDep, WatchDep
from maquette.api.schemas import GenerationIn, GenerationOut, problems
from maquette.jobs.store import ENDS, Job

PING_S = 15.0
router = APIRouter(prefix="/v1/generations", tags=["generations"])
PROBLEMS = problems(400, 404, 429)


@router.post("", status_code=status.HTTP_202_ACCEPTED, responses=PROBLEMS)
def create_generation(asked: GenerationIn, studio: StudioDep, account: Account) -> GenerationOut:
    """Accept a request. It is kept before this answers; watch its events for what comes of it."""
    seed = secrets.randbits(32) if asked.seed is None else asked.seed
    job = studio.submit(
        account, asked.params(seed), asked.count, asked.model, asked.source, asked.mask
    )
    return GenerationOut.of(job, [])


@router.get("", responses=PROBLEMS)
def list_generations(
    studio: StudioDep,
    account: Account,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: UUID | None = None,
) -> list[GenerationOut]:
    """Your requests, the newest first; `before` is the last one of the page before."""
    jobs = studio.jobs(account, limit, before)
    assets = studio.assets([job.job_id for job in jobs])
    return [GenerationOut.of(job, assets[job.job_id]) for job in jobs]


@router.get("/{generation_id}", responses=PROBLEMS)
def get_generation(job: OwnJob, studio: StudioDep) -> GenerationOut:
    """One request as it is now."""
    return GenerationOut.of(job, studio.assets([job.job_id])[job.job_id])


@router.post("/{generation_id}/cancel", responses=PROBLEMS)
def cancel_generation(generation_id: UUID, studio: StudioDep, account: Account) -> GenerationOut:
    """End a request before its time; one that has ended stays as it is."""
    studio.cancel(account, generation_id)
    return get_generation(studio.job(account, generation_id), studio)


def _unfinished_for_you(
    job: OwnJob,
    studio: StudioDep,
    last_event_id: Annotated[int, Header(ge=0, le=2**31 - 1)] = 0,
) -> Job:
    """204 where there is nothing more to tell: a browser then stops coming back."""
    if job.ended and not studio.events(job.job_id, last_event_id):
        raise HTTPException(status.HTTP_204_NO_CONTENT)
    return job


@router.get("/{generation_id}/events", response_class=EventSourceResponse, responses=PROBLEMS)
async def watch_generation(
    job: Annotated[Job, Depends(_unfinished_for_you)],
    studio: StudioDep,
    watch: WatchDep,
    last_event_id: Annotated[int, Header(ge=0, le=2**31 - 1)] = 0,
) -> AsyncGenerator[ServerSentEvent]:
    """What happens to a request, to its end: `queued`, `running`, `progress`, `succeeded`,
    `failed`, `cancelled`, numbered, so that `Last-Event-ID` goes on where you were. `tick`, not
    numbered, says several times a second how far it is.
    """
    after = last_event_id
    with watch.job(str(job.job_id)) as watcher:
        there_are_events = True
        while True:
            if there_are_events:
                for event in await run_in_threadpool(studio.events, job.job_id, after):
                    after = event.sequence
                    yield ServerSentEvent(data=dict(event.data), event=event.kind, id=str(after))
                    if event.kind in ENDS:
                        return
            try:
                there_are_events, tick = await watcher.news(PING_S)
            except TimeoutError:
                there_are_events = True  # should a notice ever be lost
                yield ServerSentEvent(comment="still here")
                continue
            if tick:
                yield ServerSentEvent(data=tick, event="tick")
