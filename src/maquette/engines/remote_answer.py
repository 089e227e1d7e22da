"""One answer of another server as it comes, piece by piece, believed as far as it can be so."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from maquette.core.text_requests import Message, ShownMessage

# No tokenizer has tokens that are so long on the average of a text; what says more lies.
MOST_TOKEN_CHARACTERS, FEW_TOKENS = 32, 8
MOST_PICTURE_TOKENS, USUAL_PICTURE_TOKENS = 4096, 800
TURN_TOKENS = 16  # that a chat template may put around a message
# Where a server does not say how many tokens there were: four bytes a token, in English as in
# Chinese. A token has a byte at least, so there are never more than bytes.
BYTES_A_TOKEN = 4
# A key that is shorter is a word that a server without keys is given, and may be in any text.
LEAST_SECRET_CHARACTERS, MASK = 12, "…"
FINISHES = {"stop": "stop", "length": "length"}  # all else that ends an answer is a stop


class Senseless(Exception):
    """What came is no piece of an answer."""


@dataclass(frozen=True, slots=True)
class RemoteAnswer:
    """A finished text; how many tokens were read and said, by the server where it can be so."""

    text: str
    finish_reason: str
    prompt_tokens: int
    answer_tokens: int


def most_prompt_tokens(messages: Sequence[Message]) -> int:
    """The tokens that a talk can have at most, whatever tokenizer reads it."""
    shown = MOST_PICTURE_TOKENS * _pictures_of(messages)
    return shown + _bytes_of(messages) + TURN_TOKENS * (len(messages) + 1)


def usual_prompt_tokens(messages: Sequence[Message]) -> int:
    """The tokens of a talk where no server has said how many they are."""
    shown = USUAL_PICTURE_TOKENS * _pictures_of(messages)
    return shown + max(1, -(-_bytes_of(messages) // BYTES_A_TOKEN))


def sent(message: Message) -> dict[str, Any]:
    """A message as clients of OpenAI's send it."""
    if not isinstance(message, ShownMessage):
        return {"role": message.role, "content": message.content}
    shown = [{"type": "image_url", "image_url": {"url": one}} for one in message.pictures]
    return {"role": message.role, "content": [{"type": "text", "text": message.content}, *shown]}


def reason_in(body: str) -> str:
    """Why a server refuses, in its words, in whichever of the usual forms."""
    try:
        return reason_of(json.loads(body))
    except (ValueError, RecursionError):
        return body


def reason_of(body: Any) -> str:
    """The same of JSON that was read."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        error = error.get("message") or error.get("detail") or error
    return str(error)


def secret_of(key: str | None) -> str | None:
    """A key, where it is one."""
    return key if key and len(key) >= LEAST_SECRET_CHARACTERS else None


class Saying:
    """What was said so far; a `key` that is said is masked, however it is cut into pieces."""

    def __init__(
        self, messages: Sequence[Message], max_tokens: int, key: str | None = None
    ) -> None:
        self._messages, self._max_tokens = messages, max_tokens
        self._secret = secret_of(key)
        self._parts: list[str] = []
        self._held = ""  # which may be the beginning of the key
        self.begun = False
        self._characters = self._hidden_bytes = 0
        self._usage: dict[str, Any] = {}
        self.finish: str | None = None

    def take(self, piece: dict[str, Any]) -> str:
        """Goes on by a piece; gives what is new in the text. Raises Senseless."""
        usage, choices = piece.get("usage"), piece.get("choices") or ()
        if isinstance(usage, dict):
            self._usage = usage
        if not isinstance(choices, list | tuple):
            raise Senseless("choices that are no list")
        return "".join(self._choice(one) for one in choices)

    def _choice(self, choice: Any) -> str:
        if not isinstance(choice, dict) or not isinstance(choice.get("delta") or {}, dict):
            raise Senseless("a choice that is no object")
        if choice.get("index") not in (None, 0):
            return ""  # one was asked for
        self.begun = True
        delta = choice.get("delta") or {}
        thought = delta.get("reasoning_content") or delta.get("reasoning") or ""
        more = delta.get("content") or ""
        if not isinstance(more, str) or not isinstance(thought, str):
            raise Senseless("content that is no text")
        if isinstance(reason := choice.get("finish_reason"), str):
            self.finish = FINISHES.get(reason, "stop")
        # No database keeps the one, and UTF-8 has no place for half of the other.
        more = more.replace("\0", "").encode(errors="replace").decode()
        self._hidden_bytes += len(thought.encode(errors="replace"))
        self._characters += len(more) + len(thought)
        if self._characters > (self._max_tokens + FEW_TOKENS) * MOST_TOKEN_CHARACTERS:
            raise Senseless(
                f"{self._characters} characters where {self._max_tokens} tokens were asked for"
            )
        self._parts.append(more := self._masked(more))
        return more

    def _masked(self, more: str) -> str:
        """What can be told by now; an end that the key may begin with waits for more."""
        if (key := self._secret) is None:
            return more
        said = (self._held + more).replace(key, MASK)
        most = min(len(said), len(key) - 1)
        held = next((n for n in range(most, 0, -1) if key.startswith(said[-n:])), 0)
        self._held = said[len(said) - held :]
        return said[: len(said) - held]

    def answer(self) -> RemoteAnswer:
        """All of it, once it has ended."""
        text = "".join([*self._parts, self._held])
        return RemoteAnswer(text, self.finish or "stop", self._read(), self._said(text))

    def _read(self) -> int:
        told = _count(self._usage.get("prompt_tokens"))
        if 1 <= told <= most_prompt_tokens(self._messages):
            return told
        return usual_prompt_tokens(self._messages)

    def _said(self, text: str) -> int:
        """What a model thought is said, too, though no one reads it."""
        told, details = (self._usage.get(f"completion_tokens{end}") for end in ("", "_details"))
        thought = _count(details.get("reasoning_tokens")) if isinstance(details, dict) else 0
        seen = len(text.encode()) + self._hidden_bytes + FEW_TOKENS
        if 0 <= _count(told) <= min(self._max_tokens, seen + max(0, thought)):
            return _count(told)
        counted = -(-(len(text.encode()) + self._hidden_bytes) // BYTES_A_TOKEN)
        return min(self._max_tokens, counted)


def _bytes_of(messages: Sequence[Message]) -> int:
    return sum(len(one.content.encode()) for one in messages)


def _pictures_of(messages: Sequence[Message]) -> int:
    return sum(len(one.pictures) for one in messages if isinstance(one, ShownMessage))


def _count(value: Any) -> int:
    """-1 for what is no number of tokens."""
    return value if isinstance(value, int) and not isinstance(value, bool) else -1
