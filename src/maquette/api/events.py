"""Streams of server-sent events: what happens to one request, and to all of an account's.

A route gives its stream as bytes: as a generator of events it would have two tasks and two queues
of FastAPI's beside its own, five hundred times where so many watch.
"""

import json
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, HTTPException, status
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event

from maquette.api.credits import BalanceOut
from maquette.api.dependencies import (
    Balances,
    BalancesDep,
    CallerDep,
    OwnJob,
    ShownDep,
    ShownJobs,
    StillDep,
    StudioDep,
    WatchDep,
)
from maquette.api.schemas import GenerationOut, Problem
from maquette.api.watch import News, Tick, Watcher
from maquette.db.connect import DATABASE_AWAY
from maquette.jobs.store import ENDS, Job
from maquette.people.callers import Caller
from maquette.service.studio import Studio

STREAM = "text/event-stream"
EVENT = {
    "type": "object",
    "properties": {
        "event": {"type": "string"},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "id": {"type": "string"},
    },
    "required": ["event", "data"],
}
# What goes wrong is told as JSON, though the route streams.
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {STREAM: {"itemSchema": EVENT}}},
    204: {"description": "There is nothing more to tell"},
    **{
        code: {"content": {"application/json": {"schema": Problem.model_json_schema()}}}
        for code in (400, 401, 403, 404, 422, 503)
    },
}
PING_S = 15.0
router = APIRouter(prefix="/v1", tags=["events"])


class EventStream(StreamingResponse):
    """Events as bytes. Neither a browser nor a proxy keeps any of it back."""

    def __init__(self, content: AsyncGenerator[bytes], status_code: int = 200) -> None:
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        super().__init__(content, status_code, headers, STREAM)


PING = format_sse_event(comment="still here")


class _Welcome:
    """Whether who watches may go on, which is asked as often as an idle stream is pinged."""

    def __init__(self, still: Callable[[], bool]) -> None:
        self._still, self._asked_at = still, time.monotonic()

    async def lasts(self) -> bool:
        if time.monotonic() - self._asked_at < PING_S:
            return True
        self._asked_at = time.monotonic()
        try:
            return await run_in_threadpool(self._still)
        except DATABASE_AWAY:
            return True  # nothing is told then, and it is asked again


async def _welcome(still: StillDep) -> _Welcome:
    return _Welcome(still)


WelcomeDep = Annotated[_Welcome, Depends(_welcome)]


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
    response_class=EventStream,
    responses=ANSWERS,
)
async def watch_generation(
    job: Annotated[Job, Depends(_unfinished_for_you)],
    watcher: Annotated[Watcher, Depends(_watcher_of_job)],
    studio: StudioDep,
    welcome: WelcomeDep,
    last_event_id: Annotated[int, Header(ge=0, le=2**31 - 1)] = 0,
) -> EventStream:
    """What happens to a request, to its end: `queued`, `running`, `progress`, `succeeded`,
    `failed`, `cancelled`, numbered, so that `Last-Event-ID` goes on where you were. `tick`, not
    numbered, says several times a second how far it is.
    """
    stream = _of_job(studio, watcher, job.job_id, last_event_id, welcome)
    return EventStream(stream)


async def _of_job(
    studio: Studio, watcher: Watcher, job_id: UUID, after: int, welcome: _Welcome
) -> AsyncGenerator[bytes]:
    there_are_events = True
    ticks: Sequence[Tick] = ()
    while await welcome.lasts():
        if there_are_events:
            try:
                events = await run_in_threadpool(studio.events, job_id, after)
            except DATABASE_AWAY:
                events = []  # the watch says when it is back; a browser gives up after a 503
            for event in events:
                after = event.sequence
                yield _said(event.kind, json.dumps(dict(event.data)), str(after))
                if event.kind in ENDS:
                    return
        for tick in ticks:  # what is said of a text joins on to what is kept, which comes first
            yield _said("tick", json.dumps(tick))
        ticks = ()
        try:
            news = await watcher.news(PING_S)
        except TimeoutError:
            there_are_events = True  # should a notice ever be lost
            yield PING
            continue
        there_are_events, ticks = news.missed or bool(news.changed), [*news.ticks.values()]


@router.get("/events", response_class=EventStream, responses=ANSWERS)
async def watch_account(
    watcher: Annotated[Watcher, Depends(_watcher_of_account)],
    shown: ShownDep,
    balances: BalancesDep,
    caller: CallerDep,
    welcome: WelcomeDep,
) -> EventStream:
    """What happens to all your requests, from now on: `generation` carries one whose state has
    changed, or whose pictures were deleted or restored, `deleted` the `generation_id` of one that
    was deleted, `tick` how far one is, `balance` what credits there are now. `refresh`
    comes first, and whenever something may have been
    missed: list what you show anew.
    """
    stream = _of_account(shown, balances, watcher, caller, welcome)
    return EventStream(stream)


async def _of_account(
    shown: ShownJobs, balances: Balances, watcher: Watcher, caller: Caller, welcome: _Welcome
) -> AsyncGenerator[bytes]:
    refresh = _said("refresh", "{}")
    yield refresh
    while await welcome.lasts():
        try:
            news = await watcher.news(PING_S)
        except TimeoutError:
            yield PING
            continue
        said = [refresh] if news.missed else []
        try:
            said += await _changed(shown, caller.account_id, news)
            said += await _balance(balances, caller.payer_id) if news.balance else []
        except DATABASE_AWAY:
            said.append(refresh)
        for job_id, tick in news.ticks.items():
            said.append(_said("tick", json.dumps({"generation_id": job_id, **tick})))
        yield b"".join(said)


async def _changed(shown: ShownJobs, account_id: str, news: News) -> list[bytes]:
    """What has changed, as it is now; a request that is not there was deleted meanwhile."""
    keys = [(account_id, UUID(job_id)) for job_id in sorted(news.changed)]
    there = await shown.get(keys) if keys else {}
    return [
        _said("generation", GenerationOut.of(*there[key]).model_dump_json())
        if key in there
        else _said("deleted", json.dumps({"generation_id": str(key[1])}))
        for key in keys
    ]


async def _balance(balances: Balances, payer_id: str) -> list[bytes]:
    """Nothing where the account is gone."""
    there = (await balances.get([payer_id])).get(payer_id)
    return [_said("balance", BalanceOut.of(payer_id, there).model_dump_json())] if there else []


def _said(kind: str, data: str, number: str | None = None) -> bytes:
    return format_sse_event(event=kind, data_str=data, id=number)
