"""Hashes of what is personal, made with random bytes of this studio's own."""

import sqlalchemy as sa

from maquette.db.tables.people import pepper


def peppered(text: str) -> sa.ColumnElement[bytes]:
    """SHA-256 of a text and of bytes that no one else has: a list of all addresses gives it away
    to no one who has not the database, too.
    """
    own = sa.select(pepper.c.value).where(pepper.c.name == "addresses").scalar_subquery()
    said = sa.literal(text.encode(errors="replace"), sa.LargeBinary)
    return sa.func.sha256(own.op("||")(said), type_=sa.LargeBinary)
