"""Bytes that are to go: noted with the rows that named them, so that a crash forgets none."""

from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maquette.db.locks import lock_name
from maquette.db.tables.library import asset, blob_drop, upload
from maquette.library.blobs import BlobStore
from maquette.library.thumbnails import Thumbnails
from maquette.library.uploads import has_rows

PAGE = 1000  # that are read at once


def note_drops(connection: sa.Connection, account_id: str) -> None:
    """Notes all that an account put or had made, in the transaction that takes those rows away."""
    hashes = (
        sa.select(table.c.content_hash).where(table.c.account_id == account_id)
        for table in (asset, upload)
    )
    query = insert(blob_drop).from_select(["blob_hash"], sa.union(*hashes))
    connection.execute(query.on_conflict_do_nothing())


def drop_blobs(
    database: sa.Engine,
    blobs: BlobStore,
    thumbnails: Thumbnails,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Lets go what was noted, small versions too, unless someone has it by now; gives how many
    blobs went. Leaves off when it is `stopping`.

    No one puts or names a blob meanwhile, and its bytes go before the note of it: after a crash in
    between the next one finds it.
    """
    gone = 0
    while hashes := _noted(database):
        for blob_hash in hashes:
            if stopping():
                return gone
            with database.begin() as connection:
                lock_name(connection, blob_hash)
                if not has_rows(connection, blob_hash):
                    blobs.delete(blob_hash)
                    thumbnails.delete(blob_hash)
                    gone += 1
                this = blob_drop.c.blob_hash == blob_hash
                connection.execute(sa.delete(blob_drop).where(this))
    return gone


def _noted(database: sa.Engine) -> Sequence[str]:
    with database.connect() as connection:
        query = sa.select(blob_drop.c.blob_hash).order_by(blob_drop.c.blob_hash).limit(PAGE)
        return connection.execute(query).scalars().all()
