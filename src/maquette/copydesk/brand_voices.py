"""Brand voices as rows, each of one account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from maquette.copydesk.voice import Voice
from maquette.core.errors import NotFound, QuotaExceeded
from maquette.core.ids import new_id
from maquette.db.tables.copydesk import brand_voice

MOST_VOICES = 200  # of an account


@dataclass(frozen=True, slots=True)
class BrandVoice:
    """A voice by the name that its people know it by."""

    voice_id: UUID
    account_id: str
    name: str
    voice: Voice
    created_at: datetime
    changed_at: datetime


def add_voice(connection: sa.Connection, account_id: str, name: str, voice: Voice) -> BrandVoice:
    """A new one. Raises QuotaExceeded."""
    count = sa.select(sa.func.count()).where(brand_voice.c.account_id == account_id)
    if (there := connection.execute(count).scalar_one()) >= MOST_VOICES:
        raise QuotaExceeded(f"{there} brand voices are as many as may be kept; delete one first")
    row = {"voice_id": new_id(), "account_id": account_id, "name": name}
    row |= {"voice": voice.model_dump(mode="json")}
    return _voice(
        connection.execute(sa.insert(brand_voice).values(row).returning(brand_voice)).one()
    )


def list_voices(connection: sa.Connection, account_id: str) -> Sequence[BrandVoice]:
    """An account's voices, by name."""
    query = sa.select(brand_voice).where(brand_voice.c.account_id == account_id)
    rows = connection.execute(query.order_by(brand_voice.c.name, brand_voice.c.voice_id))
    return [_voice(row) for row in rows]


def get_voice(connection: sa.Connection, account_id: str, voice_id: UUID) -> BrandVoice:
    """Raises NotFound where there is none, or it is another's."""
    row = connection.execute(sa.select(brand_voice).where(_own(account_id, voice_id))).one_or_none()
    if row is None:
        raise NotFound(f"{voice_id} is not here")
    return _voice(row)


def change_voice(
    connection: sa.Connection, account_id: str, voice_id: UUID, name: str, voice: Voice
) -> BrandVoice:
    """Has it be another; what was asked for in it stays as it was. Raises NotFound."""
    values = {"name": name, "voice": voice.model_dump(mode="json"), "changed_at": sa.func.now()}
    query = sa.update(brand_voice).where(_own(account_id, voice_id)).values(values)
    row = connection.execute(query.returning(brand_voice)).one_or_none()
    if row is None:
        raise NotFound(f"{voice_id} is not here")
    return _voice(row)


def delete_voice(connection: sa.Connection, account_id: str, voice_id: UUID) -> None:
    """Lets it go; campaigns and documents in it have none from then on. Raises NotFound."""
    if not connection.execute(sa.delete(brand_voice).where(_own(account_id, voice_id))).rowcount:
        raise NotFound(f"{voice_id} is not here")


def _own(account_id: str, voice_id: UUID) -> sa.ColumnElement[bool]:
    return (brand_voice.c.voice_id == voice_id) & (brand_voice.c.account_id == account_id)


def _voice(row: sa.Row[Any]) -> BrandVoice:
    return BrandVoice(**{**row._mapping, "voice": Voice.model_validate(row.voice)})
