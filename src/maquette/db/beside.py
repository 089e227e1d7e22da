"""A fresh database beside the one that is there, which takes its place in one moment or goes."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from maquette.core.errors import DatabaseUnavailable, first_line
from maquette.db.connect import connect

FRESH = "_restoring"  # at the end of its name
MOST_NAME_BYTES = 63  # of PostgreSQL
IN_USE = "55006"  # the SQLSTATE of a database that others are connected to


class Beside:
    """The databases of a server, seen from another one of them."""

    def __init__(self, engine: sa.Engine, url: sa.URL) -> None:
        self._engine, self._url = engine, url
        self.name = str(url.database)
        self.fresh_url = url.set(database=self.name[: MOST_NAME_BYTES - len(FRESH)] + FRESH)
        self._fresh = str(self.fresh_url.database)

    def refuse_if_used(self) -> None:
        """Raises DatabaseUnavailable while anyone is connected to the database."""
        query = sa.text(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = :name AND backend_type = 'client backend'"
        )
        with self._engine.connect() as connection:
            if count := connection.execute(query, {"name": self.name}).scalar_one():
                raise self._in_use(f"{count} connections")

    def make(self) -> None:
        """The fresh database, empty; what an earlier try left goes."""
        try:
            self.drop(self._fresh)
            self._run(
                f"CREATE DATABASE {self._quoted(self._fresh)} TEMPLATE template0 ENCODING 'UTF8'"
            )
        except DBAPIError as error:
            raise DatabaseUnavailable(
                f"no database can be made beside {self.name}: {first_line(error.orig or error)}; "
                "the user of the database needs the right to make others: ALTER ROLE … CREATEDB"
            ) from None

    def drop(self, name: str | None = None) -> None:
        """Lets a database go, the fresh one where none is named."""
        self._run(f"DROP DATABASE IF EXISTS {self._quoted(name or self._fresh)} WITH (FORCE)")

    def swap(self) -> str | None:
        """Has the fresh database take the place of the other, in one transaction; gives the name
        that the other has from now on, None where there was none.

        Raises DatabaseUnavailable, and nothing has changed, where someone uses it.
        """
        ending = datetime.now(UTC).strftime("_before_%Y%m%dt%H%M%S%f")
        kept = self.name[: MOST_NAME_BYTES - len(ending)] + ending
        there = sa.text("SELECT EXISTS (SELECT FROM pg_database WHERE datname = :name)")
        try:
            with self._engine.execution_options(
                isolation_level="READ COMMITTED"
            ).begin() as connection:
                was = connection.execute(there, {"name": self.name}).scalar_one()
                if was:
                    self._rename(connection, self.name, kept)
                self._rename(connection, self._fresh, self.name)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) == IN_USE:
                raise self._in_use("a connection since") from None
            raise DatabaseUnavailable(
                f"{self.name} cannot be put in place: {first_line(error.orig or error)}; "
                "its owner or a superuser may do it"
            ) from None
        return kept if was else None

    def _in_use(self, why: str) -> DatabaseUnavailable:
        return DatabaseUnavailable(
            f"the database {self.name} is in use ({why}); stop the studio and all workers first"
        )

    def _rename(self, connection: sa.Connection, name: str, to: str) -> None:
        statement = f"ALTER DATABASE {self._quoted(name)} RENAME TO {self._quoted(to)}"
        connection.execute(sa.text(statement))

    def _run(self, statement: str) -> None:
        with self._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(sa.text(statement))

    def _quoted(self, name: str) -> str:
        return self._engine.dialect.identifier_preparer.quote_identifier(name).replace(":", r"\:")


@contextmanager
def beside(url: sa.URL) -> Generator[Beside]:
    """The server of a database that itself is left alone. Raises DatabaseUnavailable."""
    other = "template1" if url.database == "postgres" else "postgres"
    with connect(url.set(database=other)) as engine:
        yield Beside(engine, url)
