"""The error tree: its drawing is true, and unknown names get a suggestion."""

import re

import pytest

from maquette.core import errors


def test_the_tree_drawn_at_the_top_is_the_tree() -> None:
    drawn = dict(re.findall(r"(\w+) +exit (\d)", errors.__doc__ or ""))
    defined = {
        name: str(value.exit_code)
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.MaquetteError)
    }
    assert drawn == defined


def test_only_the_request_is_to_blame_for_exit_2() -> None:
    assert errors.UsageError.exit_code == 2
    assert errors.MaquetteError("disk is gone").message == "disk is gone"
    assert not issubclass(errors.OutputNotWritable, errors.UsageError)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("thread", "did you mean threads?"),
        ("zzz", "known are data, threads"),
    ],
)
def test_did_you_mean(name: str, answer: str) -> None:
    assert errors.did_you_mean(name, ["threads", "data"]) == answer
