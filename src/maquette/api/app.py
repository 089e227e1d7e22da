"""The application: routes, errors as one line of JSON, and what lives as long as it does."""

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

import sqlalchemy as sa
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

from maquette import __version__
from maquette.api import assets, events, generations, health, metrics, models
from maquette.api.body_limit import ENVELOPE_BYTES, BodyLimit
from maquette.api.dependencies import refuse_other_pages
from maquette.api.pages import Pages
from maquette.api.watch import Watch
from maquette.core.errors import MaquetteError, NotFound, QueueFull, UsageError, first_line
from maquette.db.connect import DATABASE_AWAY
from maquette.service.studio import Studio

log = logging.getLogger(__name__)
STATUS = {NotFound: 404, UsageError: 400}  # the first that fits


def create_app(
    studio: Studio,
    database: sa.Engine,
    worker_ready: Callable[[], bool] = lambda: True,
    hosts: Sequence[str] = ("*",),
    worker_restarts: Callable[[], int] = lambda: 0,
) -> FastAPI:
    """The API of a studio. `worker_ready` says whether something takes jobs, `worker_restarts` how
    often it had died; other names than `hosts` are not answered, or any page could read a studio
    through a name that leads to it.
    """

    @asynccontextmanager
    async def living(app: FastAPI) -> AsyncGenerator[None]:
        app.state.watch = Watch(database)
        yield
        app.state.watch.close()

    app = FastAPI(
        title="Maquette",
        version=__version__,
        summary="Settle the idea once; let the machine realise it.",
        lifespan=living,
        dependencies=[Depends(refuse_other_pages)],
    )
    app.state.studio, app.state.worker_ready = studio, worker_ready
    app.state.metrics = metrics.registry(studio, worker_restarts)
    for module in (generations, events, assets, models, health):
        app.include_router(module.router)
    app.mount("/", Pages(), name="studio")
    app.add_exception_handler(MaquetteError, _problem)
    for kind in DATABASE_AWAY:
        app.add_exception_handler(kind, _database_away)
    app.add_middleware(
        BodyLimit,
        by_path={"/v1/pictures": assets.MOST_UPLOAD_BYTES + ENVELOPE_BYTES},
    )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*hosts])
    return app


async def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, MaquetteError)
    if isinstance(error, QueueFull):
        headers = {"Retry-After": str(error.retry_after_s)}
        return JSONResponse({"error": error.message}, 429, headers)
    known = (code for kind, code in STATUS.items() if isinstance(error, kind))
    return JSONResponse({"error": error.message}, next(known, 500))


async def _database_away(request: Request, error: Exception) -> JSONResponse:
    """Not a fault of the request, and none of ours that a traceback would help to find."""
    log.warning("%s %s: %s", request.method, request.url.path, first_line(error))
    message = "the database does not answer; try again in a moment"
    return JSONResponse({"error": message}, 503, {"Retry-After": "5"})
