"""Who someone is to a provider of OpenID Connect, which is known by its issuer."""

from datetime import datetime

import sqlalchemy as sa

from maquette.db.tables.people import identity


def find_identity(connection: sa.Connection, issuer: str, subject: str) -> str | None:
    """Whose it is, by account."""
    this = (identity.c.issuer == issuer) & (identity.c.subject == subject)
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
    connection.execute(sa.insert(identity).values(row))


def identities_of(connection: sa.Connection, account_id: str) -> dict[str, datetime]:
    """Who vouches for someone, by issuer, and since when."""
    since = sa.func.min(identity.c.created_at)
    query = sa.select(identity.c.issuer, since).where(identity.c.account_id == account_id)
    rows = connection.execute(query.group_by(identity.c.issuer))
    return {row.issuer: row[1] for row in rows}


def drop_identity(connection: sa.Connection, account_id: str, issuer: str) -> None:
    """This issuer says no more that someone is this person."""
    own = (identity.c.account_id == account_id) & (identity.c.issuer == issuer)
    connection.execute(sa.delete(identity).where(own))


def drop_identities(connection: sa.Connection, account_id: str) -> None:
    """No provider says any more that someone is this person."""
    connection.execute(sa.delete(identity).where(identity.c.account_id == account_id))


def name_issuer(connection: sa.Connection, provider_id: str, issuer: str) -> None:
    """Says who it was that vouched, of identities from before schema 0015, which have the name of
    the provider in the settings for an issuer.
    """
    old = (identity.c.provider_id == provider_id) & (identity.c.issuer == provider_id)
    connection.execute(sa.update(identity).where(old).values(issuer=issuer))
