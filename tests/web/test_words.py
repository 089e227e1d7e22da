"""Words in the studio: written, edited, checked, kept, in a voice, through a campaign."""

import io
import re
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from maquette.world.compose import Wish, arrange
from maquette.world.draw import draw
from tests.web.conftest import PHONE, Site, can_be_used_by_all, open_page

WRITE = re.compile(r"^Write(?! anew)")  # and its price
SLOWLY_MS = 60_000  # a text takes a small machine that is busy some seconds
KETTLE = "A quiet kettle. It boils a litre in three minutes, and a litre is enough."
BRAND = (
    "At Norvik we make kettles. Norvik was founded in 1998 in Bergen, and every kettle is still "
    "made by hand. Our Alder kettle boils a litre in three minutes."
)


@pytest.fixture
def words(site: Site, page: Page) -> Page:
    page.get_by_role("link", name="Words").click()
    expect(page.get_by_role("heading", name="Words")).to_be_visible()
    return page


def _document(site: Site, text: str = KETTLE, **more: Any) -> str:
    asked = {"title": "Alder", "text": text, "template": "product-description", **more}
    answer = site.http.post("/v1/documents", json=asked)
    assert answer.status_code == 201, answer.text
    return answer.json()["document_id"]


def _text_of(site: Site, document_id: str) -> str:
    return site.http.get(f"/v1/documents/{document_id}").json()["text"]


def test_a_template_is_found_filled_in_and_written(site: Site, words: Page) -> None:
    expect(words.get_by_text("What shall we write?")).to_be_visible()
    words.get_by_role("searchbox").fill("banner")
    words.get_by_role("button", name="Banner line").click()
    words.get_by_role("button", name=WRITE).click()
    expect(words.get_by_text("Please fill in")).to_be_visible()
    expect(words.get_by_label("Product or event", exact=True)).to_be_focused()
    words.get_by_role("button", name="Fill in an example").click()
    words.get_by_role("button", name="calm").click()
    expect(words.get_by_label("Model", exact=True)).to_have_count(0)  # for there is but one
    words.get_by_text("Length, words, variants").click()
    words.get_by_label("Variants").select_option("2")
    words.get_by_role("button", name=WRITE).click()
    run = words.get_by_role("region", name="Banner line")
    edit = run.get_by_role("button", name="Edit: Variant 2")
    expect(edit).to_be_visible(timeout=SLOWLY_MS)
    expect(run.get_by_role("article")).to_have_count(2)
    said = run.get_by_role("article", name="Variant 2").locator(".text").inner_text()
    request = site.http.get("/v1/generations?kind=text").json()[0]["request"]
    assert (request["template"], request["tone"], request["count"]) == ("banner-line", "calm", 2)
    edit.click()
    expect(words.get_by_label("Text", exact=True)).to_have_value(said)
    assert site.http.get("/v1/documents").json()[0]["template"] == "banner-line"
    words.go_back()
    words.reload()  # what was written before is still there
    expect(words.get_by_role("region", name="Banner line")).to_contain_text(said)


def test_what_is_typed_is_checked_marked_and_saved(site: Site, words: Page) -> None:
    voice = {"name": "Norvik", "voice": {"banned": ["cheap"]}}
    made = site.http.post("/v1/brand-voices", json=voice).json()
    document = _document(site, voice_id=made["voice_id"])
    words.goto(f"{site.url}/#/words/documents/{document}")
    words.reload()
    paper = words.get_by_label("Text", exact=True)
    checks = words.get_by_role("region", name="Checks")
    expect(checks).to_contain_text("15 words; at least 20")
    paper.fill("🫖 A cheap kettle. " + KETTLE)
    finding = checks.get_by_role("button", name="“cheap” is not to be used.")
    finding.click()
    picked = paper.evaluate("one => one.value.slice(one.selectionStart, one.selectionEnd)")
    assert picked == "cheap"  # counted as a browser counts, past the emoji
    expect(words.locator(".marks .demanded")).to_have_text("cheap")
    expect(words.get_by_text("Saved", exact=True)).to_be_visible()
    assert _text_of(site, document).startswith("🫖 A cheap kettle.")
    paper.fill(KETTLE * 2)
    words.get_by_text("Documents").first.click()  # what was typed last is kept when one leaves
    expect(words.get_by_role("link", name=re.compile("Alder"))).to_be_visible()
    words.wait_for_timeout(500)
    assert _text_of(site, document) == KETTLE * 2


