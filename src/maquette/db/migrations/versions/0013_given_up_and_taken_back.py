"""A subscription that was given up stays so, and a payment knows what was taken back of it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """What was taken back so far was taken by reversals of whole grants."""
    none = sa.text("0")
    op.add_column(
        "subscription",
        sa.Column("given_up", sa.Boolean, nullable=False, server_default=sa.text("false")),
    )
    op.add_column(
        "payment",
        sa.Column("taken_microcredits", sa.BigInteger, nullable=False, server_default=none),
    )
    op.add_column(
        "payment", sa.Column("failed_refunds", sa.Integer, nullable=False, server_default=none)
    )
    op.execute(
        """
        UPDATE payment SET taken_microcredits = least(said, amount_microcredits) FROM (
            SELECT payment_id, -sum(entry.amount_microcredits) AS said
            FROM payment_grant JOIN entry USING (grant_id) JOIN transfer USING (transfer_id)
            WHERE kind = 'reversal' AND entry.amount_microcredits < 0 GROUP BY payment_id
        ) AS taken
        WHERE taken.payment_id = payment.payment_id AND state IN ('refunded', 'disputed')
        """
    )
    op.create_check_constraint(
        op.f("ck_payment_taken"),
        "payment",
        "0 <= taken_microcredits AND taken_microcredits <= amount_microcredits",
    )
