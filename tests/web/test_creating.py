"""Asking for pictures: what is typed and chosen is what is asked for, and is seen to come."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import Site, open_page

LONG = 1000  # steps, so that a tiny model takes a while


def _ask(page: Page, prompt: str) -> None:
    page.get_by_label("Prompt", exact=True).fill(prompt)
    page.keyboard.press("Control+Enter")


def _steps(page: Page, steps: int) -> None:
    page.get_by_text("Advanced").click()
    page.get_by_label("Steps").fill(str(steps))


def test_a_first_picture_takes_a_click_and_a_key(site: Site, page: Page) -> None:
    expect(page.get_by_role("heading", name="What would you like to make?")).to_be_visible()
    page.get_by_role("group", name="Try one of these").first.get_by_role("button").first.click()
    page.get_by_role("button", name="Create").click()
    picture = page.get_by_role("img", name=re.compile("Picture 1 of 1: a red boat on a calm sea"))
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 256
    asked = site.newest()["request"]
    assert (asked["width"], asked["height"], asked["count"]) == (256, 256, 1)


def test_it_is_seen_to_come_and_can_be_cancelled(site: Site, page: Page) -> None:
    _steps(page, LONG)
    page.get_by_role("radio", name="2").check()
    _ask(page, "a blue house")
    expect(page.get_by_role("img", name="Generating: a blue house")).to_have_count(2)
    expect(page.get_by_text(re.compile(r"Step \d+ of 1000"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d+ (s|min) left"))).to_be_visible()
    expect(page).to_have_title("(1) Maquette")
    page.get_by_role("button", name="Cancel").click()
    given_back = re.compile(r"^Cancelled\. \d+\.\d\d credits given back\.")
    expect(page.get_by_text(given_back)).to_be_visible()
    expect(page.get_by_role("img", name="Generating: a blue house")).to_have_count(0)
    assert site.newest()["state"] == "cancelled"
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name="Generating: a blue house")).to_have_count(2)
    page.keyboard.press("Escape")
    page.locator("body").press("Shift+X")
    expect(page.get_by_role("img", name="Generating: a blue house")).to_have_count(0)


def test_every_field_is_asked_for_and_kept(site: Site, page: Page) -> None:
    page.get_by_role("radio", name="Landscape").check()
    page.get_by_role("radio", name="4").check()
    _steps(page, 3)
    page.get_by_label("Negative prompt").fill("rain")
    page.get_by_label("Seed", exact=True).fill("77")
    page.get_by_label("Guidance").fill("2.5")
    page.get_by_label("Sampler").select_option("euler-a")
    page.get_by_label("Height").fill("160")
    page.reload()  # nothing of it is lost
    _ask(page, "a green tree")
    expect(page.locator("a.picture img")).to_have_count(4)
    done = site.newest()
    asked = {name: done["request"][name] for name in done["request"]}
    assert asked["prompt"] == "a green tree"
    assert (asked["width"], asked["height"]) == (288, 160)
    assert (asked["negative_prompt"], asked["num_inference_steps"]) == ("rain", 3)
    assert (asked["guidance_scale"], asked["sampler"]) == (2.5, "euler-a")
    assert [asset["seed"] for asset in done["assets"]] == [77, 78, 79, 80]
    page.get_by_text("Advanced").click()
    page.get_by_role("button", name="Reset to defaults").click()
    expect(page.get_by_label("Steps")).to_have_value("24")
    expect(page.get_by_label("Seed", exact=True)).to_have_value("")


def test_another_model_comes_with_its_usual_values(site: Site, page: Page) -> None:
    page.get_by_text("Advanced").click()
    page.get_by_label("Width").fill("320")
    page.get_by_label("Model").select_option("starter-turbo")
    expect(page.get_by_label("Steps")).to_have_value("4")
    expect(page.get_by_label("Guidance")).to_have_value("1")
    expect(page.get_by_label("Sampler")).to_have_value("lcm")
    expect(page.get_by_label("Width")).to_have_value("320")
    page.get_by_label("Model").select_option("starter")
    expect(page.get_by_label("Steps")).to_have_value("24")
    expect(page.get_by_label("Sampler")).to_have_value("dpm++2m")


def test_prompts_come_back_by_key(site: Site, page: Page) -> None:
    for prompt in ("a first boat", "a second boat"):
        site.make(prompt=prompt)
    page.reload()
    expect(page.locator("a.picture img")).to_have_count(2)  # then the page knows of both
    field = page.get_by_label("Prompt", exact=True)
    field.fill("not yet sent")
    for keys, shown in (
        ("Alt+ArrowUp", "a second boat"),
        ("Alt+ArrowUp", "a first boat"),
        ("Alt+ArrowUp", "a first boat"),
        ("Alt+ArrowDown", "a second boat"),
        ("Alt+ArrowDown", "not yet sent"),
    ):
        field.press(keys)
        expect(field).to_have_value(shown)


def test_what_is_not_said_is_asked_for(site: Site, page: Page) -> None:
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("Describe your picture first.")).to_be_visible()
    expect(page.get_by_label("Prompt", exact=True)).to_be_focused()
    assert site.generations() == []


def test_what_a_small_model_does_not_know_is_said(page: Page) -> None:
    hint = page.get_by_text("has only learned these things")
    page.get_by_label("Prompt", exact=True).fill("the president of a republic")
    expect(hint).to_be_visible()
    expect(hint).to_contain_text("boat, house, tree")
    page.get_by_label("Prompt", exact=True).fill("a bunny")  # another name of what it knows
    expect(hint).to_be_hidden()


def test_a_failure_says_why_and_can_be_tried_again_or_dismissed(site: Site, page: Page) -> None:
    _ask(page, "a very red boat " * 60)
    expect(page.get_by_text("tokens long")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("tokens long")).to_have_count(2)
    page.get_by_role("button", name="Dismiss").first.click()
    expect(page.get_by_text("tokens long")).to_have_count(1)
    site.wait_for(site.generations()[-1:])
    page.reload()
    expect(page.get_by_text("tokens long")).to_have_count(1)


def test_what_the_server_refuses_is_shown(site: Site, page: Page) -> None:
    _steps(page, 3)
    page.get_by_label("Width").fill("250")
    _ask(page, "a boat")
    expect(page.get_by_text("nearest is 256")).to_be_visible()
    site.errors.clear()  # a browser notes every 400


def test_a_picture_from_a_file_is_begun_from(site: Site, page: Page, picture_file: Path) -> None:
    page.locator("#file").set_input_files(picture_file)
    expect(page.get_by_role("img", name="Starts from")).to_be_visible()
    page.get_by_label("How much may change").fill("0.4")
    _steps(page, 4)
    _ask(page, "a boat")
    expect(page.locator("a.picture img")).to_have_count(1)
    asked = site.newest()["request"]
    assert (asked["width"], asked["height"], asked["strength"]) == (320, 208, 0.4)
    assert site.http.get(f"/v1/pictures/{asked['source']}").status_code == 200
    page.get_by_role("button", name="Remove image").click()
    expect(page.get_by_role("img", name="Starts from")).to_be_hidden()


def test_a_file_that_is_no_picture_is_told(site: Site, page: Page, tmp_path: Path) -> None:
    (tmp_path / "letter.png").write_text("Dear studio,")
    page.locator("#file").set_input_files(tmp_path / "letter.png")
    expect(page.get_by_text("letter.png can’t be read")).to_be_visible()
    site.errors.clear()


def test_it_survives_a_reload_and_is_seen_in_another_tab(
    site: Site, page: Page, browser: Browser
) -> None:
    other = open_page(site, browser.new_context(locale="en-GB"))
    _steps(page, LONG)
    _ask(page, "a red kite")
    for tab in (page, other):
        expect(tab.get_by_role("img", name="Generating: a red kite")).to_be_visible()
    page.reload()
    expect(page.get_by_role("img", name="Generating: a red kite")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Step \d+ of 1000"))).to_be_visible()
    other.context.close()


def test_a_studio_that_is_away_is_told_and_comes_back(site: Site, page: Page) -> None:
    page.context.set_offline(True)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # opens the stream anew
    expect(page.get_by_role("alert")).to_contain_text("Can’t reach the studio")
    site.make(prompt="made meanwhile")
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="made meanwhile")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()
    site.errors.clear()


def test_what_is_left_runs_down_while_a_request_waits(site: Site, page: Page) -> None:
    """By the server's clock, whatever the person's own says."""
    made = site.make()
    end = datetime.fromisoformat(made["created_at"]) + timedelta(seconds=90)
    waiting = {**made, "state": "queued", "assets": [], "finished_at": None}
    waiting["expected_at"] = end.isoformat()
    page.route("**/v1/generations?*", lambda route: route.fulfill(json=[waiting], headers=_now()))
    page.clock.install(time=datetime.now(UTC) + timedelta(hours=1))
    page.reload()
    left = page.get_by_text(re.compile(r"\d+ s left"))
    expect(left).to_be_visible()

    first = int(re.findall(r"\d+", left.text_content() or "")[-1])
    assert first <= 91  # the header tells whole seconds
    fewer = "|".join(str(seconds) for seconds in range(first - 3, first - 9, -1))
    expect(page.get_by_text(re.compile(rf"\b({fewer}) s left"))).to_be_visible(timeout=15_000)


def _now() -> dict[str, str]:
    return {"Date": format_datetime(datetime.now(UTC), usegmt=True)}


def test_the_lora_of_a_request_is_shown_and_can_be_taken_out(site: Site, page: Page) -> None:
    site.make(adapters=[{"adapter": "fog", "scale": 0.5}])
    page.get_by_role("button", name="Remix").click()
    fog = page.get_by_role("group", name="LoRA").get_by_role("button", name="fog × 0.5")
    expect(fog).to_be_visible()
    page.reload()  # kept
    _ask(page, "a boat in the fog")
    expect(page.get_by_role("heading", name="a boat in the fog")).to_be_visible()
    assert site.newest()["request"]["adapters"] == [{"adapter": "fog", "scale": 0.5}]
    fog.click()
    expect(page.get_by_role("group", name="LoRA")).to_be_hidden()
    _ask(page, "a boat")
    expect(page.get_by_role("heading", name="a boat", exact=True)).to_be_visible()
    assert site.newest()["request"]["adapters"] == []


@pytest.mark.slow
def test_older_pictures_come_as_they_are_scrolled_to(site: Site, page: Page) -> None:
    for number in range(64):
        site.make(prompt=f"boat number {number}", num_inference_steps=1)
    page.reload()
    expect(page.get_by_role("heading", name="boat number 63", exact=True)).to_be_visible()
    oldest = page.get_by_role("heading", name="boat number 0", exact=True)
    for _ in range(20):
        page.locator(".feed").evaluate("feed => feed.scrollTo(0, feed.scrollHeight)")
        if oldest.count():
            break
        page.wait_for_timeout(200)
    expect(oldest).to_be_visible()
    expect(page.get_by_text("You’ve reached the end.")).to_be_visible()
    expect(page.locator("article")).to_have_count(64)
