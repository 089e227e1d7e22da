"""Styles chosen by a picture: words in the prompt, to be seen and taken back."""

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Site


def test_a_tile_adds_its_words_and_another_replaces_them(site: Site, page: Page) -> None:
    prompt = page.get_by_label("Prompt", exact=True)
    tiles = page.get_by_role("radiogroup", name="Style")
    expect(tiles.get_by_role("radio")).to_have_count(5)
    expect(tiles.get_by_role("radio", name="Any")).to_be_checked()
    prompt.fill("a red boat.")
    tiles.get_by_role("radio", name="watercolour").check()
    expect(prompt).to_have_value("a red boat, in watercolour")
    page.keyboard.press("ArrowRight")
    expect(prompt).to_have_value("a red boat, in pixel art")
    expect(tiles.get_by_role("radio", name="pixel")).to_be_focused()
    tiles.get_by_role("radio", name="Any").check()
    expect(prompt).to_have_value("a red boat")
    prompt.fill("a red boat, pen and ink")  # typed is chosen, too
    expect(tiles.get_by_role("radio", name="ink")).to_be_checked()
    prompt.press("Control+Enter")
    expect(page.get_by_role("heading", name="a red boat, pen and ink")).to_be_visible()
    for tile in tiles.locator("img").all():
        assert tile.evaluate("image => image.decode().then(() => image.naturalWidth)") == 160


def test_a_style_can_come_first_and_examples_take_it_over(page: Page) -> None:
    prompt = page.get_by_label("Prompt", exact=True)
    page.get_by_role("radio", name="ink").check()
    expect(prompt).to_have_value("In ink, ")
    examples = page.get_by_role("group", name="Try one of these").first
    examples.get_by_role("button", name="a red boat").click()
    expect(prompt).to_have_value("a red boat on a calm sea at night, in ink")
    page.get_by_role("button", name="简体中文").click()
    prompt = page.get_by_label("提示词", exact=True)
    prompt.fill("")
    page.get_by_role("radio", name="水彩画").check()
    expect(prompt).to_have_value("水彩画风格，")
    prompt.fill("海上的红船。")
    page.get_by_role("radio", name="像素画").check()
    expect(prompt).to_have_value("海上的红船，像素画风格")
    prompt.fill("a red boat")  # the words are in the prompt's language, not the studio's
    page.get_by_role("radio", name="像素画").check()
    expect(prompt).to_have_value("a red boat, in pixel art")


@pytest.mark.parametrize(
    ("prompt", "style", "rest"),
    [
        ("a boat, in watercolour, at night", "watercolour", "a boat, at night"),
        ("In watercolour, a boat", "watercolour", "a boat"),
        ("a boat as an ink drawing", "ink", "a boat"),
        ("a boat, an 8-bit pixel art.", "pixel", "a boat."),
        ("海上的船，画成水彩画，夜晚", "watercolour", "海上的船，夜晚"),
        ("红船水彩画", "watercolour", "红船"),
        ("a bottle, flat design, in ink", "ink", "a bottle, flat design"),
        ("a watercolour of a boat", None, "a watercolour of a boat"),
        ("a boat with a flat stylebook", None, "a boat with a flat stylebook"),
        ("a boat ", None, "a boat "),
    ],
)
def test_the_words_of_a_style_are_found(
    page: Page, prompt: str, style: str | None, rest: str
) -> None:
    found = page.evaluate(
        """async (prompt) => {
            const { styleOf, withoutStyle } = await import("/state/styles.js");
            return [styleOf(prompt)?.name ?? null, withoutStyle(prompt)];
        }""",
        prompt,
    )
    assert found == [style, rest]


def test_a_model_that_knows_no_styles_offers_none(site: Site, page: Page) -> None:
    models = site.http.get("/v1/models").json()
    models["data"][0]["styles"] = []
    page.route("**/v1/models", lambda route: route.fulfill(json=models))
    page.reload()
    expect(page.get_by_label("Prompt", exact=True)).to_be_visible()
    expect(page.get_by_role("radiogroup", name="Style")).to_have_count(0)
    page.get_by_label("Prompt", exact=True).fill("a boat, in ink")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="a boat, in ink")).to_be_visible()
