"""The tables, as SQLAlchemy Core sees them; migrations make them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_now = sa.text("now()")

# One request of one person, from being asked for to its end.
job = sa.Table(
    "job",
    metadata,
    sa.Column("job_id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # the engine that it is for: image
    sa.Column("state", sa.Text, nullable=False, server_default="queued"),
    sa.Column("request", JSONB, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    # As estimated when it was accepted; null where nothing was measured yet.
    sa.Column("work_ms", sa.Double),
    sa.Column("expected_at", sa.DateTime(timezone=True)),
    sa.Column("started_at", sa.DateTime(timezone=True)),
    sa.Column("finished_at", sa.DateTime(timezone=True)),
    sa.Column("deleted_at", sa.DateTime(timezone=True)),  # which can be undone
    sa.CheckConstraint(
        "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="state"
    ),
    sa.Index(None, "account_id", "job_id"),
)
sa.Index("ix_job_unfinished", job.c.job_id, postgresql_where=job.c.state.in_(("queued", "running")))
# The pictures that a request begins from; written out, for only so is an index on them used.
source_hash, mask_hash = (
    job.c.request.op("->>", return_type=sa.Text())(sa.literal_column(f"'{name}'"))
    for name in ("source", "mask")
)
sa.Index("ix_job_source", source_hash, postgresql_where=source_hash.is_not(None))
sa.Index("ix_job_mask", mask_hash, postgresql_where=mask_hash.is_not(None))

# What happened to a job, for those who watch it.
job_event = sa.Table(
    "job_event",
    metadata,
    sa.Column("job_id", sa.ForeignKey("job.job_id"), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("data", JSONB, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
)

# What a job made. Its bytes are the blob of that hash.
asset = sa.Table(
    "asset",
    metadata,
    sa.Column("asset_id", sa.Uuid, primary_key=True),
    sa.Column("job_id", sa.ForeignKey("job.job_id"), nullable=False),
    sa.Column("account_id", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),  # among the job's assets, from 0
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("content_hash", sa.Text, nullable=False),  # SHA-256, hexadecimal
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("seed", sa.BigInteger),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("deleted_at", sa.DateTime(timezone=True)),  # which can be undone
    sa.UniqueConstraint("job_id", "position"),
    sa.Index(None, "account_id", "asset_id"),
    sa.Index(None, "account_id", "content_hash"),
)

# What an account put to begin from. Its bytes are the blob of that hash.
upload = sa.Table(
    "upload",
    metadata,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("content_hash", sa.Text, primary_key=True),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
)

# A process that runs jobs: when it last said that it lives, and what passes take it, by model.
worker = sa.Table(
    "worker",
    metadata,
    sa.Column("worker_id", sa.Text, primary_key=True),
    sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("step_times", JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
)

# Who credits belong to. System accounts are where they come from and go to; their balances are not
# kept, for a row that every transfer changes would be waited for by all.
account = sa.Table(
    "account",
    metadata,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.CheckConstraint("kind IN ('user', 'system')", name="kind"),
)

# What a user's entries and open holds come to, and the end of the chain of its transfers. Whoever
# changes anything of an account's credits changes this row first, and so waits for all others.
balance = sa.Table(
    "balance",
    metadata,
    sa.Column("account_id", sa.ForeignKey("account.account_id"), primary_key=True),
    sa.Column("posted_microcredits", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("held_microcredits", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("transfers", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("last_hash", sa.LargeBinary, nullable=False),
    sa.CheckConstraint(
        "0 <= held_microcredits AND held_microcredits <= posted_microcredits", name="covered"
    ),
)

# Credits that came in together: what is left of them, and how much of that holds have taken.
credit_grant = sa.Table(
    "credit_grant",
    metadata,
    sa.Column("grant_id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.account_id"), nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),  # the least is spent first
    sa.Column("expires_at", sa.DateTime(timezone=True)),
    sa.Column("amount_microcredits", sa.BigInteger, nullable=False),
    sa.Column("left_microcredits", sa.BigInteger, nullable=False),
    sa.Column("held_microcredits", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.CheckConstraint("category IN ('free', 'paid', 'plan', 'promotion')", name="category"),
    sa.CheckConstraint(
        "0 <= held_microcredits AND held_microcredits <= left_microcredits "
        "AND left_microcredits <= amount_microcredits",
        name="covered",
    ),
)
sa.Index(
    "ix_credit_grant_left",
    credit_grant.c.account_id,
    postgresql_where=credit_grant.c.left_microcredits > 0,
)

# Credits that are set aside until it is known what a job costs.
hold = sa.Table(
    "hold",
    metadata,
    sa.Column("hold_id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.account_id"), nullable=False),
    sa.Column("job_id", sa.Uuid, unique=True),
    sa.Column("amount_microcredits", sa.BigInteger, nullable=False),
    sa.Column("posted_microcredits", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("state", sa.Text, nullable=False, server_default="held"),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("resolved_at", sa.DateTime(timezone=True)),
    sa.CheckConstraint("state IN ('held', 'posted', 'voided', 'expired')", name="state"),
    sa.CheckConstraint(
        "amount_microcredits > 0 AND 0 <= posted_microcredits "
        "AND posted_microcredits <= amount_microcredits",
        name="amount",
    ),
)
sa.Index("ix_hold_account_open", hold.c.account_id, postgresql_where=hold.c.state == "held")
sa.Index("ix_hold_expiring", hold.c.expires_at, postgresql_where=hold.c.state == "held")

# Which grants a hold draws on, in this order.
hold_part = sa.Table(
    "hold_part",
    metadata,
    sa.Column("hold_id", sa.ForeignKey("hold.hold_id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("grant_id", sa.ForeignKey("credit_grant.grant_id"), nullable=False),
    sa.Column("amount_microcredits", sa.BigInteger, nullable=False),
    sa.CheckConstraint("amount_microcredits > 0", name="amount"),
)

# Credits that changed hands, once and for all; each names the hash of the account's one before.
transfer = sa.Table(
    "transfer",
    metadata,
    sa.Column("transfer_id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.account_id"), nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),  # in the account's chain, from 1
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("hold_id", sa.ForeignKey("hold.hold_id")),
    sa.Column("reverses", sa.ForeignKey("transfer.transfer_id"), unique=True),
    sa.Column("reason", sa.Text),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.CheckConstraint("kind IN ('grant', 'charge', 'expiry', 'reversal')", name="kind"),
    sa.CheckConstraint("(kind = 'charge') = (hold_id IS NOT NULL)", name="of_hold"),
    sa.CheckConstraint("(kind = 'reversal') = (reverses IS NOT NULL)", name="reverses"),
    sa.UniqueConstraint("account_id", "number"),
)
sa.Index(
    "uq_transfer_charge",
    transfer.c.hold_id,
    unique=True,
    postgresql_where=transfer.c.kind == "charge",
)

# One side of a transfer; all of a transfer sum to zero. No row is ever changed (migration 0004). It
# refers to its account by name alone: each charge would touch the row of the system's.
entry = sa.Table(
    "entry",
    metadata,
    sa.Column("transfer_id", sa.ForeignKey("transfer.transfer_id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("account_id", sa.Text, nullable=False),
    sa.Column("grant_id", sa.ForeignKey("credit_grant.grant_id")),
    sa.Column("amount_microcredits", sa.BigInteger, nullable=False),
    sa.CheckConstraint("amount_microcredits <> 0", name="amount"),
    sa.Index(None, "account_id"),
    sa.Index(None, "grant_id"),
)
