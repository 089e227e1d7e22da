"""Hashes made with random bytes of this studio's own: of what is personal, or as a seal."""

import hmac
from hashlib import sha256

import sqlalchemy as sa

from maquette.db.tables.people import pepper

OWN = sa.select(pepper.c.value).where(pepper.c.name == "addresses")


def peppered(text: str) -> sa.ColumnElement[bytes]:
    """SHA-256 of a text and of bytes that no one else has: a list of all addresses gives it away
    to no one who has not the database, too.
    """
    said = sa.literal(text.encode(errors="replace"), sa.LargeBinary)
    return sa.func.sha256(OWN.scalar_subquery().op("||")(said), type_=sa.LargeBinary)


def seal(connection: sa.Connection, text: str) -> str:
    """HMAC-SHA256 of a text: who hands out both knows later that a browser made up neither."""
    own = connection.execute(OWN).scalar_one()
    return hmac.new(own, text.encode(errors="replace"), sha256).hexdigest()
