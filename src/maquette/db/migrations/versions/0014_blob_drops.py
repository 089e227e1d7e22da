"""Bytes that are to go are noted with the rows that named them, and found by their hash alone."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Written out, not taken from `tables`, for those go on changing."""
    op.create_table(
        "blob_drop",
        sa.Column("blob_hash", sa.Text, nullable=False),
        sa.Column(
            "noted_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")
        ),
        sa.PrimaryKeyConstraint("blob_hash", name="pk_blob_drop"),
    )
    for table in ("asset", "upload"):
        op.create_index(f"ix_{table}_content_hash", table, ["content_hash"])
