"""Workers say where they are and what they can do, a job which of them may take it, and who has."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0008"
down_revision = "0006"

# As `service/queues.py` has it: what a request is for, and how large its pictures are.
QUEUE = """
UPDATE job SET released_at = created_at, queue = kind || '/' || (request ->> 'model') || '/' || CASE
    WHEN (request #>> '{params,width}')::bigint * (request #>> '{params,height}')::bigint <= 262144
    THEN '512' ELSE '1024' END
"""


def upgrade() -> None:
    """Written out, not taken from `tables`, for those go on changing."""
    moment = sa.DateTime(timezone=True)
    op.add_column("job", sa.Column("queue", sa.Text))
    op.add_column(
        "job", sa.Column("priority", sa.Text, nullable=False, server_default="interactive")
    )
    op.add_column("job", sa.Column("worker_id", sa.Text))
    op.add_column("job", sa.Column("released_at", moment))
    op.execute(QUEUE)
    op.execute("UPDATE job SET queue = kind WHERE queue IS NULL")
    op.alter_column("job", "queue", nullable=False)
    op.create_check_constraint(
        op.f("ck_job_priority"), "job", "priority IN ('interactive', 'batch')"
    )
    op.create_index("ix_job_account_id_created_at", "job", ["account_id", "created_at"])
    unfinished = sa.text("state IN ('queued', 'running')")
    op.create_index("ix_job_unfinished_account", "job", ["account_id"], postgresql_where=unfinished)
    op.add_column("worker", sa.Column("host", sa.Text, nullable=False, server_default=""))
    for name in ("models", "queues"):
        op.add_column(
            "worker", sa.Column(name, ARRAY(sa.Text), nullable=False, server_default="{}")
        )
    op.add_column(
        "worker", sa.Column("most_pixels", sa.BigInteger, nullable=False, server_default="0")
    )
    op.add_column("worker", sa.Column("led_at", moment))
