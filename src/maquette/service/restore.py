"""The whole story of a restore: checked, made beside what is there, checked again, then swapped."""

import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import file_digest
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import psycopg
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import DBAPIError

from maquette.core.errors import BackupDamaged, UsageError
from maquette.core.files import write_whole
from maquette.core.settings import FILE_NAME, Settings
from maquette.db.beside import Beside, beside
from maquette.db.connect import check_known, connect, database_url, migrate, revision_of
from maquette.db.dump import fill, server_version
from maquette.db.tables import metadata
from maquette.ledger.verify import verify
from maquette.library.blobs import BlobStore
from maquette.people.audit import note
from maquette.service.backup import HASH_COLUMN, Progress, count_rows, named, sha256_of
from maquette.service.backup_places import Manifest, Place, read_backup

ACTOR, ACT = "maquette restore", "backup.restore"  # as the audit log has it


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back. `kept` is the database of before, None where there was none or it went."""

    manifest: Manifest
    new_blobs: int
    kept: str | None
    settings_written: bool


def check_backup(place: Path, on_progress: Progress = lambda done, total: None) -> Manifest:
    """Reads all of a backup, and changes nothing. Raises BackupDamaged, and DatabaseUnavailable
    where it is of a newer version.
    """
    with read_backup(place) as (manifest, found):
        _check_parts(place, manifest, found, on_progress)
    return manifest


def restore(
    settings: Settings,
    place: Path,
    blobs: BlobStore,
    discard: bool = False,
    accept_findings: bool = False,
    on_progress: Progress = lambda done, total: None,
) -> Restored:
    """Puts a backup in the place of what is there, which stays as it was until all is well.

    Blobs are added to those there: their names are their hashes, so none that is there changes. The
    database is made beside the old one and takes its place in one transaction: whatever ends this
    before leaves the old one. That is kept by another name, unless it is to be `discard`ed.

    Raises BackupDamaged before anything changes; DatabaseUnavailable where the data are in use, the
    backup is of a newer version, or the database cannot be made; OutputNotWritable; UsageError.
    """
    with read_backup(place) as (manifest, found):
        _check_parts(place, manifest, found, on_progress)
        _check_adapters(manifest, settings.data / "adapters")
        with database_url(settings) as url, beside(url) as server:
            server.refuse_if_used()
            files = _Files(found, blobs, settings.data / "adapters")
            try:
                server.make()
                _make(server, place, manifest, found)
                files.put(manifest, on_progress)
                _check_health(server, place, manifest, found, accept_findings)
                kept = server.swap()
            except BaseException:
                files.take_back()
                with suppress(DBAPIError):  # the next restore drops it
                    server.drop()
                raise
            if kept is not None and (discard or not _has_tables(url.set(database=kept))):
                server.drop(kept)
                kept = None
    return Restored(manifest, len(files.new_blobs), kept, _write_settings(settings, manifest))


def _check_parts(place: Path, manifest: Manifest, found: Place, on_progress: Progress) -> None:
    check_known(manifest.revision, f"the backup {place}")
    for name, sha256 in manifest.parts.items():
        with found.open(name) as file:
            if file_digest(file, "sha256").hexdigest() != sha256:  # pyright: ignore[reportArgumentType]
                raise BackupDamaged(
                    f"{place / name} is not what was backed up; take another backup"
                )
    done = 0
    for content_hash in chain(_listed(manifest, found), manifest.adapters.values()):
        try:
            found.get_blob(content_hash)
        except KeyError:
            raise BackupDamaged(
                f"blob {content_hash} of {place} is lost or damaged; take another backup, "
                "with --verify where it is a folder"
            ) from None
        done += 1
        on_progress(done, manifest.blobs + len(manifest.adapters))
    if done != manifest.blobs + len(manifest.adapters):
        raise BackupDamaged(f"{place} lists {done} blobs and has {manifest.blobs}")


def _listed(manifest: Manifest, found: Place) -> Generator[str]:
    """The hashes of all blobs that rows name and the backup has."""
    with found.open(_part(manifest, ".blobs")) as file:
        for line in file:
            yield line[:64].decode()


def _part(manifest: Manifest, ending: str) -> str:
    return next(name for name in manifest.parts if name.endswith(ending))


def _check_adapters(manifest: Manifest, folder: Path) -> None:
    for name, sha256 in manifest.adapters.items():
        path = folder / name
        if path.exists() and sha256_of(path) != sha256:
            raise UsageError(f"{path} is another file than that of the backup; move it away first")


def _make(server: Beside, place: Path, manifest: Manifest, found: Place) -> None:
    """The tables and rows of the backup, counted, then as this version has them."""
    with connect(server.fresh_url) as fresh:
        with fresh.connect() as connection:
            version = server_version(connection)
        with _as_file(found, _part(manifest, ".dump")) as dumped:
            fill(fresh.url, version, dumped)
        with fresh.connect() as connection:
            counts = count_rows(connection)
        if counts != manifest.rows:
            wrong = sorted({name for name, _ in counts.items() ^ manifest.rows.items()})
            raise BackupDamaged(f"{place} does not have the rows that it says: {', '.join(wrong)}")
        migrate(fresh)


@contextmanager
def _as_file(found: Place, name: str) -> Generator[Path]:
    """A part as a file of its own, for tools that read no tar."""
    with TemporaryDirectory(prefix="maquette-") as folder, found.open(name) as part:
        path = Path(folder) / name
        with path.open("wb") as file:
            shutil.copyfileobj(part, file, 2**20)
        yield path


class _Files:
    """Blobs and adapters that were not there, put and taken back."""

    def __init__(self, found: Place, blobs: BlobStore, adapters: Path) -> None:
        self._found, self._blobs, self._adapters = found, blobs, adapters
        self._new_adapters: list[Path] = []
        self.new_blobs: list[str] = []

    def put(self, manifest: Manifest, on_progress: Progress) -> None:
        """Raises OutputNotWritable."""
        for done, content_hash in enumerate(_listed(manifest, self._found), 1):
            self._put_blob(content_hash)
            on_progress(done, manifest.blobs)
        for name, content_hash in manifest.adapters.items():
            path = self._adapters / name
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                self._new_adapters.append(path)
                write_whole(path, self._found.get_blob(content_hash))

    def _put_blob(self, content_hash: str) -> None:
        try:
            self._blobs.get(content_hash)
        except KeyError:
            self._blobs.delete(content_hash)  # or bytes that no longer fit it would be kept
            self.new_blobs.append(content_hash)
            self._blobs.put(self._found.get_blob(content_hash))

    def take_back(self) -> None:
        for path in self._new_adapters:
            path.unlink(missing_ok=True)
        for content_hash in self.new_blobs:
            self._blobs.delete(content_hash)


def _check_health(
    server: Beside, place: Path, manifest: Manifest, found: Place, accept_findings: bool
) -> None:
    """Raises BackupDamaged where the fresh database is not what a studio can go on with."""
    with connect(server.fresh_url) as fresh:
        with fresh.begin() as connection:
            if differences := compare_metadata(MigrationContext.configure(connection), metadata):
                raise BackupDamaged(
                    f"the tables of {place} are not those of schema {manifest.revision}: "
                    f"{differences[0]}; take another backup"
                )
            unlisted = _unlisted(connection, manifest, found)
            if unlisted is not None:
                raise BackupDamaged(f"{place} has no blob {unlisted}, which its rows name")
            note(connection, ACTOR, ACT, str(place.absolute()), made=manifest.created_at)
        finding = next(verify(fresh), None)
        if finding is not None and not accept_findings:
            raise BackupDamaged(
                f"the ledger of {place} has a fault: {finding.line}; take another backup, or add "
                "--accept-findings"
            )


def _unlisted(connection: sa.Connection, manifest: Manifest, found: Place) -> str | None:
    """A blob that rows name and the backup neither lists nor says to be missing."""
    connection.execute(sa.text("CREATE TEMPORARY TABLE listed (content_hash text) ON COMMIT DROP"))
    raw = cast("psycopg.Connection[tuple[str]]", connection.connection.driver_connection)
    with raw.cursor() as cursor, cursor.copy("COPY listed FROM STDIN") as rows:
        for content_hash in chain(_listed(manifest, found), manifest.missing):
            rows.write_row((content_hash,))
    all_named = named(connection).subquery().c[HASH_COLUMN]
    listed = sa.table("listed", sa.column(HASH_COLUMN))
    known = sa.select(listed.c[HASH_COLUMN])
    return connection.execute(sa.select(all_named).except_(known).limit(1)).scalar()


def _has_tables(url: sa.URL) -> bool:
    with connect(url) as engine:
        return revision_of(engine) is not None


def _write_settings(settings: Settings, manifest: Manifest) -> bool:
    """Only where there are none: those that are there know where this studio's data are."""
    path = settings.data / FILE_NAME
    if manifest.settings is None or path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, manifest.settings.encode())
    return True
