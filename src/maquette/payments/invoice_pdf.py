"""Draws an invoice as PDF: the same bytes whenever it is drawn.

Text in Latin letters is in Helvetica, other scripts in fonts that PDF viewers bring for Chinese,
Japanese and Korean, so that nothing is downloaded or shipped.
"""

import io
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from maquette.payments.invoices import Invoice

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

LEFT, RIGHT, TOP = 60, 535, 780  # in points; a page is 595 by 842
LATIN, LATIN_BOLD = "Helvetica", "Helvetica-Bold"
# Which font has a character: the first whose encoding does.
FONTS = (
    ("cp1252", LATIN),
    ("gbk", "STSong-Light"),
    ("shift_jis", "HeiseiMin-W3"),
    ("euc_kr", "HYSMyeongJo-Medium"),
    ("big5", "MSung-Light"),
)
WITHOUT_CENTS = {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx"}
WITHOUT_CENTS |= {"vnd", "vuv", "xaf", "xof", "xpf"}  # as Stripe has them
MOST_LINES, MOST_CHARACTERS = 8, 60  # of an address


def draw_invoice(one: Invoice) -> bytes:
    """An A4 page, in English and Chinese."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    for _, font in FONTS[1:]:
        pdfmetrics.registerFont(UnicodeCIDFont(font))
    file = io.BytesIO()
    # Not compressed, for another zlib might write other bytes; it is a page of text.
    page = Canvas(file, pagesize=A4, pageCompression=0, invariant=1)
    page.setTitle(f"Invoice {one.number}")
    _text(page, LEFT, TOP, "Invoice 账单", 22)
    _text(page, LEFT, TOP - 26, f"No. 编号  {one.number}", 10)
    _text(page, LEFT, TOP - 42, f"Date 日期  {one.created_at:%Y-%m-%d}", 10)
    _address(page, LEFT, "From 卖方", one.seller)
    _address(page, 310, "To 买方", one.buyer)
    _lines(page, one)
    page.showPage()
    page.save()
    return file.getvalue()


def _address(page: "Canvas", x: float, heading: str, text: str) -> None:
    _text(page, x, TOP - 84, heading, 9)
    for number, line in enumerate(text.splitlines()[:MOST_LINES]):
        _text(page, x, TOP - 102 - 15 * number, line[:MOST_CHARACTERS], 11)


def _lines(page: "Canvas", one: Invoice) -> None:
    y = TOP - 260
    _text(page, LEFT, y + 20, "For 项目", 9)
    page.line(LEFT, y + 14, RIGHT, y + 14)
    money = [(one.what, one.net_cents)]
    if one.tax_percent:
        rate = f"{one.tax_percent.normalize():f} %"
        money.append((f"Tax 税 {rate}", one.price_cents - one.net_cents))
    for number, (what, cents) in enumerate(money):
        _row(page, y - 20 * number, what[:MOST_CHARACTERS], cents, one.currency)
    y -= 20 * len(money)
    page.line(LEFT, y + 13, RIGHT, y + 13)
    _row(page, y - 4, "Total, paid 合计（已付）", one.price_cents, one.currency)


def _row(page: "Canvas", y: float, what: str, cents: int, currency: str) -> None:
    _text(page, LEFT, y, what, 11)
    page.setFont(LATIN, 11)
    page.drawRightString(RIGHT, y, money_text(cents, currency))


def money_text(cents: int, currency: str) -> str:
    """An amount as people read it, such as "10.00 USD"."""
    places = 0 if currency in WITHOUT_CENTS else 2
    return f"{Decimal(cents).scaleb(-places):,.{places}f} {currency.upper()}"


def _text(page: "Canvas", x: float, y: float, text: str, size: float) -> None:
    """Each run of characters in the font that has them."""
    for font, run in _runs(text):
        page.setFont(font, size)
        page.drawString(x, y, run)
        x += page.stringWidth(run, font, size)


def _runs(text: str) -> Iterator[tuple[str, str]]:
    for font, group in groupby((_font_of(one) for one in text), key=lambda found: found[0]):
        yield font, "".join(character for _, character in group)


def _font_of(character: str) -> tuple[str, str]:
    """A font and what it shows: a character that none has is a question mark."""
    for encoding, font in FONTS:
        try:
            character.encode(encoding)
        except UnicodeEncodeError:
            continue
        return font, character
    return LATIN, "?"
