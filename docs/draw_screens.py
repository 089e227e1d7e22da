"""Draws the pictures of the studio for the docs: `python docs/draw_screens.py URL`.

Those of accounts are drawn by `draw_account_screens.py`.
"""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).parent / "pictures"
PROMPTS = (
    "a blue umbrella on the beach in the rain",
    "two red mushrooms in a forest",
    "a red boat on a calm sea at night",
)
KETTLE = {"product": "Alder, a kettle", "facts": ["boils a litre in three minutes"]}
TOLD = "Alder is a kettle that boils a litre in three minutes. It keeps its handle cool. Tea, then?"
OTHER_MEDIA = {  # what is made for the picture of each
    "words": (
        "/v1/copy",
        {"template": "product-description", "inputs": KETTLE, "count": 2, "seed": 5},
    ),
    "code": ("/v1/code", {"prompt": "three white rabbits in the snow", "kind": "page", "seed": 5}),
    "speech": ("/v1/speech", {"text": TOLD}),
}
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


def save(page: Page, name: str) -> None:
    page.wait_for_timeout(500)  # for what moves to come to rest
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.save(FOLDER / f"{name}.webp", quality=82, method=6)


def opened(browser: Browser, url: str, **more: object) -> Page:
    page = browser.new_context(locale="en-GB", **more).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(120_000)
    page.goto(url)
    page.get_by_role("button", name="Create").wait_for()
    return page


def fill_gallery(page: Page, *counts: str) -> None:
    """So many pictures of each prompt."""
    for prompt, count in zip(PROMPTS, counts, strict=True):
        page.get_by_label("Prompt", exact=True).fill(prompt)
        page.get_by_role("radio", name=count).check()
        page.keyboard.press("Control+Enter")
        page.get_by_role("heading", name=prompt).wait_for()
    page.locator(".is-coming").last.wait_for(state="detached")


def draw_other_media(browser: Browser, url: str) -> None:
    """Words, code and speech, each with something that was made."""
    page = opened(browser, url, viewport=DESKTOP)
    for name, (route, asked) in OTHER_MEDIA.items():
        made = page.request.post(f"{url}{route}", data=asked).json()
        while made["state"] in ("queued", "running"):
            page.wait_for_timeout(200)
            made = page.request.get(f"{url}/v1/generations/{made['generation_id']}").json()
        assert made["state"] == "succeeded", made
        page.goto(f"{url}/#/{name}")
        page.get_by_role("heading", level=1).nth(1).wait_for()
        page.wait_for_timeout(3000)  # for frames and sounds
        save(page, name)


def main(url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = opened(browser, url, viewport=DESKTOP)
        fill_gallery(page, "1", "2", "2")
        page.get_by_label("Prompt", exact=True).fill(
            "a yellow lighthouse behind a small green boat"
        )
        page.get_by_role("radio", name="watercolour").check()
        page.get_by_role("radio", name="4").check()
        page.keyboard.press("Control+Enter")
        page.get_by_role("img", name="Generating: a yellow lighthouse").nth(3).wait_for()
        save(page, "studio")
        page.locator(".is-coming").last.wait_for(state="detached")
        page.get_by_role("img", name="two red mushrooms").first.click()
        save(page, "studio_picture")
        page.keyboard.press("e")
        box = page.get_by_role("application", name="what is painted over").bounding_box()
        assert box is not None
        page.get_by_label("Brush size").fill("44")
        page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.2)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.25, steps=6)
        page.mouse.up()
        page.get_by_role("slider", name="Extend right").press("ArrowRight")
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        save(page, "studio_repair")
        page = opened(browser, url, viewport=DESKTOP, color_scheme="dark")
        page.get_by_role("button", name="简体中文").click()
        page.locator("a.picture img").first.wait_for()
        save(page, "studio_dark")
        page = opened(browser, url, viewport=PHONE, has_touch=True, is_mobile=True)
        page.locator("a.picture img").first.wait_for()
        save(page, "studio_phone")
        draw_other_media(browser, url)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860")
