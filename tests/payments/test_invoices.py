"""Invoices have numbers without a gap, say what was paid, and are the same bytes for ever."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from sqlalchemy.exc import DBAPIError

from maquette.core.errors import NotFound
from maquette.core.settings import Settings
from maquette.db.tables.payments import invoice
from maquette.payments.invoice_pdf import draw_invoice, money_text
from maquette.payments.invoices import Invoice, get_invoice, name_seller
from maquette.payments.manual import TopUp
from maquette.payments.store import add_payment, pay
from maquette.service.payments import Payments, open_payments, open_shop
from tests.payments.conftest import at_once

SELLER = "画坊有限公司\nMaquette Studio Ltd\n1 Quay Street, Ghent\nVAT BE0123456789"


def one_of(database: sa.Engine, payments: Payments, buyer: str = "王小明\n9000 Ghent") -> Invoice:
    """An invoice over ten euros, of which some are tax."""
    with database.begin() as connection:
        name_seller(connection, SELLER, Decimal("21"))
        what = "1,000 credits 积分"
        made = add_payment(connection, "ada", "manual", what, 10**9, 1000, "eur")
        pay(connection, made, "paid", buyer=buyer)
    return payments.invoices("ada")[0]


def test_what_cost_money_has_an_invoice(database: sa.Engine, payments: Payments) -> None:
    one = one_of(database, payments)
    assert re.fullmatch(r"20\d\d-000001", one.number)
    assert (one.seller, one.buyer) == (SELLER, "王小明\n9000 Ghent")
    assert (one.price_cents, one.net_cents, one.tax_percent) == (1000, 826, Decimal(21))
    payments.top_up(TopUp("boss", "ada", 5, "a gift"))
    [code] = payments.make_codes("boss", 5, 1)
    payments.redeem("ada", code)
    assert payments.invoices("ada") == [one]
    assert payments.invoices("ben") == []
    with database.connect() as connection, pytest.raises(NotFound):
        get_invoice(connection, "ben", one.invoice_id)


def test_it_is_the_same_document_whatever_changes_later(
    database: sa.Engine, payments: Payments
) -> None:
    one = one_of(database, payments)
    _, before = payments.invoice_pdf("ada", one.invoice_id)
    settings = Settings(invoice_seller=r"Another\n2 Quay Street", invoice_tax_percent=Decimal(6))
    later = open_shop(settings, database)
    assert later.invoice_pdf("ada", one.invoice_id) == (one, before)
    later.top_up(TopUp("boss", "ada", 5, "a transfer", 100, "eur"))
    second = later.invoices("ada")[0]
    assert (second.number[-6:], second.seller) == ("000002", "Another\n2 Quay Street")
    assert (second.buyer, second.tax_percent) == ("account ada", 6)
    with pytest.raises(DBAPIError, match="never changed"), database.begin() as connection:
        connection.execute(sa.update(invoice).values(buyer="me"))


def test_only_the_studio_that_starts_says_who_sells(database: sa.Engine) -> None:
    """A worker, or a command in another shell, may not have been told."""
    selling = Settings(invoice_seller="Maquette Studio Ltd", invoice_tax_percent=Decimal(21))
    open_shop(selling, database)
    elsewhere = open_payments(Settings(), database)
    elsewhere.top_up(TopUp("boss", "ada", 5, "a transfer", 100, "eur"))
    [one] = elsewhere.invoices("ada")
    assert (one.seller, one.tax_percent) == ("Maquette Studio Ltd", 21)


def test_numbers_have_no_gap_though_some_payments_fail_at_the_last_moment(
    database: sa.Engine, payments: Payments
) -> None:
    def top_up(number: int) -> None:
        if number % 3 == 0:
            with database.connect() as connection:
                payments._manual.receive(connection, TopUp("boss", "ada", 5, "x", 100, "eur"))
                connection.rollback()
        else:
            payments.top_up(TopUp("boss", ("ada", "ben")[number % 2], 5, "x", 100, "eur"))

    at_once(top_up, 60, 20)
    both = [*payments.invoices("ada"), *payments.invoices("ben")]
    assert sorted(one.number_in_year for one in both) == [*range(1, 41)]


def test_the_page_says_it_in_latin_and_chinese(database: sa.Engine, payments: Payments) -> None:
    one = one_of(database, payments)
    page = draw_invoice(one)
    assert page.startswith(b"%PDF-1.")
    assert page.rstrip().endswith(b"%%EOF")
    for text in (one.number, "Maquette Studio Ltd", "8.26 EUR", "1.74 EUR", "10.00 EUR", "21 %"):
        assert text.encode() in page, text
    chinese = UnicodeCIDFont("STSong-Light")
    for text in ("王小明", "画坊有限公司", "账单", "合计（已付）"):
        assert chinese.formatForPdf(text).encode("latin-1") in page, text
    assert b"/STSong-Light" in page


def test_money_is_written_with_the_places_that_its_currency_has() -> None:
    assert money_text(1050, "usd") == "10.50 USD"
    assert money_text(1050, "jpy") == "1,050 JPY"


@pytest.mark.parametrize(
    ("name", "font"),
    [("Иван", b"STSong-Light"), ("김민준", b"HYSMyeongJo-Medium"), ("さくら", b"STSong-Light")],
)
def test_other_scripts_have_their_fonts(
    database: sa.Engine, payments: Payments, name: str, font: bytes
) -> None:
    one = one_of(database, payments)
    plain = draw_invoice(replace(one, buyer="", seller="", what="x"))
    page = draw_invoice(replace(one, buyer=name, seller="", what="x"))
    assert page.count(font) >= plain.count(font) + (font != b"STSong-Light")
    assert UnicodeCIDFont(font.decode()).formatForPdf(name).encode("latin-1") in page


def test_tax_of_every_price_adds_up(database: sa.Engine, payments: Payments) -> None:
    one = one_of(database, payments)
    for cents in range(1, 2000, 7):
        for percent in ("0", "5.5", "19", "21"):
            priced = replace(one, price_cents=cents, tax_percent=Decimal(percent))
            net = priced.net_cents
            assert abs(net * (1 + Decimal(percent) / 100) - cents) <= Decimal("0.7")
            assert 0 < net <= cents
