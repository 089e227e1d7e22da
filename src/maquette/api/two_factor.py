"""The second factor: begun, confirmed by a code, removed."""

from typing import Annotated

import segno
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from maquette.api.dependencies import BrowserDep, PeopleDep, SignedInDep, give_cookie
from maquette.api.schemas import problems
from maquette.api.sign_in import Secret

router = APIRouter(prefix="/v1/me/two-factor", tags=["me"])
PROBLEMS = problems(400, 404, 429)


class BegunOut(BaseModel):
    """What an app needs: the secret, or the URI that the picture shows."""

    secret: str
    uri: str
    qr_svg: str


class CodeIn(BaseModel):
    """What the app shows."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(max_length=100)]


class ConfirmedOut(BaseModel):
    """What to keep in a safe place: each lets you in once without the app."""

    recovery_codes: list[str]


class PasswordIn(BaseModel):
    """To show that it is you."""

    model_config = ConfigDict(extra="forbid")

    password: Secret


@router.post("", responses=PROBLEMS)
def begin(asked: PasswordIn, caller: SignedInDep, people: PeopleDep) -> BegunOut:
    """Begin with a second factor; it is in force once you confirm it."""
    secret, uri = people.begin_two_factor(caller.account_id, asked.password)
    picture = segno.make(uri).svg_inline(scale=4, border=2)
    return BegunOut(secret=secret, uri=uri, qr_svg=picture)


@router.post("/confirm", responses=PROBLEMS)
def confirm(
    asked: CodeIn, caller: SignedInDep, people: PeopleDep, browser: BrowserDep, response: Response
) -> ConfirmedOut:
    """Have it be in force, by a code that the app shows. You are signed out everywhere else."""
    codes, token = people.confirm_two_factor(caller.account_id, asked.code, browser)
    give_cookie(response, token)
    return ConfirmedOut(recovery_codes=codes)


@router.post("/remove", status_code=204, responses=PROBLEMS)
def remove(asked: PasswordIn, caller: SignedInDep, people: PeopleDep) -> None:
    """Remove it; your password is enough from now on."""
    people.remove_two_factor(caller.account_id, asked.password)
