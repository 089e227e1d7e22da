"""The application: routes, errors as one line of JSON, and what lives as long as it does."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

import sqlalchemy as sa
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, Gauge
from starlette.middleware.trustedhost import TrustedHostMiddleware

from maquette import __version__
from maquette.api import assets, events, generations, health, models
from maquette.api.dependencies import refuse_other_pages
from maquette.api.pages import Pages
from maquette.api.watch import Watch
from maquette.core.errors import MaquetteError, NotFound, QueueFull, UsageError
from maquette.service.studio import Studio

STATUS = {NotFound: 404, UsageError: 400}  # the first that fits


def create_app(
    studio: Studio,
    database: sa.Engine,
    worker_ready: Callable[[], bool] = lambda: True,
    hosts: Sequence[str] = ("*",),
) -> FastAPI:
    """The API of a studio. `worker_ready` says whether something takes jobs; other names than
    `hosts` are not answered, or any page could read a studio through a name that leads to it.
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
    app.state.metrics = CollectorRegistry()
    unfinished = Gauge("maquette_jobs_unfinished", "Jobs not ended.", registry=app.state.metrics)
    unfinished.set_function(studio.unfinished)
    for module in (generations, events, assets, models, health):
        app.include_router(module.router)
    app.mount("/", Pages(), name="studio")
    app.add_exception_handler(MaquetteError, _problem)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*hosts])
    return app


async def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, MaquetteError)
    if isinstance(error, QueueFull):
        headers = {"Retry-After": str(error.retry_after_s)}
        return JSONResponse({"error": error.message}, 429, headers)
    known = (code for kind, code in STATUS.items() if isinstance(error, kind))
    return JSONResponse({"error": error.message}, next(known, 500))
