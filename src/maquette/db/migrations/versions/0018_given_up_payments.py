"""What was paid for no one is known, for its money goes back."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """What was paid before stays as it is."""
    op.add_column(
        "payment",
        sa.Column("given_up", sa.Boolean, nullable=False, server_default=sa.text("false")),
    )
