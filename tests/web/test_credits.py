"""What pictures cost: the price before, the balance as it moves, and where every credit went."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Route, expect

from maquette.core.ids import new_id
from tests.callers import become
from tests.web.conftest import Site, held, open_menu, open_page

CREDIT = 1_000_000


def _poor(site: Site, microcredits: int) -> None:
    """Whoever asks from now on is someone new with so much."""
    become(site.app, new_id().hex, "member", microcredits)


def _price(page: Page) -> float:
    priced = page.get_by_role("button", name=re.compile(r"^Create · \d")).locator(".price")
    return float((priced.text_content() or "").split()[0])


def _quoted(site: Site, **more: object) -> float:
    asked = {"prompt": "a boat", "width": 256, "height": 256, **more}
    answer = site.http.post("/v1/quotes", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["price_microcredits"] / CREDIT


def test_the_price_is_on_the_button_and_follows_what_is_asked(site: Site, page: Page) -> None:
    page.get_by_label("Prompt", exact=True).fill("a boat")
    expect(page.get_by_role("button", name=re.compile(r"^Create · \d"))).to_be_visible()
    assert _price(page) == _quoted(site)
    page.get_by_role("radio", name="4").check()
    expect(
        page.get_by_role("button", name=f"Create · {_quoted(site, count=4):.2f} credits")
    ).to_be_visible()
    page.get_by_text("Advanced").click()
    page.get_by_label("Steps").fill("100")
    dear = _quoted(site, count=4, num_inference_steps=100)
    expect(page.get_by_role("button", name=f"Create · {dear:.2f} credits")).to_be_visible()


def test_no_price_is_shown_that_is_not_of_this_request(site: Site, page: Page) -> None:
    expect(page.get_by_role("button", name=re.compile(r"^Create · \d"))).to_be_visible()
    page.route("**/v1/quotes", lambda route: None)  # no answer comes
    page.get_by_role("radio", name="8").check()
    create = page.get_by_role("button", name="Create")
    expect(create).to_have_accessible_name(re.compile(r"^Create$"))
    page.get_by_role("radio", name="1", exact=True).check()  # which is known
    expect(create).to_have_accessible_name(re.compile(r"^Create · \d"))
    page.get_by_text("Advanced").click()
    page.get_by_label("Width").fill("250")  # which cannot be drawn
    expect(create).to_have_accessible_name(re.compile(r"^Create$"))


def test_the_balance_moves_as_one_works(site: Site, browser: Browser) -> None:
    _poor(site, 100 * CREDIT)
    page = open_page(site, browser.new_context(locale="en-GB"))
    balance = page.locator(".account .amounts b")
    expect(balance).to_have_text("100.00")
    page.get_by_text("Advanced").click()
    page.get_by_label("Steps").fill("900")
    page.get_by_label("Prompt", exact=True).fill("a red boat")
    price = _quoted(site, num_inference_steps=900)
    page.keyboard.press("Control+Enter")
    expect(balance).to_have_text(f"{100 - price:.2f}")
    expect(page.locator(".account").get_by_text(f"{price:.2f} held")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text(f"{price:.2f} credits given back.")).to_be_visible()
    expect(balance).to_have_text("100.00")
    page.get_by_label("Steps").fill("2")
    page.keyboard.press("Control+Enter")
    cheap = _quoted(site, num_inference_steps=2)
    expect(page.locator("article").get_by_text(f"{cheap:.2f} credits")).to_be_visible()
    expect(balance).to_have_text(f"{100 - cheap:.2f}")
    site.newest()
    page.context.close()


def test_without_enough_credits_it_is_said_and_nothing_is_sent(
    site: Site, browser: Browser
) -> None:
    _poor(site, CREDIT // 100)
    page = open_page(site, browser.new_context(locale="en-GB"))
    page.get_by_label("Prompt", exact=True).fill("a red boat")
    create = page.get_by_role("button", name=re.compile(r"^Create · \d"))
    price = _quoted(site)
    expect(create).to_have_attribute("aria-disabled", "true")
    expect(create).to_have_accessible_description(
        re.compile(f"This costs {price:.2f} credits; you have 0.01")
    )
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("not enough credits")
    assert site.generations() == []
    page.context.close()


def test_the_history_has_every_credit_and_its_picture(
    site: Site, browser: Browser, tmp_path: Path
) -> None:
    _poor(site, 100 * CREDIT)
    for prompt in ("a red boat", "a green tree"):
        made = site.make(prompt=prompt, num_inference_steps=2)
    price = made["price_microcredits"] / CREDIT
    page = open_page(site, browser.new_context(locale="en-GB"))
    open_menu(page)
    page.get_by_role("link", name="Credits", exact=True).click()
    expect(page).to_have_title("Credits · Maquette")
    expect(page.get_by_role("heading", name="Credits")).to_be_visible()
    rows = page.get_by_role("row")
    expect(rows).to_have_count(4)
    expect(rows.nth(1)).to_contain_text("a green tree")
    expect(rows.nth(1)).to_contain_text(f"−{price:.2f}")
    expect(rows.nth(1)).to_contain_text(f"{100 - 2 * price:.2f}")
    expect(rows.nth(3)).to_contain_text("+100.00")
    page.get_by_role("radio", name="Received").check()
    expect(rows).to_have_count(2)
    page.get_by_role("radio", name="All").check()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download CSV").click()
    saved = tmp_path / "credits.csv"
    downloading.value.save_as(saved)
    with saved.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [float(line["credits"]) for line in lines] == [-price, -price, 100]
    rows.nth(1).get_by_role("link", name="Open the picture").click()
    expect(page.get_by_role("dialog").get_by_role("heading", name="a green tree")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_text(f"{price:.2f} credits")).to_be_visible()
    page.context.close()


def test_the_history_says_what_else_was_made(site: Site, page: Page) -> None:
    asked = {"prompt": "a red boat", "kind": "svg", "model": "starter-code"}
    assert site.http.post("/v1/code", json=asked).status_code == 202
    assert site.newest()["state"] == "succeeded"
    assert site.http.post("/v1/speech", json={"text": "Good morning."}).status_code == 202
    assert site.newest()["state"] == "succeeded"
    page.goto(f"{site.url}/#/credits")
    rows = page.get_by_role("row")
    expect(rows.nth(1)).to_contain_text("Speech")
    expect(rows.nth(2)).to_contain_text("Code")
    expect(rows.locator("img")).to_have_count(0)  # for the gallery has no drawing of code
    page.get_by_role("radio", name="Charges").check()
    expect(rows).to_have_count(3)


def test_no_page_is_loaded_before_it_is_opened(site: Site, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.get_by_role("button", name="Create").wait_for()
    assert not [url for url in asked if "/pages/" in url or "pages_" in url or "pages.css" in url]
    open_menu(page)
    page.get_by_role("link", name="Credits", exact=True).click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    assert [url for url in asked if "/pages/credits.js" in url]


def test_pages_have_addresses_that_go_back_and_forth(site: Site, page: Page) -> None:
    site.make()
    page.goto(f"{site.url}/#/credits")
    expect(page.get_by_role("heading", name="Credits")).to_be_visible()
    expect(page.get_by_role("heading", name="Credits")).to_be_focused()
    page.keyboard.press("v")  # no key of the gallery acts here
    page.get_by_role("link", name="Studio").click()
    expect(page.locator("a.picture")).to_be_visible()
    expect(page).to_have_title("Maquette")
    page.go_back()
    expect(page.get_by_role("heading", name="Credits")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Credits")).to_be_visible()
    page.go_forward()
    expect(page.locator("a.picture")).to_be_visible()
    assert len(site.generations()) == 1


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_what_happens_elsewhere_moves_the_balance(
    site: Site, browser: Browser, locale: str
) -> None:
    _poor(site, 100 * CREDIT)
    page = open_page(site, browser.new_context(locale=locale), "Create|生成")
    asked = {"prompt": "a red boat", "num_inference_steps": 900}
    made = site.http.post("/v1/generations", json=asked).json()
    price = made["price_microcredits"] / CREDIT
    expect(page.locator(".account .amounts b")).to_have_text(f"{100 - price:.2f}")
    site.http.post(f"/v1/generations/{made['generation_id']}/cancel")
    expect(page.locator(".account .amounts b")).to_have_text("100.00")
    page.context.close()


def test_a_balance_that_comes_late_does_not_replace_a_newer_one(
    site: Site, browser: Browser
) -> None:
    _poor(site, 100 * CREDIT)
    page = open_page(site, browser.new_context(locale="en-GB"))
    late: list[tuple[Route, APIResponse]] = []
    page.route("**/v1/balance", lambda route: late.append((route, route.fetch())), times=1)
    page.reload()
    route, answer = held(page, late)
    asked = {"prompt": "a red boat", "num_inference_steps": 900}
    made = site.http.post("/v1/generations", json=asked).json()
    left = f"{100 - made['price_microcredits'] / CREDIT:.2f}"
    balance = page.locator(".account .amounts b")
    expect(balance).to_have_text(left)
    route.fulfill(response=answer)
    page.wait_for_timeout(300)
    expect(balance).to_have_text(left)
    page.context.close()


def test_what_fails_costs_nothing_and_says_so(site: Site, browser: Browser) -> None:
    _poor(site, 100 * CREDIT)
    page = open_page(site, browser.new_context(locale="en-GB"))
    page.get_by_label("Prompt", exact=True).fill("a very red boat " * 60)
    page.keyboard.press("Control+Enter")
    row = page.locator("article")
    expect(row.get_by_text(re.compile(r"\d\.\d\d credits given back\."))).to_be_visible()
    expect(row.get_by_text(re.compile(r"\d\.\d\d credits ·"))).to_have_count(0)
    expect(page.locator(".account .amounts b")).to_have_text("100.00")
    page.context.close()
