"""The whole story of a backup: the database first, then the files that its rows name."""

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from maquette import __version__
from maquette.core.errors import DatabaseUnavailable
from maquette.core.settings import FILE_NAME, Settings, without_secrets
from maquette.db import dump
from maquette.db.connect import open_database, revision_of, stand_still
from maquette.library.blobs import BlobStore
from maquette.people.audit import note
from maquette.service.backup_places import Manifest, Place, write_backup

ACTOR, ACT = "maquette backup", "backup.make"  # as the audit log has it
SCHEMAS = ("public", "dbos")  # ours, and that of the queue
PAGE = 1000  # hashes that are read at once
# Whatever table has a column of this name names blobs by it, in all versions, and has their sizes.
HASH_COLUMN, SIZE_COLUMN = "content_hash", "size_bytes"

Progress = Callable[[int, int], None]  # blobs done, and in all


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written, and `lost`: blobs that rows still name and the studio no longer has."""

    place: Path
    manifest: Manifest
    new_blobs: int
    lost: Sequence[str]


def back_up(
    settings: Settings,
    place: Path,
    blobs: BlobStore,
    with_secrets: bool = False,
    on_progress: Progress = lambda done, total: None,
    verify: bool = False,
) -> Backup:
    """Writes a backup, while the studio goes on. Blobs come before the rows that name them, so all
    that the dump names are there still, but for those that went meanwhile. Of blobs that a folder
    has already the size is compared; where it is to `verify` them, they are read by their hash.

    Raises DatabaseUnavailable, UsageError where the place is taken, and OutputNotWritable.
    """
    with open_database(settings, migrated=False) as database:
        revision = revision_of(database)
        if revision is None:
            raise DatabaseUnavailable(
                f"there is nothing to back up in {database.url.render_as_string()}; "
                "give the --data or the --database of your studio"
            )
        filling = _Filling(settings, database, revision, blobs, with_secrets, on_progress, verify)
        manifest = write_backup(place, filling.fill)
        lost = _still_named(database, manifest.missing)
        told = {"blobs": manifest.blobs, "new": filling.new_blobs, "lost": len(lost)}
        with suppress(ProgrammingError), database.begin() as connection:
            note(connection, ACTOR, ACT, str(place.absolute()), **told)  # older ones have no log
        return Backup(place, manifest, filling.new_blobs, lost)


class _Filling:
    """One backup in the making."""

    def __init__(
        self,
        settings: Settings,
        database: sa.Engine,
        revision: str,
        blobs: BlobStore,
        with_secrets: bool,
        on_progress: Progress,
        verify: bool,
    ) -> None:
        self._settings, self._database, self._revision = settings, database, revision
        self._blobs, self._with_secrets, self._on_progress = blobs, with_secrets, on_progress
        self._verify = verify
        self._missing: list[str] = []
        self.new_blobs = 0

    def fill(self, place: Place, made: Path) -> tuple[Manifest, Path]:
        """All of it as of one moment. Files are copied once that is written down, for as long as a
        transaction sees the moment no row that is deleted makes room for another.
        """
        now = datetime.now(UTC)
        stamp = now.strftime("%Y%m%dT%H%M%S.%fZ")
        dumped, hashes, wanted = (made / f"{stamp}.{end}" for end in ("dump", "blobs", "wanted"))
        level = {"isolation_level": "REPEATABLE READ"}
        with self._database.connect().execution_options(**level) as connection:
            stand_still(connection)
            snapshot = connection.execute(sa.select(sa.func.pg_export_snapshot())).scalar_one()
            version = dump.server_version(connection)
            rows = count_rows(connection)
            total = _list_named(connection, wanted)
            dump.dump(self._database.url, version, str(snapshot), dumped)
        blobs, blob_bytes = self._put_blobs(place, wanted, total, hashes)
        parts: dict[str, str] = {}
        for path in (dumped, hashes):
            place.put_file(path.name, path)
            parts[path.name] = sha256_of(path)
        manifest = Manifest(
            maquette=__version__,
            created_at=now.isoformat(timespec="seconds"),
            postgresql=version,
            revision=self._revision,
            rows=rows,
            parts=parts,
            blobs=blobs,
            blob_bytes=blob_bytes,
            missing=self._missing,
            adapters=self._put_adapters(place),
            settings=self._settings_file(),
        )
        return manifest, hashes

    def _put_blobs(self, place: Place, wanted: Path, total: int, hashes: Path) -> tuple[int, int]:
        """Puts each blob that is wanted, and lists them in order as `sha256sum --check` reads it;
        how many, and their bytes.
        """
        done = blob_bytes = 0
        with wanted.open() as lines, hashes.open("w") as listed:
            for line in lines:
                content_hash, row_bytes = line.split()
                size_bytes = self._put_blob(place, content_hash, int(row_bytes))
                if size_bytes is not None:
                    path = f"blobs/{content_hash[:2]}/{content_hash[2:4]}/{content_hash}"
                    listed.write(f"{content_hash}  {path}\n")
                    blob_bytes += size_bytes
                done += 1
                self._on_progress(done, total)
        return done - len(self._missing), blob_bytes

    def _put_blob(self, place: Place, content_hash: str, row_bytes: int) -> int | None:
        """Its bytes; None where they are not there."""
        if (kept := self._kept_bytes(place, content_hash, row_bytes)) is not None:
            return kept
        try:
            content = self._blobs.get(content_hash)
        except KeyError:
            self._missing.append(content_hash)
            return None
        place.put_blob(content, content_hash)
        self.new_blobs += 1
        return len(content)

    def _kept_bytes(self, place: Place, content_hash: str, size_bytes: int) -> int | None:
        """How many bytes of a blob the place has; None where it has none, or others. They are read
        where they are not as many as they should be.
        """
        kept = place.blob_bytes(content_hash)
        if kept is None or (kept == size_bytes and not self._verify):
            return kept
        try:
            return len(place.get_blob(content_hash))
        except KeyError:
            return None

    def _put_adapters(self, place: Place) -> dict[str, str]:
        folder, hashes = self._settings.data / "adapters", dict[str, str]()
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file():
                content_hash = sha256_of(path)
                if self._kept_bytes(place, content_hash, path.stat().st_size) is None:
                    place.put_blob(path.read_bytes(), content_hash)
                hashes[path.relative_to(folder).as_posix()] = content_hash
        return hashes

    def _settings_file(self) -> str | None:
        try:
            text = (self._settings.data / FILE_NAME).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return text if self._with_secrets else without_secrets(tomllib.loads(text))


def count_rows(connection: sa.Connection) -> dict[str, int]:
    """All tables by their full names, and how many rows each has."""
    inspector, counts = sa.inspect(connection), dict[str, int]()
    for schema in SCHEMAS:
        for name in sorted(inspector.get_table_names(schema)):
            query = sa.select(sa.func.count()).select_from(sa.table(name, schema=schema))
            counts[f"{schema}.{name}"] = connection.execute(query).scalar_one()
    return counts


def named(connection: sa.Connection) -> sa.Select[str, int]:
    """The hashes of all blobs that rows name, each once, with their bytes."""
    query = sa.text(
        "SELECT table_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND column_name = :column ORDER BY table_name"
    )
    tables = connection.execute(query, {"column": HASH_COLUMN}).scalars()
    one, size_bytes = sa.column(HASH_COLUMN, sa.Text), sa.column(SIZE_COLUMN, sa.BigInteger)
    rows = sa.union_all(
        *(
            sa.select(one, size_bytes).where(one.is_not(None)).select_from(sa.table(table))
            for table in tables
        )
    ).subquery()
    one, size_bytes = rows.c[HASH_COLUMN], sa.func.max(rows.c[SIZE_COLUMN])
    return sa.select(one, size_bytes.label(SIZE_COLUMN)).group_by(one)


def _list_named(connection: sa.Connection, place: Path) -> int:
    """Writes down all that is named, in order by bytes: a hash and its bytes a line; how many."""
    found = named(connection).subquery()
    query = sa.select(found).order_by(sa.collate(found.c[HASH_COLUMN], "C"))
    number = 0
    with (
        place.open("w") as listed,
        connection.execution_options(yield_per=PAGE).execute(query) as result,
    ):
        for content_hash, size_bytes in result:
            listed.write(f"{content_hash} {size_bytes}\n")
            number += 1
    return number


def _still_named(database: sa.Engine, hashes: Iterable[str]) -> list[str]:
    """Those that rows name now: an upload may have gone since, and its bytes before its row."""
    wanted = list(hashes)
    if not wanted:
        return []
    with database.connect() as connection:
        one = named(connection).subquery().c[HASH_COLUMN]
        return list(connection.execute(sa.select(one).where(one.in_(wanted))).scalars())


def sha256_of(path: Path) -> str:
    """The hash of a file, read once and not kept in memory."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def as_table(manifest: Manifest) -> Mapping[str, str]:
    """What a person wants to know of a backup."""
    return {
        "made": manifest.created_at,
        "by": f"Maquette {manifest.maquette}, PostgreSQL {manifest.postgresql}",
        "schema": manifest.revision,
        "rows": f"{sum(manifest.rows.values()):,} in {len(manifest.rows)} tables",
        "blobs": f"{manifest.blobs:,}, {manifest.blob_bytes / 2**20:,.1f} MiB",
        "adapters": str(len(manifest.adapters)),
    }
