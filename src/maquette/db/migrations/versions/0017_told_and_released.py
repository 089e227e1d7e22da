"""The database itself tells of balances and releases jobs (`0017_told_and_released.sql`)."""

from pathlib import Path

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Whatever changes a balance tells who watches it; two journeys of each request are none."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
