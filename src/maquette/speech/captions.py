"""Subtitles of a narration, as SRT and as WebVTT (https://www.w3.org/TR/webvtt1/)."""

from collections.abc import Iterator, Sequence

from maquette.core.errors import InvalidRequest
from maquette.core.speech_requests import By
from maquette.speech.narrate import HeardSentence, Narration
from maquette.speech.sentences import WIDE_WEIGHT, weight
from maquette.speech.words import Heard

MOST_CUE_WEIGHT = 84  # two lines of a screen, 42 letters or 14 Chinese characters each


def srt(narration: Narration, by: By = "sentence") -> str:
    """One cue a sentence, or a word. Raises InvalidRequest where the voice tells no words."""
    cues = _cues(narration, by)
    return "\n".join(
        f"{number}\n{_time(cue.start_s, ',')} --> {_time(cue.end_s, ',')}\n{cue.text}\n"
        for number, cue in enumerate(cues, 1)
    )


def vtt(narration: Narration, by: By = "sentence") -> str:
    """One cue a sentence, or a word. Raises InvalidRequest where the voice tells no words."""
    cues = _cues(narration, by)
    return "WEBVTT\n\n" + "\n".join(
        f"{_time(cue.start_s, '.')} --> {_time(cue.end_s, '.')}\n{_escaped(cue.text)}\n"
        for cue in cues
    )


def _cues(narration: Narration, by: By) -> Sequence[Heard]:
    if by == "sentence":
        return [cue for one in narration.sentences for cue in _of_sentence(one)]
    if not narration.words:
        raise InvalidRequest(
            "this voice does not tell when its words are heard; ask for captions by sentence"
        )
    return narration.words


def _of_sentence(sentence: HeardSentence) -> Iterator[Heard]:
    """The sentence, or where it would fill more than two lines, its words in several cues."""
    if weight(sentence.text) <= MOST_CUE_WEIGHT or not sentence.words:
        yield Heard(sentence.text, sentence.start_s, sentence.end_s)
        return
    count = -(-weight(sentence.text) // MOST_CUE_WEIGHT)
    most = min(MOST_CUE_WEIGHT, weight(sentence.text) / count + 2 * WIDE_WEIGHT)
    text, words, places = sentence.text, sentence.words, _places(sentence)
    first = 0
    for last in range(1, len(words) + 1):
        end = places[last] if last < len(words) else len(text)
        following = places[last + 1] if last + 1 < len(words) else len(text)
        full = weight(text[places[first] : following].strip()) > most
        if last == len(words) or full:
            cue = text[places[first] if first else 0 : end].strip()
            yield Heard(cue, words[first].start_s, words[last - 1].end_s)
            first = last


def _places(sentence: HeardSentence) -> list[int]:
    """Where the words are in the text of their sentence."""
    places: list[int] = []
    after = 0
    for word in sentence.words:
        places.append(sentence.text.index(word.text, after))
        after = places[-1] + len(word.text)
    return places


def _time(seconds: float, point: str) -> str:
    ms = round(1000 * seconds)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
