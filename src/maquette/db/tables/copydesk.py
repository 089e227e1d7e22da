"""Brand voices, campaigns and documents, of one account each."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from maquette.db.tables.metadata import NOW, metadata

MOMENT = sa.DateTime(timezone=True)

# What a brand's copy is written and checked by (`copydesk/voice.py`).
brand_voice = sa.Table(
    "brand_voice",
    metadata,
    sa.Column("voice_id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("person.account_id"), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("voice", JSONB, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
    sa.Column("changed_at", MOMENT, nullable=False, server_default=NOW),
)

# One set of facts, and the templates that it is carried through.
campaign = sa.Table(
    "campaign",
    metadata,
    sa.Column("campaign_id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("person.account_id"), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("inputs", JSONB, nullable=False),
    sa.Column("templates", ARRAY(sa.Text), nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("tone", sa.Text, nullable=False, server_default=""),
    sa.Column("voice_id", sa.ForeignKey("brand_voice.voice_id", ondelete="SET NULL"), index=True),
    sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
    sa.Column("changed_at", MOMENT, nullable=False, server_default=NOW),
    sa.CheckConstraint("language IN ('en', 'zh')", name="language"),
)

# The jobs that a campaign was run by; of a template the newest counts.
campaign_job = sa.Table(
    "campaign_job",
    metadata,
    sa.Column(
        "campaign_id", sa.ForeignKey("campaign.campaign_id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("job_id", sa.ForeignKey("job.job_id"), primary_key=True, index=True),
    sa.Column("template", sa.Text, nullable=False),
)

# A text that someone works on; what it says is its last version.
document = sa.Table(
    "document",
    metadata,
    sa.Column("document_id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("person.account_id"), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("template", sa.Text),  # whose checks it is to meet
    sa.Column("inputs", JSONB, nullable=False, server_default=sa.text("'{}'")),  # those it names
    sa.Column("voice_id", sa.ForeignKey("brand_voice.voice_id", ondelete="SET NULL"), index=True),
    sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
    sa.Column("changed_at", MOMENT, nullable=False, server_default=NOW),
    sa.Index(None, "account_id", "changed_at"),
    sa.CheckConstraint("language IN ('en', 'zh')", name="language"),
)

# What it said, each time that it was kept, and how that came about.
document_version = sa.Table(
    "document_version",
    metadata,
    sa.Column(
        "document_id", sa.ForeignKey("document.document_id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("number", sa.Integer, primary_key=True),  # from 1
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),  # a template, "hand" or "restore"
    sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
)
