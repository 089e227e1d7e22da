"""Kokoro's voices, by a small ONNX model of their signature whose tones tell what it was given."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from maquette.core.errors import InvalidRequest, VoiceUnavailable, WeightsDamaged
from maquette.core.speech_requests import SpeechParams, SpeechRequest
from maquette.speech import kokoro
from maquette.speech.espeak import EspeakVoice
from maquette.speech.kokoro import KokoroVoice
from maquette.speech.kokoro_phonemes import kokoro_phonemes
from maquette.speech.narrate import narrate
from maquette.speech.own_voices import list_voices, read_voice
from maquette.speech.script import Delivery, Piece, Sentence
from maquette.speech.voice import Spoken
from tests.speech.kokoro_tones import RATE, SAMPLES_AN_ID, VOCABULARY, styles, write_kokoro


def opened(espeak: EspeakVoice, folder: Path) -> KokoroVoice:
    return KokoroVoice(read_voice(folder), espeak.phonemes, partial(espeak.phonemes, ipa=False))


def say(one: KokoroVoice, text: str, language: str = "en-us", **delivery: object) -> Spoken:
    given = {"language": language, "voice": "default", **delivery}
    return one.say(Sentence((Piece(text, text, Delivery(**given)),)))  # type: ignore[arg-type]


def ids_heard(spoken: Spoken, size: int = SAMPLES_AN_ID) -> list[int]:
    """By the tones."""
    found: list[int] = []
    for start in range(0, len(spoken.samples) - size + 1, size):
        window = spoken.samples[start : start + size] * np.hanning(size)
        hz = np.abs(np.fft.rfft(window, 1 << 16)).argmax() * RATE / (1 << 16)
        found.append(round((hz - 200) / 20))
    return found


def loudness(spoken: Spoken) -> float:
    return float(np.abs(spoken.samples).max())


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [  # as misaki's rules have them
        ("en-us", "Hello, you?", "həlˈO, ju?"),
        ("en-us", "The voice of the judge now.", "ðə vˈYs ʌvðə ʤˈʌʤ nˈW."),
        ("en-us", "water bottles", "wˈɔTəɹ bˈɑTᵊlz"),
        ("en-us", "a bird", "ə bˈɜɹd"),
        ("en-gb", "Hello, you?", "həlˈQ, juː?"),
        ("en-gb", "church day", "ʧˈɜːʧ dˈA"),
        ("fr-fr", "bonjour", "bɔ\u0303ʒˈuʁ"),
        ("zh", "你好，世界。", "ni↓xau↓, ʂɨ↘ ʨje↘."),
        ("zh", "用 Python 写", "jʊ↘ŋ pˈIθən ɕje↓"),
    ],
)
def test_phonemes_are_those_that_it_was_taught(
    espeak: EspeakVoice, language: str, text: str, said: str
) -> None:
    own = partial(espeak.phonemes, ipa=False)
    assert kokoro_phonemes(text, language, espeak.phonemes, own) == said


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [("en-us", "Hello, you?", "həlˈO, ju?"), ("zh", "你好，世界。", "ni↓xau↓, ʂɨ↘ ʨje↘.")],
)
def test_it_is_given_ids_between_zeros_and_the_style_for_so_many(
    espeak: EspeakVoice, tmp_path: Path, language: str, text: str, said: str
) -> None:
    voice = opened(espeak, write_kokoro(tmp_path / "kokoro"))
    ids = [VOCABULARY[one] for one in said]
    assert voice.ids(text, language) == ids
    spoken = say(voice, text, language, voice="af_bella" if language == "en-us" else "zf_xiaobei")
    assert (spoken.rate, spoken.words) == (RATE, None)
    assert ids_heard(spoken) == [0, *ids, 0]
    first = 0.1 if language == "en-us" else 0.3
    assert loudness(spoken) == pytest.approx(styles(first)[len(ids) - 1, 0, 0], abs=0.002)


def test_its_speed_is_its_own_as_far_as_it_was_taught(espeak: EspeakVoice, tmp_path: Path) -> None:
    voice = opened(espeak, write_kokoro(tmp_path / "kokoro"))
    usual = len(say(voice, "mama").samples)
    assert len(say(voice, "mama", rate=2.0).samples) == usual // 2
    assert ids_heard(say(voice, "mama", rate=0.5), 2 * SAMPLES_AN_ID) == ids_heard(
        say(voice, "mama")
    )
    for rate in (0.25, 4.0):  # stretched from half and twice as fast
        assert len(say(voice, "mama", rate=rate).samples) == pytest.approx(usual / rate, abs=2)


def test_one_whose_speed_is_a_whole_number_is_stretched(
    espeak: EspeakVoice, tmp_path: Path
) -> None:
    voice = opened(espeak, write_kokoro(tmp_path / "kokoro", speed=TensorProto.INT32))
    usual = len(say(voice, "mama").samples)
    assert len(say(voice, "mama", rate=1.5).samples) == pytest.approx(usual / 1.5, abs=2)


def test_each_speaker_has_its_language_and_the_text_that_of_who_is_not_named(
    espeak: EspeakVoice, tmp_path: Path
) -> None:
    folder = write_kokoro(tmp_path / "kokoro")
    known = list_voices(tmp_path)["kokoro"]
    assert known.made_for == "kokoro"
    assert known.speakers == (
        *("default", "af_heart", "bf_emma", "ff_siwis", "af_bella", "zf_xiaobei"),
    )
    assert [*known.languages] == ["en-us", "en-gb", "fr-fr", "zh"]
    voice = opened(espeak, folder)
    chinese, french = "你好，世界。", "Bonjour."
    assert voice.usual_language(chinese, "default") == "zh"
    assert voice.usual_language(french, "default") == "en"
    assert voice.usual_language(french, "ff_siwis") == "fr-fr"
    by_number = {"default": (chinese, 0.3), "bf_emma": ("Hello.", 0.2), "ff_siwis": (french, 0.25)}
    for speaker, (text, first) in by_number.items():
        language = voice.usual_language(text, speaker)
        spoken = say(voice, text, language, voice=speaker)
        count = len(voice.ids(text, language))
        assert loudness(spoken) == pytest.approx(styles(first)[count - 1, 0, 0], abs=0.002)
    usual = say(voice, "Hello.", "en-GB")
    assert ids_heard(usual) == ids_heard(say(voice, "Hello.", "en-gb", voice="bf_emma"))
    with pytest.raises(InvalidRequest, match="zf_xiaobei speaks zh, not 'en'; choose another"):
        voice.check(Delivery("en", "zf_xiaobei"))
    with pytest.raises(InvalidRequest, match="kokoro speaks en-us, en-gb, fr-fr, zh, not 'de'"):
        voice.check(Delivery("de", "default"))
    with pytest.raises(InvalidRequest, match=r"unknown voice 'af_hart' of kokoro; did you mean"):
        voice.check(Delivery("en", "af_hart"))


def test_a_narration_in_two_languages_by_two_speakers(espeak: EspeakVoice, tmp_path: Path) -> None:
    voice = opened(espeak, write_kokoro(tmp_path / "kokoro"))
    text = "<speak>Good morning. <voice name='zf_xiaobei' xml:lang='zh'>早上好。</voice></speak>"
    said = narrate(SpeechRequest(text, SpeechParams(voice="af_heart")), voice)
    assert [one.text for one in said.sentences] == ["Good morning.", "早上好。"]
    assert said.words == ()


def test_what_is_longer_than_it_reads_is_cut_between_words(
    espeak: EspeakVoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = opened(espeak, write_kokoro(tmp_path / "kokoro"))
    monkeypatch.setattr(kokoro, "POSITIONS", 12)
    heard = ids_heard(say(voice, "a mama and a papa and a boat"))
    ids = voice.ids("a mama and a papa and a boat", "en-us")
    assert [one for one in heard if one] == ids
    cuts = [at for at in range(1, len(heard) - 1) if heard[at] == heard[at + 1] == 0]
    assert len(cuts) >= 2
    assert all(heard[at + 2] == VOCABULARY[" "] for at in cuts)


def test_the_vocabulary_may_be_that_of_its_config(espeak: EspeakVoice, tmp_path: Path) -> None:
    folder = write_kokoro(tmp_path / "kokoro", model_type="", istftnet={}, vocab=VOCABULARY)
    (folder / "tokenizer.json").unlink()
    (folder / "onnx" / "model.onnx").rename(folder / "kokoro-v1.0.onnx")
    assert opened(espeak, folder).ids("mama", "en-us") == [VOCABULARY[one] for one in "mˈɑmə"]


def test_what_is_missing_or_broken_is_told(espeak: EspeakVoice, tmp_path: Path) -> None:
    folder = write_kokoro(tmp_path / "kokoro")
    known = (folder / "tokenizer.json").read_text()
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": {"$": 0, " ": 16}}}))
    with pytest.raises(InvalidRequest, match="kokoro cannot say 'ma ma'; write it in words"):
        say(opened(espeak, folder), "ma ma")
    (folder / "tokenizer.json").write_text(known)
    voice = opened(espeak, folder)
    style = folder / "voices" / "af_heart.bin"
    style.write_bytes(style.read_bytes()[:1000])
    with pytest.raises(WeightsDamaged, match=r"af_heart.bin does not describe a voice; get it"):
        say(voice, "mama")
    network = folder / "onnx" / "model.onnx"
    network.write_bytes(network.read_bytes()[:-300])
    with pytest.raises(WeightsDamaged, match=r"is no whole ONNX model: .*; get it again"):
        opened(espeak, folder)
    network.unlink()
    with pytest.raises(WeightsDamaged, match=r"a Kokoro voice: there is no onnx/model.onnx; get"):
        read_voice(folder)
    assert list_voices(tmp_path) == {}
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": {"a": -1}}}))
    (folder / "model.onnx").write_bytes(b"")
    with pytest.raises(WeightsDamaged, match=r"does not describe a Kokoro voice: the id of 'a' is"):
        read_voice(folder)


def test_a_network_that_fails_is_one_line(espeak: EspeakVoice, tmp_path: Path) -> None:
    folder = write_kokoro(tmp_path / "kokoro")
    voice = opened(espeak, folder)
    voice._styles["af_heart"] = np.zeros((510, 1, 3), np.float32)
    with pytest.raises(
        VoiceUnavailable, match=r"kokoro failed at 'mama': .*; get it again"
    ) as told:
        say(voice, "mama")
    assert "\n" not in told.value.message
