"""Brand voices, campaigns, and documents with what they said before."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """New tables alone."""
    _voices()
    _campaigns()
    _documents()


def _moment(name: str) -> sa.Column[object]:
    moment = sa.DateTime(timezone=True)
    return sa.Column(name, moment, nullable=False, server_default=sa.text("now()"))


def _account(table: str) -> list[sa.schema.SchemaItem]:
    name = op.f(f"fk_{table}_account_id_person")
    return [
        sa.Column("account_id", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["person.account_id"], name=name),
    ]


def _voice(table: str) -> list[sa.schema.SchemaItem]:
    name, voice = op.f(f"fk_{table}_voice_id_brand_voice"), ["brand_voice.voice_id"]
    return [
        sa.Column("voice_id", sa.Uuid),
        sa.ForeignKeyConstraint(["voice_id"], voice, name=name, ondelete="SET NULL"),
    ]


def _language(table: str) -> list[sa.schema.SchemaItem]:
    known = "language IN ('en', 'zh')"
    return [
        sa.Column("language", sa.Text, nullable=False),
        sa.CheckConstraint(known, name=op.f(f"ck_{table}_language")),
    ]


def _voices() -> None:
    op.create_table(
        "brand_voice",
        sa.Column("voice_id", sa.Uuid, nullable=False),
        *_account("brand_voice"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("voice", JSONB, nullable=False),
        _moment("created_at"),
        _moment("changed_at"),
        sa.PrimaryKeyConstraint("voice_id", name=op.f("pk_brand_voice")),
    )
    op.create_index(op.f("ix_brand_voice_account_id"), "brand_voice", ["account_id"])


def _campaigns() -> None:
    op.create_table(
        "campaign",
        sa.Column("campaign_id", sa.Uuid, nullable=False),
        *_account("campaign"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("inputs", JSONB, nullable=False),
        sa.Column("templates", ARRAY(sa.Text), nullable=False),
        *_language("campaign"),
        sa.Column("tone", sa.Text, nullable=False, server_default=""),
        *_voice("campaign"),
        _moment("created_at"),
        _moment("changed_at"),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_campaign")),
    )
    op.create_index(op.f("ix_campaign_account_id"), "campaign", ["account_id"])
    op.create_index(op.f("ix_campaign_voice_id"), "campaign", ["voice_id"])
    op.create_table(
        "campaign_job",
        sa.Column("campaign_id", sa.Uuid, nullable=False),
        sa.Column("job_id", sa.Uuid, nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.campaign_id"],
            name=op.f("fk_campaign_job_campaign_id_campaign"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["job.job_id"], name=op.f("fk_campaign_job_job_id_job")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "job_id", name=op.f("pk_campaign_job")),
    )
    op.create_index(op.f("ix_campaign_job_job_id"), "campaign_job", ["job_id"])


def _documents() -> None:
    op.create_table(
        "document",
        sa.Column("document_id", sa.Uuid, nullable=False),
        *_account("document"),
        sa.Column("title", sa.Text, nullable=False),
        *_language("document"),
        sa.Column("template", sa.Text),
        *_voice("document"),
        _moment("created_at"),
        _moment("changed_at"),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document")),
    )
    columns = ["account_id", "changed_at"]
    op.create_index(op.f("ix_document_account_id_changed_at"), "document", columns)
    op.create_index(op.f("ix_document_voice_id"), "document", ["voice_id"])
    op.create_table(
        "document_version",
        sa.Column("document_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        _moment("created_at"),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.document_id"],
            name=op.f("fk_document_version_document_id_document"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_id", "number", name=op.f("pk_document_version")),
    )
