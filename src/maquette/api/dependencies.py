"""What routes are given: the studio, the watch, and whose request it is."""

from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, HTTPException, Request

from maquette.api.watch import Watch
from maquette.jobs.store import Job
from maquette.service.credits import Credits
from maquette.service.owner import LOCAL_ACCOUNT
from maquette.service.payments import Payments
from maquette.service.studio import Studio

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

Role = Literal["member", "operator", "admin"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose request it is, and what they may do."""

    account_id: str  # whose requests and pictures
    payer_id: str  # the account that pays: their own, or that of a team
    role: Role


def _studio(request: Request) -> Studio:
    return request.app.state.studio


def _credits(request: Request) -> Credits:
    return request.app.state.credits


def _payments(request: Request) -> Payments:
    return request.app.state.payments


def _watch(request: Request) -> Watch:
    return request.app.state.watch


def _caller() -> Caller:
    return Caller(LOCAL_ACCOUNT, LOCAL_ACCOUNT, "admin")


CallerDep = Annotated[Caller, Depends(_caller)]


def _account(caller: CallerDep) -> str:
    return caller.account_id


def _operator(caller: CallerDep) -> Caller:
    if caller.role == "member":
        raise HTTPException(403, "this is for operators; ask one")
    return caller


def refuse_other_pages(request: Request) -> None:
    """No page but the studio's own changes anything: a browser says where a request is from."""
    origin = request.headers.get("origin")
    if request.method in SAFE_METHODS or origin is None:
        return
    if origin.partition("://")[2] != request.headers.get("host"):
        raise HTTPException(403, f"a page of {origin} may not do this; use the studio's own")


StudioDep = Annotated[Studio, Depends(_studio)]
CreditsDep = Annotated[Credits, Depends(_credits)]
PaymentsDep = Annotated[Payments, Depends(_payments)]
WatchDep = Annotated[Watch, Depends(_watch)]
Account = Annotated[str, Depends(_account)]
OperatorDep = Annotated[Caller, Depends(_operator)]


def _own_job(generation_id: UUID, studio: StudioDep, account: Account) -> Job:
    return studio.job(account, generation_id)


# Checked before a stream begins, for its status cannot be taken back.
OwnJob = Annotated[Job, Depends(_own_job)]
