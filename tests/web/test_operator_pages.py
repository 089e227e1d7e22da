"""What operators see and do: people, credits, the queue, prices, money, the proof, the log."""

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Locator, Page, Route, expect

from maquette.db.locks import Lease
from maquette.db.tables.ledger import ledger_check
from maquette.db.tables.payments import payment
from maquette.payments.catalog import USUAL_CATALOG
from maquette.payments.manual import TopUp
from maquette.service.ledger_check import LEASE
from tests.web.conftest import Site, held
from tests.web.door import Door, closed


@pytest.fixture
def door(site: Site, browser: Browser) -> Iterator[Door]:
    with closed(site, browser) as door:
        yield door


@pytest.fixture
def admin(door: Door) -> Iterator[Page]:
    door.add("Ada", "admin")
    page = door.enter("Ada")
    yield page
    page.context.close()


def _visit(page: Page, name: str) -> None:
    page.goto(f"{page.url.partition('#')[0]}#/operator/{name}")
    expect(page.locator("main h1")).to_be_visible()


def _find(page: Page, name: str) -> None:
    _visit(page, "people")
    page.get_by_role("searchbox").fill(name)
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def test_who_is_no_operator_is_not_let_in(door: Door) -> None:
    door.add("Ola")
    page = door.enter("Ola", "operator/people")
    expect(page.get_by_text("This page is for operators.")).to_be_visible()
    expect(page.get_by_role("link", name="Audit log")).to_be_hidden()
    page.context.close()


def test_the_ledger_is_proved_when_asked(admin: Page) -> None:
    _visit(admin, "ledger")
    admin.get_by_role("button", name="Check now").click()
    expect(
        admin.get_by_role("status").get_by_text("Every credit is accounted for.")
    ).to_be_visible()
    said = re.compile(r"\d+ accounts and \d+ transfers, in \d+ s: begun \S+, ended \d\d:\d\d")
    expect(admin.get_by_text(said)).to_be_visible()
    admin.reload()
    expect(admin.get_by_text(said)).to_be_visible()


def test_a_check_of_another_process_is_seen_live_and_so_is_its_end(site: Site, admin: Page) -> None:
    database = site.app.state.database
    lease = Lease(database, LEASE, 60.0)
    assert lease.take()
    with database.begin() as connection:
        row = {"accounts": 1_500_000, "accounts_done": 600_000}
        connection.execute(sa.insert(ledger_check).values(row))
    _visit(admin, "ledger")
    expect(admin.get_by_text("; 600,000 of 1,500,000 accounts are done.")).to_be_visible()
    expect(admin.get_by_role("progressbar", name="Checking")).to_have_attribute("value", "600000")
    button = admin.get_by_role("button", name="Checking")
    expect(button).to_be_disabled()
    admin.get_by_role("button", name="简体中文").click()
    expect(admin.get_by_text("，已核对 600,000 / 1,500,000 个账户。")).to_be_visible()
    lease.give_up()
    expect(admin.get_by_text("开始的核对已中断，请重新核对。")).to_be_visible()
    admin.get_by_role("button", name="English").click()
    expect(admin.get_by_text("was broken off. Check again.")).to_be_visible()
    admin.get_by_role("button", name="Check now").click()
    expect(admin.get_by_text("was broken off.")).to_be_hidden()
    expect(admin.get_by_text("Every credit is accounted for.")).to_be_visible()


def test_prices_and_costs_stand_side_by_side(admin: Page) -> None:
    _visit(admin, "prices")
    expect(admin.get_by_role("heading", name="starter", exact=True)).to_be_visible()
    expect(admin.get_by_text("0.02 credits a megapixel-step").first).to_be_visible()


def test_what_runs_and_waits_is_seen_live(door: Door, admin: Page) -> None:
    door.add("Ola")
    theirs = door.enter("Ola")
    _visit(admin, "queue")
    expect(admin.get_by_text("Nothing waits.")).to_be_visible()
    theirs.get_by_text("Advanced").click()
    theirs.get_by_label("Steps").fill("900")
    theirs.get_by_label("Prompt", exact=True).fill("a red boat")
    theirs.keyboard.press("Control+Enter")
    row = admin.get_by_role("table", name="Jobs").get_by_role("row").nth(1)
    expect(row).to_contain_text("starter")
    expect(row).to_contain_text("Interactive")
    theirs.get_by_role("button", name="Cancel").click()
    expect(admin.get_by_text("Nothing waits.")).to_be_visible()
    theirs.context.close()


