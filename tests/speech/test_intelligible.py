"""What is said is understood by a recogniser that knows nothing of our voices: pocketsphinx.

It chooses among digits in any order, and among sentences of a small grammar: closed vocabularies,
for its model is of 2013 and espeak-ng's voice is no person's. That the grammar alone does not give
the answer, the control shows.
"""

from pathlib import Path

from benchmarks.speech_measures import (
    DIGIT_GRAMMAR,
    SENTENCE_GRAMMAR,
    Recogniser,
    digit_texts,
    sentence_texts,
    understood,
    word_errors,
)
from maquette.core.speech_requests import SpeechParams, SpeechRequest
from maquette.speech.espeak import EspeakVoice
from maquette.speech.narrate import Narration, narrate

LEAST_SHARE = 0.8
ENGLISH = SpeechParams(language="en")


def say(espeak: EspeakVoice, text: str) -> Narration:
    return narrate(SpeechRequest(f"{text.capitalize()}.", ENGLISH), espeak)


def test_digits_are_understood(espeak: EspeakVoice, tmp_path: Path) -> None:
    texts, recogniser = digit_texts(6), Recogniser(DIGIT_GRAMMAR, tmp_path)
    heard = [recogniser.hear(say(espeak, text)) for text in texts]
    assert understood(texts, heard) >= LEAST_SHARE


def test_short_sentences_are_understood(espeak: EspeakVoice, tmp_path: Path) -> None:
    texts, recogniser = sentence_texts(6), Recogniser(SENTENCE_GRAMMAR, tmp_path)
    heard = [recogniser.hear(say(espeak, text)) for text in texts]
    assert understood(texts, heard) >= LEAST_SHARE
    assert understood(texts, heard[1:] + heard[:1]) < LEAST_SHARE


def test_errors_are_counted_by_words() -> None:
    assert word_errors("one two three", "one two three") == 0
    assert word_errors("one two three", "one three") == 1
    assert word_errors("one two three", "one two two four") == 2
    assert word_errors("one", "") == 1
    assert understood(["one two", "three four"], ["one two", "three"]) == 0.75
