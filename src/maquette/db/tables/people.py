"""People, how they prove who they are, what they may do, and what those did who may do much."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from maquette.db.tables.metadata import NOW, metadata

MOMENT = sa.DateTime(timezone=True)

# Who has an account. Several may have given one address; one at most has shown that it is theirs.
person = sa.Table(
    "person",
    metadata,
    sa.Column("account_id", sa.ForeignKey("account.account_id"), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, server_default=""),
    sa.Column("language", sa.Text, nullable=False, server_default="en"),
    sa.Column("email", sa.Text),  # as it was written
    sa.Column("email_key", sa.Text),  # as it is compared
    sa.Column("email_verified_at", MOMENT),
    sa.Column("password_hash", sa.Text),
    sa.Column("role", sa.Text, nullable=False, server_default="member"),
    sa.Column("suspended_at", MOMENT),
    sa.Column("payer_account_id", sa.ForeignKey("account.account_id")),  # a team's; null, their own
    # Two-factor: in force once confirmed; a code's step is taken once.
    sa.Column("two_factor_secret", sa.Text),
    sa.Column("two_factor_confirmed_at", MOMENT),
    sa.Column("two_factor_step", sa.BigInteger),
    sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
    sa.CheckConstraint("role IN ('member', 'operator', 'admin')", name="role"),
    sa.Index(None, "created_at", "account_id"),
)
sa.Index(
    "uq_person_email",
    person.c.email_key,
    unique=True,
    postgresql_where=person.c.email_verified_at.is_not(None),
)
sa.Index("ix_person_email_key", person.c.email_key)
sa.Index("ix_person_payer", person.c.payer_account_id)

# A browser in which someone is signed in. Its cookie is a token of which only the hash is here.
session = sa.Table(
    "session",
    metadata,
    sa.Column("session_id", sa.Uuid, primary_key=True),
    sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("account_id", sa.ForeignKey("person.account_id"), nullable=False, index=True),
    sa.Column("browser", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
    sa.Column("last_used_at", MOMENT, nullable=False, server_default=NOW),
    sa.Column("expires_at", MOMENT, nullable=False),
)

# What a link in a mail proves, once: that an address is one's own, or that one may do something.
mail_token = sa.Table(
    "mail_token",
    metadata,
    sa.Column("token_hash", sa.LargeBinary, primary_key=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("account_id", sa.ForeignKey("person.account_id"), index=True),
    sa.Column("team_id", sa.ForeignKey("team.team_id")),
    sa.Column("email_key", sa.Text, nullable=False),
    sa.Column("expires_at", MOMENT, nullable=False),
    sa.CheckConstraint("purpose IN ('verify', 'reset', 'invitation')", name="purpose"),
)

# How often something was tried; the name is a hash, for addresses are personal.
rate = sa.Table(
    "rate",
    metadata,
    sa.Column("name", sa.LargeBinary, primary_key=True),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("resets_at", MOMENT, nullable=False, index=True),
)

# Random bytes that hashes are made with, so that no list of addresses gives them away.
pepper = sa.Table(
    "pepper",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)

# Addresses that had their free credits; these outlive the person.
free_credit = sa.Table(
    "free_credit",
    metadata,
    sa.Column("address_hash", sa.LargeBinary, primary_key=True),
    sa.Column("granted_at", MOMENT, nullable=False, server_default=NOW),
)

# Who someone is to a provider of OpenID Connect. It is known by its issuer, for a table of the
# settings may come to name another; which table it was is `provider_id`.
identity = sa.Table(
    "identity",
    metadata,
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("provider_id", sa.Text, nullable=False),
    sa.Column("account_id", sa.ForeignKey("person.account_id"), nullable=False, index=True),
    sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
    sa.Column("unlinked_at", MOMENT),  # it opens nothing, nor does its address, until linked anew
)

# A way in where the second factor is lost, once each.
recovery_code = sa.Table(
    "recovery_code",
    metadata,
    sa.Column("account_id", sa.ForeignKey("person.account_id"), primary_key=True),
    sa.Column("code_hash", sa.LargeBinary, primary_key=True),
)

# How much may be spent by way of a key, or by a member of a team: in a day or month, or in all.
budget = sa.Table(
    "budget",
    metadata,
    sa.Column("budget_id", sa.Uuid, primary_key=True),
    sa.Column("limit_microcredits", sa.BigInteger),  # null, as much as there is
    sa.Column("period", sa.Text),
    sa.Column("spent_microcredits", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("period_began_at", MOMENT, nullable=False, server_default=NOW),
    sa.CheckConstraint("period IN ('day', 'month')", name="period"),
    sa.CheckConstraint("spent_microcredits >= 0", name="spent"),
)

# What a job took of a budget, until it has ended.
budget_use = sa.Table(
    "budget_use",
    metadata,
    sa.Column("job_id", sa.Uuid, primary_key=True),
    sa.Column(
        "budget_id",
        sa.ForeignKey("budget.budget_id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
    sa.Column("amount_microcredits", sa.BigInteger, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
)

# What a program calls the API with; shown once, then known by its hash.
api_key = sa.Table(
    "api_key",
    metadata,
    sa.Column("key_id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("person.account_id"), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("prefix", sa.Text, nullable=False),
    sa.Column("key_hash", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("scopes", ARRAY(sa.Text), nullable=False),
    sa.Column("budget_id", sa.ForeignKey("budget.budget_id"), nullable=False, index=True),
    sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
    sa.Column("last_used_at", MOMENT),
    sa.Column("expires_at", MOMENT),
)

# People who share the credits of one account.
team = sa.Table(
    "team",
    metadata,
    sa.Column("team_id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.account_id"), nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
)
team_member = sa.Table(
    "team_member",
    metadata,
    sa.Column("team_id", sa.ForeignKey("team.team_id"), primary_key=True),
    sa.Column("account_id", sa.ForeignKey("person.account_id"), primary_key=True, index=True),
    sa.Column("role", sa.Text, nullable=False, server_default="member"),
    sa.Column("budget_id", sa.ForeignKey("budget.budget_id"), nullable=False, index=True),
    sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
    sa.CheckConstraint("role IN ('owner', 'member')", name="role"),
)

# What someone did that others may ask about later. No row is ever changed (migration 0005).
audit_entry = sa.Table(
    "audit_entry",
    metadata,
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("actor_id", sa.Text, nullable=False),  # an account, or what acts by itself
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("details", JSONB, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
    sa.Index(None, "act", "number"),
)
