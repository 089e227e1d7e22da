"""Workers say that they live and how fast they are, a job how much work it is and of what."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Written out, not taken from `tables`, for those go on changing."""
    moment = sa.DateTime(timezone=True)
    op.add_column("job", sa.Column("work_ms", sa.Double))
    op.add_column("job", sa.Column("expected_at", moment))
    for name in ("source", "mask"):
        named = f"(request ->> '{name}')"
        op.create_index(
            f"ix_job_{name}",
            "job",
            [sa.text(named)],
            postgresql_where=sa.text(f"{named} IS NOT NULL"),
        )
    op.create_table(
        "worker",
        sa.Column("worker_id", sa.Text, nullable=False),
        sa.Column("heartbeat_at", moment, nullable=False, server_default=sa.text("now()")),
        sa.Column("step_times", JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.PrimaryKeyConstraint("worker_id", name="pk_worker"),
    )
