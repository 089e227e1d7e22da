"""What can be done with a picture, each by a click and by its key."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.web.conftest import Site


@pytest.fixture
def made(site: Site, page: Page) -> dict[str, Any]:
    """Two pictures in the gallery, the first of them in focus."""
    done = site.make(count=2, seed=40, negative_prompt="rain")
    expect(page.locator("a.picture img")).to_have_count(2)
    page.locator("a.picture").first.focus()
    return done


def _open(page: Page, number: int = 0) -> Locator:
    page.locator("a.picture").nth(number).click()
    dialog = page.get_by_role("dialog", name="Details")
    expect(dialog).to_be_visible()
    return dialog


def _pixels(site: Site, content_hash: str, mode: str = "RGB") -> np.ndarray:
    content = site.http.get(f"/v1/pictures/{content_hash}").content
    return np.asarray(Image.open(io.BytesIO(content)).convert(mode))


def test_a_picture_opens_with_what_made_it(page: Page, made: dict[str, Any]) -> None:
    dialog = _open(page)
    for text in ("a red boat", "64 × 64", "40", "rain", "dpm++2m", "starter"):
        expect(dialog.get_by_text(text, exact=True).first).to_be_visible()
    expect(dialog.get_by_role("button", name="Previous picture")).to_be_disabled()
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_text("41", exact=True)).to_be_visible()
    expect(dialog.get_by_role("button", name="Next picture")).to_be_disabled()
    dialog.get_by_role("button", name="Previous picture").click()
    expect(dialog.get_by_text("40", exact=True)).to_be_visible()
    page.reload()  # the address says which one
    expect(dialog.get_by_text("40", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_back_closes_it_and_the_focus_returns(page: Page, made: dict[str, Any]) -> None:
    picture = page.locator("a.picture").nth(1)
    picture.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(picture).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("a.picture").first).to_be_focused()


@pytest.mark.parametrize("by_key", [True, False])
def test_vary(site: Site, page: Page, made: dict[str, Any], by_key: bool) -> None:
    if by_key:
        page.keyboard.press("v")
    else:
        _open(page).get_by_role("button", name="Vary").click()
    expect(page.locator("a.picture img[alt*='of 4']")).to_have_count(4)
    asked = site.newest()["request"]
    assert asked["source"] == made["assets"][0]["content_hash"]
    assert 0.3 < asked["strength"] < 0.8
    assert asked["seed"] != 40


@pytest.mark.parametrize("by_key", [True, False])
def test_use_as_start(site: Site, page: Page, made: dict[str, Any], by_key: bool) -> None:
    if by_key:
        page.keyboard.press("i")
    else:
        _open(page).get_by_role("button", name="Use as start").click()
    expect(page.get_by_role("img", name="Starts from")).to_be_visible()
    expect(page.get_by_label("Prompt", exact=True)).to_be_focused()
    page.get_by_label("Prompt", exact=True).fill("a green boat")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="a green boat")).to_be_visible()
    asked = site.newest()["request"]
    assert asked["source"] == made["assets"][0]["content_hash"]
    assert (asked["width"], asked["mask"]) == (64, None)


@pytest.mark.parametrize("by_key", [True, False])
def test_recall(page: Page, made: dict[str, Any], by_key: bool) -> None:
    idea, seed = page.get_by_label("Prompt", exact=True), page.get_by_label("Seed", exact=True)
    page.get_by_text("Advanced").click()

    def recall(key: str, words: str) -> None:
        page.locator("a.picture").nth(1).focus()
        if by_key:
            page.keyboard.press(key)
        else:
            _open(page, 1).get_by_role("button", name=words).click()

    recall("p", "Use prompt")
    expect(idea).to_have_value("a red boat")
    expect(seed).to_have_value("")
    recall("s", "Use seed")
    expect(seed).to_have_value("41")
    recall("r", "Remix")
    expect(seed).to_have_value("")
    expect(page.get_by_label("Negative prompt")).to_have_value("rain")
    expect(page.get_by_label("Steps")).to_have_value("2")
    recall("a", "Use all")
    expect(seed).to_have_value("41")
    expect(page.get_by_label("Width")).to_have_value("64")


def test_more_of_a_row(site: Site, page: Page, made: dict[str, Any]) -> None:
    page.get_by_role("button", name="More").click()
    expect(page.locator("a.picture img")).to_have_count(4)
    again = site.newest()["request"]
    assert again["seed"] != made["request"]["seed"]
    assert {**again, "seed": 40} == made["request"]


@pytest.mark.parametrize("by_key", [True, False])
def test_paint_a_mask_and_repair(
    site: Site, page: Page, made: dict[str, Any], by_key: bool
) -> None:
    if by_key:
        page.keyboard.press("e")
    else:
        _open(page).get_by_role("button", name="Repair").click()
    editor = page.get_by_role("dialog", name="Repair")
    editor.get_by_role("button", name="Generate").click()
    expect(page.get_by_text("Paint over a part")).to_be_visible()
    canvas = editor.get_by_role("application", name="what is painted over")
    box = canvas.bounding_box()
    assert box is not None
    scale = box["width"] / 64

    def drag(*points: tuple[int, int]) -> None:
        for number, (x, y) in enumerate(points):
            page.mouse.move(box["x"] + x * scale, box["y"] + y * scale, steps=4)
            if number == 0:
                page.mouse.down()
        page.mouse.up()

    editor.get_by_label("Brush size").fill("8")
    drag((10, 10), (30, 10))
    editor.get_by_role("radio", name="Box").check()
    drag((40, 40), (56, 56))
    drag((0, 60), (8, 64))
    page.keyboard.press("Control+z")  # the last box
    editor.get_by_role("radio", name="Eraser").check()
    drag((48, 48), (48, 48))
    editor.get_by_label("Prompt", exact=True).fill("a blue boat")
    editor.get_by_label("Prompt", exact=True).press("Control+Enter")
    expect(editor).to_be_hidden()
    expect(page.get_by_role("heading", name="a blue boat")).to_be_visible()
    done = site.newest()
    assert done["state"] == "succeeded", done["error"]
    assert done["request"]["source"] == made["assets"][0]["content_hash"]
    mask = _pixels(site, done["request"]["mask"], "L")
    assert mask.shape == (64, 64)
    for (x, y), painted in {
        (10, 10): True,
        (20, 12): True,
        (20, 20): False,
        (42, 42): True,
        (48, 48): False,
        (2, 62): False,
    }.items():
        assert (mask[y, x] > 127) == painted, (x, y)
    before, after = (
        _pixels(site, one["assets"][0]["content_hash"]).astype(int) for one in (made, done)
    )
    kept = mask == 0
    assert np.abs(before - after)[kept].max() == 0  # what was not painted over is as it was
    assert np.abs(before - after)[~kept].max() > 0


@pytest.mark.parametrize("by_key", [True, False])
def test_extend(site: Site, page: Page, made: dict[str, Any], by_key: bool) -> None:
    if by_key:
        page.keyboard.press("o")
    else:
        _open(page).get_by_role("button", name="Extend").click()
    editor = page.get_by_role("dialog", name="Extend")
    expect(editor.get_by_role("spinbutton", name="Extend right")).to_have_value("16")
    editor.get_by_role("slider", name="Extend left").focus()
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    expect(editor.get_by_role("spinbutton", name="Extend left")).to_have_value("32")
    handle = editor.get_by_role("slider", name="Extend left").bounding_box()
    assert handle is not None
    page.mouse.move(handle["x"] + 8, handle["y"] + 20)
    page.mouse.down()
    page.mouse.move(handle["x"] + 400, handle["y"] + 20, steps=5)
    page.mouse.up()
    expect(editor.get_by_role("spinbutton", name="Extend left")).to_have_value("0")
    editor.get_by_role("spinbutton", name="Extend down").fill("40")  # no multiple of 16
    editor.get_by_role("button", name="Generate").click()
    expect(editor).to_be_hidden()
    done = site.newest()
    assert done["state"] == "succeeded", done["error"]
    asked = done["request"]
    assert (asked["width"], asked["height"]) == (80, 112)
    before = _pixels(site, made["assets"][0]["content_hash"])
    source, mask = _pixels(site, asked["source"]), _pixels(site, asked["mask"], "L")
    assert np.array_equal(source, np.pad(before, ((0, 48), (0, 16), (0, 0)), mode="edge"))
    assert mask[:64, :64].max() == 0
    assert min(mask[64:].min(), mask[:, 64:].min()) == 255


def test_compare_two(page: Page, made: dict[str, Any]) -> None:
    page.keyboard.press("c")
    expect(page.get_by_text("Choose a second picture")).to_be_visible()
    page.locator("a.picture").nth(1).click()
    dialog = page.get_by_role("dialog", name="Compare")
    expect(dialog.get_by_role("img")).to_have_count(2)
    slider = dialog.get_by_role("slider", name="Divider")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(slider).to_have_value("49")
    second = dialog.get_by_role("img", name="Second")
    assert "49%" in second.evaluate("image => getComputedStyle(image).clipPath")
    dialog.get_by_role("radio", name="Side by side").check()
    expect(slider).to_be_hidden()
    boxes = [dialog.get_by_role("img").nth(n).bounding_box() for n in (0, 1)]
    assert boxes[0]
    assert boxes[1]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.locator("a.picture").first.focus()
    page.keyboard.press("c")
    page.keyboard.press("Escape")
    expect(page.get_by_text("Choose a second picture")).to_be_hidden()


@pytest.mark.parametrize("by_key", [True, False])
def test_download(site: Site, page: Page, made: dict[str, Any], by_key: bool) -> None:
    with page.expect_download() as waiting:
        if by_key:
            page.keyboard.press("d")
        else:
            _open(page).get_by_role("button", name="Download").click()
    assert waiting.value.suggested_filename == "a-red-boat-40.png"
    content = waiting.value.path().read_bytes()
    assert content == site.http.get(made["assets"][0]["url"]).content


def test_delete_and_undo(site: Site, page: Page, made: dict[str, Any]) -> None:
    pictures = page.locator("a.picture img")
    page.keyboard.press("Delete")
    expect(pictures).to_have_count(1)
    expect(page.locator("a.picture").first).to_be_focused()  # the next one took its place
    page.get_by_role("button", name="Undo").click()
    expect(pictures).to_have_count(2)
    dialog = _open(page, 1)
    dialog.get_by_role("button", name="Delete").click()
    expect(pictures).to_have_count(1)
    expect(dialog.get_by_text("40", exact=True)).to_be_visible()
    dialog.get_by_role("button", name="Undo").last.click()  # over the open picture, too
    expect(pictures).to_have_count(2)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    expect(pictures).to_have_count(1)
    page.keyboard.press("Delete")  # the last one: with it goes the request
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("heading", name="What would you like to make?")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(pictures).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(pictures).to_have_count(2)
    site.wait_for([made])


def test_delete_a_whole_row(site: Site, page: Page, made: dict[str, Any]) -> None:
    page.get_by_role("button", name="Delete all").click()
    expect(page.get_by_text("2 pictures deleted.")).to_be_visible()
    expect(page.locator("article")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("a.picture img")).to_have_count(2)


def test_the_gallery_loads_no_larger_picture_than_it_shows(site: Site, page: Page) -> None:
    site.make(width=640, height=64)
    site.make(width=256, height=64)
    pictures = page.locator("a.picture img")
    expect(pictures).to_have_count(2)
    shown = pictures.evaluate_all(
        """images => Promise.all(images.map(async (image) => {
            await image.decode();
            return image.currentSrc.split("?")[1];
        }))"""
    )
    assert shown == [None, "width=384"]  # 336 px on this screen
    page.locator("a.picture").nth(1).click()
    whole = page.get_by_role("dialog").locator("figure img")
    assert whole.evaluate("image => image.decode().then(() => image.naturalWidth)") == 640


def test_a_row_that_has_not_changed_is_not_drawn_again(site: Site, page: Page) -> None:
    for prompt in ("the first", "the second"):
        site.make(prompt=prompt)
    expect(page.get_by_role("heading", name="the first")).to_be_visible()
    looks = page.evaluate(
        """async () => {
            const { generations, upsert } = await import("/state/generations.js");
            const drawn = () =>
                new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            const [newer, older] = generations.value;
            const looks = [0];
            const request = () => {
                looks[0]++;
                return older.request;
            };
            upsert(Object.defineProperty({ ...older }, "request", { get: request }));
            await drawn();
            looks.unshift(0);
            upsert({ ...newer, request: { ...newer.request, prompt: "changed" } });
            await drawn();
            return looks;
        }"""
    )
    expect(page.get_by_role("heading", name="changed")).to_be_visible()
    assert looks[1] > 0
    assert looks[0] == 0


def test_what_a_link_leads_to_may_be_gone(site: Site, page: Page, made: dict[str, Any]) -> None:
    page.goto(f"{site.url}/#/picture/{made['generation_id']}")
    expect(page.get_by_text("This picture isn’t here")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    site.errors.clear()  # a browser notes every 404
