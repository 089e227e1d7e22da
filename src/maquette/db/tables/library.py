"""What jobs made, and what was put to begin from."""

import sqlalchemy as sa

from maquette.db.tables.metadata import NOW, metadata

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
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    sa.Column("deleted_at", sa.DateTime(timezone=True)),  # which can be undone
    sa.UniqueConstraint("job_id", "position"),
    sa.Index(None, "account_id", "asset_id"),
    sa.Index(None, "account_id", "content_hash"),
    sa.Index(None, "content_hash"),
)

# What an account put to begin from. Its bytes are the blob of that hash.
upload = sa.Table(
    "upload",
    metadata,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("content_hash", sa.Text, primary_key=True),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    sa.Index(None, "content_hash"),
    sa.Index(None, "created_at"),
)

# Bytes that go unless someone else has them: their rows are gone, with an account. It does not name
# them as those rows did, or a backup would keep them.
blob_drop = sa.Table(
    "blob_drop",
    metadata,
    sa.Column("blob_hash", sa.Text, primary_key=True),
    sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
)
