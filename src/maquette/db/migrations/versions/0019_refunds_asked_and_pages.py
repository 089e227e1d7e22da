"""What Stripe was asked for is known: refunds that it took, and pages of it that may be open."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

# Whose refund came back, and was not asked for again: the audit log has both.
CAME_BACK = """
    UPDATE payment SET came_back_cents = refunded_cents
    WHERE state = 'refunded' AND failed_refunds > 0 AND 'payments.refund_failed' = (
        SELECT act FROM audit_entry
        WHERE subject = 'payment/' || payment_id
            AND act IN ('payments.refund_failed', 'payments.refund_asked')
        ORDER BY number DESC LIMIT 1
    )
"""


def upgrade() -> None:
    """What Stripe took before is asked for once more, and is told to be done."""
    none = sa.text("0")
    op.add_column(
        "payment", sa.Column("asked_refund", sa.Integer, nullable=False, server_default=none)
    )
    op.add_column(
        "payment",
        sa.Column("came_back_cents", sa.BigInteger, nullable=False, server_default=none),
    )
    op.create_check_constraint(
        op.f("ck_payment_came_back"),
        "payment",
        "0 <= came_back_cents AND came_back_cents <= price_cents",
    )
    op.execute(CAME_BACK)
    op.create_table(
        "checkout_page",
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("now()"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.account_id"],
            name=op.f("fk_checkout_page_account_id_account"),
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_checkout_page")),
    )
