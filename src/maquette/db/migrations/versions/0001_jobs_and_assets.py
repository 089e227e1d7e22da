"""Jobs, and the assets they make."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Written out, not taken from `tables`, for those go on changing."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "job",
        sa.Column("job_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="queued"),
        sa.Column("request", JSONB, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_at", moment, nullable=False, server_default=sa.text("now()")),
        sa.Column("started_at", moment),
        sa.Column("finished_at", moment),
        sa.PrimaryKeyConstraint("job_id", name="pk_job"),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')",
            name=op.f("ck_job_state"),
        ),
    )
    op.create_index("ix_job_account_id_job_id", "job", ["account_id", "job_id"])
    unfinished = sa.text("state IN ('queued', 'running')")
    op.create_index("ix_job_unfinished", "job", ["job_id"], postgresql_where=unfinished)
    op.create_table(
        "job_event",
        sa.Column("job_id", sa.Uuid, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("data", JSONB, nullable=False),
        sa.Column("created_at", moment, nullable=False, server_default=sa.text("now()")),
        sa.PrimaryKeyConstraint("job_id", "sequence", name="pk_job_event"),
        sa.ForeignKeyConstraint(["job_id"], ["job.job_id"], name="fk_job_event_job_id_job"),
    )
    op.create_table(
        "asset",
        sa.Column("asset_id", sa.Uuid, nullable=False),
        sa.Column("job_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("content_hash", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("seed", sa.BigInteger),
        sa.Column("created_at", moment, nullable=False, server_default=sa.text("now()")),
        sa.Column("deleted_at", moment),
        sa.PrimaryKeyConstraint("asset_id", name="pk_asset"),
        sa.ForeignKeyConstraint(["job_id"], ["job.job_id"], name="fk_asset_job_id_job"),
        sa.UniqueConstraint("job_id", "position", name="uq_asset_job_id_position"),
    )
    op.create_index("ix_asset_account_id_asset_id", "asset", ["account_id", "asset_id"])
