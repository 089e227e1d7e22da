"""One text to be decoded, and how far it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, Protocol

from torch import Tensor

from maquette.core.text_requests import TextParams
from maquette.decoding.words import WordStream

FinishReason = Literal["stop", "length", "error"]


class Constraint(Protocol):
    """What may come next, where not everything may."""

    def mask(self, logits: Tensor) -> None:
        """Sets the logits (V,) of what may not come next to -inf, in place."""
        ...

    def accept(self, token: int) -> None:
        """Goes on by a token."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing more may come."""
        ...


@dataclass(frozen=True, slots=True)
class DecodingRequest:
    """A prompt as tokens, and how what follows it is sampled. `account` is whose turn it uses."""

    request_id: str
    prompt: Sequence[int]
    params: TextParams
    account: str = ""
    interactive: bool = True
    constrain: Callable[[], Constraint] | None = None  # makes that of one text, told token by token


@dataclass(slots=True)
class RequestState:
    """A request under way. Its tokens up to `cached` are in its slot of the cache."""

    request: DecodingRequest
    words: WordStream
    random: Random
    tokens: list[int]  # the prompt and what was sampled
    constraint: Constraint | None
    cached: int = 0
    slot: int = -1

    @property
    def sampled(self) -> int:
        """How many tokens were sampled."""
        return len(self.tokens) - len(self.request.prompt)

    @property
    def most_tokens(self) -> int:
        """How many tokens it can have in the end, its prompt included."""
        return len(self.request.prompt) + self.request.params.max_tokens

    @property
    def due(self) -> int:
        """How many tokens the model has yet to read before it can say the next."""
        return len(self.tokens) - self.cached

    def take(self, token: int) -> str:
        """Goes on by a token; gives the text that is certain with it."""
        self.tokens.append(token)
        if self.constraint is not None:
            self.constraint.accept(token)
        return self.words.add(token)


@dataclass(frozen=True, slots=True)
class DecodingOutput:
    """What a pass brought a request: a token, and the text that is certain with it, if any; or the
    error of its own that ended it.
    """

    request: DecodingRequest
    token: int
    text: str
    finished: FinishReason | None
    error: Exception | None = None
