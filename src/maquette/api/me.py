"""What one is and where one is signed in, and how one changes that."""

from collections.abc import Generator
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Annotated
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, BackgroundTasks, Response
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from maquette.api.dependencies import (
    BrowserDep,
    CallerDep,
    PaymentsDep,
    PeopleDep,
    SignedInDep,
    StudioDep,
    Transaction,
    give_cookie,
    take_cookie,
)
from maquette.api.schemas import problems
from maquette.core.errors import NotFound
from maquette.people.persons import LOCAL_ACCOUNT, MOST_NAME, Person, Role, get_person
from maquette.people.sessions import end_session, list_sessions
from maquette.people.teams import TeamRole, teams_of
from maquette.service.own_data import EXPORT_OF, delete, export
from maquette.service.teams import choose_payer

router = APIRouter(prefix="/v1/me", tags=["me"])
PROBLEMS = problems(400, 404, 429)
PART_BYTES = 2**20  # of an export, that are in memory at once


def _one_line(text: str) -> str:
    if not text.isprintable():  # nor is half a surrogate pair, which UTF-8 cannot hold
        raise ValueError("take letters and signs of one line")
    return text.strip()


Line = Annotated[str, Field(max_length=MOST_NAME), AfterValidator(_one_line)]


class PayerOut(BaseModel):
    """Whose credits pay."""

    account_id: str
    name: str


class MyTeamOut(BaseModel):
    """A team that one is of."""

    model_config = ConfigDict(from_attributes=True)

    team_id: UUID
    account_id: str
    name: str
    role: TeamRole


class MeOut(BaseModel):
    """Who is signed in."""

    account_id: str
    name: str
    email: str | None
    email_verified: bool
    has_password: bool
    role: Role
    two_factor: bool
    is_owner: bool  # of this machine
    payer: PayerOut
    teams: list[MyTeamOut]

    @classmethod
    def of(cls, database: sa.Engine, who: Person) -> "MeOut":
        with database.connect() as connection:
            teams = teams_of(connection, who.account_id)
        own = PayerOut(account_id=who.account_id, name=who.name)
        payers = [
            PayerOut(account_id=one.account_id, name=one.name)
            for one in teams
            if one.account_id == who.payer_account_id
        ]
        return cls(
            account_id=who.account_id,
            name=who.name,
            email=who.email,
            email_verified=who.email_verified_at is not None,
            has_password=who.password_hash is not None,
            role=who.role,
            two_factor=who.has_two_factor,
            is_owner=who.account_id == LOCAL_ACCOUNT,
            payer=payers[0] if payers else own,
            teams=[MyTeamOut.model_validate(one) for one in teams],
        )


class MeIn(BaseModel):
    """What is to be changed; a new password needs the one until now, or, where there was none, that
    you signed in just now.
    """

    model_config = ConfigDict(extra="forbid")

    name: Line | None = None
    payer_account_id: Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9_/-]+$")] | None = (
        None
    )
    password: Annotated[str, Field(max_length=1000)] | None = None
    current_password: Annotated[str, Field(max_length=1000)] = ""


class ProofIn(BaseModel):
    """To show that it is you; who has no password has signed in just now."""

    model_config = ConfigDict(extra="forbid")

    password: Annotated[str, Field(max_length=1000)] = ""


class SessionOut(BaseModel):
    """A browser in which one is signed in; `current` is the one that asks."""

    session_id: UUID
    browser: str
    address: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool


@router.get("", responses=PROBLEMS)
def get_me(caller: CallerDep, people: PeopleDep) -> MeOut:
    """Who you are."""
    with people.database.connect() as connection:
        who = get_person(connection, caller.account_id)
    return MeOut.of(people.database, who)


@router.patch("", responses=PROBLEMS)
def change_me(
    asked: MeIn, caller: SignedInDep, people: PeopleDep, browser: BrowserDep, response: Response
) -> MeOut:
    """Change your name, your password, or whose credits pay: your own, or those of a team of
    yours. With a new password you are signed out everywhere else.
    """
    who, token = people.change(
        caller.account_id,
        asked.name,
        asked.password,
        asked.current_password,
        caller.session_id,
        browser,
    )
    if token is not None:
        give_cookie(response, token)
    if asked.payer_account_id is not None:
        with people.database.begin() as connection:
            who = choose_payer(connection, caller.account_id, asked.payer_account_id)
    return MeOut.of(people.database, who)


@router.get("/export", response_class=StreamingResponse, responses=PROBLEMS)
def export_me(caller: SignedInDep, people: PeopleDep, studio: StudioDep) -> StreamingResponse:
    """All that is yours, as a ZIP file: who you are, what you asked for, what your credits did,
    what you paid, and the pictures. Five times an hour are enough.
    """
    people.count((EXPORT_OF, caller.account_id))
    read = partial(studio.own_bytes, caller.account_id)
    with ExitStack() as stack:  # the file has no name, so nothing of it stays, whatever comes
        file = stack.enter_context(TemporaryFile())
        export(people.database, caller.account_id, read, file)
        headers = {
            "Content-Length": str(file.tell()),
            "Content-Disposition": 'attachment; filename="maquette.zip"',
        }
        file.seek(0)
        stack.pop_all()  # whoever sends it closes it
    return StreamingResponse(_parts(file), media_type="application/zip", headers=headers)


def _parts(file: IO[bytes]) -> Generator[bytes]:
    with file:
        while part := file.read(PART_BYTES):
            yield part


@router.post("/delete", status_code=204, responses=PROBLEMS)
def delete_me(
    asked: ProofIn,
    caller: SignedInDep,
    people: PeopleDep,
    studio: StudioDep,
    payments: PaymentsDep,
    response: Response,
    later: BackgroundTasks,
) -> None:
    """Delete your account with all that is yours. It cannot be undone."""
    people.check_password(caller.account_id, asked.password, caller.session_id)
    with people.database.begin() as connection:
        delete(connection, caller.account_id, actor_id=caller.account_id)
    later.add_task(payments.close_pages_now)
    later.add_task(studio.drop_bytes)
    take_cookie(response)


@router.get("/sessions", responses=PROBLEMS)
def list_my_sessions(caller: SignedInDep, connection: Transaction) -> list[SessionOut]:
    """Where you are signed in, the latest used first."""
    return [
        SessionOut(
            **{name: getattr(one, name) for name in SessionOut.model_fields if name != "current"},
            current=one.session_id == caller.session_id,
        )
        for one in list_sessions(connection, caller.account_id)
    ]


@router.delete("/sessions/{session_id}", status_code=204, responses=PROBLEMS)
def end_my_session(session_id: UUID, caller: SignedInDep, connection: Transaction) -> None:
    """Sign a browser out."""
    if not end_session(connection, caller.account_id, session_id):
        raise NotFound(f"{session_id} is not here")
