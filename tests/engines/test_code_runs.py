"""Tests see what a run of the program left, and nothing that it left stands in their way."""

from collections.abc import Sequence

import pytest

from maquette.core.code_requests import CodeRequest, CodeTests
from maquette.engines.code_prompts import Extract
from maquette.engines.code_runs import Outcome, try_python
from maquette.sandbox.choice import choose_sandbox
from maquette.sandbox.runs import Sandbox

SUM = "assert add(2, 3) == 5"
LEAVES = """
import os
def add(a, b):
    return a {sign} b
if __name__ == "__main__":
    for name in {names}:
        os.path.dirname(name) and os.makedirs(os.path.dirname(name), exist_ok=True)
        open(name, "w").write("{text}")
"""


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return choose_sandbox()


def _try(sandbox: Sandbox, names: Sequence[str], text: str, sign: str, tests: str) -> Outcome:
    code = LEAVES.format(names=names, text=text, sign=sign)
    request = CodeRequest("Add.", "program", CodeTests(tests))
    return try_python(request, Extract(code), sandbox)


@pytest.mark.parametrize(
    "name",
    [
        *("tests/__init__.py", "tests.py", "tests.py/x", "check.py", "check.py/x", "checking.py/x"),
        *("checking/__init__.py", "main/__init__.py", "runpy.py", "importlib/__init__.py"),
    ],
)
def test_what_a_run_leaves_is_not_in_the_way_of_its_tests(sandbox: Sandbox, name: str) -> None:
    """A wrong program does not pass, and a right one does."""
    text = "add = run = lambda *words: 5"
    assert SUM in _try(sandbox, [name], text, "-", SUM).failure
    assert _try(sandbox, [name], text, "+", SUM).failure == ""


def test_tests_look_at_what_a_run_left(sandbox: Sandbox) -> None:
    tests = "assert open('out/a.txt').read() == open('main.txt').read() == 'tea'"
    assert _try(sandbox, ["out/a.txt", "main.txt"], "tea", "+", tests).failure == ""


def test_a_run_that_leaves_too_much_for_its_tests_has_failed(sandbox: Sandbox) -> None:
    tried = _try(sandbox, [f"{n}.txt" for n in range(199)], "", "+", SUM)
    assert "its tests cannot be run beside what python main.py left: 203 files" in tried.failure
