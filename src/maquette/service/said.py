"""What a job for texts has said so far, as it is kept: part after part; needs no PyTorch.

A part has "read", the tokens of the talk, and in "texts", for each text, what is new of it: its
"text", "at" how many characters of the whole that begins, its "tokens", and why it has "finished".
Of copy that is tried anew a part has what was "tried" before, and is of the newest try.
Another server says no tokens, but "pieces", as many as it sent, and reads the talk for each text.
What was "tried" of its copy before has the tokens that were "read" and "said" for that, and as how
many the talk of the newest try counts, its "talk".
An attempt that cannot go on where another was begins with a part that is "anew".
"""

from collections.abc import Mapping, Sequence
from typing import Any

Part = Mapping[str, Any]


def join_parts(parts: Sequence[Part]) -> Part | None:
    """All parts as one, which begins where the texts do; None of none. For who can go on from it:
    of another server's there is none.
    """
    if not parts or "tokens" not in parts[0]["texts"][0]:
        return None
    texts: list[dict[str, Any]] = [
        {"at": 0, "text": "", "tokens": [], "finished": None} for _ in parts[0]["texts"]
    ]
    for part in parts:
        for whole, new in zip(texts, part["texts"], strict=True):
            if new.get("tried", {}).get("tries") != whole.get("tried", {}).get("tries"):
                whole.update({"text": "", "tokens": [], "tried": new["tried"]})
            whole["text"] = put(whole["text"], new)
            whole["tokens"] += new["tokens"]
            whole["finished"] = new["finished"]
    return {"read": parts[0]["read"], "texts": texts}


def put(so_far: str, new: Mapping[str, Any]) -> str:
    """A text with what is new of it: from where that begins on, what was there is replaced."""
    return so_far[: new["at"]] + new["text"]


def used_tokens(parts: Sequence[Part]) -> tuple[int, int]:
    """The tokens that were read and said, in all tries; of attempts that did not go on from
    another, those of the last. A piece of another server is a token at least.
    """
    begun = max((number for number, part in enumerate(parts) if part.get("anew")), default=0)
    last = parts[begun:]
    joined = join_parts(last)
    if joined is None:
        texts = zip(*(part["texts"] for part in last), strict=True)
        used = [_used_elsewhere(said, last[0]["read"]) for said in texts]
        return sum(read for read, _ in used), sum(said for _, said in used)
    tried = [one.get("tried", {}) for one in joined["texts"]]
    spent = sum(one.get("spent", 0) for one in tried)
    said = spent + sum(len(one["tokens"]) for one in joined["texts"])
    return joined["read"] * max(one.get("tries", 1) for one in tried), said


def _used_elsewhere(parts: Sequence[Part], talk: int) -> tuple[int, int]:
    """The tokens that another server read and said for one text, by its parts."""
    tried = parts[-1].get("tried", {})
    newest = [one for one in parts if one.get("tried", {}).get("tries") == tried.get("tries")]
    pieces = sum(one["pieces"] for one in newest)
    begun = tried.get("talk", talk) if pieces else 0
    return tried.get("read", 0) + begun, tried.get("said", 0) + pieces
