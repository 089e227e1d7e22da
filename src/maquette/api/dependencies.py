"""What routes are given: the studio, the watch, and whose request it is."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from fastapi import BackgroundTasks, Depends, HTTPException, Request, Response

from maquette.api.batches import Batches
from maquette.api.scopes import scope_of
from maquette.api.watch import Watch
from maquette.core import logs
from maquette.core.errors import NotAllowed, NotSignedIn
from maquette.jobs.store import Job
from maquette.ledger.accounts import Balance
from maquette.people.callers import Caller
from maquette.people.persons import LOCAL_ACCOUNT, Role
from maquette.people.sessions import WHOLE
from maquette.people.teams import refuse_other_members
from maquette.service.captioner_models import CaptionerModels
from maquette.service.credits import Credits
from maquette.service.ledger_check import LedgerChecker
from maquette.service.payments import Payments
from maquette.service.people import Browser, People, Send
from maquette.service.studio import Outcome, OwnJobId, Studio
from maquette.service.text_servers import TextServers

__all__ = ["LOCAL_ACCOUNT", "Caller", "Role"]  # for routes, which ask here who asks

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
COOKIE = "__Host-maquette"  # by this name a browser takes it over HTTPS alone, for this host alone
LOOPBACK = {"127.0.0.1", "::1"}
ITS_OWN_NAMES = LOOPBACK | {"localhost"}  # for which browsers keep such a cookie over HTTP, too
# Any that begins so says that a request was handed on, so that its peer is not who asks.
HANDED_ON = ("forwarded", "via", "x-forwarded-", "x-real-ip")


# What streams tell of, read for many of them together.
ShownJobs = Batches[OwnJobId, tuple[Job, Outcome]]
Balances = Batches[str, Balance]


# What waits for nothing is a coroutine, or it would be handed to a thread.
async def _studio(request: Request) -> Studio:
    return request.app.state.studio


async def _credits(request: Request) -> Credits:
    return request.app.state.credits


async def _ledger_checker(request: Request) -> LedgerChecker:
    return request.app.state.ledger_checker


async def _payments(request: Request) -> Payments:
    return request.app.state.payments


async def _text_servers(request: Request) -> TextServers:
    return request.app.state.text_servers


async def _captioners(request: Request) -> CaptionerModels:
    return request.app.state.captioners


async def _watch(request: Request) -> Watch:
    return request.app.state.watch


async def _people(request: Request) -> People:
    return request.app.state.people


async def _shown(request: Request) -> ShownJobs:
    return request.app.state.shown


async def _balances(request: Request) -> Balances:
    return request.app.state.balances


StudioDep = Annotated[Studio, Depends(_studio)]
TextServersDep = Annotated[TextServers, Depends(_text_servers)]
CaptionersDep = Annotated[CaptionerModels, Depends(_captioners)]
WatchDep = Annotated[Watch, Depends(_watch)]
CreditsDep = Annotated[Credits, Depends(_credits)]
LedgerCheckerDep = Annotated[LedgerChecker, Depends(_ledger_checker)]
PaymentsDep = Annotated[Payments, Depends(_payments)]
PeopleDep = Annotated[People, Depends(_people)]
ShownDep = Annotated[ShownJobs, Depends(_shown)]
BalancesDep = Annotated[Balances, Depends(_balances)]


def _transaction(people: PeopleDep) -> Iterator[sa.Connection]:
    with people.database.begin() as connection:
        yield connection


# It commits before the answer goes out, or not at all.
Transaction = Annotated[sa.Connection, Depends(_transaction, scope="function")]


def _caller(request: Request, people: PeopleDep) -> Caller:
    if (said := request.headers.get("authorization")) is not None:
        return _by_key(request, people, said)
    token = request.cookies.get(COOKIE)
    caller = people.signed_in(token) if token else None
    if caller is None and sits_at_machine(request):
        caller = people.at_machine()
    if caller is None:
        raise NotSignedIn("no one is signed in; sign in first")
    logs.add(account_id=caller.account_id)
    return caller


def _by_key(request: Request, people: People, said: str) -> Caller:
    """What says who it is by a key is judged by that alone, whatever cookie comes with it."""
    kind, _, shown = said.partition(" ")
    caller = people.of_key(shown.strip()) if kind.lower() == "bearer" else None
    if caller is None:
        raise NotSignedIn("this key is unknown or over; send Authorization: Bearer KEY")
    needed = scope_of(request.url.path, request.method not in SAFE_METHODS)
    if needed not in (caller.scopes or ()):
        raise NotAllowed(f"this key is not for {needed}; make one that is")
    return caller


CallerDep = Annotated[Caller, Depends(_caller)]


async def _still(request: Request, people: PeopleDep, caller: CallerDep) -> Callable[[], bool]:
    """Asks anew who asks: a stream goes on for hours, and they may sign out, lose their key, be
    suspended or leave a team meanwhile.
    """

    def ask() -> bool:
        try:
            return _caller(request, people) == caller
        except (NotSignedIn, NotAllowed):
            return False

    return ask


StillDep = Annotated[Callable[[], bool], Depends(_still)]


def sits_at_machine(request: Request) -> bool:
    """Whether it comes from this machine, from no proxy on it."""
    direct = not any(name.startswith(HANDED_ON) for name in request.headers)
    return direct and request.client is not None and request.client.host in LOOPBACK


async def _account(caller: CallerDep) -> str:
    return caller.account_id


def _signed_in(caller: CallerDep) -> Caller:
    """A person, not a program of theirs: what is theirs alone is not for a key."""
    if caller.key_id is not None:
        raise NotAllowed("a key may not do this; sign in")
    return caller


def _operator(caller: CallerDep) -> Caller:
    if caller.role == "member":
        raise NotAllowed("this is for operators; ask one")
    return caller


def operator_or_machine(request: Request, people: PeopleDep) -> None:
    """Lets in what looks after the studio from its own machine; that needs no database."""
    if not sits_at_machine(request):
        _operator(_caller(request, people))


def _admin(caller: CallerDep) -> Caller:
    if caller.role != "admin":
        raise NotAllowed("this is for admins; ask one")
    return caller


Account = Annotated[str, Depends(_account)]


def keeper(request: Request, caller: CallerDep) -> Caller:
    """Whoever asks, where they decide over the account that pays. Raises NotAllowed."""
    with request.app.state.database.connect() as connection:
        refuse_other_members(connection, caller.payer_id, caller.account_id)
    return caller


SignedInDep = Annotated[Caller, Depends(_signed_in)]
OperatorDep = Annotated[Caller, Depends(_operator)]
KeeperDep = Annotated[Caller, Depends(keeper)]
AdminDep = Annotated[Caller, Depends(_admin)]


def _browser(request: Request) -> Browser:
    """Raises NotAllowed where a password, or the cookie for it, would go over the network in the
    clear.
    """
    if request.url.scheme != "https" and request.url.hostname not in ITS_OWN_NAMES:
        raise NotAllowed(
            "over plain HTTP others could read the password; serve the studio over HTTPS, and name "
            "the proxy that does so in the setting proxies"
        )
    address = request.client.host if request.client else ""
    return Browser(
        request.headers.get("user-agent", ""), address, request.cookies.get(COOKIE) or None
    )


def _send(people: PeopleDep, later: BackgroundTasks) -> Send:
    return partial(later.add_task, people.mailer.send)


SendDep = Annotated[Send, Depends(_send)]
BrowserDep = Annotated[Browser, Depends(_browser)]


def give_cookie(response: Response, token: str) -> None:
    """Has the browser be signed in."""
    seconds = int(WHOLE.total_seconds())
    response.set_cookie(COOKIE, token, seconds, secure=True, httponly=True, samesite="lax")


def take_cookie(response: Response) -> None:
    """Has the browser forget it."""
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="lax")


def refuse_other_pages(request: Request) -> None:
    """No page but the studio's own changes anything: a browser says where a request is from. What
    comes with its cookie and does not say so is no browser of these days.
    """
    if request.method in SAFE_METHODS or "authorization" in request.headers:
        return
    origin, site = (request.headers.get(name) for name in ("origin", "sec-fetch-site"))
    if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise HTTPException(403, f"a page of {origin} may not do this; use the studio's own")
    if site not in (None, "same-origin", "none"):
        raise HTTPException(403, "another page may not do this; use the studio's own")
    if origin is None and site is None and COOKIE in request.cookies:
        raise HTTPException(
            403, "it is not said which page this is from; send Origin, or use a key"
        )


def _own_job(generation_id: UUID, studio: StudioDep, account: Account) -> Job:
    return studio.job(account, generation_id)


# Checked before a stream begins, for its status cannot be taken back.
OwnJob = Annotated[Job, Depends(_own_job)]