def test_a_selection_is_changed_if_one_likes(site: Site, words: Page) -> None:
    document = _document(site)
    words.goto(f"{site.url}/#/words/documents/{document}")
    paper = words.get_by_label("Text", exact=True)
    expect(paper).to_have_value(KETTLE)
    paper.evaluate("one => { one.focus(); one.setSelectionRange(0, 15); }")
    words.wait_for_timeout(200)
    words.get_by_role("button", name="Rewrite", exact=True).click()
    suggestion = words.get_by_role("region", name="Suggestion")
    expect(suggestion).to_contain_text("A quiet kettle.")
    expect(words.locator(".marks .changing")).to_have_text("A quiet kettle.")
    expect(words.get_by_role("button", name="Shorten", exact=True)).to_be_disabled()
    accept = suggestion.get_by_role("button", name="Accept")
    expect(accept).to_be_enabled(timeout=SLOWLY_MS)
    made = site.http.get("/v1/generations?kind=text&limit=1").json()[0]
    events = site.http.get(made["events_url"]).text
    cut = suggestion.get_by_text("It ends in the middle")  # which is told before it is taken
    expect(cut).to_have_count(int('"cut"' in events))
    said = suggestion.locator(".text").inner_text().strip()
    accept.click()
    whole = said + KETTLE[15:]
    expect(paper).to_have_value(whole)
    expect(words.get_by_text("Saved", exact=True)).to_be_visible()
    words.get_by_role("button", name="Continue", exact=True).click()
    expect(suggestion).to_be_visible()
    suggestion.get_by_role("button", name="Reject").click()
    expect(suggestion).to_be_hidden()
    expect(paper).to_have_value(whole)
    words.get_by_text("History").click()
    versions = words.locator(".versions > li")
    expect(versions).to_have_count(2)
    expect(versions.first).to_contain_text("Rewrite")
    versions.last.locator("summary").click()
    versions.last.get_by_role("button", name="Restore version 1").click()
    expect(paper).to_have_value(KETTLE)
    expect(versions).to_have_count(3)


def test_a_document_is_to_name_its_product(site: Site, words: Page) -> None:
    document = _document(site, inputs={"product": "Alder, a kettle"})
    words.goto(f"{site.url}/#/words/documents/{document}")
    checks = words.get_by_role("region", name="Checks")
    expect(checks).to_contain_text("“Alder” is not named.")
    words.get_by_label("Text", exact=True).fill(f"{KETTLE} Its name is Alder.")
    expect(checks).not_to_contain_text("is not named")
    expect(words.get_by_role("status").get_by_text("Saved")).to_be_visible()
    kept = site.http.get(f"/v1/documents/{document}").json()
    assert kept["inputs"] == {"product": "Alder, a kettle"}


def test_a_document_is_exported_and_deleted(site: Site, words: Page) -> None:
    document = _document(site)
    words.goto(f"{site.url}/#/words/documents/{document}")
    for kind in ("DOCX", "HTML", "MD"):
        with words.expect_download() as downloading:
            words.get_by_role("link", name=kind).click()
        assert downloading.value.suggested_filename == f"Alder.{kind.lower()}"
    words.get_by_role("button", name="Delete document").click()
    words.get_by_role("button", name="Delete document").click()
    expect(words.get_by_text("No documents yet.")).to_be_visible()


def test_a_voice_is_learned_gone_over_and_kept(site: Site, words: Page) -> None:
    words.get_by_role("link", name="Voices").click()
    words.get_by_role("button", name="New voice").click()
    words.get_by_label("Texts of the brand").fill("too short")
    words.get_by_role("button", name="Learn", exact=True).click()
    expect(words.get_by_text("too few to learn from")).to_be_visible()
    site.errors.clear()  # the browser's own word of the refusal
    words.get_by_label("Texts of the brand").fill(BRAND)
    words.get_by_role("button", name="Learn", exact=True).click()
    expect(words.get_by_label("Brand", exact=True)).to_have_value("Norvik")
    words.get_by_label("Words it never says").fill("cheap\nbest")
    words.get_by_label("Spellings").fill("liter → litre\nno arrow here")
    words.get_by_role("button", name="Save").click()
    card = words.get_by_role("button", name=re.compile("Norvik"))
    expect(card).to_contain_text("2 banned words")
    [kept] = site.http.get("/v1/brand-voices").json()
    assert kept["voice"]["glossary"] == [{"wrong": "liter", "right": "litre"}]
    assert kept["voice"]["style"]["person"] == "we"
    card.click()
    words.get_by_label("Name", exact=True).fill("Norvik & sons")
    words.get_by_role("button", name="Save").click()
    expect(words.get_by_role("button", name=re.compile("Norvik & sons"))).to_be_visible()


def test_a_voice_of_another_window_is_there(site: Site, words: Page) -> None:
    expect(words.get_by_text("What shall we write?")).to_be_visible()
    site.http.post("/v1/brand-voices", json={"name": "Norvik", "voice": {}})
    words.get_by_role("link", name="Voices").click()
    expect(words.get_by_role("button", name="Norvik")).to_be_visible()


