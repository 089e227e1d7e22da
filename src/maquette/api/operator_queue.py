"""For operators: what waits, what runs, and on which workers."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from maquette.api.dependencies import OperatorDep, StudioDep
from maquette.api.schemas import problems
from maquette.jobs.store import JobState, Priority

router = APIRouter(prefix="/v1/operator", tags=["operator"])
PROBLEMS = problems(403)


class QueuedOut(BaseModel):
    """A request that has not ended."""

    generation_id: UUID
    account_id: str
    model: str
    state: JobState
    priority: Priority
    created_at: datetime
    attempts: int
    worker_id: str | None
    waits_for_worker: Annotated[
        bool, Field(description="No worker that lives can do it, by its model or its size.")
    ]


class WorkerOut(BaseModel):
    """A worker as it last said it is."""

    model_config = ConfigDict(from_attributes=True)

    worker_id: str
    host: str
    models: list[str]
    most_pixels: int
    heartbeat_at: datetime
    lives: bool
    running: int
    leads: Annotated[bool, Field(description="It gives what dead workers had to others.")]


class SandboxOut(BaseModel):
    """Where this machine runs code that models write, and why there or nowhere."""

    name: Literal["bubblewrap", "webassembly", "none"]
    why: str


class QueueOut(BaseModel):
    """All that waits or runs, the oldest first, and who does it."""

    jobs: list[QueuedOut]
    workers: list[WorkerOut]
    sandbox: SandboxOut


@router.get("/queue", responses=PROBLEMS)
def get_queue(studio: StudioDep, caller: OperatorDep, request: Request) -> QueueOut:
    """The requests that have not ended, at most five hundred, and the workers; and the sandbox of
    the machine that answers.
    """
    name, why = request.app.state.sandbox.state()
    now = studio.overview()
    jobs = [
        QueuedOut(
            generation_id=job.job_id,
            account_id=job.account_id,
            model=job.request["model"],
            state=job.state,
            priority=job.priority,
            created_at=job.created_at,
            attempts=job.attempts,
            worker_id=job.worker_id,
            waits_for_worker=job.worker_id is None and now.waits_for_worker(job),
        )
        for job in now.jobs
    ]
    return QueueOut(
        jobs=jobs,
        workers=[WorkerOut.model_validate(one) for one in now.workers],
        sandbox=SandboxOut(name=name, why=why),
    )
