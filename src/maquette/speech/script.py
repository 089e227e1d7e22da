"""What a voice is given: sentences made of pieces, each with how it is delivered."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

Emphasis = Literal["none", "reduced", "moderate", "strong"]
EMPHASES: tuple[Emphasis, ...] = get_args(Emphasis)


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a piece is said: by which speaker, in which language, how fast (1 is usual), how high and
    how loud beside the usual (0; at -inf not at all).
    """

    language: str
    voice: str
    rate: float = 1.0
    pitch_semitones: float = 0.0
    volume_db: float = 0.0
    emphasis: Emphasis = "none"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text as it is `shown`, which captions have, and as it is `said`."""

    shown: str
    said: str
    delivery: Delivery

    @property
    def whole(self) -> bool:
        """Whether it is said otherwise than it is written, so that it cannot be cut in two."""
        return self.shown != self.said


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is said in one breath, and for how long it is silent after it."""

    pieces: tuple[Piece, ...]
    pause_after_ms: int = 0

    @property
    def shown(self) -> str:
        return "".join(piece.shown for piece in self.pieces)

    @property
    def said(self) -> str:
        return "".join(piece.said for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Script:
    """A whole text: for how long it is silent at first, then its sentences in order."""

    lead_ms: int
    sentences: tuple[Sentence, ...]

    @property
    def characters(self) -> int:
        """Of what is said: pronunciations and aliases, not the words that stand for them."""
        return sum(len(one.said) for one in self.sentences)

    @property
    def length(self) -> float:
        """How long it is heard: characters at the usual rate."""
        return sum(len(p.said) / p.delivery.rate for one in self.sentences for p in one.pieces)

    def deliveries(self) -> Iterator[Delivery]:
        """Of all pieces, each once."""
        every = (piece.delivery for one in self.sentences for piece in one.pieces)
        return iter(dict.fromkeys(every))
