"""Speech in the studio: said, played with its words lit up, chosen among many, called off."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from maquette.service.server_voices import OfferedVoice
from maquette.speech.espeak import EspeakVoice
from tests.engines.text_server import serving
from tests.engines.voice_server import speaks
from tests.web.conftest import Site, can_be_used_by_all

TEXT = "Good morning. The red boat sails at noon."


def _speech(page: Page) -> Locator:
    """What is typed and chosen in."""
    page.get_by_role("link", name="Speech").click()
    form = page.get_by_role("form", name="Speak")
    form.get_by_label("Text", exact=True).wait_for()
    return form


def _say(site: Site, text: str = TEXT, **more: Any) -> dict[str, Any]:
    """As if said before."""
    answer = site.http.post("/v1/speech", json={"text": text, "format": "mp3", **more})
    assert answer.status_code == 202, answer.text
    return site.newest()


def _choose(form: Locator, label: str, typed: str, option: str) -> None:
    picker = form.get_by_role("combobox", name=label)
    picker.click()
    picker.press_sequentially(typed)
    form.get_by_role("option", name=option, exact=True).click()
    expect(picker).to_have_value(option)


def test_a_text_is_said_as_it_was_chosen(site: Site, page: Page) -> None:
    form = _speech(page)
    expect(page.get_by_text("What would you like to hear?")).to_be_visible()
    form.get_by_label("Text", exact=True).fill(TEXT)
    _choose(form, "Language", "brit", "English (Great Britain)")
    _choose(form, "Voice", "female", "Female 3")
    form.get_by_label("Speed").fill("1.5")
    form.get_by_label("Opus").check()
    form.get_by_text("Advanced").click()
    form.get_by_label("Pronunciations").fill("boat = vessel")
    button = form.get_by_role("button", name="Speak")
    expect(button).to_contain_text("0.01 credits")
    form.get_by_label("Pronunciations").press("Control+Enter")
    player = page.locator(".player")
    expect(player.locator(".word")).to_have_count(8)
    asked = site.newest()["request"]
    assert asked["text"] == TEXT
    assert (asked["language"], asked["voice"], asked["speed"]) == ("en-gb", "f3", 1.5)
    assert (asked["format"], asked["pronunciations"]) == ("opus", {"boat": "vessel"})
    facts = page.locator(".narration .facts")
    expect(facts).to_contain_text("English (Great Britain) · Female 3 · 1.5 × · Opus")
    page.reload()
    expect(page.locator(".player .word")).to_have_count(8)
    expect(form.get_by_role("combobox", name="Voice")).to_have_value("Female 3")


def test_a_voice_of_another_server_is_chosen_and_called_as_its_server_does(
    site: Site, page: Page
) -> None:
    servers = site.app.state.text_servers
    with EspeakVoice() as espeak, serving(speaks(espeak)) as (url, asked):
        offered = [
            OfferedVoice("tts-1", (), 5_000_000),
            OfferedVoice("kokoro", ("af_heart", "nova")),
        ]
        server = servers.add("boss", "home", url, speech=offered)
        page.reload()
        form = _speech(page)
        form.get_by_label("Text", exact=True).fill(TEXT)
        _choose(form, "Model", "kok", "home/kokoro")
        _choose(form, "Voice", "nova", "Nova")
        _choose(form, "Model", "tts", "home/tts-1")
        expect(form.get_by_role("button", name="Speak")).to_contain_text("0.21 credits")
        form.get_by_label("Voice", exact=True).fill("shimmer")
        can_be_used_by_all(page)
        form.get_by_role("button", name="Speak").click()
        expect(page.locator(".player .sentence")).to_have_count(2)
        expect(page.locator(".narration .facts")).to_contain_text("home/tts-1")
        assert {(one["model"], one["voice"]) for one in asked} == {("tts-1", "shimmer")}
        _choose(form, "Model", "espeak", "espeak-ng")
        expect(form.get_by_role("combobox", name="Voice")).to_have_value("Standard")
    servers.remove("boss", server.server_id)


def _at(slider: Locator, what: str = "now") -> int:
    return int(slider.get_attribute(f"aria-value{what}") or 0)


def test_its_words_light_up_as_they_are_spoken(site: Site, page: Page) -> None:
    _say(site, "The boat is red and old. " * 6)
    _speech(page)
    player = page.locator(".player")
    expect(player.locator(".sentence")).to_have_count(6)
    player.get_by_role("button", name="Play").click()
    expect(player.locator(".sentence.is-heard")).to_have_count(1)
    expect(player.locator(".word.is-heard")).to_have_count(1)
    expect(player.locator(".time")).to_contain_text(re.compile(r"0:0[1-9] /"))
    player.get_by_role("button", name="Pause").click()
    slider = player.get_by_role("slider", name="Position")
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "0")
    slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuenow", "5")
    fifth = player.locator(".sentence").nth(4)
    fifth.locator(".word").nth(1).click()
    expect(fifth).to_have_class(re.compile("is-heard"))
    expect(fifth.locator(".word").nth(1)).to_have_class(re.compile("is-heard"))
    before, box = _at(slider), slider.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    expect(player.locator(".sentence").nth(1)).to_have_class(re.compile("is-heard"))
    assert _at(slider) < before
    assert abs(_at(slider) - _at(slider, "max") / 4) <= 1


SHAPE = """(canvas) => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const share = (x) => {
    let n = 0;
    for (let y = 0; y < height; y += 1) n += data[4 * (y * width + x) + 3] > 99;
    return n / height;
  };
  return [...Array(width).keys()].map(share);
}"""


def test_the_waveform_is_that_of_the_sound(site: Site, page: Page) -> None:
    _say(site, '<speak>One moment.<break time="3s"/>Two moments.</speak>')
    _speech(page)
    expect(page.locator(".player .word")).to_have_count(4)
    heights: list[float] = page.locator(".wave").evaluate(SHAPE)
    n = len(heights)
    assert max(heights) > 0.9
    assert max(heights[: n // 6]) > 0.5 < max(heights[-n // 6 :])
    assert max(heights[n * 2 // 5 : n // 2]) < 0.1


def test_a_long_sound_comes_when_it_is_played_and_from_where(site: Site, page: Page) -> None:
    one = _say(site, "The boat is red and old. " * 200)
    came: list[int] = []

    def note(response: Response) -> None:
        if response.url.endswith(one["assets"][0]["url"]):
            came.append(response.status)

    page.on("response", note)
    _speech(page)
    player = page.locator(".player")
    expect(player.locator(".sentence")).to_have_count(200)
    heights: list[float] = player.locator(".wave").evaluate(SHAPE)
    assert 0.4 < max(heights) < 0.8
    assert came == []
    slider = player.get_by_role("slider", name="Position")
    slider.press("End")
    for _ in range(4):
        slider.press("ArrowLeft")
    player.get_by_role("button", name="Play").click()
    end_s = _at(slider, "max")
    assert end_s > 200
    expect(slider).to_have_attribute("aria-valuenow", str(end_s - 17), timeout=20_000)
    assert 206 in came
    expect(player.locator(".sentence.is-heard")).to_have_count(1)
    player.get_by_role("button", name="Pause").click()


def test_sound_and_captions_are_downloaded_and_it_is_used_again_and_deleted(
    site: Site, page: Page
) -> None:
    _say(site, TEXT, voice="m3", speed=0.8)
    form = _speech(page)
    for link, suffix, begins in (
        ("Sound, MP3", "mp3", b"ID3"),
        ("Captions, SRT", "srt", b"1\n00:00:0"),
        ("Captions, WebVTT", "vtt", b"WEBVTT"),
    ):
        with page.expect_download() as found:
            page.get_by_role("link", name=link).click()
        assert found.value.suggested_filename == f"Good-morning-The-red-boat-sail.{suffix}"
        assert found.value.path().read_bytes().startswith(begins)
    page.get_by_role("button", name="Use again").click()
    expect(form.get_by_label("Text", exact=True)).to_have_value(TEXT)
    expect(form.get_by_role("combobox", name="Voice")).to_have_value("Male 3")
    page.locator(".narration").get_by_role("button", name="Delete").click()
    expect(page.locator(".narration")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".narration")).to_have_count(1)


def test_what_does_not_fit_is_told_while_it_is_typed(site: Site, page: Page) -> None:
    form = _speech(page)
    form.get_by_role("button", name="SSML, with a pause").click()
    expect(form.get_by_text("Read as SSML")).to_be_visible()
    text = form.get_by_label("Text", exact=True)
    text.fill("<speak>One <brek/> two</speak>")
    expect(form.get_by_role("alert")).to_contain_text("<brek>")
    text.fill("One two")
    expect(form.get_by_role("alert")).to_have_count(0)
    site.errors.clear()  # a browser notes every 400
    picker = form.get_by_role("combobox", name="Language")
    picker.click()
    picker.press_sequentially("klingonese")
    expect(form.get_by_text("Nothing of that name")).to_be_visible()
    picker.press("Escape")
    expect(picker).to_have_value("Automatic, by the text")
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        picker.press(key)
    expect(picker).to_have_value("Afrikaans")
    assert site.generations() == []


def test_a_long_one_says_how_far_it_is_and_is_called_off(site: Site, page: Page) -> None:
    form = _speech(page)
    form.get_by_label("Text", exact=True).fill("The boat is red and old. " * 1900)
    form.get_by_role("button", name="Speak").click()
    expect(page.get_by_text(re.compile(r"Sentence \d+ of 1900"))).to_be_visible()
    page.locator(".narration").get_by_role("button", name="Cancel").click()
    expect(page.locator(".narration")).to_have_count(0)
    one = site.newest()
    assert (one["state"], one["charged_microcredits"]) == ("cancelled", 0)


def test_without_times_of_words_its_sentences_light_up(site: Site, page: Page) -> None:
    one = _say(site)
    sentences = [
        {"text": "Good morning.", "start_s": 0.0, "end_s": 1.0, "words": []},
        {"text": "The red boat sails at noon.", "start_s": 1.0, "end_s": 3.0, "words": []},
    ]
    told = json.dumps({"seconds": 3.0, "sentences": sentences})
    page.route(f"**{one['assets'][3]['url']}", lambda route: route.fulfill(body=told))
    _speech(page)
    expect(page.locator(".sentence")).to_have_count(2)
    page.locator(".sentence").nth(1).click()
    expect(page.locator(".sentence.is-heard")).to_have_text("The red boat sails at noon.")


def test_a_sound_that_does_not_come_is_asked_for_again(site: Site, page: Page) -> None:
    one = _say(site)
    url = f"**{one['assets'][0]['url']}"
    page.route(url, lambda route: route.fulfill(status=503, body="{}"))
    _speech(page)
    alert = page.get_by_role("alert").filter(has_text="could not be loaded")
    expect(alert).to_be_visible()
    page.unroute(url)
    site.errors.clear()
    alert.get_by_role("button", name="Try again").click()
    expect(page.locator(".player .word")).to_have_count(8)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_can_be_used_by_all(site: Site, page: Page, language: str) -> None:
    _say(site)
    _speech(page)
    if language == "zh":
        page.get_by_role("button", name="简体中文").click()
        expect(page.get_by_role("heading", name="语音")).to_be_visible()
        languages = page.get_by_role("combobox", name="语言")
        languages.click()
        languages.press_sequentially("法")
        expect(page.get_by_role("option", name="法语").first).to_be_visible()
        languages.press("Escape")
    expect(page.locator(".player .word")).to_have_count(8)
    can_be_used_by_all(page)
    page.locator(".speech-composer summary").click()
    page.locator(".speech-composer [role=combobox]").first.click()
    can_be_used_by_all(page)