def test_a_person_is_found_suspended_and_let_in_again(door: Door, admin: Page) -> None:
    door.add("Olaf")
    theirs = door.enter("Olaf")
    _find(admin, "Olaf")
    admin.get_by_role("button", name="Suspend").click()
    admin.get_by_role("group", name="Suspend Olaf?").get_by_role("button", name="Suspend").click()
    expect(admin.get_by_text("Suspended: they cannot sign in or draw.")).to_be_visible()
    theirs.reload()
    expect(theirs.get_by_role("button", name="Create")).to_be_hidden()
    admin.get_by_role("button", name="Let in again").click()
    expect(admin.get_by_role("button", name="Suspend")).to_be_visible()
    admin.get_by_label("Role").select_option("Operator")
    admin.reload()
    expect(admin.get_by_label("Role")).to_have_value("operator")
    _visit(admin, "audit")
    expect(admin.get_by_role("row")).to_have_count(4)
    theirs.context.close()


def test_credits_are_given_and_given_back(door: Door, admin: Page) -> None:
    door.add("Oda", credits=10)
    theirs = door.enter("Oda")
    balance = theirs.locator(".account .amounts b")
    _find(admin, "Oda")
    admin.get_by_label("Credits", exact=True).fill("25")
    admin.get_by_label("Reason").fill("a good cause")
    admin.get_by_role("button", name="Top up").click()
    expect(admin.get_by_text("25.00 credits given.")).to_be_visible()
    expect(admin.get_by_role("row").nth(1)).to_contain_text("+25.00")
    expect(balance).to_have_text("35.00")
    theirs.get_by_label("Prompt", exact=True).fill("a red boat")
    theirs.keyboard.press("Control+Enter")
    expect(theirs.locator("a.picture:not(.is-coming) img")).to_be_visible()  # and is charged
    expect(balance).not_to_have_text("35.00")
    admin.reload()
    refund = admin.get_by_role("button", name=re.compile("^Refund"))
    refund.click()
    admin.get_by_label("Reason").last.fill("it was all grey")
    admin.get_by_role("button", name="Refund", exact=True).click()
    expect(admin.get_by_role("row").nth(1)).to_contain_text("it was all grey")
    expect(balance).to_have_text("35.00")
    theirs.context.close()


def test_revenue_adds_up_what_was_paid_and_what_went_back(door: Door, admin: Page) -> None:
    operator, ola = door.add("Ugo", "operator"), door.add("Ola")
    payments = door.site.app.state.payments
    for why, cents in (("a poster", 4900), ("drawing lessons", 1900)):
        payments.top_up(TopUp(operator, ola, 10**7, why, cents, "chf"))
    _visit(admin, "revenue")
    francs = admin.get_by_role("region", name="CHF")
    for words, figure in (
        ("Paid", "CHF 68.00 2 payments"),
        ("Refunded or disputed", "CHF 0.00"),
        ("By hand", "CHF 68.00 2 payments"),
    ):
        expect(_figure(francs, words)).to_have_text(re.compile(_loosely(f"{words} {figure}")))
    expect(francs.get_by_role("listitem")).to_have_count(30)
    expect(francs.get_by_role("listitem").last).to_contain_text(re.compile(_loosely("CHF 68.00")))
    payer = admin.get_by_role("link", name=door.email("Ola")).first
    expect(payer).to_have_attribute("href", f"#/operator/people/{ola}")
    admin.get_by_role("button", name="Refund the payment drawing lessons").click()
    admin.get_by_label("Reason").fill("it rained")
    admin.get_by_role("button", name="Refund", exact=True).click()
    expect(_figure(francs, "Kept")).to_contain_text(re.compile(_loosely("CHF 49.00")))
    admin.get_by_role("radio", name="90 days").check()
    expect(francs.get_by_role("listitem")).to_have_count(90)
    expect(francs.get_by_role("listitem").last).to_contain_text(re.compile(_loosely("CHF 49.00")))
    admin.set_viewport_size({"width": 375, "height": 700})
    admin.get_by_role("radio", name="365 days").check()
    expect(francs.get_by_role("listitem")).to_have_count(365)
    assert francs.get_by_role("list").evaluate("bars => bars.scrollWidth <= bars.clientWidth")


def test_a_refund_that_came_back_is_seen_and_can_be_sent_again(door: Door, admin: Page) -> None:
    shop = door.site.app.state.payments
    made = shop.top_up(TopUp("boss", door.add("Ola"), 10**7, "an easel", 4900, "sek"))
    shop.refund("boss", made.payment_id, "too heavy")
    with door.site.app.state.database.begin() as connection:
        this = payment.c.payment_id == made.payment_id
        connection.execute(sa.update(payment).where(this).values(came_back_cents=4900))
    _visit(admin, "revenue")
    crowns = admin.get_by_role("region", name="SEK")
    expect(_figure(crowns, "Kept")).to_contain_text(re.compile(_loosely("SEK 49.00")))
    row = admin.get_by_role("row").filter(has_text="an easel")
    expect(row).to_contain_text("Refund came back")
    expect(row.get_by_role("button", name="Refund the payment an easel")).to_be_visible()
    admin.get_by_role("button", name="简体中文").click()
    expect(row).to_contain_text("退款被退回")
    admin.get_by_role("button", name="English").click()


