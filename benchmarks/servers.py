"""The PostgreSQL that benchmarks run on."""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from maquette.db.connect import OURS, start_server
from tests.debian_postgres import debian_server, installed


def parser_of(about: str | None) -> ArgumentParser:
    """Of a benchmark that runs on either server."""
    parser = ArgumentParser(description=about)
    help_text = "on Debian's PostgreSQL, not on the one that pip brings"
    parser.add_argument("--debian", action="store_true", help=help_text)
    return parser


@contextmanager
def running_server(debian: bool) -> Iterator[str]:
    """Where an empty server is that runs meanwhile."""
    if not debian:
        server = start_server(Path(mkdtemp()) / "postgres", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
        return
    programs = installed()
    if programs is None:
        raise SystemExit("Debian's PostgreSQL is not here; run: apt install postgresql")
    settings = " ".join(f"-c {name}={value}" for name, value in OURS.items())
    with debian_server(programs, settings, "SUPERUSER") as url:
        yield url.render_as_string(hide_password=False)
