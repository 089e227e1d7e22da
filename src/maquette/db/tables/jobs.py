"""Jobs, what happens to them, and the workers that run them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from maquette.db.tables.metadata import NOW, metadata

# One request of one person, from being asked for to its end.
job = sa.Table(
    "job",
    metadata,
    sa.Column("job_id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # the engine that it is for: image, text
    sa.Column("state", sa.Text, nullable=False, server_default="queued"),
    sa.Column("request", JSONB, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("breaks", sa.Integer, nullable=False, server_default="0"),  # while the worker lived
    sa.Column("queue", sa.Text, nullable=False),  # which workers may take it
    sa.Column("priority", sa.Text, nullable=False, server_default="interactive"),
    sa.Column("worker_id", sa.Text),  # whose it is, waiting or running; null where no one's
    sa.Column("released_at", sa.DateTime(timezone=True)),  # null while its account's others run
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    # As estimated when it was accepted; null where nothing was measured yet.
    sa.Column("work_ms", sa.Double),
    sa.Column("expected_at", sa.DateTime(timezone=True)),
    sa.Column("started_at", sa.DateTime(timezone=True)),
    sa.Column("finished_at", sa.DateTime(timezone=True)),
    sa.Column("deleted_at", sa.DateTime(timezone=True)),  # which can be undone
    sa.CheckConstraint(
        "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="state"
    ),
    sa.CheckConstraint("priority IN ('interactive', 'batch')", name="priority"),
    sa.Index(None, "account_id", "job_id"),
    sa.Index(None, "account_id", "created_at"),
    sa.Index("ix_job_account_id_kind_job_id", "account_id", "kind", "job_id"),
)
# Written out, as the indexes have it: no plan for whatever states might be given would use them.
unfinished = job.c.state.in_([sa.literal_column(f"'{state}'") for state in ("queued", "running")])
sa.Index("ix_job_unfinished", job.c.job_id, postgresql_where=unfinished)
sa.Index("ix_job_unfinished_account", job.c.account_id, postgresql_where=unfinished)
sa.Index("ix_job_finished_at", job.c.finished_at, postgresql_where=job.c.finished_at.is_not(None))
# The pictures that a request begins from; written out, for only so is an index on them used.
source_hash, mask_hash = (
    job.c.request.op("->>", return_type=sa.Text())(sa.literal_column(f"'{name}'"))
    for name in ("source", "mask")
)
sa.Index("ix_job_source", source_hash, postgresql_where=source_hash.is_not(None))
sa.Index("ix_job_mask", mask_hash, postgresql_where=mask_hash.is_not(None))

# What it found as context, likewise: each piece that is a picture has its hash.
seen = job.c.request.op("->", return_type=JSONB())(sa.literal_column("'seen'"))
sa.Index(
    "ix_job_seen",
    seen.label("seen"),
    postgresql_using="gin",
    postgresql_ops={"seen": "jsonb_path_ops"},
    postgresql_where=seen.is_not(None),
)

# What happened to a job, for those who watch it.
job_event = sa.Table(
    "job_event",
    metadata,
    sa.Column("job_id", sa.ForeignKey("job.job_id"), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("data", JSONB, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
)

# A process that runs jobs: when it last said that it lives, what passes take it, by model, and what
# it can do. Who led last looks after the jobs of those that are not heard of any more.
worker = sa.Table(
    "worker",
    metadata,
    sa.Column("worker_id", sa.Text, primary_key=True),
    sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    sa.Column("step_times", JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
    sa.Column("host", sa.Text, nullable=False, server_default=""),
    sa.Column("models", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("most_pixels", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("queues", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("led_at", sa.DateTime(timezone=True)),
)
