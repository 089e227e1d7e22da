"""Streams of server-sent events: what happens to one request, and to all of an account's."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, HTTPException, status
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent

from maquette.api.credits import BalanceOut
from maquette.api.dependencies import CallerDep, CreditsDep, OwnJob, StudioDep, WatchDep
from maquette.api.schemas import GenerationOut, Problem
from maquette.api.watch import Watcher
from maquette.core.errors import NotFound
from maquette.db.connect import DATABASE_AWAY
from maquette.jobs.store import ENDS, Job
from maquette.service.studio import Studio

# As JSON, though the route streams.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    204: {"description": "There is nothing more to tell"},
    **{
        code: {"content": {"application/json": {"schema": Problem.model_json_schema()}}}
        for code in (400, 401, 403, 404, 422, 503)
    },
}
PING_S = 15.0
router = APIRouter(prefix="/v1", tags=["events"])
PING = ServerSentEvent(comment="still here")


def _unfinished_for_you(
    job: OwnJob,
    studio: StudioDep,
    last_event_id: Annotated[int, Header(ge=0, le=2**31 - 1)] = 0,
) -> Job:
    """204 where there is nothing more to tell: a browser then stops coming back."""
    if job.ended and not studio.events(job.job_id, last_event_id):
        raise HTTPException(status.HTTP_204_NO_CONTENT)
    return job


# A watcher lives as long as its request, not as the stream's generator: one that is given up while
# it hands something over is closed when garbage is collected, and no sooner.
async def _watcher_of_job(
    job: Annotated[Job, Depends(_unfinished_for_you)], watch: WatchDep
) -> AsyncGenerator[Watcher]:
    with watch.on_job(str(job.job_id)) as watcher:
        yield watcher


async def _watcher_of_account(caller: CallerDep, watch: WatchDep) -> AsyncGenerator[Watcher]:
    with watch.on_account(caller.account_id, caller.payer_id) as watcher:
        yield watcher


@router.get(
    "/generations/{generation_id}/events",
    response_class=EventSourceResponse,
    responses=PROBLEMS,
)
async def watch_generation(
    job: Annotated[Job, Depends(_unfinished_for_you)],
    watcher: Annotated[Watcher, Depends(_watcher_of_job)],
    studio: StudioDep,
    last_event_id: Annotated[int, Header(ge=0, le=2**31 - 1)] = 0,
) -> AsyncGenerator[ServerSentEvent]:
    """What happens to a request, to its end: `queued`, `running`, `progress`, `succeeded`,
    `failed`, `cancelled`, numbered, so that `Last-Event-ID` goes on where you were. `tick`, not
    numbered, says several times a second how far it is.
    """
    after = last_event_id
    there_are_events = True
    while True:
        if there_are_events:
            try:
                events = await run_in_threadpool(studio.events, job.job_id, after)
            except DATABASE_AWAY:
                events = []  # the watch says when it is back; a browser gives up after a 503
            for event in events:
                after = event.sequence
                yield ServerSentEvent(data=dict(event.data), event=event.kind, id=str(after))
                if event.kind in ENDS:
                    return
        try:
            news = await watcher.news(PING_S)
        except TimeoutError:
            there_are_events = True  # should a notice ever be lost
            yield PING
            continue
        there_are_events = news.missed or bool(news.changed)
        for tick in news.ticks.values():
            yield ServerSentEvent(data=tick, event="tick")


@router.get("/events", response_class=EventSourceResponse, responses=PROBLEMS)
async def watch_account(
    watcher: Annotated[Watcher, Depends(_watcher_of_account)],
    studio: StudioDep,
    credits: CreditsDep,
    caller: CallerDep,
) -> AsyncGenerator[ServerSentEvent]:
    """What happens to all your requests, from now on: `generation` carries one whose state has
    changed, or whose pictures were deleted or restored, `deleted` the `generation_id` of one that
    was deleted, `tick` how far one is, `balance` what credits there are now. `refresh`
    comes first, and whenever something may have been
    missed: list what you show anew.
    """
    yield ServerSentEvent(data={}, event="refresh")
    while True:
        try:
            news = await watcher.news(PING_S)
        except TimeoutError:
            yield PING
            continue
        if news.missed:
            yield ServerSentEvent(data={}, event="refresh")
        for job_id in news.changed:
            try:
                changed = await run_in_threadpool(
                    _generation, studio, caller.account_id, UUID(job_id)
                )
            except DATABASE_AWAY:
                yield ServerSentEvent(data={}, event="refresh")
                break
            if changed is None:
                yield ServerSentEvent(data={"generation_id": job_id}, event="deleted")
            else:
                yield ServerSentEvent(data=changed, event="generation")
        for job_id, tick in news.ticks.items():
            yield ServerSentEvent(data={"generation_id": job_id, **tick}, event="tick")
        if news.balance:
            try:
                there, _ = await run_in_threadpool(credits.balance, caller.payer_id)
            except DATABASE_AWAY:
                yield ServerSentEvent(data={}, event="refresh")
            else:
                told = BalanceOut.of(caller.payer_id, there).model_dump()
                yield ServerSentEvent(data=told, event="balance")


def _generation(studio: Studio, account_id: str, job_id: UUID) -> dict[str, Any] | None:
    """A request as it is now; None where it was deleted meanwhile."""
    try:
        job = studio.job(account_id, job_id)
    except NotFound:
        return None
    return GenerationOut.of(job, studio.outcome(job_id)).model_dump(mode="json")
