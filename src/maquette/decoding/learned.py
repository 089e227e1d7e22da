"""The long sentences that a model learned from, so that what it writes is none of them.

Beside its weights lie their hashes of 32 bits, in order: four megabytes for a million, of which one
other long sentence in some four thousand has one, too.
"""

from collections.abc import Collection
from hashlib import blake2b
from pathlib import Path

import numpy as np

from maquette.core.measures import count_words, without_end

FILE = "learned.npy"  # which whoever else loads the weights passes over
LONG_WORDS = 12  # a sentence of more counts
_BYTES = 4


class Learned:
    """Sentences that can be asked for, whatever ends them: those of `hashes`, in order, (N,)."""

    def __init__(self, hashes: np.ndarray) -> None:
        self._hashes = hashes

    def __contains__(self, sentence: object) -> bool:
        if count_words(str(sentence)) <= LONG_WORDS:
            return False
        wanted = _hash(str(sentence))
        at = np.searchsorted(self._hashes, wanted)
        return bool(at < len(self._hashes) and self._hashes[at] == wanted)


def learned_of(folder: Path) -> Learned:
    """What the model of a folder learned from; nothing where the folder does not tell. Raises
    ValueError where the file is not what `write_learned` writes.
    """
    path = folder / FILE
    if not path.exists():
        return Learned(np.empty(0, np.uint32))
    hashes = np.load(path, allow_pickle=False)
    if hashes.dtype != np.uint32 or hashes.ndim != 1 or (hashes[1:] <= hashes[:-1]).any():
        raise ValueError(f"{FILE} holds no hashes in order")
    return Learned(hashes)


def write_learned(folder: Path, sentences: Collection[str]) -> None:
    """Keeps long sentences beside the weights of a folder."""
    hashes = np.array(sorted({_hash(one) for one in sentences}), np.uint32)
    np.save(folder / FILE, hashes, allow_pickle=False)


def _hash(sentence: str) -> np.uint32:
    told = blake2b(without_end(sentence).encode(), digest_size=_BYTES).digest()
    return np.uint32(int.from_bytes(told, "big"))
