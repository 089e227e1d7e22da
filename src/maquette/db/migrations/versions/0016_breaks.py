"""Breaks are counted apart from deaths, and what is put is found by its age."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Attempts of before count as ended with the worker's death, for no one knows better."""
    op.add_column("job", sa.Column("breaks", sa.Integer, nullable=False, server_default="0"))
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    op.create_index("ix_upload_created_at", "upload", ["created_at"])
    given_back = sa.text("state IN ('voided', 'expired')")
    op.create_index("ix_hold_given_back", "hold", ["resolved_at"], postgresql_where=given_back)
