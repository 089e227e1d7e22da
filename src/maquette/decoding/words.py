"""Tokens as text while they come: no half character, nothing past a stop."""

from collections.abc import Callable, Sequence

UNFINISHED = "\ufffd"  # what stands for bytes that are no character yet

Decode = Callable[[Sequence[int]], str]


class WordStream:
    """Gives out the text of tokens as soon as it is certain. What might become a stop is kept back.

    Only the last tokens are decoded anew at each one, from where the text was last whole: tokens
    may join with those before them, and to decode all of them would take the longer the more there
    are.
    """

    def __init__(self, decode: Decode, stop: Sequence[str] = ()) -> None:
        self._decode, self._stop = decode, [one for one in stop if one]
        self._tokens: list[int] = []
        self._start = self._read = 0
        self._held = ""
        self.stopped = False

    def add(self, token: int) -> str:
        """The text that is certain with one more token."""
        self._tokens.append(token)
        before = self._decode(self._tokens[self._start : self._read])
        after = self._decode(self._tokens[self._start :])
        if after.endswith(UNFINISHED) and len(self._tokens) - self._read < 8:
            return ""  # of some tokens the bytes are never whole
        self._start, self._read = self._read, len(self._tokens)
        return self._tell(after[len(before) :])

    def end(self) -> str:
        """What was kept back and turned out to be no stop."""
        if self.stopped:
            return ""
        before = self._decode(self._tokens[self._start : self._read])
        rest = self._decode(self._tokens[self._start :])[len(before) :]
        self._read = len(self._tokens)
        told = self._tell(rest)
        if self.stopped:
            return told
        told, self._held = told + self._held, ""
        return told

    def _tell(self, more: str) -> str:
        text = self._held + more
        found = [place for one in self._stop if (place := text.find(one)) >= 0]
        if found:
            self.stopped, self._held = True, ""
            return text[: min(found)]
        keep = max((_overlap(text, one) for one in self._stop), default=0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]


def _overlap(text: str, stop: str) -> int:
    """How many of the last characters may be the beginning of a stop."""
    most = min(len(text), len(stop) - 1)
    return next((n for n in range(most, 0, -1) if text.endswith(stop[:n])), 0)
