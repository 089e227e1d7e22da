"""What is said is kept in parts, and each medium has its own share (`0021_texts.sql`)."""

from pathlib import Path

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Of an account's requests, those of one medium are found without reading the others."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    op.create_index("ix_job_account_id_kind_job_id", "job", ["account_id", "kind", "job_id"])
