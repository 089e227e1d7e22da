"""`maquette studio`, and the worker that it starts."""

import json
import os
import signal
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from maquette.cli.options import (
    AsJson,
    Backend,
    Data,
    Database,
    Device,
    Precision,
    Threads,
    on_signal,
    settings_of,
)
from maquette.core.errors import UsageError, first_line
from maquette.core.requests import SamplingParams
from maquette.core.settings import Settings

if TYPE_CHECKING:
    import sqlalchemy as sa
    from fastapi import FastAPI

    from maquette.service.people import People
    from maquette.service.studio import Studio
    from maquette.service.supervisor import Supervisor

LOOPBACK = ("127.0.0.1", "localhost", "::1")
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")  # by which X11 and Wayland say that there is one
STARTING = (
    "Starting; the first time it finds out how to compute fastest here, which takes some seconds."
)
FIRST_PATIENCE_S = 60  # then the address is said all the same, and the page shows how far it is
GOODBYE_S = 5  # for streams that are open when the studio is told to stop


def studio(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 7860,
    data: Data = None,
    database: Database = None,
    device: Device = None,
    precision: Precision = None,
    threads: Threads = None,
    backend: Backend = None,
    first: Annotated[
        str | None, typer.Option(help="Have this drawn before all else, if nothing ever was.")
    ] = None,
    open_browser: Annotated[
        bool,
        typer.Option("--open/--no-open", help="Open the studio in a browser, if there is one."),
    ] = True,
    own_worker: Annotated[
        bool,
        typer.Option("--worker/--no-worker", help="Start a worker, or have others do the work."),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Start the studio: its pages and its API, the database, and a worker that draws.

    Example: maquette studio --port 7860
    """
    from maquette.db.connect import API_LOCK_S, open_database
    from maquette.service.supervisor import Supervisor

    settings = settings_of(
        context,
        data=data,
        database=database,
        device=device,
        precision=precision,
        threads=threads,
        backend=backend,
    )
    _watched(settings)
    first_params = SamplingParams(first) if first else None
    if not as_json:
        typer.echo(STARTING)
    # Uvicorn ends first and then raises the signal anew: then we end, too, but in order.
    signal.signal(signal.SIGTERM, on_signal(sys.exit))
    with (
        _listen(host, port) as listener,
        open_database(settings, lock_s=API_LOCK_S) as engine,
        ExitStack() as stack,
    ):
        url = f"http://{_in_url(host)}:{listener.getsockname()[1]}"
        people = _people(host, settings, engine, url)
        supervisor = Supervisor(_environment(context, settings, engine)) if own_worker else None
        if supervisor:
            stack.enter_context(supervisor)
        studio = _studio(settings, engine)
        app = _app(settings, engine, studio, supervisor, people, _names(host, settings))
        in_browser = open_browser and not as_json and _has_screen(context.obj or {})
        greeting = (studio, first_params, url, as_json, in_browser)
        threading.Thread(target=_greet, args=greeting, name="greet", daemon=True).start()
        _serve(app, listener)


def _watched(settings: Settings) -> None:
    from maquette.core import logs, tracing

    logs.configure(settings)
    tracing.configure(settings, "maquette-studio")


def _serve(app: "FastAPI", listener: socket.socket) -> None:
    import uvicorn

    config = uvicorn.Config(
        app,
        log_config=None,  # what it says is logged as all else is
        access_log=False,  # and of each request the app tells itself
        timeout_graceful_shutdown=GOODBYE_S,
        proxy_headers=False,  # the app has those of the proxies in the settings
    )
    uvicorn.Server(config).run(sockets=[listener])


def _people(host: str, settings: Settings, engine: "sa.Engine", url: str) -> "People":
    """The door, and the owner behind it. Raises UsageError where it would be open to all."""
    from maquette.service.oidc_sign_in import name_issuers
    from maquette.service.owner import prepare_owner, refuse_open_door
    from maquette.service.people import People
    from maquette.service.second_factors import prepare_key

    prepare_key(engine, settings)
    people = People(engine, settings, host in LOOPBACK, url)
    if not people.on_loopback:
        behind = f"a studio behind {settings.proxies}" if host in LOOPBACK else host
        refuse_open_door(engine, settings.public_url or behind)
    prepare_owner(engine)
    name_issuers(engine, settings.providers)
    return people


def _names(host: str, settings: Settings) -> tuple[str, ...]:
    """Of this machine alone only its own names, and that by which a proxy leads to it; elsewhere
    whoever hosts it knows the names.
    """
    if host not in LOOPBACK:
        return ("*",)
    public = urlsplit(settings.public_url or "").hostname
    own = ("localhost", "127.0.0.1", "[::1]")
    return (*own, _in_url(public)) if public else own


def _in_url(host: str) -> str:
    """An address of IPv6 is in brackets there, for it has colons."""
    return f"[{host}]" if ":" in host else host


def _app(
    settings: Settings,
    engine: "sa.Engine",
    studio: "Studio",
    supervisor: "Supervisor | None",
    people: "People",
    hosts: Sequence[str],
) -> "FastAPI":
    from maquette.api.app import create_app
    from maquette.service.credits import Credits
    from maquette.service.payments import open_shop
    from maquette.service.supervisor import usual_name

    own_name = usual_name(settings) if supervisor else None

    def is_ready() -> bool:
        return bool(supervisor and supervisor.is_ready()) or studio.has_worker(but=own_name)

    return create_app(
        studio,
        engine,
        is_ready,
        hosts,
        partial(getattr, supervisor, "restarts", 0),
        Credits(engine, settings.machine_cents_hour),
        open_shop(settings, engine),
        people,
    )


def _studio(settings: Settings, engine: "sa.Engine") -> "Studio":
    from maquette.jobs.queue import JobQueue
    from maquette.service.admission import QueueLimits
    from maquette.service.storage import open_blobs
    from maquette.service.studio import Studio
    from maquette.service.voices import VOICES

    limits = QueueLimits(settings.queue_jobs, settings.queue_s, settings.account_requests)
    blobs = open_blobs(settings)
    adapters, thumbnails = settings.data / "adapters", settings.data / "thumbnails"
    queue = JobQueue(engine, settings.account_jobs)
    voices = settings.data / VOICES
    return Studio(engine, blobs, queue, limits, settings.upload_bytes, adapters, thumbnails, voices)


def _greet(
    studio: "Studio", first: SamplingParams | None, url: str, as_json: bool, in_browser: bool
) -> None:
    if first:
        _draw_first(studio, first)
    typer.echo(json.dumps({"url": url}) if as_json else f"The studio is at {url}")
    if in_browser:
        webbrowser.open(url)


def _draw_first(studio: "Studio", params: SamplingParams) -> None:
    """Waits for a first picture, so that there is something to see; not where there was one."""
    from maquette.service.owner import LOCAL_ACCOUNT

    if studio.jobs(LOCAL_ACCOUNT, 1):
        return
    job, _ = studio.submit(LOCAL_ACCOUNT, params)
    give_up = time.monotonic() + FIRST_PATIENCE_S
    while not studio.job(LOCAL_ACCOUNT, job.job_id).ended and time.monotonic() < give_up:
        time.sleep(0.1)


def _has_screen(environ: Mapping[str, str]) -> bool:
    """Whether a browser can be seen; without a screen a text browser would take the terminal."""
    return sys.platform != "linux" or any(environ.get(name) for name in SCREENS)


def _environment(context: typer.Context, settings: Settings, engine: "sa.Engine") -> dict[str, str]:
    """The worker's: these settings, and the database that is open here, which is ours to stop."""
    inherited: dict[str, str] = context.obj or {}
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return inherited | settings.as_environment() | {"MAQUETTE_DATABASE": url}


def _listen(host: str, port: int) -> socket.socket:
    """Raises UsageError where the address cannot be had, before anything is started."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else first_line(error)
        raise UsageError(f"{host}:{port} cannot be listened on: {reason}; give --port") from None
