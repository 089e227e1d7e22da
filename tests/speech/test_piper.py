"""Piper's voices, by a small ONNX model of their signature whose tones tell what it was given."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from maquette.core.errors import InvalidRequest, ModelNotFound, VoiceUnavailable, WeightsDamaged
from maquette.core.speech_requests import SpeechParams, SpeechRequest
from maquette.speech.espeak import EspeakVoice
from maquette.speech.narrate import narrate
from maquette.speech.piper import PiperVoice
from maquette.speech.script import Delivery, Piece, Sentence
from maquette.speech.voice import Spoken
from tests.speech.tones import IDS, RATE, SAMPLES_AN_ID, constant, write


def say(piper: PiperVoice, text: str, **delivery: object) -> Spoken:
    given = {"language": "en", "voice": "default", **delivery}
    return piper.say(Sentence((Piece(text, text, Delivery(**given)),)))  # type: ignore[arg-type]


def ids_heard(spoken: Spoken, size: int = SAMPLES_AN_ID) -> list[int]:
    """By the tones."""
    found: list[int] = []
    for start in range(0, len(spoken.samples) - size + 1, size):
        window = spoken.samples[start : start + size] * np.hanning(size)
        hz = np.abs(np.fft.rfft(window, 1 << 16)).argmax() * RATE / (1 << 16)
        found.append(round((hz - 100) / 10))
    return found


def test_it_says_the_phonemes_of_espeak_in_the_order_of_the_format(
    espeak: EspeakVoice, tmp_path: Path
) -> None:
    voice = PiperVoice(write(tmp_path), espeak.phonemes)
    ids = voice.ids("hello, you?")
    letters = {ids[0]: letter for letter, ids in IDS.items()}
    assert [letters[one] for one in ids[:2]] == ["^", "_"]
    assert set(ids[1:-1:2]) == {0}
    assert "".join(letters[one] for one in ids[2::2]) == "həlˈoʊ, juː?$"
    spoken = say(voice, "hello, you?")
    assert spoken.words is None
    assert spoken.rate == RATE
    assert ids_heard(spoken) == ids


def test_its_speed_is_its_own_and_its_pitch_is_ours(espeak: EspeakVoice, tmp_path: Path) -> None:
    voice = PiperVoice(write(tmp_path), espeak.phonemes)
    usual = say(voice, "mama")
    assert len(say(voice, "mama", rate=2.0).samples) == len(usual.samples) // 2
    assert ids_heard(say(voice, "mama", rate=0.5), 2 * SAMPLES_AN_ID) == voice.ids("mama")
    higher = say(voice, "mama", pitch_semitones=12.0)
    assert len(higher.samples) == pytest.approx(len(usual.samples), rel=0.05)


def test_a_narration_by_it(espeak: EspeakVoice, tmp_path: Path) -> None:
    voice = PiperVoice(write(tmp_path), espeak.phonemes)
    text = "<speak>One. <prosody volume='-6dB' rate='150%'>Two</prosody> or three.</speak>"
    said = narrate(SpeechRequest(text), voice)
    assert [one.text for one in said.sentences] == ["One.", "Two or three."]
    assert said.words == ()
    assert said.rate == RATE


def test_speakers_go_by_their_names(espeak: EspeakVoice, tmp_path: Path) -> None:
    voice = PiperVoice(write(tmp_path, speakers=True), espeak.phonemes)
    assert ids_heard(say(voice, "a", voice="low"))[2] == voice.ids("a")[2]
    octave = 2 * (100 + 10 * voice.ids("a")[2])
    assert ids_heard(say(voice, "a", voice="high"))[2] == round((octave - 100) / 10)
    with pytest.raises(InvalidRequest, match=r"unknown voice 'hihg' of tones; did you mean high\?"):
        voice.check(Delivery("en", "hihg"))


def test_letters_may_be_the_phonemes(tmp_path: Path) -> None:
    def never(text: str, language: str) -> str:
        raise AssertionError("espeak-ng is not asked")

    path = write(tmp_path, phoneme_type="text", language={"code": "de_DE"})
    voice = PiperVoice(path, never)
    assert voice.usual_language("x", "default") == "de-DE"
    assert voice.ids("ab") == [1, 0, *IDS["a"], 0, *IDS["b"], 0, 2]


def test_another_language_is_refused(espeak: EspeakVoice, tmp_path: Path) -> None:
    voice = PiperVoice(write(tmp_path), espeak.phonemes)
    voice.check(Delivery("en-GB", "default"))
    with pytest.raises(InvalidRequest, match="tones speaks en-US, not 'zh'; choose another voice"):
        narrate(SpeechRequest("你好", SpeechParams(language="zh")), voice)


def test_what_it_has_no_phonemes_for_is_refused(espeak: EspeakVoice, tmp_path: Path) -> None:
    path = write(tmp_path, phoneme_id_map={one: IDS[one] for one in "_^$"})
    with pytest.raises(InvalidRequest, match="tones cannot say 'mama'; write it in words"):
        say(PiperVoice(path, espeak.phonemes), "mama")


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"phoneme_type": "pinyin"}, InvalidRequest, "phonemes of the kind 'pinyin'; espeak and"),
        ({"audio": {}}, WeightsDamaged, "does not describe a Piper voice: 'sample_rate'; get it"),
        ({"phoneme_id_map": {"a": [1]}}, WeightsDamaged, "has no id for"),
        ({"phoneme_id_map": []}, WeightsDamaged, "does not describe a Piper voice"),
    ],
)
def test_a_config_that_does_not_fit_is_told(
    tmp_path: Path, changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    path = write(tmp_path, **changes)
    with pytest.raises(error, match=message):
        PiperVoice(path, lambda text, language: "")


def test_a_voice_that_has_fewer_ids_than_it_says_fails_in_one_line(tmp_path: Path) -> None:
    path = write(tmp_path, phoneme_type="text")
    ends = [
        helper.make_tensor_value_info("input", TensorProto.INT64, [1, "phonemes"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, [1]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
        helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, "phonemes"]),
    ]
    table = constant("table", np.zeros(4, np.float32))
    node = helper.make_node("Gather", ["table", "input"], ["output"])
    graph = helper.make_graph([node], "four", ends[:3], ends[3:], [table])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8), path
    )
    voice = PiperVoice(path, lambda text, language: "")
    with pytest.raises(
        VoiceUnavailable, match=r"tones failed at 'mama': .*; get it again, or"
    ) as e:
        say(voice, "mama")
    assert "\n" not in e.value.message


def test_files_that_are_missing_cut_or_of_another_model_are_told(tmp_path: Path) -> None:
    def open_it() -> PiperVoice:
        return PiperVoice(tmp_path / "tones.onnx", lambda text, language: "")

    with pytest.raises(ModelNotFound, match=r"there is no voice .*; name a file NAME.onnx"):
        open_it()
    path = write(tmp_path)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(WeightsDamaged, match=r"is no whole ONNX model: .*; get it again"):
        open_it()
    node = helper.make_node("Identity", ["x"], ["y"])
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    graph = helper.make_graph([node], "other", ends[:1], ends[1:])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8), path
    )
    with pytest.raises(WeightsDamaged, match="takes x; no voice of Piper does"):
        open_it()
    path.with_name("tones.onnx.json").unlink()
    with pytest.raises(WeightsDamaged, match="does not describe a Piper voice"):
        open_it()
