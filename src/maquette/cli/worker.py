"""`maquette worker`: one more process that runs jobs, on this machine or on another."""

import json
import signal
import sys
import threading
from typing import Annotated

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
from maquette.core import logs, tracing
from maquette.core.requests import MAX_SIZE_PX
from maquette.service.supervisor import DRAIN_S


def worker(
    context: typer.Context,
    data: Data = None,
    database: Database = None,
    device: Device = None,
    precision: Precision = None,
    threads: Threads = None,
    backend: Backend = None,
    attached: Annotated[bool, typer.Option(hidden=True, help="End with standard input.")] = False,
    drain_s: Annotated[
        int, typer.Option(hidden=True, min=0, help="Seconds for jobs to end when stopped.")
    ] = DRAIN_S,
    name: Annotated[
        str | None,
        typer.Option(help="What it is called; absent, its machine and its data folder."),
    ] = None,
    models: Annotated[
        str | None,
        typer.Option(help="The models it has, with commas between; absent, all that ship."),
    ] = None,
    most_megapixels: Annotated[
        float | None, typer.Option(help="The size of a picture it can do; absent, the largest.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run jobs until stopped; the studio starts one by itself. Any number share a database.

    Example: maquette worker --models starter,starter-turbo --most-megapixels 0.3
    """
    from maquette.service.supervisor import ALIVE, READY
    from maquette.service.worker import WorkerOptions, give_way, work

    settings = settings_of(
        context,
        data=data,
        database=database,
        device=device,
        precision=precision,
        threads=threads,
        backend=backend,
    )
    logs.configure(settings)
    tracing.configure(settings, "maquette-worker")
    give_way()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal(stop.set))
    if attached:  # a studio that is killed closes it
        threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    ready = json.dumps({"state": READY}) if as_json else READY

    def beat() -> None:
        if attached:
            typer.echo(ALIVE)

    named = tuple(one.strip() for one in models.split(",")) if models else ()
    most_pixels = MAX_SIZE_PX**2 if most_megapixels is None else int(most_megapixels * 1e6)
    options = WorkerOptions(name, named, most_pixels, drain_s)
    work(settings, stop, lambda: typer.echo(ready), beat, options)
