"""Invoices: one for each payment that cost money, numbered without a gap each year.

All that stands on an invoice is kept when it is numbered, in the payment's own transaction; so it
is the same document whenever it is drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from maquette.core.errors import NotFound
from maquette.core.ids import new_id
from maquette.db.tables.payments import invoice, invoice_year, seller
from maquette.db.tables.people import person


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """What was paid, by whom, to whom."""

    invoice_id: UUID
    account_id: str
    payment_id: UUID
    year: int
    number_in_year: int
    seller: str  # name and address, in lines
    buyer: str
    what: str
    price_cents: int  # tax included
    currency: str
    tax_percent: Decimal
    created_at: datetime

    @property
    def number(self) -> str:
        return f"{self.year}-{self.number_in_year:06d}"

    @property
    def net_cents(self) -> int:
        """Without the tax, to the nearest cent."""
        net = self.price_cents * 100 / (100 + self.tax_percent)
        return int(net.to_integral_value(ROUND_HALF_UP))


def name_seller(connection: sa.Connection, text: str, tax_percent: Decimal) -> None:
    """Who sells from now on, and the tax that prices include. Invoices of before stay."""
    newest = connection.execute(_newest_seller()).one_or_none()
    if newest is None or (newest.text, newest.tax_percent) != (text, tax_percent):
        connection.execute(sa.insert(seller).values(text=text, tax_percent=tax_percent))


def issue_invoice(
    connection: sa.Connection,
    account_id: str,
    payment_id: UUID,
    what: str,
    price_cents: int,
    currency: str,
    buyer: str | None,
) -> None:
    """Numbers an invoice. No one else gets a number until the transaction ends, so none is lost
    where it fails: call this last.
    """
    this_year = sa.func.extract("year", sa.text("clock_timestamp() AT TIME ZONE 'UTC'"))
    insert = postgresql.insert(invoice_year).values(year=sa.cast(this_year, sa.Integer), numbers=1)
    counted = insert.on_conflict_do_update(
        index_elements=["year"], set_={"numbers": invoice_year.c.numbers + 1}
    ).returning(invoice_year.c.year, invoice_year.c.numbers)
    year, number = connection.execute(counted).one()
    sells = connection.execute(_newest_seller()).one_or_none()
    row = {
        "invoice_id": new_id(),
        "account_id": account_id,
        "payment_id": payment_id,
        "year": year,
        "number_in_year": number,
        "seller": sells.text if sells else "",
        "buyer": buyer or _buyer(connection, account_id),
        "what": what,
        "price_cents": price_cents,
        "currency": currency,
        "tax_percent": sells.tax_percent if sells else 0,
    }
    connection.execute(sa.insert(invoice).values(row))


def list_invoices(connection: sa.Connection, account_id: str) -> Sequence[Invoice]:
    """An account's, the newest first."""
    query = sa.select(invoice).where(invoice.c.account_id == account_id)
    order = invoice.c.year.desc(), invoice.c.number_in_year.desc()
    return [Invoice(**row._mapping) for row in connection.execute(query.order_by(*order))]


def get_invoice(connection: sa.Connection, account_id: str, invoice_id: UUID) -> Invoice:
    """One of an account's. Raises NotFound."""
    query = sa.select(invoice).filter_by(account_id=account_id, invoice_id=invoice_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"no invoice {invoice_id}")
    return Invoice(**row._mapping)


def _newest_seller() -> sa.Select[int, str, Decimal]:
    return sa.select(seller.c.number, seller.c.text, seller.c.tax_percent).order_by(
        seller.c.number.desc()
    ).limit(1)  # fmt: skip


def _buyer(connection: sa.Connection, account_id: str) -> str:
    """Name and e-mail of whose account it is, else the account's own name."""
    query = sa.select(person.c.name, person.c.email).where(person.c.account_id == account_id)
    row = connection.execute(query).one_or_none()
    return "\n".join(line for line in row or () if line) or f"account {account_id}"
