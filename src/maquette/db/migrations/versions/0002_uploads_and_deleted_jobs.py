"""Uploads have an owner, and a job can be deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Written out, not taken from `tables`, for those go on changing."""
    moment = sa.DateTime(timezone=True)
    op.add_column("job", sa.Column("deleted_at", moment))
    op.create_index("ix_asset_account_id_content_hash", "asset", ["account_id", "content_hash"])
    op.create_table(
        "upload",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("content_hash", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("created_at", moment, nullable=False, server_default=sa.text("now()")),
        sa.PrimaryKeyConstraint("account_id", "content_hash", name="pk_upload"),
    )
