"""Other servers that write texts or speak, as operators added them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from maquette.db.tables.metadata import NOW, metadata

# Its models go by NAME/MODEL. The key that it wants is encrypted, for this row alone.
text_server = sa.Table(
    "text_server",
    metadata,
    sa.Column("server_id", sa.Uuid, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("encrypted_key", sa.Text),
    # Those that are offered: a list of name and thousand_tokens_microcredits.
    sa.Column("models", JSONB, nullable=False),
    # Those that speak: a list of name, voices and thousand_characters_microcredits.
    sa.Column("speech", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    sa.Column("created_by", sa.Text, nullable=False),  # an account, which may be gone since
    sa.Column("disabled", sa.Boolean, nullable=False, server_default=sa.text("false")),
    sa.CheckConstraint("name ~ '^[a-z0-9][a-z0-9-]{0,31}$'", name="name"),
)
