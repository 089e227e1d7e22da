"""Other servers speak, too, and each has its own share (`0024_server_voices.sql`)."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Those that are there speak when an operator says so."""
    op.add_column(
        "text_server",
        sa.Column("speech", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")),
    )
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
