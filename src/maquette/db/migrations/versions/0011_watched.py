"""What is asked for every few seconds is found without reading all of a table."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Jobs by their end, and acts by their kind."""
    ended = sa.text("finished_at IS NOT NULL")
    op.create_index("ix_job_finished_at", "job", ["finished_at"], postgresql_where=ended)
    op.create_index("ix_audit_entry_act_number", "audit_entry", ["act", "number"])
