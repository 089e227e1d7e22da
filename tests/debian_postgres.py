"""A server of Debian's PostgreSQL, as one that a studio does not start itself."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

PASSWORD = r"a:b\c'd"  # what a file of passwords and a URL have to escape
ROLE = "CREATE ROLE maquette LOGIN {rights} PASSWORD 'a:b\\c''d'"


def installed() -> Path | None:
    """Where the programs of the newest one are."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


@contextmanager
def debian_server(programs: Path, options: str = "", rights: str = "CREATEDB") -> Iterator[sa.URL]:
    """One that runs meanwhile, reached by TCP as a user with a password who may do no more than
    is told.
    """
    owner = "postgres" if os.geteuid() == 0 else None  # it does not run as root
    folder = Path(tempfile.mkdtemp(prefix="maquette-debian-"))
    if owner:
        shutil.chown(folder, owner)

    def run(tool: str, *words: str) -> None:
        command = [str(programs / tool), "-D", str(folder / "data"), *words]
        subprocess.run(command, user=owner, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    run("initdb", "--username=postgres", "--auth=trust", "--encoding=utf8")
    rules = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
    (folder / "data" / "pg_hba.conf").write_text(rules)
    options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} {options}"
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        root = f"postgresql+psycopg://postgres@/postgres?host={folder}&port={port}"
        engine = sa.create_engine(root, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql(ROLE.format(rights=rights))
        yield sa.URL.create("postgresql", "maquette", PASSWORD, "127.0.0.1", port, "postgres")
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder)
