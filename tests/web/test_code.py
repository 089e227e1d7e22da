"""The page of code: asked for, seen in a frame of no origin, read, logged, in both languages."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import DESKTOP, PHONE, Site, can_be_used_by_all, open_page

# What a page may want of the studio around it; it says what it got.
REACHES = """
async (url) => {
  const attempts = {
    cookie: () => document.cookie,
    storage: () => localStorage.length,
    parent: () => parent.document.title,
    own: () => fetch("/v1/me"),
    other: () => fetch(`${url}/livez`, { mode: "no-cors" }),
    frame: () => frameElement.tagName,
    top: () => top.location.href,
  };
  const reached = [];
  for (const [name, act] of Object.entries(attempts)) {
    try {
      await act();
      reached.push(name);
    } catch {}
  }
  return reached;
}
"""
COUNTS_STREAMS = """
let streams = 0;
window.mostStreams = 0;
window.EventSource = class extends EventSource {
  constructor(url) {
    super(url);
    window.mostStreams = Math.max(window.mostStreams, ++streams);
  }
  close() {
    if (this.readyState !== EventSource.CLOSED) streams--;
    super.close();
  }
};
"""
PROMPT = "a red boat on a calm sea at night"


@pytest.fixture
def code(page: Page, site: Site) -> Page:
    page.goto(f"{site.url}/#/code")
    expect(page.get_by_role("heading", name="Code", exact=True)).to_be_visible()
    return page


def _make(page: Page, prompt: str, kind: str) -> None:
    page.get_by_label("What shall be made?").fill(prompt)
    page.get_by_label(kind, exact=True).check(force=True)
    page.get_by_role("button", name="Make it").click()


def test_a_drawing_is_seen_read_and_logged(code: Page, site: Site) -> None:
    _make(code, PROMPT, "Drawing")
    piece = code.get_by_role("article", name=PROMPT)
    picture = piece.get_by_role("img", name=PROMPT)
    expect(picture).to_be_visible()
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") == 512
    piece.get_by_label("Source").check(force=True)
    source = piece.get_by_role("region", name="Source")
    expect(source).to_contain_text("<svg xmlns=")
    assert source.locator("li").count() > 20
    assert source.locator(".of-word").count() > 10
    piece.get_by_label("Log").check(force=True)
    expect(piece.get_by_role("heading", name="Attempt 1 passed")).to_be_visible()
    with code.expect_download() as download:
        piece.get_by_role("link", name="Download .svg").click()
    assert download.value.suggested_filename == "a-red-boat-on-a-calm-sea-at-night.svg"
    (made,) = site.generations()
    assert made["charged_microcredits"] == 50_000


def test_a_page_lives_in_a_frame_that_reaches_nothing(code: Page, site: Site) -> None:
    _make(code, "a page about a red boat", "Page")
    piece = code.get_by_role("article", name="a page about a red boat")
    frame = piece.locator("iframe")
    expect(frame).to_be_visible(timeout=90_000)
    assert frame.get_attribute("sandbox") == "allow-scripts"
    inside = frame.element_handle().content_frame()
    assert inside is not None
    inside.wait_for_selector("h1")
    assert inside.evaluate("origin") == "null"
    assert inside.evaluate("getComputedStyle(document.body).margin") == "0px"  # its style is there
    assert inside.evaluate(REACHES, site.url) == []
    site.errors.clear()  # which say what was refused


def test_what_the_starter_cannot_do_is_said_before_it_is_asked(code: Page, site: Site) -> None:
    code.get_by_label("What shall be made?").fill("sorts a list")
    code.get_by_label("Program", exact=True).check(force=True)
    expect(code.get_by_text("No model that could make this is here yet")).to_be_visible()
    expect(code.get_by_role("alert")).to_contain_text("cannot write a program")
    code.get_by_label("Drawing", exact=True).check(force=True)
    expect(code.get_by_role("alert")).to_contain_text("finds nothing that it can draw")
    site.errors.clear()  # the browser tells of each answer that is a refusal


def test_what_failed_is_told_with_its_log(code: Page) -> None:
    code.get_by_label("Has to have, one a line").fill("<circle>")
    _make(code, PROMPT, "Drawing")
    piece = code.get_by_role("article", name=PROMPT)
    expect(piece.get_by_role("alert")).to_contain_text("no code passed within 3 attempts")
    piece.get_by_label("Log").check(force=True)
    expect(piece.get_by_role("heading", name=re.compile("Attempt . failed"))).to_have_count(3)
    expect(piece.get_by_role("region", name="What failed").first).to_have_text(
        "these are not in it: <circle>"
    )
    piece.get_by_role("button", name="Take over what was asked for").click()
    expect(code.get_by_label("What shall be made?")).to_have_value(PROMPT)
    piece.get_by_role("button", name="Delete").click()
    expect(piece).to_have_count(0)
    code.get_by_role("button", name="Undo").click()
    expect(piece).to_have_count(1)


def test_many_under_way_take_no_connection_each(code: Page, site: Site) -> None:
    """A browser has six to a server: with one stream for each, nothing would be answered."""
    asked = {"prompt": "a page about a red boat", "kind": "page", "model": "starter-code"}
    for seed in range(7):
        assert site.http.post("/v1/code", json={**asked, "seed": seed}).status_code == 202
    code.add_init_script(COUNTS_STREAMS)
    code.reload()
    pieces = code.get_by_role("article", name=asked["prompt"])
    expect(pieces).to_have_count(7)
    expect(code.locator("article[aria-busy=true]")).to_have_count(0, timeout=120_000)
    assert 1 <= code.evaluate("mostStreams") <= 2


@pytest.fixture
def chinese(browser: Browser, site: Site) -> Iterator[Page]:
    context = browser.new_context(
        locale="zh-CN",
        viewport=PHONE,  # type: ignore[arg-type]
        color_scheme="dark",
    )
    page = open_page(site, context, "生成")
    page.goto(f"{site.url}/#/code")
    yield page
    context.close()


def test_it_is_in_chinese_and_fits_a_phone_in_the_dark(chinese: Page) -> None:
    prompt = "夜晚平静的海面上，一艘红色的船"
    chinese.get_by_label("要做什么？").fill(prompt)
    chinese.get_by_role("button", name="开始制作").click()
    piece = chinese.get_by_role("article", name=prompt)
    expect(piece.get_by_role("img", name=prompt)).to_be_visible()
    assert chinese.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_everyone_can_use_it(code: Page) -> None:
    _make(code, PROMPT, "Drawing")
    piece = code.get_by_role("article", name=PROMPT)
    expect(piece.get_by_role("img", name=PROMPT)).to_be_visible()
    for view in ("Source", "Log"):
        piece.get_by_label(view).check(force=True)
        can_be_used_by_all(code)
    code.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
