"""Our own route for speech: files and captions that fit together, prices, refusals, a cancel."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import httpx2 as httpx
import pytest

from maquette.core.ids import new_id
from maquette.jobs.store import list_jobs
from maquette.ledger.verify import verify
from maquette.service.speech_maker import SpeechMaker
from tests.api.conftest import Rooms, served
from tests.api.speaking import open_app, speaking
from tests.callers import become
from tests.credits import settle
from tests.speech.tones import write
from tests.waiting import PATIENCE_S, wait_until

TEXT = "Good morning. The boat is red, and it sails at noon."


@dataclass
class Scene:
    """A studio that speaks, and someone who has credits."""

    rooms: Rooms
    http: httpx.Client
    account: str
    maker: SpeechMaker
    voices: Path

    def end(self, made: httpx.Response) -> dict[str, Any]:
        """A request as it is at its end."""
        assert made.status_code == 202, made.text
        url = f"/v1/generations/{made.json()['generation_id']}"
        return wait_until(lambda: (one := self.http.get(url).json())["finished_at"] and one)

    def say(self, **asked: Any) -> dict[str, Any]:
        return self.end(self.http.post("/v1/speech", json={"text": TEXT, **asked}))

    def contents(self, one: dict[str, Any]) -> dict[str, bytes]:
        """What was made, by its media type."""
        return {asset["media_type"]: self.http.get(asset["url"]).content for asset in one["assets"]}

    def jobs(self) -> list[str]:
        with self.rooms.database.connect() as connection:
            return [job.state for job in list_jobs(connection, self.account, 100)]


@pytest.fixture
def scene(rooms: Rooms, tmp_path: Path) -> Iterator[Scene]:
    app = open_app(rooms, tmp_path)
    account = new_id().hex
    settle(rooms.database, account)
    become(app, account)
    with (
        speaking(rooms, tmp_path) as maker,
        served(app) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as http,
    ):
        yield Scene(rooms, http, account, maker, tmp_path / "voices")


def seconds_of(content: bytes) -> float:
    """How long a file plays."""
    with av.open(io.BytesIO(content), "r") as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
        return samples / container.streams.audio[0].rate


FILES = (
    ("wav", "audio/wav", b"RIFF"),
    ("mp3", "audio/mpeg", b"ID3"),
    ("opus", "audio/ogg", b"OggS"),
    ("flac", "audio/flac", b"fLaC"),
)


def test_a_text_becomes_a_file_and_captions_of_its_length(
    scene: Scene, subtests: pytest.Subtests
) -> None:
    for form, media_type, begins in FILES:
        with subtests.test(form):
            _fits_together(scene, form, media_type, begins)


def _fits_together(scene: Scene, form: str, media_type: str, begins: bytes) -> None:
    one = scene.say(format=form, voice="f3", language="en-gb", speed=1.2, pitch_semitones=-2)
    assert (one["kind"], one["state"]) == ("speech", "succeeded")
    assert one["request"]["voice"] == "f3"
    made = scene.contents(one)
    assert [*made] == [media_type, "application/x-subrip", "text/vtt", "application/json"]
    assert made[media_type].startswith(begins)
    told = json.loads(made["application/json"])
    assert [one["text"] for one in told["sentences"]] == TEXT.replace(". ", ".\n").split("\n")
    assert seconds_of(made[media_type]) == pytest.approx(told["seconds"], abs=0.08)
    ends = [word["end_s"] for one in told["sentences"] for word in one["words"]]
    assert len(ends) == 11
    assert ends == sorted(ends)
    assert told["seconds"] - 0.3 < ends[-1] <= told["seconds"]
    assert made["text/vtt"].startswith(b"WEBVTT")
    assert len(re.findall(b"-->", made["application/x-subrip"])) == 2


def test_a_cue_may_be_a_word_and_words_may_be_said_otherwise(scene: Scene) -> None:
    one = scene.say(captions="word", pronunciations={"boat": "vessel"}, ssml=True)
    assert one["request"]["ssml"] is True
    assert one["request"]["pronunciations"] == {"boat": "vessel"}
    captions = scene.contents(one)["text/vtt"].decode()
    assert captions.count("-->") == 11
    assert "\nboat\n" in captions
    plain = scene.say(captions="word")
    sounds = [scene.contents(made)["audio/wav"] for made in (one, plain)]
    assert sounds[0] != sounds[1]


def test_mandarin_is_known_by_its_letters(scene: Scene) -> None:
    told = json.loads(scene.contents(scene.say(text="早上好。船是红的。"))["application/json"])
    assert [one["text"] for one in told["sentences"]] == ["早上好。", "船是红的。"]


def test_it_is_quoted_and_charged_by_its_characters(scene: Scene) -> None:
    text = "The boat is red. " * 20
    quoted = scene.http.post("/v1/speech/quotes", json={"text": text}).json()
    assert quoted == {"model": "espeak-ng", "characters": 340, "price_microcredits": 20_000}
    tags = scene.http.post("/v1/speech/quotes", json={"text": text, "ssml": True}).json()
    assert tags == quoted
    one = scene.say(text=text, format="opus")
    assert one["price_microcredits"] == one["charged_microcredits"] == 20_000
    assert list(verify(scene.rooms.database)) == []


REFUSED: tuple[tuple[dict[str, Any], int, str], ...] = (
    ({"text": "  "}, 400, "the text is empty; say what to read"),
    ({"text": "…!?"}, 400, "can be said; write words or numbers"),
    ({"text": "\x07 \x00PNG"}, 400, "is not valid UTF-8; type it anew"),
    ({"text": "a\x07b"}, 400, "the control character U+0007 at its character 2"),
    ({"text": "x" * 50_001}, 400, "at most 50000 are read at once; make several of it"),
    ({"text": "x" * 10_000_000}, 413, "a body over 1 MiB is not taken here; send less"),
    ({"voice": "f33"}, 400, "unknown voice 'f33' of espeak; did you mean f3?"),
    ({"language": "Klingonese"}, 400, "unknown language 'Klingonese'"),
    ({"model": "espeak"}, 400, "no speech model named 'espeak'; did you mean espeak-ng?"),
    ({"model": "../voices"}, 400, "no speech model named '../voices'"),
    ({"speed": 9}, 400, "speed 9 must be between 0.25 and 4"),
    ({"pitch_semitones": 13}, 400, "pitch 13 must be between -12 and 12 semitones"),
    ({"format": "ogg"}, 422, "format"),
    ({"captions": "line"}, 422, "captions"),
    ({"text": "<speak><audio/></speak>"}, 400, "audio"),
    ({"text": "a <b>c</b>", "ssml": True}, 400, "<b>"),
    ({"text": "x" * 50_001, "ssml": True}, 400, "the text has 50001 characters"),
    ({"text": "a " * 900, "pronunciations": {"a": "b" * 80}}, 400, "characters as it is said"),
    ({"pronunciations": {"boat": " "}}, 400, "is empty; write how the word is said"),
)


def test_what_does_not_fit_is_told_in_one_line_and_costs_nothing(
    scene: Scene, subtests: pytest.Subtests
) -> None:
    for changed, status, line in REFUSED:
        with subtests.test(line):
            asked = {"text": TEXT, **changed}
            refused = scene.http.post("/v1/speech", json=asked)
            assert refused.status_code == status, refused.text[:300]
            assert line in refused.json()["error"]
            assert "\n" not in refused.json()["error"]
            assert scene.http.post("/v1/speech/quotes", json=asked).status_code == status
    headers = {"Content-Type": "application/json"}
    refused = scene.http.post("/v1/speech", content=b'{"text": "\xff\xfe"}', headers=headers)
    assert refused.status_code in (400, 422)
    assert refused.json()["error"]
    assert scene.jobs() == []


def test_a_cancel_ends_it_between_sentences_and_costs_nothing(scene: Scene) -> None:
    made = scene.http.post("/v1/speech", json={"text": "The boat is red and old. " * 1500})
    url = f"/v1/generations/{made.json()['generation_id']}"
    with scene.http.stream("GET", f"{url}/events") as stream:
        line = next(one for one in stream.iter_lines() if "sentences_said" in one)
    told = json.loads(line.removeprefix("data:"))
    assert 0 < told["sentences_said"] < told["sentences"] == 1500
    scene.http.post(f"{url}/cancel")
    one = scene.end(made)
    assert (one["state"], one["charged_microcredits"], one["assets"]) == ("cancelled", 0, [])
    again = scene.say()
    assert again["state"] == "succeeded"


def test_voices_are_listed_with_their_languages(scene: Scene) -> None:
    (scene.voices / "tones").mkdir(parents=True)
    write(scene.voices / "tones", speakers=True)
    espeak, tones = scene.http.get("/v1/voices").json()["data"]
    assert espeak["model"] == "espeak-ng"
    assert len(espeak["languages"]) > 40
    assert {"language": "cmn", "name": "Chinese (Mandarin, latin as English)"} in espeak[
        "languages"
    ]
    assert espeak["voices"][0] == "default"
    assert (tones["model"], tones["voices"]) == ("tones", ["default", "low", "high"])
    assert tones["tells_words"] is False
    models = scene.http.get("/v1/models").json()["data"]
    assert [one["id"] for one in models if one["media"] == "speech"] == ["espeak-ng", "tones"]


def test_a_voice_of_the_folder_speaks_and_has_a_price_of_its_own(scene: Scene) -> None:
    scene.voices.mkdir()
    write(scene.voices)
    one = scene.say(model="tones")
    assert one["state"] == "succeeded", one
    assert one["charged_microcredits"] == 20_000
    told = json.loads(scene.contents(one)["application/json"])
    assert [len(sentence["words"]) for sentence in told["sentences"]] == [0, 0]
    for changed, line in (
        ({"captions": "word"}, "this voice does not tell when its words are heard"),
        ({"language": "de"}, "tones speaks en-US, not 'de'; choose another voice"),
        ({"voice": "three"}, "unknown voice 'three' of tones"),
    ):
        refused = scene.http.post("/v1/speech", json={"text": TEXT, "model": "tones", **changed})
        assert refused.status_code == 400
        assert line in refused.json()["error"]


def test_a_part_of_a_sound_is_given_alone(scene: Scene) -> None:
    url = scene.say()["assets"][0]["url"]
    whole = scene.http.get(url)
    assert (whole.status_code, whole.headers["Accept-Ranges"]) == (200, "bytes")
    size = len(whole.content)
    for asked, first, end in (
        ("bytes=0-", 0, size),
        ("bytes=100-199", 100, 200),
        (f"bytes={size - 1}-", size - 1, size),
        (f"bytes=5-{10 * size}", 5, size),
    ):
        part = scene.http.get(url, headers={"Range": asked})
        assert part.status_code == 206
        assert part.content == whole.content[first:end]
        assert part.headers["Content-Range"] == f"bytes {first}-{end - 1}/{size}"
        assert part.headers["Content-Type"] == "audio/wav"
    for asked in (f"bytes={size}-", "bytes=9-5", "bytes=-5", "bytes=0-1,4-5", "lines=0-1"):
        every = scene.http.get(url, headers={"Range": asked})
        assert (every.status_code, every.content) == (200, whole.content), asked


def test_what_was_made_goes_with_ones_own_data(scene: Scene) -> None:
    one = scene.say(format="mp3")
    sound = one["assets"][0]["content_hash"]
    with zipfile.ZipFile(io.BytesIO(scene.http.get("/v1/me/export").content)) as file:
        names = set(file.namelist())
    assert {f"speech/{sound}.mp3", f"texts/{one['assets'][2]['content_hash']}.vtt"} <= names
