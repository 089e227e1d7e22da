"""Payments, and what they were made with."""

import sqlalchemy as sa

from maquette.db.tables.metadata import NOW, metadata

# What someone paid for credits. `reference` is what the provider calls it, so that no matter how
# often it is told, it is one payment.
payment = sa.Table(
    "payment",
    metadata,
    sa.Column("payment_id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.account_id"), nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("reference", sa.Text),
    sa.Column("item_id", sa.Text),  # of a pack or a plan
    sa.Column("what", sa.Text, nullable=False),  # as an invoice says it
    sa.Column("amount_microcredits", sa.BigInteger, nullable=False),
    sa.Column("price_cents", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text),  # ISO 4217, lower case
    sa.Column("refunded_cents", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("taken_microcredits", sa.BigInteger, nullable=False, server_default="0"),  # back
    sa.Column("failed_refunds", sa.Integer, nullable=False, server_default="0"),
    # The last refund that the provider took, counted from one with those that failed before it.
    sa.Column("asked_refund", sa.Integer, nullable=False, server_default="0"),
    sa.Column("came_back_cents", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("given_up", sa.Boolean, nullable=False, server_default="false"),
    sa.Column("state", sa.Text, nullable=False, server_default="pending"),
    sa.Column("buyer", sa.Text),  # name and address, as the provider was told them
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    sa.Column("paid_at", sa.DateTime(timezone=True)),
    sa.CheckConstraint("provider IN ('stripe', 'codes', 'manual')", name="provider"),
    sa.CheckConstraint(
        "state IN ('pending', 'failed', 'paid', 'refunded', 'disputed')", name="state"
    ),
    sa.CheckConstraint(
        "0 <= refunded_cents AND refunded_cents <= price_cents AND amount_microcredits > 0 "
        "AND (price_cents = 0 OR currency IS NOT NULL)",
        name="amount",
    ),
    sa.CheckConstraint(
        "(state IN ('paid', 'refunded', 'disputed')) = (paid_at IS NOT NULL)", name="paid_at"
    ),
    sa.CheckConstraint(
        "0 <= taken_microcredits AND taken_microcredits <= amount_microcredits", name="taken"
    ),
    sa.CheckConstraint("0 <= came_back_cents AND came_back_cents <= price_cents", name="came_back"),
    sa.UniqueConstraint("provider", "reference"),
    sa.Index(None, "account_id"),
    sa.Index(None, "paid_at"),
    sa.Index(
        "ix_payment_given_up",
        "provider",
        "payment_id",
        postgresql_where=sa.text("given_up AND state = 'paid'"),
    ),
)

# Which credits a payment brought.
payment_grant = sa.Table(
    "payment_grant",
    metadata,
    sa.Column("grant_id", sa.ForeignKey("credit_grant.grant_id"), primary_key=True),
    sa.Column("payment_id", sa.ForeignKey("payment.payment_id"), nullable=False, index=True),
)

# Codes that bring credits, by their hashes: whoever reads the table cannot redeem them.
redeem_code = sa.Table(
    "redeem_code",
    metadata,
    sa.Column("code_id", sa.Uuid, primary_key=True),
    sa.Column("code_hash", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("amount_microcredits", sa.BigInteger, nullable=False),
    sa.Column("most_uses", sa.Integer, nullable=False, server_default="1"),
    sa.Column("uses", sa.Integer, nullable=False, server_default="0"),
    sa.Column("expires_at", sa.DateTime(timezone=True)),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    sa.CheckConstraint("0 <= uses AND uses <= most_uses AND amount_microcredits > 0", name="uses"),
)

# When an account gave a code that there is not, for as long as that counts.
wrong_code = sa.Table(
    "wrong_code",
    metadata,
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("account_id", sa.Text, nullable=False),
    sa.Column("given_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    sa.Index(None, "account_id"),
)

# Events that Stripe told of, so that each counts once.
stripe_event = sa.Table(
    "stripe_event",
    metadata,
    sa.Column("event_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
)

# What Stripe told of a charge, in whatever order: each column only ever learns more.
stripe_charge = sa.Table(
    "stripe_charge",
    metadata,
    sa.Column("payment_intent", sa.Text, primary_key=True),
    sa.Column("reference", sa.Text, index=True),  # of its payment, once that is known
    sa.Column("refunded_cents", sa.BigInteger, nullable=False),
    sa.Column("withdrawn", sa.Boolean, nullable=False),  # by the bank, in a dispute
    sa.Column("reinstated", sa.Boolean, nullable=False),  # the dispute was won
)

# Pages of Stripe's that may still be open: where something can be paid, and for whom.
checkout_page = sa.Table(
    "checkout_page",
    metadata,
    sa.Column("session_id", sa.Text, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.account_id"), nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
)

# A plan that an account has. Its months are counted from `started_at`.
subscription = sa.Table(
    "subscription",
    metadata,
    sa.Column("subscription_id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.account_id"), nullable=False, index=True),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("reference", sa.Text),
    sa.Column("plan_id", sa.Text, nullable=False),
    sa.Column("next_plan_id", sa.Text),
    sa.Column("state", sa.Text, nullable=False, server_default="active"),
    sa.Column("state_until", sa.DateTime(timezone=True)),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
    sa.Column("cancels", sa.Boolean, nullable=False, server_default="false"),
    sa.Column("plan_told_at", sa.DateTime(timezone=True)),
    sa.Column("given_up", sa.Boolean, nullable=False, server_default="false"),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    sa.CheckConstraint("provider IN ('stripe', 'manual')", name="provider"),
    sa.CheckConstraint("state IN ('active', 'past_due', 'grace', 'ended')", name="state"),
    sa.CheckConstraint(
        "(state IN ('past_due', 'grace')) = (state_until IS NOT NULL)", name="state_until"
    ),
    sa.UniqueConstraint("provider", "reference"),
)

# Who sells, and the tax that prices include, as the settings had it; the newest counts.
seller = sa.Table(
    "seller",
    metadata,
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("tax_percent", sa.Numeric(5, 2), nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
)

# How many numbers of a year are given; whoever takes one has all others wait until it is kept.
invoice_year = sa.Table(
    "invoice_year",
    metadata,
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("numbers", sa.BigInteger, nullable=False),
)

# All that stands on an invoice, as it was when it was numbered. No row is ever changed.
invoice = sa.Table(
    "invoice",
    metadata,
    sa.Column("invoice_id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.account_id"), nullable=False, index=True),
    sa.Column("payment_id", sa.ForeignKey("payment.payment_id"), nullable=False, unique=True),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("number_in_year", sa.BigInteger, nullable=False),
    sa.Column("seller", sa.Text, nullable=False),
    sa.Column("buyer", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("price_cents", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("tax_percent", sa.Numeric(5, 2), nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    sa.UniqueConstraint("year", "number_in_year"),
)
