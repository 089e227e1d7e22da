"""Uploads as rows: who put which picture, so that it is theirs alone to begin from."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maquette.db.locks import lock_name
from maquette.db.tables.jobs import job, mask_hash, seen, source_hash
from maquette.db.tables.library import asset, upload


def add_upload(
    connection: sa.Connection, account_id: str, content_hash: str, size_bytes: int
) -> int:
    """Notes that an account put a blob, now; once is enough. Gives the bytes of all that it put and
    no job of its own names; until the caller's transaction ends, it puts nothing else.
    """
    lock_name(connection, f"uploads of {account_id}")
    row = {"account_id": account_id, "content_hash": content_hash, "size_bytes": size_bytes}
    again = {"created_at": sa.func.now()}
    connection.execute(
        insert(upload)
        .values(row)
        .on_conflict_do_update(index_elements=["account_id", "content_hash"], set_=again)
    )
    unnamed = (upload.c.account_id == account_id) & _unnamed()
    query = sa.select(sa.func.coalesce(sa.func.sum(upload.c.size_bytes), 0)).where(unnamed)
    return int(connection.execute(query).scalar_one())


def touch_upload(connection: sa.Connection, account_id: str, content_hash: str) -> None:
    """Notes that an account has a use for what it put, so that it is kept as if it were new."""
    this = (upload.c.account_id == account_id) & (upload.c.content_hash == content_hash)
    connection.execute(sa.update(upload).where(this).values(created_at=sa.func.now()))


def may_read(
    connection: sa.Connection, account_id: str, content_hash: str, media: str = "image/png"
) -> bool:
    """Whether an account put a picture, or a job of its own made that, or something else of a
    medium, and it is not deleted; "" is any medium.
    """
    put = sa.exists().where(
        (upload.c.account_id == account_id) & (upload.c.content_hash == content_hash)
    )
    made = sa.exists().where(
        (asset.c.account_id == account_id)
        & (asset.c.content_hash == content_hash)
        & asset.c.media_type.startswith(media)
        & asset.c.deleted_at.is_(None)
        & (job.c.job_id == asset.c.job_id)
        & job.c.deleted_at.is_(None)
    )
    return connection.execute(sa.select(put | made)).scalar_one()


def unused_uploads(connection: sa.Connection, older_than: timedelta, most: int) -> Sequence[str]:
    """Blobs that an account put so long ago, and that no job of its own names; some of them."""
    query = sa.select(upload.c.content_hash).distinct().where(_unused(older_than)).limit(most)
    return connection.execute(query).scalars().all()


def drop_unused(connection: sa.Connection, content_hash: str, older_than: timedelta) -> bool:
    """Forgets who put a blob that the caller holds, where it is still unused. True where no one
    has it any more, so that its bytes can go.
    """
    this = upload.c.content_hash == content_hash
    connection.execute(sa.delete(upload).where(this & _unused(older_than)))
    left = sa.exists().where(this) | sa.exists().where(asset.c.content_hash == content_hash)
    return not connection.execute(sa.select(left)).scalar_one()


def has_rows(connection: sa.Connection, content_hash: str) -> bool:
    """Whether anyone put a blob, or a job made it."""
    there = (sa.exists().where(one.c.content_hash == content_hash) for one in (upload, asset))
    return connection.execute(sa.select(sa.or_(*there))).scalar_one()


def _unused(older_than: timedelta) -> sa.ColumnElement[bool]:
    return (upload.c.created_at < sa.func.now() - older_than) & _unnamed()


def _unnamed() -> sa.ColumnElement[bool]:
    """Asked for each apart, for each has an index of its own."""
    own = job.c.account_id == upload.c.account_id
    source, mask = (
        sa.exists().where(own & (one == upload.c.content_hash)) for one in (source_hash, mask_hash)
    )
    shown = sa.func.jsonb_build_array(sa.func.jsonb_build_object("picture", upload.c.content_hash))
    return ~source & ~mask & ~sa.exists().where(own & seen.is_not(None) & seen.op("@>")(shown))
