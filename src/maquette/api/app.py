"""The application: routes, errors as one line of JSON, and what lives as long as it does."""

import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import islice

import sqlalchemy as sa
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from maquette import __version__
from maquette.api import (
    assets,
    brand_voices,
    campaigns,
    code,
    copydesk,
    credits,
    documents,
    events,
    generations,
    health,
    keys,
    linked_providers,
    me,
    metrics,
    models,
    oidc,
    openai,
    openai_speech,
    operator_credits,
    operator_payments,
    operator_people,
    operator_queue,
    operator_text_servers,
    payments,
    sign_in,
    speech,
    teams,
    texts,
    two_factor,
)
from maquette.api.access import Access
from maquette.api.batches import Batches
from maquette.api.body_limit import ENVELOPE_BYTES, BodyLimit
from maquette.api.context import MOST_SHOWN_BYTES
from maquette.api.dependencies import refuse_other_pages
from maquette.api.idempotency import answered_before
from maquette.api.pages import Pages
from maquette.api.watch import Watch
from maquette.core.errors import (
    IdempotencyMismatch,
    InsufficientCredits,
    JobFailed,
    MaquetteError,
    NotAllowed,
    NotFound,
    NotNow,
    NotSignedIn,
    PaymentUnavailable,
    QuotaExceeded,
    RemoteUnavailable,
    StorageUnavailable,
    UsageError,
    first_line,
)
from maquette.core.settings import Settings
from maquette.db.connect import DATABASE_AWAY
from maquette.ledger.idempotency import AnsweredBefore
from maquette.service.captioner_models import CAPTIONERS, CaptionerModels
from maquette.service.credits import Credits
from maquette.service.figures import Figures
from maquette.service.ledger_check import LedgerChecker
from maquette.service.overview import SandboxLook
from maquette.service.payments import Payments
from maquette.service.people import People
from maquette.service.studio import Studio
from maquette.service.text_servers import TextServers

log = logging.getLogger(__name__)
ROUTES = (
    *(sign_in, oidc, me, linked_providers, two_factor, keys, teams),
    *(generations, events, assets, texts, speech, models, credits, openai, openai_speech),
    *(copydesk, brand_voices, campaigns, documents, code),
    *(payments, operator_people, operator_credits, operator_payments, operator_queue),
    *(operator_text_servers, health),
)
MOST_MISFITS = 3  # told of one request
STATUS = {
    NotSignedIn: 401,
    IdempotencyMismatch: 422,
    InsufficientCredits: 402,
    NotAllowed: 403,
    NotFound: 404,
    QuotaExceeded: 413,
    StorageUnavailable: 503,
    JobFailed: openai.STATUS_FAILED,
    PaymentUnavailable: 502,
    RemoteUnavailable: 502,
    UsageError: 400,
}  # the first that fits


def create_app(
    studio: Studio,
    database: sa.Engine,
    worker_ready: Callable[[], bool] = lambda: True,
    hosts: Sequence[str] = ("*",),
    worker_restarts: Callable[[], int] = lambda: 0,
    credit_desk: Credits | None = None,
    payment_desk: Payments | None = None,
    people: People | None = None,
) -> FastAPI:
    """The API of a studio. `worker_ready` says whether something takes jobs, `worker_restarts` how
    often it had died; other names than `hosts` are not answered, or any page could read a studio
    through a name that leads to it. `people` is its door; absent, that of a studio on this machine
    alone, with the usual settings.
    """

    @asynccontextmanager
    async def living(app: FastAPI) -> AsyncGenerator[None]:
        watch = app.state.watch = Watch(database)
        app.state.shown = Batches(studio.shown)
        app.state.balances = Batches(app.state.credits.balances)
        with LedgerChecker(database) as app.state.ledger_checker:
            yield
        watch.close()

    app = FastAPI(
        title="Maquette",
        version=__version__,
        summary="Settle the idea once; let the machine realise it.",
        lifespan=living,
        docs_url=None,  # the studio's own page shows it, for FastAPI's loads from elsewhere
        redoc_url=None,
        dependencies=[Depends(refuse_other_pages)],
    )
    app.state.studio, app.state.worker_ready = studio, worker_ready
    app.state.people = people = people or People(database, Settings())
    app.state.payments = payment_desk or Payments(database)
    app.state.metrics = metrics.registry(
        Figures(database), worker_restarts, streams=lambda: len(app.state.watch)
    )
    app.state.text_servers = servers = TextServers(database, people.settings)
    app.state.captioners = CaptionerModels(people.settings.data / CAPTIONERS, servers)
    app.state.sandbox = SandboxLook(people.settings.data)
    app.state.database, app.state.credits = database, credit_desk or Credits(database)
    for module in ROUTES:
        app.include_router(module.router)
    app.mount("/", Pages(), name="studio")
    app.add_exception_handler(MaquetteError, _problem)
    app.add_exception_handler(AnsweredBefore, answered_before)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _misfit)
    for kind in DATABASE_AWAY:
        app.add_exception_handler(kind, _database_away)
    app.add_middleware(
        BodyLimit,
        by_path={
            "/v1/pictures": assets.MOST_UPLOAD_BYTES + ENVELOPE_BYTES,
            "/v1/chat/completions": MOST_SHOWN_BYTES,  # pictures among its messages
        },
    )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*hosts])
    if proxies := people.settings.proxies.replace(",", " ").split():
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=proxies)
    app.add_middleware(Access, registry=app.state.metrics)
    return app


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, MaquetteError)
    if isinstance(error, NotNow):
        return _line(request, error.message, 429, {"Retry-After": str(error.retry_after_s)})
    if isinstance(error, NotSignedIn):
        bearer = {"WWW-Authenticate": "Bearer"}
        return _line(request, error.message, 401, bearer, needs=error.needs)
    known = (code for kind, code in STATUS.items() if isinstance(error, kind))
    return _line(request, error.message, next(known, 500))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 204:
        return Response(status_code=204)
    return _line(request, error.detail, error.status_code, error.headers)


async def _misfit(request: Request, error: Exception) -> Response:
    """What was sent is not sent back: not all that JSON's readers take can be written as JSON."""
    assert isinstance(error, RequestValidationError)
    named = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
    return _line(request, "; ".join(islice(named, MOST_MISFITS)), 422)


async def _database_away(request: Request, error: Exception) -> Response:
    """Not a fault of the request, and none of ours that a traceback would help to find."""
    log.warning("%s %s: %s", request.method, request.url.path, first_line(error))
    soon = {"Retry-After": "5"}
    return _line(request, "the database does not answer; try again in a moment", 503, soon)


def _line(
    request: Request,
    message: str,
    status: int,
    headers: Mapping[str, str] | None = None,
    **more: str | None,
) -> Response:
    """The form of all that goes wrong, on the routes of OpenAI's theirs. Half of a surrogate pair
    is escaped: JSON can name it, UTF-8 cannot hold it.
    """
    written = message.encode(errors="backslashreplace").decode()
    if request.url.path in openai.PATHS:
        return JSONResponse({"error": openai.openai_error(written, status)}, status, headers)
    told = {name: value for name, value in more.items() if value is not None}
    return JSONResponse({"error": written, **told}, status, headers)