def test_a_top_up_is_offered_in_the_money_of_what_is_sold(
    door: Door, admin: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.add("Orla")
    _find(admin, "Orla")
    offered = admin.get_by_label("Currency")
    expect(offered).to_have_value("usd")
    expect(offered.locator("option")).to_have_text(["USD", "EUR", "CNY", "GBP"])
    pack = USUAL_CATALOG.packs[0].model_copy(update={"currency": "jpy"})
    catalog = USUAL_CATALOG.model_copy(update={"packs": (pack,)})
    monkeypatch.setattr(door.site.app.state.payments, "catalog", catalog)
    admin.reload()
    expect(offered).to_have_value("jpy")
    expect(offered.locator("option")).to_have_text(["JPY", "USD", "EUR", "CNY", "GBP"])
    for label, typed in (("Credits", "25"), ("Reason", "a fair"), ("Money paid, if any", "500")):
        admin.get_by_label(label, exact=True).fill(typed)
    admin.get_by_role("button", name="Top up").click()
    expect(admin.get_by_text("25.00 credits given.")).to_be_visible()
    [made] = door.site.app.state.payments.payments(1)
    assert (made.price_cents, made.currency) == (500, "jpy")  # which has nothing smaller


def test_an_answer_that_comes_late_does_not_replace_a_newer_one(door: Door, admin: Page) -> None:
    payments = door.site.app.state.payments
    payments.top_up(TopUp("boss", door.add("Ola"), 10**7, "a poster", 4900, "nok"))
    _visit(admin, "revenue")
    bars = admin.get_by_role("region", name="NOK").get_by_role("listitem")
    expect(bars).to_have_count(30)
    late: list[Route] = []
    admin.route("**/v1/operator/revenue?*", lambda route: late.append(route), times=1)
    admin.get_by_role("radio", name="365 days").check()
    held(admin, late)
    with admin.expect_response("**/v1/operator/revenue?*"):
        admin.get_by_role("radio", name="30 days").check()
    _let_come(admin, late)
    expect(bars).to_have_count(30)


def test_people_who_were_searched_for_before_do_not_come_back(door: Door, admin: Page) -> None:
    for name in ("Umberto", "Ursula"):
        door.add(name)
    _visit(admin, "people")
    expect(admin.get_by_role("link", name="Umberto")).to_be_visible()
    late: list[Route] = []
    admin.route("**/v1/operator/people?query=umb*", lambda route: late.append(route))
    admin.get_by_role("searchbox").fill("umb")
    held(admin, late)
    admin.get_by_role("searchbox").fill("urs")
    expect(admin.get_by_role("link", name="Umberto")).to_have_count(0)
    _let_come(admin, late)
    expect(admin.get_by_role("link", name="Umberto")).to_have_count(0)
    expect(admin.get_by_role("link", name="Ursula")).to_be_visible()


def test_a_top_up_whose_answer_was_lost_is_given_once(door: Door, admin: Page) -> None:
    door.add("Odd", credits=10)
    _find(admin, "Odd")
    admin.get_by_label("Credits", exact=True).fill("25")
    admin.get_by_label("Reason").fill("a good cause")

    def lose(route: Route) -> None:
        assert route.fetch().status == 200
        route.abort()

    admin.route("**/top-up", lose, times=1)
    top_up = admin.get_by_role("button", name="Top up")
    top_up.click()
    expect(admin.get_by_role("alert")).to_be_visible()
    door.site.errors.clear()  # the browser's own word of what was lost
    top_up.click()
    expect(admin.get_by_text("25.00 credits given.")).to_be_visible()
    expect(admin.locator(".person-card .amount")).to_contain_text("35.00")
    admin.get_by_label("Credits", exact=True).fill("25")
    admin.get_by_label("Reason").fill("a good cause")
    top_up.click()  # the same again, by intention
    expect(admin.locator(".person-card .amount")).to_contain_text("60.00")


def _let_come(page: Page, late: list[Route]) -> None:
    """Lets an answer come that was held, and the page do what it does with it."""
    route = held(page, late)
    with page.expect_response(route.request.url) as answer:
        route.continue_()
    answer.value.finished()
    page.wait_for_timeout(300)


def _figure(part: Locator, words: str) -> Locator:
    return part.locator("dl > div").filter(has=part.page.get_by_text(words, exact=True))


def _loosely(text: str) -> str:
    """Between a currency and its figure is another space, and between lines there is none."""
    return re.escape(text).replace(r"\ ", r"\s*")
