"""From a request to its script: SSML or plain text, cut into sentences, words as they are said."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from maquette.core.errors import InvalidRequest
from maquette.core.speech_requests import MOST_SPEECH_CHARACTERS, SpeechRequest
from maquette.speech.abbreviations import SPOKEN
from maquette.speech.languages import family
from maquette.speech.script import Delivery, Piece, Script, Sentence
from maquette.speech.sentences import WIDE, Cut, can_be_said, cuts
from maquette.speech.ssml import Border, Break, Item, is_ssml, read_ssml

PARAGRAPH_PAUSES = 2  # between paragraphs, of those between sentences
CLAUSE_PAUSES = 0.5  # where a long sentence is cut at a comma
MOST_SILENCE_S = 900
_PARAGRAPHS = re.compile(r"\n[ \t]*(?:\n\s*)+")
_SPACED = re.compile(f"[^\\W{WIDE}]")  # a letter or digit of a language that has spaces
_WRAPPED = re.compile(f"(?<=[{WIDE}，。；：、！？])[ \\t]*\\n\\s*(?=[{WIDE}])")


@dataclass(slots=True)
class _Pause:
    """After a sentence; a text that asks for one itself has it as it says."""

    pause_ms: int
    asked: bool = False

    def and_also(self, other: "_Pause") -> None:
        if self.asked and other.asked:
            self.pause_ms += other.pause_ms
        elif self.asked == other.asked:
            self.pause_ms = max(self.pause_ms, other.pause_ms)
        elif other.asked:
            self.pause_ms, self.asked = other.pause_ms, True


class Speaker(Protocol):
    """What is known of a voice before it is loaded."""

    def usual_language(self, text: str, speaker: str) -> str:
        """The language in which a speaker says a text of which nothing is known."""
        ...

    def check(self, delivery: Delivery) -> None:
        """Raises InvalidRequest where it has no such speaker or language, naming the nearest."""
        ...


def read(request: SpeechRequest, voice: Speaker) -> Script:
    """What is to be said, which the voice can say as far as is known beforehand. Raises
    InvalidRequest.
    """
    params = request.params
    language = params.language or voice.usual_language(request.text, params.voice)
    script = read_script(request, language)
    for delivery in script.deliveries():
        voice.check(delivery)
    return script


def read_script(request: SpeechRequest, language: str) -> Script:
    """The sentences of a request, in a language unless its text says otherwise.

    Raises InvalidRequest where the SSML is wrong, nothing can be said, or too much is, or it is
    silent too long.
    """
    params = request.params
    base = Delivery(language, params.voice, params.speed, params.pitch_semitones)
    text = request.text.replace("\r\n", "\n").replace("\r", "\n")
    items = read_ssml(text.strip(), base) if is_ssml(text) else _paragraphs(text, base)
    script = _Writer(params.pause_ms, dict(params.pronunciations)).write(items)
    if not script.sentences:
        raise InvalidRequest(
            f"nothing in {request.text.strip()[:40]!a} can be said; write words or numbers"
        )
    if script.characters > MOST_SPEECH_CHARACTERS:
        raise InvalidRequest(
            f"the text has {script.characters} characters as it is said, and at most "
            f"{MOST_SPEECH_CHARACTERS} are said at once; make several of it, or shorten its "
            "pronunciations"
        )
    silent_ms = script.lead_ms + sum(one.pause_after_ms for one in script.sentences)
    if silent_ms > 1000 * MOST_SILENCE_S:
        raise InvalidRequest(
            f"the text is silent for {silent_ms / 1000:.0f} s in all, and at most {MOST_SILENCE_S} "
            "are; shorten its pauses"
        )
    return script


def _paragraphs(text: str, base: Delivery) -> Iterator[Item]:
    for paragraph in _PARAGRAPHS.split(text):
        yield Piece(paragraph, paragraph, base)
        yield Border(paragraph=True)


class _Writer:
    """Writes sentences out of pieces and what is between them."""

    def __init__(self, pause_ms: int, pronunciations: Mapping[str, str]) -> None:
        self._pause_ms, self._pronunciations = pause_ms, pronunciations
        self._words: dict[str, _Words] = {}
        self._run: list[Piece] = []
        self._sentences: list[tuple[tuple[Piece, ...], _Pause]] = []
        self._lead = _Pause(0)

    def write(self, items: Iterable[Item]) -> Script:
        for item in items:
            match item:
                case Piece():
                    self._run.append(item)
                case Break(pause_ms):
                    self._end_run()
                    self._pause(_Pause(pause_ms, asked=True))
                case Border(paragraph):
                    self._end_run()
                    self._pause(_Pause(self._pause_ms * (PARAGRAPH_PAUSES if paragraph else 1)))
        self._end_run()
        if self._sentences and not self._sentences[-1][1].asked:
            self._sentences[-1][1].pause_ms = 0
        lead_ms = self._lead.pause_ms if self._lead.asked else 0
        return Script(lead_ms, tuple(Sentence(ps, one.pause_ms) for ps, one in self._sentences))

    def _pause(self, pause: _Pause) -> None:
        (self._sentences[-1][1] if self._sentences else self._lead).and_also(pause)

    def _end_run(self) -> None:
        """What was read since the last break or border becomes sentences."""
        run, self._run = _tidied(self._run), []
        if not run:
            return
        # What is said otherwise than it is written has no end of a sentence in it.
        text = "".join("x" * len(one.shown) if one.whole else one.shown for one in run)
        found = cuts(text, family(run[0].delivery.language))
        for pieces, cut in zip(_cut(run, [one.at for one in found]), found, strict=True):
            if can_be_said("".join(one.said for one in pieces)):
                said = tuple(one for piece in pieces for one in self._pronounced(piece))
                self._sentences.append((said, _Pause(self._pause_at(cut))))

    def _pause_at(self, cut: Cut) -> int:
        if cut.ends:
            return self._pause_ms
        return round(CLAUSE_PAUSES * self._pause_ms) if cut.clause else 0

    def _pronounced(self, piece: Piece) -> Iterator[Piece]:
        """A piece, with the words in it that are said otherwise as pieces of their own."""
        words = self._words_of(family(piece.delivery.language))
        if piece.whole or not words.said:
            yield piece
            return
        before = 0
        for found in words.pattern.finditer(piece.shown):
            if found.start() > before:
                yield _text(piece, piece.shown[before : found.start()])
            said = words.said.get(found[0].casefold(), found[0])
            yield Piece(found[0], said, piece.delivery)
            before = found.end()
        if before < len(piece.shown):
            yield _text(piece, piece.shown[before:])

    def _words_of(self, language: str) -> "_Words":
        if language not in self._words:
            self._words[language] = _Words.of({**SPOKEN.get(language, {}), **self._pronunciations})
        return self._words[language]


@dataclass(frozen=True, slots=True)
class _Words:
    """Words that are said otherwise than they are written, what finds them, and how, by the word
    without its capitals.
    """

    pattern: re.Pattern[str]
    said: Mapping[str, str]

    @classmethod
    def of(cls, words: Mapping[str, str]) -> "_Words":
        """Finds whole words where their language has spaces, the longest first."""
        found = "|".join(map(_bounded, sorted(words, key=len, reverse=True)))
        said = {word.casefold(): said for word, said in words.items()}
        return cls(re.compile(found, re.IGNORECASE), said)


def _bounded(word: str) -> str:
    before = r"(?<!\w)" if _SPACED.match(word[0]) else ""
    after = r"(?!\w)" if _SPACED.match(word[-1]) else ""
    return before + re.escape(word) + after


def _tidied(run: Sequence[Piece]) -> list[Piece]:
    """The pieces with one space where there were several, and none at the ends."""
    tidied: list[Piece] = []
    for piece in run:
        after_space = not tidied or tidied[-1].shown.endswith(" ")
        shown, said = (
            re.sub(r"\s+", " ", _WRAPPED.sub("", text)) for text in (piece.shown, piece.said)
        )
        if after_space and not piece.whole:
            shown = said = shown.lstrip(" ")
        if shown:
            tidied.append(replace(piece, shown=shown, said=said))
    while tidied and not tidied[-1].whole and not tidied[-1].shown.rstrip(" "):
        tidied.pop()
    if tidied and not tidied[-1].whole:
        text = tidied[-1].shown.rstrip(" ")
        tidied[-1] = replace(tidied[-1], shown=text, said=text)
    return tidied


def _cut(run: Sequence[Piece], places: Sequence[int]) -> Iterator[list[Piece]]:
    """The pieces between places of the text that they show, without the spaces around."""
    start, left = 0, deque(run)
    for end in places:
        pieces: list[Piece] = []
        room = end - start
        while left and room > 0:
            piece = left.popleft()
            if len(piece.shown) > room and not piece.whole:
                left.appendleft(_text(piece, piece.shown[room:]))
                piece = _text(piece, piece.shown[:room])
            pieces.append(piece)
            room -= len(piece.shown)
        start = end - room  # a piece that cannot be cut may reach beyond
        yield _tidied(pieces)


def _text(piece: Piece, text: str) -> Piece:
    return Piece(text, text, piece.delivery)
