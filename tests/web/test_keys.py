"""The keys can be others: chosen in their list, kept, and told where they do not go together."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.web.conftest import Site, open_menu


def _listed(page: Page) -> Locator:
    open_menu(page)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    return page.get_by_role("dialog", name="Keyboard shortcuts")


def _entry(listed: Locator, command: str) -> Locator:
    return listed.get_by_role("button", name=re.compile(f"^{command}:"))


def test_another_key_acts_is_shown_and_is_kept(site: Site, page: Page) -> None:
    site.make(prompt="a red boat", seed=7)
    listed = _listed(page)
    usual = listed.get_by_role("button", name="Back to the usual keys")
    expect(usual).to_be_disabled()
    _entry(listed, "Use prompt").click()
    expect(listed.get_by_text("Press the new keys")).to_be_visible()
    page.keyboard.press("Shift+L")
    expect(_entry(listed, "Use prompt")).to_have_text("ShiftL")
    page.keyboard.press("Escape")
    expect(listed).to_be_hidden()
    page.reload()
    prompt = page.get_by_label("Prompt", exact=True)
    page.locator("a.picture").press("p")
    expect(prompt).to_have_value("")
    page.locator("a.picture").press("Shift+L")
    expect(prompt).to_have_value("a red boat")
    listed = _listed(page)
    usual.click()
    expect(_entry(listed, "Use prompt")).to_have_text("P")
    expect(usual).to_be_disabled()
    expect(usual).to_be_focused()
    page.keyboard.press("Escape")
    prompt.fill("")
    page.locator("a.picture").press("p")
    expect(prompt).to_have_value("a red boat")


def test_keys_that_do_not_go_together_are_told(page: Page) -> None:
    listed = _listed(page)
    said = listed.get_by_role("alert")
    _entry(listed, "Vary").click()
    page.keyboard.press("d")
    expect(said).to_have_text("D is “Download” already; press another.")
    page.keyboard.press("Tab")
    expect(said).to_have_text("Tab moves around the page; press another.")
    page.keyboard.press("Control+c")
    expect(said).to_have_text("Ctrl C selects, cuts, copies or pastes; press another.")
    page.keyboard.press("[")
    expect(said).to_have_text("[ is “Brush size” already; press another.")
    page.keyboard.press("Escape")  # of the question, not of the list
    expect(said).to_be_hidden()
    expect(_entry(listed, "Vary")).to_have_text("V")
    _entry(listed, "Create").click()
    page.keyboard.press("k")
    expect(said).to_have_text("K is needed for typing; press it with Ctrl or Alt.")
    page.keyboard.press("Control+k")
    expect(_entry(listed, "Create")).to_have_text("CtrlK")
    _entry(listed, "Vary").click()
    listed.get_by_role("heading", name="Anywhere").click()  # leaves it as it was
    expect(listed.get_by_text("Press the new keys")).to_be_hidden()


def test_a_browser_that_does_not_focus_what_is_clicked(page: Page) -> None:
    """As Safari does with buttons."""
    page.evaluate("addEventListener('mousedown', (event) => event.preventDefault())")
    listed = _listed(page)
    _entry(listed, "Vary").click()
    page.keyboard.press("l")
    expect(_entry(listed, "Vary")).to_have_text("L")


def test_another_key_for_create_repairs_as_well(site: Site, page: Page) -> None:
    site.make()
    listed = _listed(page)
    _entry(listed, "Create").click()
    page.keyboard.press("Control+m")
    page.keyboard.press("Escape")
    page.get_by_label("Prompt", exact=True).fill("a blue boat")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+m")
    expect(page.get_by_role("heading", name="a blue boat")).to_be_visible()
    site.newest()
    page.locator("a.picture").last.press("e")
    page.get_by_role("application", name="Mask").press(" ")
    page.keyboard.press("Control+m")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert site.newest()["request"]["mask"]
    assert len(site.generations()) == 3
