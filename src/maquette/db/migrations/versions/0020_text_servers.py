"""Other servers that write texts, with the keys that they want."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """There is none until an operator adds one."""
    op.create_table(
        "text_server",
        sa.Column("server_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("encrypted_key", sa.Text),
        sa.Column("models", JSONB, nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("now()"),
        ),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.CheckConstraint("name ~ '^[a-z0-9][a-z0-9-]{0,31}$'", name=op.f("ck_text_server_name")),
        sa.PrimaryKeyConstraint("server_id", name=op.f("pk_text_server")),
        sa.UniqueConstraint("name", name=op.f("uq_text_server_name")),
    )
