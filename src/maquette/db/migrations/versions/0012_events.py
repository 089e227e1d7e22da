"""What happens to a job is told by a function of the database (`0012_events.sql`)."""

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Five statements of each event were five journeys."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
