"""The whole story of a narration: read, said sentence by sentence, joined, at one loudness."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from maquette.core.errors import InvalidRequest
from maquette.core.speech_requests import SpeechRequest
from maquette.speech.joining import trimmed
from maquette.speech.loudness import LoudnessMeter, limited, normalised
from maquette.speech.reading import read
from maquette.speech.script import Script, Sentence
from maquette.speech.sound import MARGIN_S, at_rate
from maquette.speech.voice import Samples, Voice
from maquette.speech.words import Heard, shown_words

MOST_SECONDS = 2 * 3600


@dataclass(frozen=True, slots=True)
class HeardSentence:
    """A sentence as it is written, from when to when it is heard, and its words likewise: none
    where the voice cannot tell.
    """

    text: str
    start_s: float
    end_s: float
    words: tuple[Heard, ...]


@dataclass(frozen=True, slots=True)
class Narration:
    """A text as samples, `rate` of them a second, and when its sentences are heard."""

    samples: Samples
    rate: int
    sentences: tuple[HeardSentence, ...]

    @property
    def words(self) -> tuple[Heard, ...]:
        """Of all sentences."""
        return tuple(word for one in self.sentences for word in one.words)

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


def narrate(
    request: SpeechRequest,
    voice: Voice,
    on_sentence: Callable[[int, int], None] = lambda done, of: None,
) -> Narration:
    """The text of a request as a voice says it. `on_sentence` is told how many sentences are said,
    and of how many.

    Raises InvalidRequest where the text, the voice or the language does not fit, or nothing of it
    is heard; VoiceUnavailable where what speaks fails.
    """
    script = read(request, voice)
    rate, parts, sentences = 0, list[Samples](), list[HeardSentence]()
    for part in _said(script, voice):
        rate = part.rate
        parts.append(part.samples)
        sentences += part.sentences
        on_sentence(len(parts), len(script.sentences))
    samples = np.concatenate(parts)
    parts.clear()  # of an hour, it is hundreds of megabytes
    samples = normalised(samples, rate, request.params.loudness_lufs)
    return Narration(samples, rate, tuple(sentences))


def narrate_by_sentence(request: SpeechRequest, voice: Voice) -> Iterator[Narration]:
    """The same, a sentence and the pause after it at a time, with the times that they have in the
    whole. All that was said so far is at the wanted loudness, as far as a later sentence does not
    show that it was measured on too little.
    """
    meter: LoudnessMeter | None = None
    for part in _said(read(request, voice), voice):
        meter = meter or LoudnessMeter(part.rate)
        meter.add(part.samples)
        gain_db = request.params.loudness_lufs - meter.integrated_lufs()
        if math.isfinite(gain_db):  # not where nothing was heard yet
            part = replace(part, samples=limited(part.samples, part.rate, gain_db))
        yield part


def _said(script: Script, voice: Voice) -> Iterator[Narration]:
    """Each sentence with the pause after it, and before the first; times are those of the whole."""
    at, rate, heard = 0, 0, False
    for sentence in script.sentences:
        spoken = trimmed(voice.say(sentence))
        rate = rate or spoken.rate
        heard = heard or bool(len(spoken.samples))
        lead = round(script.lead_ms * rate / 1000) if at == 0 else 0
        pause = round(sentence.pause_after_ms * rate / 1000)
        samples = np.pad(at_rate(spoken.samples, spoken.rate, rate), (lead, pause))
        start_s = (at + lead) / rate
        words = tuple(
            replace(one, start_s=start_s + one.start_s, end_s=start_s + one.end_s)
            for one in shown_words(sentence, spoken)
        )
        yield Narration(
            samples, rate, (_heard(sentence, start_s, len(spoken.samples) / spoken.rate, words),)
        )
        at += len(samples)
        if at > MOST_SECONDS * rate:
            raise InvalidRequest(
                f"the narration is longer than {MOST_SECONDS // 60} minutes; "
                "make several of it, or raise the speed"
            )
    if not heard:
        raise InvalidRequest(
            f"{voice.voice_id} says nothing of {script.sentences[0].shown[:40]!a}; "
            "name the language that it is in"
        )


def _heard(
    sentence: Sentence, start_s: float, length_s: float, words: tuple[Heard, ...]
) -> HeardSentence:
    """The sentence without the margins around what is heard."""
    margin_s = min(MARGIN_S, length_s / 2)  # of a sentence that is silent there are none
    return HeardSentence(sentence.shown, start_s + margin_s, start_s + length_s - margin_s, words)
