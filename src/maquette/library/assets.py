"""Assets as rows: what was made, by which job, and where its bytes are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from maquette.db.tables.jobs import job
from maquette.db.tables.library import asset


@dataclass(frozen=True, slots=True)
class Asset:
    """One thing that a job made; `position` counts from 0 within it."""

    asset_id: UUID
    job_id: UUID
    account_id: str
    position: int
    media_type: str
    content_hash: str
    size_bytes: int
    seed: int | None
    created_at: datetime
    deleted_at: datetime | None


def add_asset(connection: sa.Connection, **values: Any) -> Asset:
    """A new asset, in the caller's transaction; its blob is kept already."""
    return _asset(connection.execute(sa.insert(asset).values(values).returning(asset)).one())


def get_asset(connection: sa.Connection, asset_id: UUID) -> Asset:
    """Raises KeyError where there is none, or it was deleted, alone or with its job."""
    shown = asset.c.deleted_at.is_(None) & job.c.deleted_at.is_(None)
    query = sa.select(asset).join(job).where((asset.c.asset_id == asset_id) & shown)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise KeyError(asset_id)
    return _asset(row)


def assets_of(connection: sa.Connection, job_ids: Sequence[UUID]) -> dict[UUID, list[Asset]]:
    """The assets of each job that are not deleted, in order; [] for a job without."""
    query = (
        sa.select(asset)
        .where(asset.c.job_id.in_(job_ids) & asset.c.deleted_at.is_(None))
        .order_by(asset.c.position)
    )
    found: dict[UUID, list[Asset]] = {job_id: [] for job_id in job_ids}
    for row in connection.execute(query):
        found[row.job_id].append(_asset(row))
    return found


def delete_asset(connection: sa.Connection, account_id: str, asset_id: UUID) -> UUID | None:
    """Hides an account's asset until it is restored; the job that made it, None where it is not
    there.
    """
    there = _owned(account_id, asset_id) & asset.c.deleted_at.is_(None)
    query = sa.update(asset).where(there).values(deleted_at=sa.func.now())
    return connection.execute(query.returning(asset.c.job_id)).scalar_one_or_none()


def restore_asset(connection: sa.Connection, account_id: str, asset_id: UUID) -> UUID | None:
    """Undoes a deletion; the job that made it, None where there is none to undo."""
    gone = _owned(account_id, asset_id) & asset.c.deleted_at.is_not(None)
    query = sa.update(asset).where(gone).values(deleted_at=None)
    return connection.execute(query.returning(asset.c.job_id)).scalar_one_or_none()


def _owned(account_id: str, asset_id: UUID) -> sa.ColumnElement[bool]:
    return (asset.c.asset_id == asset_id) & (asset.c.account_id == account_id)


def _asset(row: sa.Row[Any]) -> Asset:
    return Asset(**row._mapping)
