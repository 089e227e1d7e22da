"""Which voices there are, what is known of each before it is loaded, and where it is waited for."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from maquette.core.errors import InvalidRequest, ModelNotFound, WeightsDamaged
from maquette.core.speech_requests import SpeechParams, SpeechRequest
from maquette.service.queues import abilities, speech_queue_of
from maquette.service.speech_price import speech_price, thousand_characters_of
from maquette.service.submissions import of_speech
from maquette.service.voices import Voices
from maquette.speech.own_voices import read_voice
from tests.speech.kokoro_tones import write_kokoro
from tests.speech.tones import write

ASK = SpeechRequest("Good morning.")


def _vits(folder: Path, **tokenizer: object) -> None:
    """What says of a model what it is; its weights are looked at by no one here."""
    folder.mkdir(parents=True)
    config = {"model_type": "vits", "num_speakers": 3}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))


def test_the_voices_of_a_folder_are_known_without_loading_them(tmp_path: Path) -> None:
    _vits(tmp_path / "mms-deu", phonemize=False, language="deu")
    _vits(tmp_path / "espeak-ng")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text("{")
    (tmp_path / "notes.txt").write_text("no voice")
    write(tmp_path, speakers=True)
    voices = Voices(tmp_path)
    espeak, mms, tones = voices.list()
    assert (espeak.model, mms.model, tones.model) == ("espeak-ng", "mms-deu", "tones")
    assert len(espeak.languages) >= 40
    assert (mms.languages, mms.tells_words) == ({"deu": "German"}, True)
    assert [*mms.speakers] == ["default", "0", "1", "2"]
    assert (tones.languages, tones.tells_words) == (
        {"en-US": "English (America)"},
        False,
    )
    (tmp_path / "tones.onnx").unlink()
    assert [one.model for one in voices.list()] == ["espeak-ng", "mms-deu"]


def test_a_voice_of_several_languages_has_them_by_its_speakers(tmp_path: Path) -> None:
    write_kokoro(tmp_path / "kokoro", ("bf_emma", "zf_xiaobei"))
    (_, kokoro) = (voices := Voices(tmp_path)).list()
    assert (kokoro.model, kokoro.tells_words) == ("kokoro", False)
    assert [*kokoro.languages] == ["en-gb", "zh"]
    assert kokoro.languages["en-gb"] == "English (Great Britain)"
    assert [*kokoro.speakers] == ["default", "bf_emma", "zf_xiaobei"]
    asked = of_speech(SpeechRequest("早上好。", SpeechParams("zf_xiaobei")), "kokoro", voices)
    assert asked.queue == "speech/voices"
    english = SpeechRequest("Good morning.", SpeechParams("zf_xiaobei", "en-gb"))
    with pytest.raises(InvalidRequest, match="zf_xiaobei speaks zh, not 'en-gb'; choose another"):
        of_speech(english, "kokoro", voices)


VITS_BROKEN: tuple[dict[str, object], ...] = (
    *({"num_speakers": one} for one in (None, "x", 10**9, -1, 1.5, True)),
    {"language": 7},
    {"language": ["deu"]},
    {"language": "\ud800"},
)
PIPER_BROKEN: tuple[dict[str, Any], ...] = (
    {"audio": {"sample_rate": float("inf")}},
    {"audio": {"sample_rate": 0}},
    {"num_speakers": float("inf")},
    {"speaker_id_map": {"a": float("inf")}},
    {"speaker_id_map": {str(n): n for n in range(10_001)}},
    {"inference": {"length_scale": float("nan")}},
    {"language": {"code": 7}},
    {"espeak": {"voice": {}}},
)


def test_a_voice_that_is_described_wrongly_is_told_and_passed_over(
    tmp_path: Path, subtests: pytest.Subtests
) -> None:
    broken = [tmp_path / "deep"]
    _vits(broken[0])
    (broken[0] / "config.json").write_text("[" * 100_000)
    for number, changes in enumerate(VITS_BROKEN):
        broken.append(tmp_path / f"vits-{number}")
        _vits(broken[-1], **{"phonemize": False, "language": "deu", **changes})
        config = {"model_type": "vits", **changes}
        (broken[-1] / "config.json").write_text(json.dumps(config))
    for number, changes in enumerate(PIPER_BROKEN):
        (folder := tmp_path / f"piper-{number}").mkdir()
        broken.append(write(folder, **changes))
    for path in broken:
        line = r"does not describe a .*; get it again$"
        with subtests.test(f"{path}"), pytest.raises(WeightsDamaged, match=line):
            read_voice(path)
    _vits(tmp_path / "good", phonemize=False, language="deu")
    _vits(tmp_path / os.fsdecode(b"\xff"), phonemize=False, language="deu")
    assert [one.model for one in Voices(tmp_path).list()] == ["espeak-ng", "good"]


def test_what_a_voice_cannot_is_refused_before_it_is_loaded(tmp_path: Path) -> None:
    _vits(tmp_path / "mms-deu", phonemize=False, language="deu")
    voices = Voices(tmp_path)
    german = SpeechRequest("Guten Morgen.", SpeechParams(language="de", voice="2"))
    assert of_speech(german, "mms-deu", voices, "word").request["model"] == "mms-deu"
    english = SpeechRequest("Good morning.", SpeechParams(language="en"))
    with pytest.raises(InvalidRequest, match=r"mms-deu speaks deu, not 'en'; choose another"):
        of_speech(english, "mms-deu", voices)
    with pytest.raises(InvalidRequest, match=r"unknown voice '7' of mms-deu; known are"):
        of_speech(SpeechRequest("Hallo.", SpeechParams(voice="7")), "mms-deu", voices)
    with pytest.raises(ModelNotFound, match=r"no speech model named '\.\./mms'; known are"):
        of_speech(ASK, "../mms", voices)
    with pytest.raises(ModelNotFound, match=r"no speech model named 'tones'; known are espeak-ng"):
        of_speech(ASK, "tones", Voices(None))


def test_voices_of_a_folder_wait_in_one_queue_that_any_speaking_worker_serves() -> None:
    assert speech_queue_of("espeak-ng") == "speech/espeak-ng"
    assert speech_queue_of("mms-deu") == speech_queue_of("tones") == "speech/voices"
    speaks = [one for one in abilities(["espeak-ng"]).queues if one.startswith("speech/")]
    assert speaks == ["speech/espeak-ng", "speech/voices", "speech/remote"]
    assert speech_queue_of("home/tts-1") == "speech/remote"
    assert "speech/remote" in abilities([]).queues  # to ask others a worker needs no voice


def test_speech_costs_by_its_characters() -> None:
    here, own = thousand_characters_of("espeak-ng"), thousand_characters_of("tones")
    assert speech_price(1, here) == 10_000
    assert speech_price(1000, here) == 50_000
    assert speech_price(1000, own) == 250_000
    assert speech_price(1001, own) == 260_000
    assert speech_price(1001, 0) == 0


def test_what_is_charged_is_what_was_typed_or_what_is_said_where_that_is_more() -> None:
    def characters(text: str, *pairs: tuple[str, str]) -> int:
        asked = of_speech(
            SpeechRequest(text, SpeechParams(pronunciations=pairs)), "espeak-ng", Voices(None)
        )
        assert asked.price_microcredits == speech_price(
            asked.request["characters"], thousand_characters_of("espeak-ng")
        )
        return asked.request["characters"]

    assert characters("The boat is red.  ") == 18
    assert characters(f"<speak>{'The boat. ' * 9}</speak>") == 90
    assert characters('<speak version="1.1">The boat.</speak>') == 38
    assert characters('<speak><sub alias="vessel">boat</sub></speak>') == 30
    said = characters("a b " * 250, ("a", "x" * 80), ("b", "y" * 80))
    assert 40_000 <= said <= 40_499  # with the blanks that are not between two sentences
    # So many are not said, however few were typed.
    with pytest.raises(InvalidRequest, match=r"has 80\d{3} .* as it is said, and at most 50000"):
        characters("a b " * 500, ("a", "x" * 80), ("b", "y" * 80))


def test_to_know_the_voices_loads_no_model_and_no_codec() -> None:
    code = (
        "import sys, maquette.api.app; from maquette.service.voices import Voices; "
        "Voices(None).list(); "
        "print([one for one in ('torch', 'scipy', 'av', 'onnxruntime') if one in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"
