"""espeak-ng in its own process: languages, deliveries, words, tones, and that it may die."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import espeakng_loader
import numpy as np
import pytest

from maquette.core.errors import InvalidRequest, VoiceUnavailable
from maquette.speech.espeak import EspeakVoice
from maquette.speech.espeak_client import EspeakClient
from maquette.speech.script import Delivery, Piece, Sentence
from maquette.speech.sound import edges
from maquette.speech.voice import Samples, Spoken

HUM = "Many men are moaning in a low annoying meaning."  # voiced throughout, so it has a pitch
# Words by their pinyin: what espeak-ng calls their sounds, and their tones by contour.
INITIALS = {"zh": "ts.", "ch": "ts.h", "sh": "s.", "j": "tS;", "q": "tS;h", "x": "S;"}
TONES = {"1": "55", "2": "35", "3": "214", "4": "51"}
PINYIN = {
    "妈": "ma1",
    "麻": "ma2",
    "马": "ma3",
    "骂": "ma4",
    "中": "zhong1",
    "国": "guo2",
    "老": "lao3",
    "师": "shi1",
    "吃": "chi1",
    "饭": "fan4",
    "学": "xue2",
    "去": "qu4",
    "京": "jing1",
    "水": "shui3",
    "红": "hong2",
    "船": "chuan2",
}


def sentence(text: str, **delivery: object) -> Sentence:
    given = {"language": "en", "voice": "default", **delivery}
    return Sentence((Piece(text, text, Delivery(**given)),))  # type: ignore[arg-type]


def seconds(spoken: Spoken) -> float:
    first, last = edges(spoken.samples, spoken.rate)
    return (last - first) / spoken.rate


def pitches_hz(samples: Samples, rate: int, most_hz: float = 600) -> np.ndarray:
    """The pitch in short windows that are loud, in order, by autocorrelation."""
    found: list[float] = []
    shortest, longest = int(rate / most_hz), int(rate / 65)
    for start in range(0, len(samples) - 1024, 128):
        window = samples[start : start + 1024] * np.hanning(1024)
        if np.square(window).mean() > 1e-3 * np.square(samples).max():
            alike = np.fft.irfft(np.abs(np.fft.rfft(window, 4096)) ** 2)
            found.append(rate / (shortest + alike[shortest:longest].argmax()))
    return np.array(found)


def pitch_hz(samples: Samples, rate: int) -> float:
    return float(np.median(pitches_hz(samples, rate)))


def test_it_has_many_languages_with_names(espeak: EspeakVoice) -> None:
    names = espeak.names.languages
    assert len(names) > 120
    wanted = (
        "ar bn cs da de el en-us es fa fi fr-fr he hi hu id it ja ko nl pl pt-br ro ru sv sw ta"
    )
    assert names.keys() >= set(wanted.split())
    assert names["de"] == "German"
    assert names["cmn"].startswith("Chinese (Mandarin")


def test_each_language_speaks(espeak: EspeakVoice) -> None:
    """Something is said in all of them; most have rules for Latin letters too."""
    silent = [
        code
        for code in espeak.names.languages
        if seconds(espeak.say(sentence("mama 1 2 3", language=code))) < 0.3
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en", "en-us"),
        ("English", "en-us"),
        ("en-GB", "en-gb"),
        ("en_AU", "en-us"),
        ("zh", "cmn"),
        ("zh-Hans-CN", "cmn"),
        ("Chinese", "cmn"),
        ("pt-BR", "pt-br"),
        ("pt-AO", "pt"),
        ("no", "nb"),
    ],
)
def test_languages_go_by_tags_and_names(espeak: EspeakVoice, tag: str, code: str) -> None:
    assert espeak.names.code(tag) == code


def test_an_unknown_name_is_answered_with_the_nearest(espeak: EspeakVoice) -> None:
    with pytest.raises(InvalidRequest, match=r"'germn'; did you mean german\?"):
        espeak.check(Delivery("germn", "default"))
    with pytest.raises(InvalidRequest, match=r"unknown language 'qqq'; known are af, am, .*, vi$"):
        espeak.check(Delivery("qqq", "default"))
    with pytest.raises(InvalidRequest, match=r"'Anie' of espeak; did you mean Annie\?"):
        espeak.check(Delivery("en", "Anie"))
    espeak.check(Delivery("en", "f3"))


def test_the_language_of_a_text_is_guessed_between_english_and_chinese(espeak: EspeakVoice) -> None:
    assert espeak.usual_language("今天 is 好天气", "default") == "zh"
    assert espeak.usual_language("Good morning, 你好 to all", "default") == "en"
    assert espeak.usual_language("日本語を話します", "default") == "en"
    assert espeak.usual_language("2026", "default") == "en"


@pytest.mark.parametrize("rate", [0.25, 0.5, 0.8, 1.5, 2.0, 3.0, 4.0])
def test_speed_is_what_is_asked_for(espeak: EspeakVoice, rate: float) -> None:
    text = "The quick brown fox jumps over the lazy dog while children watch it from the wall."
    usual = seconds(espeak.say(sentence(text)))
    assert usual / seconds(espeak.say(sentence(text, rate=rate))) == pytest.approx(rate, rel=0.12)


@pytest.mark.parametrize("semitones", [-12.0, -6.0, -2.0, 2.0, 5.0, 8.0, 12.0])
def test_pitch_is_what_is_asked_for(espeak: EspeakVoice, semitones: float) -> None:
    usual = espeak.say(sentence(HUM, voice="f3"))
    moved = espeak.say(sentence(HUM, voice="f3", pitch_semitones=semitones))
    ratio = pitch_hz(moved.samples, moved.rate) / pitch_hz(usual.samples, usual.rate)
    assert 12 * np.log2(ratio) == pytest.approx(semitones, abs=1.0)
    assert seconds(moved) == pytest.approx(seconds(usual), rel=0.03)


def test_volume_within_a_sentence_is_what_is_asked_for(espeak: EspeakVoice) -> None:
    loud, soft = Delivery("en", "default", volume_db=6.0), Delivery("en", "default", volume_db=-6.0)
    spoken = espeak.say(Sentence((Piece("tea ", "tea ", loud), Piece("tea", "tea", soft))))
    assert spoken.words is not None
    first, second = (
        np.abs(
            spoken.samples[int(word.start_s * spoken.rate) : int(word.end_s * spoken.rate)]
        ).max()
        for word in spoken.words
    )
    assert 20 * np.log10(first / second) == pytest.approx(12.0, abs=2.0)
    assert np.abs(spoken.samples).max() < 2.0  # which is for the limiter


def test_what_is_silent_is_silent(espeak: EspeakVoice) -> None:
    spoken = espeak.say(sentence("tea", volume_db=-np.inf))
    assert not spoken.samples.any()


def test_emphasis_is_heard(espeak: EspeakVoice) -> None:
    plain, strong, reduced = (
        espeak.say(sentence("not", emphasis=level)) for level in ("none", "strong", "reduced")
    )
    powers = [float(np.square(one.samples).sum()) for one in (reduced, plain, strong)]
    assert powers == sorted(powers)
    assert powers[0] < 0.7 * powers[1] < 0.5 * powers[2]


def test_speakers_differ(espeak: EspeakVoice) -> None:
    low, high = (espeak.say(sentence(HUM, voice=name)) for name in ("m3", "f4"))
    assert pitch_hz(high.samples, high.rate) > 1.3 * pitch_hz(low.samples, low.rate)


def said_at(spoken: Spoken, text: str) -> Sequence[str]:
    assert spoken.words is not None
    return [text[word.at :].split()[0] for word in spoken.words]


def test_words_have_their_places_behind_tags_and_signs(espeak: EspeakVoice) -> None:
    plain, slow = Delivery("en", "default"), Delivery("en", "default", rate=0.8, emphasis="strong")
    text = ("He said <b> & ", "naïve “words”", " too")
    pieces = tuple(Piece(t, t, d) for t, d in zip(text, (plain, slow, plain), strict=True))
    spoken = espeak.say(Sentence(pieces))
    assert said_at(spoken, "".join(text)) == ["He", "said", "b>", "&", "naïve", "words”", "too"]
    assert spoken.words is not None
    starts = [word.start_s for word in spoken.words]
    assert starts == sorted(starts)
    assert all(word.start_s < word.end_s for word in spoken.words)


def test_words_keep_their_places_where_the_language_changes(espeak: EspeakVoice) -> None:
    english, french = Delivery("en", "default"), Delivery("fr", "default")
    pieces = (Piece("say ", "say ", english), Piece("bonjour", "bonjour", french))
    spoken = espeak.say(Sentence((*pieces, Piece(" now", " now", english))))
    assert said_at(spoken, "say bonjour now") == ["say", "bonjour", "now"]


@pytest.mark.parametrize(("word", "pinyin"), PINYIN.items())
def test_mandarin_has_its_sounds_and_tones(espeak: EspeakVoice, word: str, pinyin: str) -> None:
    said = espeak.phonemes(word, "zh", ipa=False).replace("'", "").strip("_|")
    tone = "".join(one for one in said if one.isdecimal())
    assert tone == TONES[pinyin[-1]], said
    initial = next((one for one in INITIALS if pinyin.startswith(one)), pinyin[0])
    same = {"m": "m", "g": "k", "l": "l", "f": "f", "h": "X"}
    wanted = INITIALS.get(initial) or same[initial]
    assert said.startswith(wanted), said
    assert wanted.endswith("h") or not said.startswith(f"{wanted}h"), said


def test_the_tones_of_mandarin_are_heard(espeak: EspeakVoice) -> None:
    """High and level, rising, falling: by the pitch at the beginning and at the end."""

    def slope(word: str) -> float:
        spoken = espeak.say(sentence(word, language="zh"))
        track = pitches_hz(spoken.samples, spoken.rate, most_hz=150)
        fifth = len(track) // 5
        return 12 * np.log2(np.median(track[-fifth:]) / np.median(track[:fifth]))

    level, rising, falling = slope("妈"), slope("麻"), slope("骂")
    assert rising > level + 1
    assert falling < level - 1


def test_the_library_is_not_in_our_process(espeak: EspeakVoice) -> None:
    espeak.say(sentence("hello"))
    assert "espeak-ng.so" not in Path("/proc/self/maps").read_text()
    child = pid_of(espeak)
    assert "espeak-ng.so" in Path(f"/proc/{child}/maps").read_text()


def pid_of(voice: EspeakVoice) -> int:
    process = voice._client._process
    assert process is not None
    return process.pid


def test_it_is_one_process_for_many_sentences_and_ends_when_it_is_closed() -> None:
    with EspeakVoice() as voice:
        voice.say(sentence("one"))
        first = pid_of(voice)
        voice.say(sentence("two"))
        assert pid_of(voice) == first
    assert not Path(f"/proc/{first}").exists()


def test_what_it_says_does_not_depend_on_what_it_said_before(espeak: EspeakVoice) -> None:
    text = sentence("Six thick thistle sticks.")
    first = espeak.say(text)
    espeak.say(sentence("别的话", language="zh"))
    assert np.array_equal(first.samples, espeak.say(text).samples)
    with EspeakVoice() as other:
        assert np.array_equal(first.samples, other.say(text).samples)


def test_a_process_that_was_killed_is_started_again(espeak: EspeakVoice) -> None:
    before = espeak.say(sentence("hello again"))
    os.kill(pid_of(espeak), signal.SIGKILL)
    after = espeak.say(sentence("hello again"))
    assert np.array_equal(before.samples, after.samples)


def test_a_process_that_stands_still_is_ended_and_the_next_sentence_is_said() -> None:
    with EspeakVoice(limit_s=1.0) as voice:
        voice.say(sentence("hello"))
        stopped = pid_of(voice)
        os.kill(stopped, signal.SIGSTOP)
        with pytest.raises(VoiceUnavailable, match="took over 1 s for 'hello'; leave that"):
            voice.say(sentence("hello"))
        assert not Path(f"/proc/{stopped}").exists()
        assert len(voice.say(sentence("hello")).samples) > 1000


def test_its_data_may_lie_deep_in_folders(tmp_path: Path) -> None:
    """The library itself takes a path of 160 bytes, and says nothing of a longer one."""
    deep = tmp_path.joinpath(*["a_folder_with_a_long_name"] * 10)
    deep.mkdir(parents=True)
    (deep / "espeak-ng-data").symlink_to(espeakng_loader.get_data_path())
    asked = {"do": "phonemes", "text": "hello", "voice": "en-US", "ipa": True}
    with EspeakClient(Path(espeakng_loader.get_library_path()), deep, 20.0) as asker:
        assert asker.ask(asked, "hello")[0]["phonemes"] == "həlˈoʊ"


def client(tmp_path: Path, program: str, limit_s: float = 20.0) -> EspeakClient:
    """A client of another program."""
    path = tmp_path / "program.py"
    path.write_text(program)
    made = EspeakClient(Path("none"), Path("none"), limit_s)
    made._command = [sys.executable, "-I", str(path)]
    return made


def test_one_that_dies_of_a_sentence_is_given_it_twice(tmp_path: Path) -> None:
    count = tmp_path / "count"
    program = f"import sys; open({str(count)!r}, 'a').write('x'); sys.stdin.buffer.read(4)"
    with (
        client(tmp_path, program) as asked,
        pytest.raises(VoiceUnavailable, match="espeak-ng died twice at 'boom'; leave that out"),
    ):
        asked.ask({"text": "boom"}, "boom")
    assert count.read_text() == "xx"


def test_one_that_is_stuck_is_ended(tmp_path: Path) -> None:
    program = "import time; time.sleep(60)"
    with (
        client(tmp_path, program, limit_s=0.5) as asked,
        pytest.raises(VoiceUnavailable, match=r"espeak-ng took over 0.5 s for 'slow'"),
    ):
        asked.ask({"text": "slow"}, "slow")
    assert asked._process is None


@pytest.mark.parametrize(
    "answer",
    [
        "b'\\xff\\xff\\xff\\xff' + b'x' * 99",
        "b'\\0\\0\\0\\x02{]'",
        "b'\\0\\0\\0\\x0e{\"bytes\": 1e9}'",
    ],
)
def test_half_an_answer_is_none(tmp_path: Path, answer: str) -> None:
    program = f"import sys; sys.stdout.buffer.write({answer}); sys.stdout.flush()"
    with client(tmp_path, program) as asked, pytest.raises(VoiceUnavailable, match="died twice"):
        asked.ask({"text": "what"}, "what")


def test_a_library_that_is_not_there_is_told() -> None:
    with (
        EspeakClient(Path("/none.so"), Path("/none"), 5.0) as asked,
        pytest.raises(VoiceUnavailable, match="died twice"),
    ):
        asked.ask({"text": "hello", "do": "phonemes", "voice": "en"}, "hello")


def test_the_program_ends_with_its_input() -> None:
    from maquette.speech.espeak_client import PROGRAM

    data = Path(espeakng_loader.get_data_path()).parent
    command = [sys.executable, "-I", "-S", str(PROGRAM), espeakng_loader.get_library_path(), data]
    ended = subprocess.run(command, input=b"", capture_output=True, timeout=20, check=False)
    assert (ended.returncode, ended.stdout) == (0, b"")
