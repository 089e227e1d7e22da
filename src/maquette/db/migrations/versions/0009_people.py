"""People: who they are, their sessions, keys, budgets and teams."""

import secrets

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0009"
down_revision = "0008"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Written out, not taken from `tables`, for those go on changing."""
    _people()
    _teams_and_budgets()
    _ways_in()
    _keys()
    _bare()


def _table(name: str, *columns: sa.schema.SchemaItem, key: str = "") -> None:
    primary = sa.PrimaryKeyConstraint(*key.split(), name=f"pk_{name}")
    op.create_table(name, *columns, primary)


def _text(name: str, nullable: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable, server_default=default)


def _at(name: str, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, MOMENT, nullable=nullable)


def _now(name: str = "created_at") -> sa.Column[object]:
    return sa.Column(name, MOMENT, nullable=False, server_default=sa.text("now()"))


def _hash(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _foreign(
    table: str, column: str, other: str, theirs: str = "", ondelete: str | None = None
) -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{other}.{theirs or column}"],
        name=f"fk_{table}_{column}_{other}",
        ondelete=ondelete,
    )


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _unique(table: str, column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(column, name=f"uq_{table}_{column}")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, [*columns])


def _people() -> None:
    _table(
        "person",
        _text("account_id"),
        _text("name", default=""),
        _text("language", default="en"),
        _text("email", nullable=True),
        _text("email_key", nullable=True),
        _at("email_verified_at"),
        _text("password_hash", nullable=True),
        _text("role", default="member"),
        _at("suspended_at"),
        _text("payer_account_id", nullable=True),
        _text("two_factor_secret", nullable=True),
        _at("two_factor_confirmed_at"),
        sa.Column("two_factor_step", sa.BigInteger),
        _now(),
        _foreign("person", "account_id", "account"),
        _foreign("person", "payer_account_id", "account", "account_id"),
        _check("person", "role", "role IN ('member', 'operator', 'admin')"),
        key="account_id",
    )
    _index("person", "created_at", "account_id")
    _index("person", "email_key")
    op.create_index("ix_person_payer", "person", ["payer_account_id"])
    verified = sa.text("email_verified_at IS NOT NULL")
    op.create_index(
        "uq_person_email", "person", ["email_key"], unique=True, postgresql_where=verified
    )


def _teams_and_budgets() -> None:
    _table(
        "budget",
        sa.Column("budget_id", sa.Uuid, nullable=False),
        sa.Column("limit_microcredits", sa.BigInteger),
        _text("period", nullable=True),
        sa.Column("spent_microcredits", sa.BigInteger, nullable=False, server_default="0"),
        _now("period_began_at"),
        _check("budget", "period", "period IN ('day', 'month')"),
        _check("budget", "spent", "spent_microcredits >= 0"),
        key="budget_id",
    )
    _table(
        "budget_use",
        sa.Column("job_id", sa.Uuid, nullable=False),
        sa.Column("budget_id", sa.Uuid, nullable=False),
        sa.Column("amount_microcredits", sa.BigInteger, nullable=False),
        _now(),
        _foreign("budget_use", "budget_id", "budget", ondelete="CASCADE"),
        key="job_id budget_id",
    )
    _index("budget_use", "budget_id")
    _table(
        "team",
        sa.Column("team_id", sa.Uuid, nullable=False),
        _text("account_id"),
        _text("name"),
        _now(),
        _foreign("team", "account_id", "account"),
        _unique("team", "account_id"),
        key="team_id",
    )
    _table(
        "team_member",
        sa.Column("team_id", sa.Uuid, nullable=False),
        _text("account_id"),
        _text("role", default="member"),
        sa.Column("budget_id", sa.Uuid, nullable=False),
        _now(),
        _foreign("team_member", "team_id", "team"),
        _foreign("team_member", "account_id", "person"),
        _foreign("team_member", "budget_id", "budget"),
        _check("team_member", "role", "role IN ('owner', 'member')"),
        key="team_id account_id",
    )
    _index("team_member", "account_id")
    _index("team_member", "budget_id")


def _ways_in() -> None:
    _table(
        "session",
        sa.Column("session_id", sa.Uuid, nullable=False),
        _hash("token_hash"),
        _text("account_id"),
        _text("browser"),
        _text("address"),
        _now(),
        _now("last_used_at"),
        _at("expires_at", nullable=False),
        _foreign("session", "account_id", "person"),
        _unique("session", "token_hash"),
        key="session_id",
    )
    _index("session", "account_id")
    _table(
        "mail_token",
        _hash("token_hash"),
        _text("purpose"),
        _text("account_id", nullable=True),
        sa.Column("team_id", sa.Uuid),
        _text("email_key"),
        _at("expires_at", nullable=False),
        _foreign("mail_token", "account_id", "person"),
        _foreign("mail_token", "team_id", "team"),
        _check("mail_token", "purpose", "purpose IN ('verify', 'reset', 'invitation')"),
        key="token_hash",
    )
    _index("mail_token", "account_id")
    _table(
        "identity",
        _text("provider_id"),
        _text("subject"),
        _text("account_id"),
        _now(),
        _foreign("identity", "account_id", "person"),
        key="provider_id subject",
    )
    _index("identity", "account_id")
    _table(
        "recovery_code",
        _text("account_id"),
        _hash("code_hash"),
        _foreign("recovery_code", "account_id", "person"),
        key="account_id code_hash",
    )


def _keys() -> None:
    _table(
        "api_key",
        sa.Column("key_id", sa.Uuid, nullable=False),
        _text("account_id"),
        _text("name"),
        _text("prefix"),
        _hash("key_hash"),
        sa.Column("scopes", ARRAY(sa.Text), nullable=False),
        sa.Column("budget_id", sa.Uuid, nullable=False),
        _now(),
        _at("last_used_at"),
        _at("expires_at"),
        _foreign("api_key", "account_id", "person"),
        _foreign("api_key", "budget_id", "budget"),
        _unique("api_key", "key_hash"),
        key="key_id",
    )
    _index("api_key", "account_id")
    _index("api_key", "budget_id")


def _bare() -> None:
    """What belongs to no one."""
    _table(
        "rate",
        _hash("name"),
        sa.Column("tries", sa.Integer, nullable=False),
        _at("resets_at", nullable=False),
        key="name",
    )
    _index("rate", "resets_at")
    _table("free_credit", _hash("address_hash"), _now("granted_at"), key="address_hash")
    pepper = op.create_table(
        "pepper",
        _text("name"),
        _hash("value"),
        sa.PrimaryKeyConstraint("name", name="pk_pepper"),
    )
    op.bulk_insert(pepper, [{"name": "addresses", "value": secrets.token_bytes(32)}])
