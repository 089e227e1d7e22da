"""What routes are given: the studio, the watch, and whose request it is."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, HTTPException, Request

from maquette.api.watch import Watch
from maquette.jobs.store import Job
from maquette.service.studio import Studio

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
LOCAL_ACCOUNT = "local"  # the only one, until there are accounts


def _studio(request: Request) -> Studio:
    return request.app.state.studio


def _watch(request: Request) -> Watch:
    return request.app.state.watch


def _account() -> str:
    return LOCAL_ACCOUNT


def refuse_other_pages(request: Request) -> None:
    """No page but the studio's own changes anything: a browser says where a request is from."""
    origin = request.headers.get("origin")
    if request.method in SAFE_METHODS or origin is None:
        return
    if origin.partition("://")[2] != request.headers.get("host"):
        raise HTTPException(403, f"a page of {origin} may not do this; use the studio's own")


StudioDep = Annotated[Studio, Depends(_studio)]
WatchDep = Annotated[Watch, Depends(_watch)]
Account = Annotated[str, Depends(_account)]


def _own_job(generation_id: UUID, studio: StudioDep, account: Account) -> Job:
    return studio.job(account, generation_id)


# Checked before a stream begins, for its status cannot be taken back.
OwnJob = Annotated[Job, Depends(_own_job)]
