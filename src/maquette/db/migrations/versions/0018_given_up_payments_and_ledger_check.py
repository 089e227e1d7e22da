"""What was paid for no one, and who was unlinked, is known; proofs of the ledger are kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """What was paid before stays as it is."""
    op.add_column(
        "payment",
        sa.Column("given_up", sa.Boolean, nullable=False, server_default=sa.text("false")),
    )
    op.create_index(
        "ix_payment_given_up",
        "payment",
        ["provider", "payment_id"],
        postgresql_where=sa.text("given_up AND state = 'paid'"),
    )
    op.add_column("identity", sa.Column("unlinked_at", sa.DateTime(timezone=True)))
    none = sa.text("0")
    op.create_table(
        "ledger_check",
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column(
            "begun_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("now()"),
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("accounts", sa.BigInteger, nullable=False, server_default=none),
        sa.Column("accounts_done", sa.BigInteger, nullable=False, server_default=none),
        sa.Column("transfers", sa.BigInteger),
        sa.Column("findings", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (transfers IS NULL)", name=op.f("ck_ledger_check_ended_at")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ledger_check")),
    )
