"""What was paid, by day and by way to pay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from maquette.db.tables.payments import payment


@dataclass(frozen=True, slots=True)
class Revenue:
    """Payments of a day or a provider in one currency; what was refunded of them since."""

    payments: int
    price_cents: int
    refunded_cents: int
    currency: str
    day: date | None = None  # in UTC
    provider: str | None = None


def revenue(connection: sa.Connection, since: date, until: date, *by: str) -> Sequence[Revenue]:
    """What was paid from one day to another, both included, by "day" or "provider" or neither, and
    always by currency. Disputed money is not there; that of a refund which came back is, until it
    is sent again.
    """
    day = sa.cast(sa.func.timezone("UTC", payment.c.paid_at), sa.Date)
    columns = {"day": day, "provider": payment.c.provider, "currency": payment.c.currency}
    grouped = [columns[name].label(name) for name in (*by, "currency")]
    gone = sa.case(
        (payment.c.state == "disputed", payment.c.price_cents),
        else_=sa.func.greatest(payment.c.refunded_cents - payment.c.came_back_cents, 0),
    )
    query = (
        sa.select(
            sa.func.count().label("payments"),
            sa.cast(sa.func.sum(payment.c.price_cents), sa.BigInteger).label("price_cents"),
            sa.cast(sa.func.sum(gone), sa.BigInteger).label("refunded_cents"),
            *grouped,
        )
        .where(
            payment.c.price_cents > 0,
            payment.c.paid_at >= sa.func.timezone("UTC", sa.cast(since, sa.TIMESTAMP)),
            payment.c.paid_at
            < sa.func.timezone("UTC", sa.cast(until, sa.TIMESTAMP) + sa.text("interval '1 day'")),
        )
        .group_by(*grouped)
        .order_by(*grouped)
    )
    return [Revenue(**row._mapping) for row in connection.execute(query)]
