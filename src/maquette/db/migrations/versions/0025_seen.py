"""Which pictures requests name as context is found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Few requests have any."""
    op.create_index(
        "ix_job_seen",
        "job",
        [sa.text("(request -> 'seen') jsonb_path_ops")],
        postgresql_using="gin",
        postgresql_where=sa.text("(request -> 'seen') IS NOT NULL"),
    )
