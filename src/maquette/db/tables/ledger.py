"""Accounts and their credits."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from maquette.db.tables.metadata import NOW, metadata

# Who credits belong to. System accounts are where they come from and go to; their balances are not
# kept, for a row that every transfer changes would be waited for by all.
account = sa.Table(
    "account",
    metadata,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
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
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    sa.Index(None, "account_id"),
    sa.CheckConstraint("category IN ('free', 'paid', 'plan', 'promotion')", name="category"),
    sa.CheckConstraint(
        "0 <= held_microcredits AND held_microcredits <= left_microcredits "
        "AND left_microcredits <= amount_microcredits",
        name="covered",
    ),
)
sa.Index(
    "ix_credit_grant_expiring",
    credit_grant.c.expires_at,
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
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    sa.Column("resolved_at", sa.DateTime(timezone=True)),
    sa.Index(None, "account_id"),
    sa.CheckConstraint("state IN ('held', 'posted', 'voided', 'expired')", name="state"),
    sa.CheckConstraint(
        "amount_microcredits > 0 AND 0 <= posted_microcredits "
        "AND posted_microcredits <= amount_microcredits",
        name="amount",
    ),
)
sa.Index("ix_hold_expiring", hold.c.expires_at, postgresql_where=hold.c.state == "held")
sa.Index(
    "ix_hold_given_back",
    hold.c.resolved_at,
    postgresql_where=hold.c.state.in_(("voided", "expired")),
)

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

# What was said to requests that came with a key, for a day.
idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("request_hash", sa.LargeBinary, nullable=False),  # SHA-256
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    sa.Index(None, "created_at"),
)

# Proofs of all of it that operators asked for: the last that ended, and one that runs or that was
# broken off.
ledger_check = sa.Table(
    "ledger_check",
    metadata,
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Column("accounts", sa.BigInteger, nullable=False, server_default="0"),  # once it is known
    sa.Column("accounts_done", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("transfers", sa.BigInteger),
    sa.Column("findings", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")),
    sa.CheckConstraint("(ended_at IS NULL) = (transfers IS NULL)", name="ended_at"),
)
