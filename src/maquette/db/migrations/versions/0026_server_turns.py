"""An account has a part of each other server's share (`0026_server_turns.sql`)."""

from pathlib import Path

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """What is released already stays so."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
