"""Who someone is to a provider of OpenID Connect, which is known by its issuer."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from maquette.db.tables.people import identity

LINKED = identity.c.unlinked_at.is_(None)


def find_identity(connection: sa.Connection, issuer: str, subject: str) -> str | None:
    """Whose it is, by account; None for one that was unlinked."""
    this = (identity.c.issuer == issuer) & (identity.c.subject == subject) & LINKED
    return connection.execute(sa.select(identity.c.account_id).where(this)).scalar_one_or_none()


def add_identity(
    connection: sa.Connection, provider_id: str, issuer: str, subject: str, account_id: str
) -> None:
    """From now on, who is this to the provider is that person here."""
    row = {
        "issuer": issuer,
        "subject": subject,
        "provider_id": provider_id,
        "account_id": account_id,
    }
    anew = {"account_id": account_id, "created_at": sa.func.now(), "unlinked_at": None}
    query = postgresql.insert(identity).values(row)
    connection.execute(query.on_conflict_do_update(index_elements=identity.primary_key, set_=anew))


def identities_of(connection: sa.Connection, account_id: str) -> dict[str, datetime]:
    """Who vouches for someone, by issuer, and since when."""
    since = sa.func.min(identity.c.created_at)
    query = sa.select(identity.c.issuer, since).where(identity.c.account_id == account_id, LINKED)
    rows = connection.execute(query.group_by(identity.c.issuer))
    return {row.issuer: row[1] for row in rows}


def unlink_identity(connection: sa.Connection, account_id: str, issuer: str) -> None:
    """This issuer says no more that someone is this person, which is remembered: or who comes from
    there with the person's address would be linked again.
    """
    own = (identity.c.account_id == account_id) & (identity.c.issuer == issuer) & LINKED
    connection.execute(sa.update(identity).where(own).values(unlinked_at=sa.func.now()))


def was_unlinked(connection: sa.Connection, account_id: str, issuer: str) -> bool:
    """Whether someone wanted this issuer to say so no more, and no other word of theirs came."""
    own = (identity.c.account_id == account_id) & (identity.c.issuer == issuer)
    known = sa.select(sa.func.bool_and(identity.c.unlinked_at.is_not(None))).where(own)
    return bool(connection.execute(known).scalar())


def drop_identities(connection: sa.Connection, account_id: str) -> None:
    """No provider says any more that someone is this person."""
    connection.execute(sa.delete(identity).where(identity.c.account_id == account_id))


def name_issuer(connection: sa.Connection, provider_id: str, issuer: str) -> None:
    """Says who it was that vouched, of identities from before schema 0015, which have the name of
    the provider in the settings for an issuer.
    """
    old = (identity.c.provider_id == provider_id) & (identity.c.issuer == provider_id)
    connection.execute(sa.update(identity).where(old).values(issuer=issuer))
