"""Who someone is to a provider of OpenID Connect."""

import sqlalchemy as sa

from maquette.db.tables.people import identity


def find_identity(connection: sa.Connection, provider_id: str, subject: str) -> str | None:
    """Whose it is, by account."""
    this = (identity.c.provider_id == provider_id) & (identity.c.subject == subject)
    return connection.execute(sa.select(identity.c.account_id).where(this)).scalar_one_or_none()


def add_identity(
    connection: sa.Connection, provider_id: str, subject: str, account_id: str
) -> None:
    """From now on, who is this to the provider is that person here."""
    row = {"provider_id": provider_id, "subject": subject, "account_id": account_id}
    connection.execute(sa.insert(identity).values(row))
