"""Languages, light, small screens, and that those who cannot see or point can use it."""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import PHONE, Site, open_menu, open_page


def test_chinese_and_back(site: Site, page: Page) -> None:
    site.make()
    page.get_by_role("button", name="简体中文").click()
    expect(page.get_by_role("button", name="生成")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    page.reload()
    page.locator("a.picture").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="生成变体")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name="Create")).to_be_visible()


def test_a_chinese_browser_is_answered_in_chinese(site: Site, browser: Browser) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(site.url)
    expect(page.get_by_role("button", name="生成")).to_be_visible()
    page.get_by_label("提示词", exact=True).fill("一只猫")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("img", name="第 1 张，共 1 张：一只猫")).to_be_visible()
    context.close()


def test_light_and_dark(page: Page) -> None:
    def brightness() -> int:
        colour = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    page.emulate_media(color_scheme="dark")
    assert brightness() < 150  # as the system has it
    page.get_by_role("button", name="Theme: system").click()
    assert brightness() > 650
    page.reload()
    assert brightness() > 650
    page.get_by_role("button", name="Theme: light").click()
    page.emulate_media(color_scheme="light")
    assert brightness() < 150


def test_a_phone(site: Site, browser: Browser) -> None:
    site.make(count=4)
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, locale="en-GB")  # type: ignore[arg-type]
    page = open_page(site, context)
    expect(page.locator("a.picture img")).to_have_count(4)

    def fits() -> bool:
        return page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    assert fits()
    create = page.get_by_role("button", name="Create")
    expect(create).to_be_in_viewport()
    expect(page.get_by_role("radio", name="Landscape")).to_be_hidden()
    page.get_by_role("button", name="Settings").tap()
    page.get_by_role("radio", name="Landscape").check()
    assert fits()
    page.get_by_label("Prompt", exact=True).fill("a red boat at sea")
    create.tap()
    expect(page.get_by_role("heading", name="a red boat at sea")).to_be_visible()
    assert site.newest()["request"]["width"] == 288
    for name in ("Details", "Repair"):
        if name == "Details":
            page.locator("a.picture").last.tap()
        else:
            page.get_by_role("dialog").get_by_role("button", name="Repair").tap()
        expect(page.get_by_role("dialog", name=name)).to_be_visible()
        assert fits()
    canvas = page.get_by_role("application", name="what is painted over")
    canvas.tap()
    page.get_by_role("button", name="Generate").tap()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert site.newest()["request"]["mask"]
    context.close()


SCREENS: dict[str, Callable[[Page], object]] = {
    "gallery": lambda page: page.get_by_text("Advanced").click(),
    "picture": lambda page: page.locator("a.picture").first.press("Enter"),
    "editor": lambda page: page.locator("a.picture").first.press("e"),
    "compare": lambda page: [
        page.locator("a.picture").first.press("c"),
        page.locator("a.picture").nth(1).press("c"),
    ],
    "keys": lambda page: page.keyboard.press("?"),
    "menu": open_menu,
    "progress": lambda page: page.get_by_role("button", name="More").click(),
}


@pytest.mark.parametrize("light", ["light", "dark"])
def test_no_rule_of_accessibility_is_broken(site: Site, page: Page, light: str) -> None:
    """By axe: labels, roles, names, contrast."""
    site.make(count=2)
    page.emulate_media(color_scheme=light, reduced_motion="reduce")  # type: ignore[arg-type]
    for name, open_screen in SCREENS.items():
        expect(page.locator("a.picture img").first).to_be_visible()
        page.locator("body").focus()
        open_screen(page)
        page.wait_for_timeout(300)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{name}:\n{found.generate_report()}"
        page.keyboard.press("Escape")
        page.goto(f"{site.url}/#/")


def _is_whole(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


PAGES = (
    "credits",
    "buy",
    "api-keys",
    "team",
    "account",
    "operator/people",
    "operator/queue",
    "operator/text-servers",
    "operator/prices",
    "operator/revenue",
    "operator/ledger",
    "operator/audit",
    "sign-in",
    "sign-up",
    "forgot",
)


@pytest.mark.parametrize("language", ["English", "简体中文"])
@pytest.mark.parametrize("light", ["light", "dark"])
def test_the_pages_can_be_used_by_all(site: Site, page: Page, light: str, language: str) -> None:
    """By axe, in both languages, and on a phone nothing reaches out of the screen."""
    site.make()
    account = site.http.get("/v1/me").json()["account_id"]
    paid = {"amount_microcredits": 10**7, "price_cents": 500, "currency": "eur", "reason": "cash"}
    topped_up = site.http.post(f"/v1/operator/accounts/{account}/top-up", json=paid)
    assert topped_up.status_code == 200, topped_up.text  # so there are an invoice and revenue
    page.emulate_media(color_scheme=light, reduced_motion="reduce")  # type: ignore[arg-type]
    if language != "English":
        page.get_by_role("button", name=language).click()
    for name in PAGES:
        page.goto(f"{site.url}/#/{name}")
        expect(page.locator("main h1")).to_be_visible()
        expect(page.locator("[aria-busy=true]:visible")).to_have_count(0)
        for size in ({"width": 1280, "height": 800}, PHONE):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            found = Axe().run(page)
            assert found.violations_count == 0, f"{name}:\n{found.generate_report()}"
            assert _is_whole(page), name


def test_the_list_of_keys_has_them_all(page: Page) -> None:
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    listed = dialog.locator("dt").all_inner_texts()
    assert len(listed) == len(set(listed)) == 21
    assert {"Create", "Vary", "Delete", "Undo", "Use in a text"} <= set(listed)


def test_every_word_is_there_in_both_languages(page: Page) -> None:
    words = page.evaluate(
        """async () => {
            const all = async (language) => {
                const files = ["", "pages_", "operator_", "copy_"].map((part) => part + language);
                const modules = files.map((file) => import(`/words/${file}.js`));
                return (await Promise.all(modules)).map((one) => one[language]);
            };
            return [await all("en"), await all("zh")];
        }"""
    )
    for english, chinese in zip(*words, strict=True):
        assert english.keys() == chinese.keys()
        for key in english:
            places = [set(re.findall(r"\{\w+\}", said[key])) for said in (english, chinese)]
            assert places[0] == places[1], key


def test_nothing_is_loaded_from_elsewhere(site: Site, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.get_by_role("button", name="Create").wait_for()
    assert asked
    assert all(url.startswith(site.url) for url in asked), asked
    answer = page.request.get(site.url)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
