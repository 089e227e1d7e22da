"""What changes credits, as functions of the database (`0006_ledger.sql`), and what was answered."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Whoever changes a function writes it whole in a migration of their own."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    _indexes()
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "idempotency",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("created_at", moment, nullable=False, server_default=sa.text("now()")),
        sa.PrimaryKeyConstraint("account_id", "key", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])


def _indexes() -> None:
    """The proof goes by accounts, and reads what is spent and resolved, too; a sweep by time."""
    op.drop_index("ix_credit_grant_left", "credit_grant")
    op.create_index("ix_credit_grant_account_id", "credit_grant", ["account_id"])
    left = sa.text("left_microcredits > 0")
    op.create_index(
        "ix_credit_grant_expiring", "credit_grant", ["expires_at"], postgresql_where=left
    )
    op.drop_index("ix_hold_account_open", "hold")
    op.create_index("ix_hold_account_id", "hold", ["account_id"])
