"""What changes credits, as functions of the database (`0006_ledger_functions.sql`)."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Whoever changes one of them replaces it in a migration of their own."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
