"""The door: people sign up, sign in and sign out."""

from typing import Annotated, Literal

from fastapi import APIRouter, Response, status
from pydantic import BaseModel, ConfigDict, Field

from maquette.api.dependencies import (
    BrowserDep,
    PeopleDep,
    SendDep,
    SignedInDep,
    give_cookie,
    take_cookie,
)
from maquette.api.me import Line, MeOut
from maquette.api.schemas import problems

router = APIRouter(prefix="/v1", tags=["sign-in"])
PROBLEMS = problems(400, 429)
Token = Annotated[str, Field(max_length=200)]
Secret = Annotated[str, Field(max_length=1000)]
Address = Annotated[str, Field(max_length=320)]


class ProviderOut(BaseModel):
    """Who else can say who you are; begin at `/v1/oidc/ID`."""

    id: str
    name: str


class SignInOptions(BaseModel):
    """In which ways one comes in."""

    password: bool = True
    sign_up: Literal["open", "closed"]
    providers: list[ProviderOut]
    free_microcredits: int


class SignUpIn(BaseModel):
    """Someone new."""

    model_config = ConfigDict(extra="forbid")

    email: Address
    password: Secret
    name: Line = ""
    language: Literal["en", "zh"] = "en"


class SignInIn(BaseModel):
    """Someone who was here before; `code` is that of a second factor, or one to recover by."""

    model_config = ConfigDict(extra="forbid")

    email: Address
    password: Secret
    code: Annotated[str, Field(max_length=100)] | None = None


@router.get("/sign-in/options", responses=PROBLEMS)
def get_sign_in_options(people: PeopleDep) -> SignInOptions:
    """In which ways one comes in, and what a new person is given."""
    settings = people.settings
    return SignInOptions(
        sign_up=settings.sign_up,
        providers=[ProviderOut(id=id_, name=one.name) for id_, one in people.providers.items()],
        free_microcredits=settings.free_credits * 10**6,
    )


@router.post("/sign-up", status_code=status.HTTP_201_CREATED, responses=PROBLEMS)
def sign_up(
    asked: SignUpIn, people: PeopleDep, browser: BrowserDep, send: SendDep, response: Response
) -> MeOut:
    """Make an account; you are signed in. Whether the address is known already is told by mail."""
    who, token = people.sign_up(
        asked.email, asked.password, asked.name, asked.language, browser, send
    )
    give_cookie(response, token)
    return MeOut.of(people.database, who)


@router.post("/sign-in", responses=PROBLEMS)
def sign_in(asked: SignInIn, people: PeopleDep, browser: BrowserDep, response: Response) -> MeOut:
    """Sign in; the cookie is for this browser alone. 401 with `needs` where a code is asked for."""
    who, token = people.sign_in(asked.email, asked.password, asked.code, browser)
    give_cookie(response, token)
    return MeOut.of(people.database, who)


@router.post("/sign-out", status_code=204, responses=PROBLEMS)
def sign_out(people: PeopleDep, browser: BrowserDep, response: Response) -> None:
    """Sign this browser out."""
    if browser.token is not None:
        people.sign_out(browser.token)
    take_cookie(response)


class VerifyIn(BaseModel):
    """What a link in a mail ends in; and the password, where you are not signed in."""

    model_config = ConfigDict(extra="forbid")

    token: Token
    password: Secret = ""


class AddressIn(BaseModel):
    """Whose password is to be another."""

    model_config = ConfigDict(extra="forbid")

    email: Address


class ResetIn(BaseModel):
    """The password from now on, by a link of a mail."""

    model_config = ConfigDict(extra="forbid")

    token: Token
    password: Secret


@router.post("/verify-email", status_code=204, responses=PROBLEMS)
def verify_email(asked: VerifyIn, people: PeopleDep, browser: BrowserDep) -> None:
    """Show that an address is yours, by the link of a mail. Once, it brings the free credits. In
    a browser where you are not signed in, 401 with `needs`: give the password, too.
    """
    people.verify(asked.token, asked.password, browser)


@router.post("/verify-email/send", status_code=202, responses=PROBLEMS)
def send_verification(caller: SignedInDep, people: PeopleDep, send: SendDep) -> None:
    """Have that mail sent once more."""
    people.send_verification(caller.account_id, send)


@router.post("/password-reset", status_code=202, responses=PROBLEMS)
def send_password_reset(
    asked: AddressIn, people: PeopleDep, browser: BrowserDep, send: SendDep
) -> None:
    """Have a link sent to choose another password by; whether there is an account does not show."""
    people.send_reset(asked.email, browser, send)


@router.post("/password-reset/confirm", status_code=204, responses=PROBLEMS)
def reset_password(asked: ResetIn, people: PeopleDep, browser: BrowserDep) -> None:
    """Choose another password, by the link of a mail. You are signed out everywhere."""
    people.reset(asked.token, asked.password, browser)
