"""Whole narrations: loudness, joins, times, one by one as all at once."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.speech_measures import bursts_s, click_db, joins_s
from maquette.core.errors import InvalidRequest
from maquette.core.speech_requests import SpeechParams, SpeechRequest
from maquette.speech import narrate as narrating
from maquette.speech.espeak import EspeakVoice
from maquette.speech.loudness import CEILING_DBTP, loudness_lufs, true_peak_dbtp
from maquette.speech.narrate import HeardSentence, Narration, narrate, narrate_by_sentence
from maquette.speech.script import Delivery, Sentence
from maquette.speech.voice import SaidWord, Spoken
from maquette.speech.words import Heard

TEXTS = {
    "en": "Hello there. Six ships sail past! Are they yours? Yes, sss. Stop, kick it.",
    "zh": "你好。今天天气很好！你去哪里？我们走吧。",
    "de": "Guten Morgen. Wie geht es Ihnen? Das ist schön.",
    "ru": "Привет. Как дела? Хорошо.",
}
NOUNS = ("Boats", "tigers", "apples", "dogs", "kettles", "ships", "pears", "gardens")
MOST_OFF_S = 0.08


@pytest.mark.parametrize("speaker", ["default", "f2", "klatt4", "whisper"])
@pytest.mark.parametrize("pause_ms", [0, 300])
@pytest.mark.parametrize("language", TEXTS)
def test_joins_are_silent_and_nothing_clips(
    espeak: EspeakVoice, language: str, pause_ms: int, speaker: str
) -> None:
    params = SpeechParams(voice=speaker, language=language, pause_ms=pause_ms)
    said = narrate(SpeechRequest(TEXTS[language], params), espeak)
    assert click_db(said.samples, said.rate, joins_s(said)) < -50
    assert np.abs(said.samples).max() < 1
    assert true_peak_dbtp(said.samples, said.rate) <= CEILING_DBTP
    assert abs(said.samples.mean()) < 0.003  # the limiter meets more peaks on one side


def test_a_click_would_be_seen(espeak: EspeakVoice) -> None:
    said = narrate(SpeechRequest(TEXTS["en"]), espeak)
    joins = joins_s(said)
    said.samples[round(joins[0] * said.rate)] += 0.02
    assert click_db(said.samples, said.rate, joins) > -50


@pytest.mark.parametrize("wanted", [-30.0, -16.0, -14.0])
@pytest.mark.parametrize("language", TEXTS)
def test_it_is_as_loud_as_is_asked_for(espeak: EspeakVoice, language: str, wanted: float) -> None:
    params = SpeechParams(language=language, loudness_lufs=wanted)
    said = narrate(SpeechRequest(TEXTS[language], params), espeak)
    assert loudness_lufs(said.samples, said.rate) == pytest.approx(wanted, abs=0.1)


def off_s(heard: Sequence[Heard | HeardSentence], found: Sequence[tuple[float, float]]) -> float:
    """The most that a start or an end is off what the envelope says."""
    assert len(heard) == len(found)
    return max(
        max(abs(one.start_s - start_s), abs(one.end_s - end_s))
        for one, (start_s, end_s) in zip(heard, found, strict=True)
    )


@pytest.mark.parametrize("pitch", [0.0, -12.0, 10.0])
@pytest.mark.parametrize("speed", [0.25, 0.5, 1.0, 2.0, 4.0])
def test_sentences_with_known_pauses_are_where_they_are_told(
    espeak: EspeakVoice, speed: float, pitch: float
) -> None:
    text = "<break time='400ms'/>".join(NOUNS)
    params = SpeechParams(language="en", speed=speed, pitch_semitones=pitch)
    said = narrate(SpeechRequest(f"<speak>{text}</speak>", params), espeak)
    found = bursts_s(said.samples, said.rate, least_pause_s=0.2)
    assert off_s(said.sentences, found) < MOST_OFF_S
    assert off_s(said.words, found) < MOST_OFF_S
    gaps = [b.start_s - a.end_s for a, b in itertools.pairwise(said.sentences)]
    assert gaps == pytest.approx([0.44] * len(gaps), abs=0.01)


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.0])
def test_words_within_a_sentence_are_where_they_are_told(espeak: EspeakVoice, speed: float) -> None:
    """Between commas the voice pauses by itself, so that the envelope shows the words."""
    params = SpeechParams(language="en", speed=speed)
    said = narrate(SpeechRequest(f"{', '.join(NOUNS)}.", params), espeak)
    assert [word.text.strip(",.") for word in said.words] == list(NOUNS)
    found = bursts_s(said.samples, said.rate, least_pause_s=0.12 / speed)
    assert off_s(said.words, found) < MOST_OFF_S


def test_chinese_has_a_word_a_character(espeak: EspeakVoice) -> None:
    said = narrate(SpeechRequest("“你好，”他说。"), espeak)
    assert [word.text for word in said.words] == ["“你", "好，”", "他", "说。"]
    starts = [word.start_s for word in said.words]
    assert starts == sorted(starts)


def test_what_is_said_as_several_words_is_one_where_it_is_shown_as_one(
    espeak: EspeakVoice,
) -> None:
    text = '<speak>The <sub alias="World Health Organization">WHO</sub> says 25.</speak>'
    said = narrate(SpeechRequest(text), espeak)
    assert [word.text for word in said.words] == ["The", "WHO", "says", "25."]
    [_, who, says, _] = said.words
    assert who.end_s - who.start_s > 0.8
    assert says.start_s >= who.end_s - 1e-9


def test_what_is_said_as_one_shares_its_time(espeak: EspeakVoice) -> None:
    text = '<speak>The <sub alias="UN">United Nations</sub> met.</speak>'
    said = narrate(SpeechRequest(text), espeak)
    assert [word.text for word in said.words] == ["The", "United", "Nations", "met."]
    starts = [word.start_s for word in said.words]
    assert starts == sorted(set(starts))


def test_a_pause_before_and_after_is_kept(espeak: EspeakVoice) -> None:
    text = '<speak><break time="1s"/>One<break time="2s"/></speak>'
    said = narrate(SpeechRequest(text), espeak)
    [one] = said.sentences
    assert one.start_s == pytest.approx(1.02, abs=0.01)
    assert said.seconds - one.end_s == pytest.approx(2.02, abs=0.01)


def test_sentence_by_sentence_it_is_the_same_but_for_its_loudness(espeak: EspeakVoice) -> None:
    request = SpeechRequest(TEXTS["en"])
    whole = narrate(request, espeak)
    parts = list(narrate_by_sentence(request, espeak))
    assert tuple(one for part in parts for one in part.sentences) == whole.sentences
    joined = np.concatenate([part.samples for part in parts])
    assert len(joined) == len(whole.samples)
    assert loudness_lufs(joined, whole.rate) == pytest.approx(-16, abs=1.5)
    assert true_peak_dbtp(joined, whole.rate) <= CEILING_DBTP
    assert click_db(joined, whole.rate, joins_s(whole)) < -50


def test_the_first_sentence_comes_before_the_last_is_said() -> None:
    class Counting(EspeakVoice):
        said = 0

        def say(self, sentence: Sentence) -> Spoken:
            self.said += 1
            return super().say(sentence)

    voice = Counting()
    with voice:
        first = next(narrate_by_sentence(SpeechRequest("One. Two. Three."), voice))
        assert voice.said == 1
        assert first.sentences[0].text == "One."


def test_it_tells_how_far_it_is_and_can_be_stopped(espeak: EspeakVoice) -> None:
    told: list[tuple[int, int]] = []
    narrate(SpeechRequest("One. Two. Three."), espeak, lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        narrate(SpeechRequest("One. Two. Three."), espeak, stop)


def test_two_languages_in_one_narration(espeak: EspeakVoice) -> None:
    text = '<speak>Good morning. <lang xml:lang="zh">早上好。</lang></speak>'
    said = narrate(SpeechRequest(text), espeak)
    assert [one.text for one in said.sentences] == ["Good morning.", "早上好。"]
    assert len(said.sentences[1].words) == 3


@pytest.mark.parametrize(
    ("text", "params", "message"),
    [
        ("Hi", {"language": "xx"}, "unknown language 'xx'"),
        ("Hi", {"voice": "F33"}, "unknown voice 'F33' of espeak"),
        ('<speak><lang xml:lang="qqq">a</lang></speak>', {}, "unknown language 'qqq'"),
        ('<speak><voice name="bob">a</voice></speak>', {}, "unknown voice 'bob' of espeak"),
        ("Ꮳ Ꮎ", {"language": "en"}, "espeak says nothing of .*; name the language that it is in"),
        ('<speak><prosody volume="silent">a</prosody></speak>', {}, "espeak says nothing of 'a'"),
    ],
)
def test_what_cannot_be_said_is_refused(
    espeak: EspeakVoice, text: str, params: dict[str, str], message: str
) -> None:
    request = SpeechRequest(text, SpeechParams(**params))  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest, match=message):
        narrate(request, espeak)


class Humming:
    """A voice that hums for a second, at another rate each time, and knows no words."""

    voice_id = "hum"

    def __init__(self, words: bool = False) -> None:
        self._rates = itertools.cycle((16_000, 22_050, 8_000))
        self._words = words

    def usual_language(self, text: str, speaker: str) -> str:
        return "en"

    def check(self, delivery: Delivery) -> None:
        pass

    def say(self, sentence: Sentence) -> Spoken:
        rate = next(self._rates)
        samples = 0.1 * np.sin(2 * np.pi * 150 * np.arange(rate) / rate)
        words = (SaidWord(0, 0.0, 1.0),) if self._words else None
        return Spoken(samples.astype(np.float32), rate, words)


def test_other_voices_may_have_other_rates_and_no_words() -> None:
    said = narrate(SpeechRequest("One. Two. Three."), Humming())
    assert said.rate == 16_000
    assert said.words == ()
    starts = [one.start_s for one in said.sentences]
    assert starts == pytest.approx([0.02, 1.36, 2.70], abs=0.06)
    assert said.seconds == pytest.approx(3.72, abs=0.1)


def test_what_becomes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(narrating, "MOST_SECONDS", 2)
    with pytest.raises(InvalidRequest, match="longer than 0 minutes; make several of it"):
        narrate(SpeechRequest("One. Two. Three."), Humming())


@pytest.fixture(scope="module")
def long(espeak: EspeakVoice) -> Narration:
    text = "The boat is red, and the sea is calm. A bird flies over it! " * 60
    return narrate(SpeechRequest(text), espeak)


def test_a_long_text_is_one_narration(long: Narration) -> None:
    assert len(long.sentences) == 120
    assert long.seconds > 180
    assert click_db(long.samples, long.rate, joins_s(long)) < -50
    assert loudness_lufs(long.samples, long.rate) == pytest.approx(-16, abs=0.1)
    ends = [one.end_s for one in long.sentences]
    assert ends == sorted(ends)
    assert ends[-1] <= long.seconds