def test_a_campaign_is_seen_whole(site: Site, words: Page) -> None:
    words.get_by_role("link", name="Campaigns").click()
    words.get_by_role("link", name="New campaign").click()
    words.get_by_label("Name", exact=True).fill("Spring")
    for name in ("Product description", "X post", "Newsletter"):
        words.get_by_role("button", name=name, exact=True).click()  # takes it out
    words.get_by_role("button", name="Tagline", exact=True).click()
    words.get_by_role("button", name="Write all 2").click()
    expect(words.get_by_text("Please fill in: Product")).to_be_visible()
    product = words.get_by_label("Product", exact=True)
    expect(product).to_be_focused()
    assert site.http.get("/v1/campaigns").json() == []
    product.fill("Alder, a kettle")
    words.get_by_role("button", name="Write all 2").click()
    for name in ("Headline", "Tagline"):
        piece = words.get_by_role("article", name=name)
        expect(piece.get_by_role("button", name="Edit")).to_be_visible(timeout=SLOWLY_MS)
    words.reload()
    expect(words.get_by_role("article", name="Tagline")).to_be_visible()
    expect(words.get_by_label("Product", exact=True)).to_have_value("Alder, a kettle")


@pytest.mark.parametrize("language", ["English", "简体中文"])
def test_the_pages_of_words_can_be_used_by_all(site: Site, words: Page, language: str) -> None:
    """By axe, in both languages and lights, and on a phone nothing reaches out of the screen."""
    voice = {"name": "Norvik", "voice": {"banned": ["litre"], "brand": "Norvik"}}
    made = site.http.post("/v1/brand-voices", json=voice).json()
    document = _document(site, voice_id=made["voice_id"])
    if language != "English":
        words.get_by_role("button", name=language).click()
    places = ("", "/documents", f"/documents/{document}", "/voices", "/campaigns/new")
    for place in places:
        words.goto(f"{site.url}/#/words{place}")
        expect(words.locator("main h1")).to_be_visible()
        expect(words.locator("[aria-busy=true]:visible")).to_have_count(0)
        words.wait_for_timeout(700)
        if place == "/voices":
            words.locator(".papers .card").first.click()
        can_be_used_by_all(words)


def test_on_a_phone_a_text_is_asked_for_and_read(site: Site, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, locale="en-GB")  # type: ignore[arg-type]
    page = open_page(site, context)
    page.get_by_role("link", name="Words").tap()
    expect(page.get_by_text("What shall we write?")).to_be_in_viewport()
    search = page.get_by_role("searchbox").bounding_box()
    assert search is not None
    assert search["y"] + search["height"] <= PHONE["height"] - 8  # clear of the edge
    page.get_by_role("searchbox").tap()
    page.get_by_role("searchbox").fill("tagline")
    page.get_by_role("button", name=re.compile("^Tagline")).tap()
    page.get_by_label("Product or brand", exact=True).fill("Alder, a kettle")
    page.get_by_role("button", name=WRITE).tap()
    variant = page.get_by_role("article", name="Variant 1")
    expect(variant).to_be_in_viewport()
    expect(variant.get_by_role("button", name="Edit")).to_be_visible(timeout=SLOWLY_MS)
    variant.get_by_role("button", name="Edit").tap()
    expect(page.get_by_label("Text", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_alt_text_is_written_of_a_picture_of_ones_own(site: Site, page: Page) -> None:
    wish = Wish([("boat", "red")], "sea", "night", "clear", "ink", "large")
    drawn = io.BytesIO()
    Image.fromarray(draw(arrange(wish, 7))).save(drawn, "PNG")
    put = site.http.post("/v1/pictures", files={"picture": ("a.png", drawn.getvalue())})
    source = put.json()["content_hash"]
    asked = {"prompt": "a red boat", "source": source, "strength": 0.01, "width": 256}
    made = site.http.post("/v1/generations", json={**asked, "height": 256})
    assert made.status_code == 202, made.text
    picture = site.newest()["assets"][0]
    page.goto(f"{site.url}/#/picture/{picture['asset_id']}")
    page.get_by_role("button", name="Use in a text").click()
    expect(page.get_by_role("heading", name="Alt text")).to_be_visible()
    own = page.get_by_role("group", name="Picture")
    expect(own.get_by_role("radio")).to_be_checked()
    page.get_by_role("button", name="No picture").click()
    expect(own.get_by_role("radio")).not_to_be_checked()
    own.get_by_role("radio").focus()
    page.keyboard.press("Space")
    expect(own.get_by_role("radio")).to_be_checked()
    can_be_used_by_all(page)
    page.get_by_role("button", name=WRITE).click()
    run = page.get_by_role("region", name="Alt text")
    expect(run).to_contain_text("a picture of yours")
    over = run.get_by_text("Seen in the picture").or_(run.get_by_text("captioner knows"))
    expect(over).to_be_visible(timeout=SLOWLY_MS)
    request = site.http.get("/v1/generations?kind=text&limit=1").json()[0]["request"]
    assert request["inputs"]["picture"] == f"asset:{picture['asset_id']}"
    by_hash = {"template": "alt-text", "inputs": {"picture": source}}
    assert site.http.post("/v1/copy", json=by_hash).status_code == 202
    page.reload()
    expect(page.get_by_text("a picture of yours")).to_have_count(2)  # and no hash is shown
