"""Addresses are compared by their domain's own spelling, and identities are known by issuer."""

import sqlalchemy as sa
from alembic import op
from email_validator import EmailNotValidError, validate_email

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """An identity has the name of its provider in the settings for an issuer, until a studio with
    these settings starts.
    """
    _keys_of_addresses()
    op.add_column("identity", sa.Column("issuer", sa.Text))
    op.execute("UPDATE identity SET issuer = provider_id")
    op.alter_column("identity", "issuer", nullable=False)
    op.drop_constraint("pk_identity", "identity")
    op.create_primary_key("pk_identity", "identity", ["issuer", "subject"])


def _keys_of_addresses() -> None:
    """Those of ASCII are as they were. Who had free credits by the key of before had them."""
    connection = op.get_bind()
    query = sa.text(
        "SELECT account_id, email, email_key FROM person WHERE email ~ '[^\\x01-\\x7f]'"
    )
    for account_id, email, before in connection.execute(query).all():
        try:
            found = validate_email(email, check_deliverability=False)
        except EmailNotValidError:
            continue  # no one can sign in by it, and no one could
        after = f"{found.local_part.lower()}@{found.ascii_domain.lower()}"
        named = {"account_id": account_id, "before": before, "after": after}
        for statement in (
            "UPDATE person SET email_key = :after WHERE account_id = :account_id",
            "UPDATE mail_token SET email_key = :after WHERE account_id = :account_id",
            "INSERT INTO free_credit (address_hash, granted_at) "
            "SELECT sha256(p.value || convert_to(:after, 'UTF8')), f.granted_at "
            "FROM free_credit f, pepper p WHERE p.name = 'addresses' "
            "AND f.address_hash = sha256(p.value || convert_to(:before, 'UTF8')) "
            "ON CONFLICT DO NOTHING",
        ):
            connection.execute(sa.text(statement), named)
