"""What is understood of our speech, its joins, its times and its peaks, beside what is asked for.

pocketsphinx hears digits in any order and sentences of a small grammar, by closed vocabularies: its
model of English is of 2013, and what it hears is no person. Times are held against the envelope,
where the pauses are known. The last line is the figure that falls shortest.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report import Outcome, compare, print_outcome, shortest_of
from benchmarks.speech_measures import (
    DIGIT_GRAMMAR,
    SENTENCE_GRAMMAR,
    Recogniser,
    bursts_s,
    click_db,
    digit_texts,
    joins_s,
    sentence_texts,
    understood,
)
from maquette.core.speech_requests import SpeechParams, SpeechRequest
from maquette.speech.espeak import EspeakVoice
from maquette.speech.loudness import loudness_lufs, true_peak_dbtp
from maquette.speech.narrate import Narration, narrate

LEAST_UNDERSTOOD = 0.8
MOST_CLICK_DB = -50.0
MOST_OFF_MS = 80.0
TEXTS = 20
SPEAKERS = ("default", "f2", "klatt4")
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
NOUNS = ("Boats", "tigers", "apples", "dogs", "kettles", "ships", "pears", "gardens")
SAMPLES = {
    "en": "Hello there. Six ships sail past! Are they yours? Yes, sss. Stop, kick it.",
    "zh": "你好。今天天气很好！你去哪里？我们走吧。",
    "de": "Guten Morgen. Wie geht es Ihnen? Das ist schön.",
    "fr": "Bonjour. Comment allez-vous? Très bien.",
    "es": "Buenos días. ¿Cómo está? Muy bien.",
    "ru": "Привет. Как дела? Хорошо.",
    "hi": "नमस्ते। आप कैसे हैं? बहुत अच्छा।",
    "ar": "مرحبا. كيف حالك؟ بخير.",
}


def shares_understood(espeak: EspeakVoice, texts: Sequence[str], grammar: str) -> list[float]:
    """Of what each speaker says in English, the share of words; and of another text, as a control:
    what the grammar gives by itself.
    """
    shares: list[float] = []
    with TemporaryDirectory() as folder:
        recogniser = Recogniser(grammar, Path(folder))
        for speaker in SPEAKERS:
            params = SpeechParams(voice=speaker, language="en")
            said = [narrate(SpeechRequest(f"{t.capitalize()}.", params), espeak) for t in texts]
            heard = [recogniser.hear(one) for one in said]
            shares.append(understood(texts, heard))
            control = understood(texts, heard[1:] + heard[:1])
            print(f"  {speaker:8} {shares[-1]:.3f} of {len(texts)} texts, by chance {control:.3f}")
    return shares


def most_off_s(espeak: EspeakVoice) -> float:
    """The most that a word between known pauses is off, at any speed."""
    most = 0.0
    for speed in SPEEDS:
        text = "<speak>" + "<break time='400ms'/>".join(NOUNS) + "</speak>"
        said = narrate(SpeechRequest(text, SpeechParams(language="en", speed=speed)), espeak)
        found = bursts_s(said.samples, said.rate, least_pause_s=0.2)
        if len(found) != len(said.words):
            raise RuntimeError(f"{len(found)} words are heard at speed {speed}")
        off = [
            max(abs(word.start_s - start_s), abs(word.end_s - end_s))
            for word, (start_s, end_s) in zip(said.words, found, strict=True)
        ]
        print(f"  speed {speed:4}: at most {1000 * max(off):.0f} ms off")
        most = max(most, *off)
    return most


def narrations(espeak: EspeakVoice) -> list[Narration]:
    """The samples in their languages, with and without pauses, by each speaker."""
    return [
        narrate(SpeechRequest(text, SpeechParams(speaker, language, pause_ms=pause_ms)), espeak)
        for language, text in SAMPLES.items()
        for speaker in SPEAKERS
        for pause_ms in (0, 300)
    ]


def measure() -> list[Outcome]:
    """All figures, each beside what is asked for."""
    with EspeakVoice() as espeak:
        print("digits")
        digits = shares_understood(espeak, digit_texts(TEXTS), DIGIT_GRAMMAR)
        print("short sentences")
        sentences = shares_understood(espeak, sentence_texts(TEXTS), SENTENCE_GRAMMAR)
        print("times")
        off_ms = 1000 * most_off_s(espeak)
        started = time.perf_counter()
        said = narrations(espeak)
        seconds = time.perf_counter() - started
    clicks = [click_db(one.samples, one.rate, joins_s(one)) for one in said]
    peaks = [true_peak_dbtp(one.samples, one.rate) for one in said]
    loud = [loudness_lufs(one.samples, one.rate) for one in said]
    print(f"joins: at most {max(clicks):.1f} dB; true peaks: at most {max(peaks):.2f} dBTP")
    print(f"loudness: {min(loud):.2f} to {max(loud):.2f} LUFS, where -16 is asked for")
    print(f"{sum(one.seconds for one in said) / seconds:.0f} times as fast as it is listened to")
    power = 10 ** (max(clicks) / 10)
    return [
        _beside("words understood of digits", min(digits), LEAST_UNDERSTOOD, less=False),
        _beside("words understood of sentences", min(sentences), LEAST_UNDERSTOOD, less=False),
        _beside("ms that words are off", off_ms, MOST_OFF_MS, less=True),
        _beside("power of clicks at joins", power, 10 ** (MOST_CLICK_DB / 10), less=True),
        _beside("highest true peak", 10 ** (max(peaks) / 20), 1.0, less=True),
    ]


def _beside(what: str, ours: float, asked: float, *, less: bool) -> Outcome:
    bound = "at most" if less else "at least"
    claim = f"speech: {what}, {bound} what is asked for"
    return compare(claim, ours, asked, goal=1.0, less_is_better=less)


if __name__ == "__main__":
    outcomes = measure()
    for outcome in outcomes:
        print(f"{outcome.claim}: {outcome.ours:.3g} beside {outcome.rival:.3g}")
    print_outcome(shortest_of(outcomes))
