"""What goes wrong elsewhere, at once, or by haste: nothing is lost, shown twice or sent twice."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import Site, open_page


def _typed(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.click()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def test_numbers_can_be_typed_and_count_at_once(site: Site, page: Page) -> None:
    page.get_by_text("Advanced").click()
    page.get_by_label("Prompt", exact=True).fill("a boat")
    _typed(page, "Steps", "3")
    _typed(page, "Guidance", "2.75")
    page.keyboard.press("Control+Enter")  # still in the field
    expect(page.get_by_role("heading", name="a boat")).to_be_visible()
    asked = site.newest()["request"]
    assert (asked["num_inference_steps"], asked["guidance_scale"]) == (3, 2.75)
    _typed(page, "Steps", "")
    page.get_by_label("Prompt", exact=True).click()
    expect(page.get_by_label("Steps")).to_have_value("3")


def test_a_held_key_acts_once(site: Site, page: Page) -> None:
    site.make()
    page.locator("a.picture").focus()
    for _ in range(5):
        page.keyboard.down("v")
    page.keyboard.up("v")
    expect(page.locator("article")).to_have_count(2)
    site.newest()
    assert len(site.generations()) == 2


def test_quick_deletes_bring_nothing_back(site: Site, page: Page) -> None:
    site.make(count=4)
    expect(page.locator("a.picture img")).to_have_count(4)
    page.locator("a.picture").first.focus()
    for _ in range(4):
        page.keyboard.press("Delete")
    expect(page.locator("a.picture")).to_have_count(0)
    site.wait_for([])
    page.reload()
    expect(page.get_by_role("heading", name="What would you like to make?")).to_be_visible()


def test_an_open_picture_hides_the_form_from_its_keys(site: Site, page: Page) -> None:
    site.make()
    page.get_by_label("Prompt", exact=True).fill("never sent")
    page.locator("a.picture").click()
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("never sent")
    assert len(site.generations()) == 1


def test_a_second_click_sends_nothing_more(site: Site, page: Page) -> None:
    site.make()
    page.locator("a.picture").press("e")
    page.get_by_role("application", name="Mask").press(" ")
    page.get_by_role("button", name="Generate").dblclick()
    expect(page.get_by_role("dialog")).to_be_hidden()
    site.newest()
    assert len(site.generations()) == 2


def test_a_mask_can_be_painted_by_keys(site: Site, page: Page) -> None:
    site.make()
    page.locator("a.picture").press("e")
    mask = page.get_by_role("application", name="Mask")
    for key in ("]", "[", "ArrowLeft", "ArrowUp", " "):
        mask.press(key)
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("article")).to_have_count(2)
    assert site.newest()["request"]["mask"]


def test_deletions_elsewhere_are_seen(site: Site, page: Page, browser: Browser) -> None:
    site.make(count=2)
    other = open_page(site, browser.new_context(locale="en-GB"))
    expect(other.locator("a.picture")).to_have_count(2)
    page.locator("a.picture").first.press("Delete")
    expect(other.locator("a.picture")).to_have_count(1)
    page.get_by_role("button", name="Delete all").click()
    expect(other.locator("a.picture")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(other.locator("a.picture")).to_have_count(1)
    other.context.close()


def test_undoing_in_another_order(site: Site, page: Page) -> None:
    site.make(count=2)
    page.locator("a.picture").first.press("Delete")
    expect(page.locator("a.picture")).to_have_count(1)
    page.locator("a.picture").first.press("Delete")
    expect(page.locator("a.picture")).to_have_count(0)
    page.get_by_role("button", name="Undo").first.click()  # of the first one
    expect(page.locator("a.picture")).to_have_count(2)


@pytest.mark.slow
def test_what_was_made_and_cancelled_meanwhile_leaves_no_hole(site: Site, page: Page) -> None:
    site.make(prompt="the oldest")
    expect(page.get_by_role("heading", name="the oldest")).to_be_visible()
    for number in range(36):
        asked = {"prompt": f"cancelled {number}", "num_inference_steps": 500}
        made = site.http.post("/v1/generations", json=asked).json()
        site.http.post(f"/v1/generations/{made['generation_id']}/cancel")
    page.reload()  # the first page has nothing to show
    expect(page.get_by_role("heading", name="the oldest")).to_be_visible()
    page.context.set_offline(True)
    for number in range(36):
        site.make(prompt=f"boat number {number}", num_inference_steps=1)
    page.context.set_offline(False)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("heading", name="boat number 35", exact=True)).to_be_visible()
    for _ in range(40):
        page.locator(".feed").evaluate("feed => feed.scrollTo(0, feed.scrollHeight)")
        if page.locator("article").count() == 37:
            break
        page.wait_for_timeout(200)
    expect(page.locator("article")).to_have_count(37)
    site.errors.clear()


@pytest.mark.slow
def test_a_link_leads_to_an_older_picture_and_back_to_the_gallery(site: Site, page: Page) -> None:
    old = site.make(prompt="the oldest")
    for number in range(31):
        site.make(prompt=f"boat number {number}", num_inference_steps=1)
    page.goto("about:blank")
    page.goto(f"{site.url}/#/picture/{old['assets'][0]['asset_id']}")
    expect(page.get_by_role("dialog").get_by_role("heading", name="the oldest")).to_be_visible()
    page.keyboard.press("Escape")
    for _ in range(3):
        page.locator("a.picture").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
    page.go_back()  # none of the views is left behind
    expect(page).to_have_url("about:blank")


def test_a_file_is_dropped_anywhere_and_pasted(site: Site, page: Page) -> None:
    give = """([kind, place]) => {
        const canvas = Object.assign(document.createElement("canvas"), {width: 50, height: 100});
        canvas.getContext("2d").fillRect(0, 0, 50, 50);
        canvas.toBlob((blob) => {
            const data = new DataTransfer();
            data.items.add(new File([blob], "x.png", {type: "image/png"}));
            const event = kind === "drop"
                ? new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true})
                : new ClipboardEvent("paste", {clipboardData: data, bubbles: true});
            document.querySelector(place).dispatchEvent(event);
        });
    }"""
    start = page.get_by_role("img", name="Starts from")
    for kind, place in (("drop", ".feed"), ("paste", "#prompt")):
        page.evaluate(give, [kind, place])
        expect(start).to_be_visible()
        page.reload()  # it is kept
        expect(start).to_be_visible()
        page.get_by_role("button", name="Remove image").click()
        expect(start).to_be_hidden()


def test_the_title_tells_of_the_end(site: Site, page: Page) -> None:
    made = site.http.post(
        "/v1/generations", json={"prompt": "a boat", "num_inference_steps": 900}
    ).json()
    expect(page).to_have_title(re.compile(r"^\(1\)"))
    site.http.post(f"/v1/generations/{made['generation_id']}/cancel")
    expect(page).to_have_title("Maquette")


def test_without_storage_it_works(site: Site, browser: Browser) -> None:
    context = browser.new_context(locale="en-GB")
    context.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('blocked'); }})"
    )
    page = open_page(site, context)
    page.get_by_label("Prompt", exact=True).fill("a boat")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="a boat")).to_be_visible()
    context.close()


def test_a_notice_that_had_the_focus_leaves_when_that_has_left(site: Site, page: Page) -> None:
    site.make()
    page.clock.install()
    page.get_by_role("button", name="Remix").click()
    notice = page.get_by_role("status").filter(has_text="Settings copied")
    notice.get_by_role("button", name="Dismiss").focus()
    page.clock.run_for(60_000)
    expect(notice).to_be_visible()
    page.get_by_label("Prompt", exact=True).focus()
    page.clock.run_for(60_000)
    expect(notice).to_be_hidden()


def test_a_notice_stays_while_its_button_has_the_focus(site: Site, page: Page) -> None:
    site.make()
    expect(page.locator("a.picture img")).to_be_visible()
    page.clock.install()
    page.locator("a.picture").press("Delete")
    undo = page.get_by_role("button", name="Undo")
    undo.focus()
    undo.hover()
    page.mouse.move(0, 0)
    page.clock.run_for(60_000)
    expect(undo).to_be_focused()
    page.get_by_label("Prompt", exact=True).focus()
    page.clock.run_for(60_000)
    expect(undo).to_be_hidden()
