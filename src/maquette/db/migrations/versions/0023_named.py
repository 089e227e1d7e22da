"""What was filled in for a document that its text must name."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Of documents that are there nothing is known."""
    known = sa.Column("inputs", JSONB, nullable=False, server_default=sa.text("'{}'"))
    op.add_column("document", known)
