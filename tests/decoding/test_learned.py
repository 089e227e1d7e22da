"""The sentences that a model learned from, as they are kept beside its weights."""

from pathlib import Path

import numpy as np
import pytest

from maquette.decoding.learned import FILE, learned_of, write_learned

SENTENCES = [
    f"It rains on the old green boat in the harbour for the {number}th time today."
    for number in range(999)
]


def test_they_are_known_whatever_ends_them_and_others_are_not(tmp_path: Path) -> None:
    write_learned(tmp_path, SENTENCES)
    learned = learned_of(tmp_path)
    assert all(one in learned for one in SENTENCES)
    assert all(f" {one[:-1]}!” " in learned for one in SENTENCES)
    assert "It rains" not in learned  # whose hash no one looks for
    others = [one.replace("boat", "ship") for one in SENTENCES]
    assert sum(one in learned for one in others) <= 1
    assert (tmp_path / FILE).stat().st_size < 5_000


def test_a_folder_that_tells_none_has_none(tmp_path: Path) -> None:
    assert SENTENCES[0] not in learned_of(tmp_path)
    write_learned(tmp_path, [])
    assert SENTENCES[0] not in learned_of(tmp_path)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff" * 64)
    with pytest.raises(ValueError, match="pickle"):
        learned_of(tmp_path)
    np.save(tmp_path / FILE, np.array([2, 1], np.uint32))
    with pytest.raises(ValueError, match="no hashes in order"):
        learned_of(tmp_path)
