"""One text while it is said, and said anew where it is judged and misses something."""

import threading
from collections.abc import Mapping
from typing import Any

from maquette.copydesk.tries import Judge, Tries
from maquette.decoding.request import DecodingOutput


class Saying:
    """One text so far: the engine's thread goes on with it while the job's thread tells of it.

    `kept` is what an earlier attempt kept of it, if any did (`service/said.py`).
    """

    def __init__(self, kept: Mapping[str, Any] | None) -> None:
        self._lock = threading.Lock()
        self.tokens: list[int] = list(kept["tokens"]) if kept else []
        self.text: str = kept["text"] if kept else ""
        self.finished: str | None = kept["finished"] if kept else None
        self._kept_characters, self._kept_tokens = len(self.text), len(self.tokens)
        tried: Mapping[str, Any] = (kept or {}).get("tried") or {"tries": 1, "spent": 0, "best": {}}
        self._tries = Tries(tried["tries"], tried["best"])
        self.spent: int = tried["spent"]  # tokens of the tries before the one under way
        self._settled = False

    @property
    def tries(self) -> int:
        """How many there were, the one under way included."""
        return self._tries.number

    @property
    def best(self) -> Mapping[str, Any]:
        """Of those that ended the one that misses least (`copydesk/tries.py`)."""
        return self._tries.best

    def take(self, output: DecodingOutput) -> None:
        """Goes on by a token."""
        if output.error is not None:
            return
        with self._lock:
            self.tokens.append(output.token)
            self.text += output.text
            self.finished = output.finished

    def settle(self, judge: Judge, most_tries: int) -> bool:
        """Whether nothing is left to say: once it is finished it is judged, and where it misses
        something a new try begins.
        """
        if self.finished is None or self._settled:
            return self._settled
        if self._tries.end(self.text, self.finished, judge, most_tries):
            self._settled = True
            return True
        with self._lock:
            self.spent += len(self.tokens)
            self.tokens, self.text, self.finished = [], "", None
            self._kept_characters = self._kept_tokens = 0
        return False

    def part(self) -> dict[str, Any]:
        """What is new since the last one, to be kept: after these it goes on, whoever does."""
        with self._lock:
            new = {
                "at": self._kept_characters,
                "text": self.text[self._kept_characters :],
                "tokens": self.tokens[self._kept_tokens :],
                "finished": self.finished,
                **self._tried(),
            }
            self._kept_characters, self._kept_tokens = len(self.text), len(self.tokens)
            return new

    @property
    def unkept_tokens(self) -> int:
        """How many were said since the last part."""
        return len(self.tokens) - self._kept_tokens

    def news(self) -> dict[str, Any]:
        """What was said since it was last kept, and where that belongs: one that is missed is no
        loss. A new try begins at 0.
        """
        with self._lock:
            told = {"at": self._kept_characters, "text": self.text[self._kept_characters :]}
            return told | ({"try": self.tries} if self.tries > 1 else {})

    def _tried(self) -> dict[str, Any]:
        if self.tries == 1:
            return {}
        return {"tried": {"tries": self.tries, "spent": self.spent, "best": self.best}}
