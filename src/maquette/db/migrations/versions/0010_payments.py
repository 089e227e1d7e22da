"""Payments, and what they were made with."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Written out, not taken from `tables`, for those go on changing."""
    _payments()
    _codes()
    _stripe()
    _subscriptions()
    _invoices()


def _payments() -> None:
    op.create_table(
        "payment",
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("reference", sa.Text),
        sa.Column("item_id", sa.Text),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("amount_microcredits", sa.BigInteger, nullable=False),
        sa.Column("price_cents", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text),
        sa.Column("refunded_cents", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("state", sa.Text, nullable=False, server_default="pending"),
        sa.Column("buyer", sa.Text),
        _now("created_at"),
        sa.Column("paid_at", MOMENT),
        sa.PrimaryKeyConstraint("payment_id", name="pk_payment"),
        sa.UniqueConstraint("provider", "reference", name="uq_payment_provider_reference"),
        _foreign("payment", "account_id", "account"),
        _check("payment", "provider", "provider IN ('stripe', 'codes', 'manual')"),
        _check(
            "payment",
            "state",
            "state IN ('pending', 'failed', 'paid', 'refunded', 'disputed')",
        ),
        _check(
            "payment",
            "amount",
            "0 <= refunded_cents AND refunded_cents <= price_cents AND amount_microcredits > 0 "
            "AND (price_cents = 0 OR currency IS NOT NULL)",
        ),
        _check(
            "payment",
            "paid_at",
            "(state IN ('paid', 'refunded', 'disputed')) = (paid_at IS NOT NULL)",
        ),
    )
    op.create_index("ix_payment_account_id", "payment", ["account_id"])
    op.create_index("ix_payment_paid_at", "payment", ["paid_at"])
    op.create_table(
        "payment_grant",
        sa.Column("grant_id", sa.Uuid, nullable=False),
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("grant_id", name="pk_payment_grant"),
        _foreign("payment_grant", "grant_id", "credit_grant"),
        _foreign("payment_grant", "payment_id", "payment"),
    )
    op.create_index("ix_payment_grant_payment_id", "payment_grant", ["payment_id"])


def _codes() -> None:
    op.create_table(
        "redeem_code",
        sa.Column("code_id", sa.Uuid, nullable=False),
        sa.Column("code_hash", sa.LargeBinary, nullable=False),
        sa.Column("amount_microcredits", sa.BigInteger, nullable=False),
        sa.Column("most_uses", sa.Integer, nullable=False, server_default="1"),
        sa.Column("uses", sa.Integer, nullable=False, server_default="0"),
        sa.Column("expires_at", MOMENT),
        _now("created_at"),
        sa.PrimaryKeyConstraint("code_id", name="pk_redeem_code"),
        sa.UniqueConstraint("code_hash", name="uq_redeem_code_code_hash"),
        _check(
            "redeem_code", "uses", "0 <= uses AND uses <= most_uses AND amount_microcredits > 0"
        ),
    )
    op.create_table(
        "wrong_code",
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        _now("given_at"),
        sa.PrimaryKeyConstraint("number", name="pk_wrong_code"),
    )
    op.create_index("ix_wrong_code_account_id", "wrong_code", ["account_id"])


def _stripe() -> None:
    op.create_table(
        "stripe_event",
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        _now("received_at"),
        sa.PrimaryKeyConstraint("event_id", name="pk_stripe_event"),
    )
    op.create_table(
        "stripe_charge",
        sa.Column("payment_intent", sa.Text, nullable=False),
        sa.Column("reference", sa.Text),
        sa.Column("refunded_cents", sa.BigInteger, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.Column("reinstated", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("payment_intent", name="pk_stripe_charge"),
    )
    op.create_index("ix_stripe_charge_reference", "stripe_charge", ["reference"])


def _subscriptions() -> None:
    op.create_table(
        "subscription",
        sa.Column("subscription_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("reference", sa.Text),
        sa.Column("plan_id", sa.Text, nullable=False),
        sa.Column("next_plan_id", sa.Text),
        sa.Column("state", sa.Text, nullable=False, server_default="active"),
        sa.Column("state_until", MOMENT),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("period_end", MOMENT, nullable=False),
        sa.Column("cancels", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("plan_told_at", MOMENT),
        _now("created_at"),
        sa.PrimaryKeyConstraint("subscription_id", name="pk_subscription"),
        sa.UniqueConstraint("provider", "reference", name="uq_subscription_provider_reference"),
        _foreign("subscription", "account_id", "account"),
        _check("subscription", "provider", "provider IN ('stripe', 'manual')"),
        _check("subscription", "state", "state IN ('active', 'past_due', 'grace', 'ended')"),
        _check(
            "subscription",
            "state_until",
            "(state IN ('past_due', 'grace')) = (state_until IS NOT NULL)",
        ),
    )
    op.create_index("ix_subscription_account_id", "subscription", ["account_id"])


def _invoices() -> None:
    op.create_table(
        "seller",
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("tax_percent", sa.Numeric(5, 2), nullable=False),
        _now("created_at"),
        sa.PrimaryKeyConstraint("number", name="pk_seller"),
    )
    op.create_table(
        "invoice_year",
        sa.Column("year", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("numbers", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("year", name="pk_invoice_year"),
    )
    op.create_table(
        "invoice",
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("number_in_year", sa.BigInteger, nullable=False),
        sa.Column("seller", sa.Text, nullable=False),
        sa.Column("buyer", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("price_cents", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("tax_percent", sa.Numeric(5, 2), nullable=False),
        _now("created_at"),
        sa.PrimaryKeyConstraint("invoice_id", name="pk_invoice"),
        sa.UniqueConstraint("payment_id", name="uq_invoice_payment_id"),
        sa.UniqueConstraint("year", "number_in_year", name="uq_invoice_year_number_in_year"),
        _foreign("invoice", "account_id", "account"),
        _foreign("invoice", "payment_id", "payment"),
    )
    op.create_index("ix_invoice_account_id", "invoice", ["account_id"])
    op.execute(
        "CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON invoice "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _now(name: str) -> sa.Column:
    return sa.Column(name, MOMENT, nullable=False, server_default=sa.text("now()"))


def _foreign(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    key = {"credit_grant": "grant_id"}.get(other, f"{other}_id")
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.{key}"], name=f"fk_{table}_{column}_{other}"
    )


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))
