"""People, what they may do, and what was done by those who may do much."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from maquette.db.tables.metadata import NOW, metadata

# What someone did that others may ask about later. No row is ever changed (migration 0005).
audit_entry = sa.Table(
    "audit_entry",
    metadata,
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("actor_id", sa.Text, nullable=False),  # an account, or what acts by itself
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("details", JSONB, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
)
