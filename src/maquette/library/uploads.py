"""Uploads as rows: who put which picture, so that it is theirs alone to begin from."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maquette.db.tables import asset, job, upload


def add_upload(
    connection: sa.Connection, account_id: str, content_hash: str, size_bytes: int
) -> None:
    """Notes that an account put a blob; once is enough."""
    row = {"account_id": account_id, "content_hash": content_hash, "size_bytes": size_bytes}
    connection.execute(insert(upload).values(row).on_conflict_do_nothing())


def may_read(connection: sa.Connection, account_id: str, content_hash: str) -> bool:
    """Whether an account put a blob, or a job of its own made it and it is not deleted."""
    put = sa.exists().where(
        (upload.c.account_id == account_id) & (upload.c.content_hash == content_hash)
    )
    made = sa.exists().where(
        (asset.c.account_id == account_id)
        & (asset.c.content_hash == content_hash)
        & asset.c.deleted_at.is_(None)
        & (job.c.job_id == asset.c.job_id)
        & job.c.deleted_at.is_(None)
    )
    return connection.execute(sa.select(put | made)).scalar_one()
