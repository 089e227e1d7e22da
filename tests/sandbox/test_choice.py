"""A sandbox is used where its walls were seen to stand, and none is used where none do."""

import os
import platform
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from maquette.core.errors import SandboxUnavailable
from maquette.sandbox import choice
from maquette.sandbox import webassembly as webassembly_module
from maquette.sandbox.bubblewrap import Bubblewrap
from maquette.sandbox.choice import check_walls, choose_sandbox, sandbox_state
from maquette.sandbox.runs import Limits, Run
from maquette.sandbox.webassembly import WebAssembly

# BPF_RET with SECCOMP_RET_ALLOW of linux/filter.h: every call passes.
ALLOW_ALL = struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000)


class Open:
    """No sandbox at all: the program runs as it would anywhere."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(self, files: Mapping[str, bytes], command: Sequence[str], limits: Limits) -> Run:
        for name, data in files.items():
            (self._folder / name).write_bytes(data)
        done = subprocess.run(
            [sys.executable, *command[1:]], cwd=self._folder, capture_output=True, text=True
        )
        return Run(done.returncode, None, done.stdout + done.stderr, {}, 0.0)


def test_bubblewrap_comes_first() -> None:
    assert isinstance(choose_sandbox(), Bubblewrap)
    name, why = sandbox_state()
    assert name == "bubblewrap"
    assert why.startswith("bubblewrap 0.")
    assert " with Python 3." in why


@pytest.mark.slow
def test_webassembly_where_there_is_no_bubblewrap(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, compiled: Path, webassembly: WebAssembly
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert isinstance(choose_sandbox(compiled), WebAssembly)
    name, why = sandbox_state(compiled)
    assert name == "webassembly"
    assert why.startswith("wasmtime ")
    assert why.endswith("bubblewrap is not installed; run: apt install bubblewrap")


def test_none_where_there_is_neither(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(webassembly_module, "PYTHON_PACKAGE", "no-such-package")
    with pytest.raises(SandboxUnavailable) as unavailable:
        choose_sandbox()
    message = unavailable.value.message
    assert "apt install bubblewrap" in message
    assert "pip install" in message
    assert "\n" not in message
    assert sandbox_state() == ("none", message)


def test_what_has_no_walls_is_refused(tmp_path: Path) -> None:
    """So the probe does find what it looks for."""
    with pytest.raises(SandboxUnavailable) as unavailable:
        check_walls(Open(tmp_path), confined=True)
    for wall in (
        "the network",
        "the files outside",
        "the processes outside",
        "memfd_create",
        "Seccomp",
        "CapEff" if os.geteuid() == 0 else "NoNewPrivs",
    ):
        assert wall in unavailable.value.message


class Says:
    """A sandbox in which the probe runs, and more is printed than it says."""

    def __init__(self, sandbox: Bubblewrap, before: str, after: str) -> None:
        self._sandbox, self._before, self._after = sandbox, before, after

    def run(self, files: Mapping[str, bytes], command: Sequence[str], limits: Limits) -> Run:
        run = self._sandbox.run(files, command, limits)
        return replace(run, output=f"{self._before}{run.output}{self._after}")


def test_a_warning_before_what_the_probe_says_is_passed_over(bubblewrap: Bubblewrap) -> None:
    check_walls(Says(bubblewrap, "SyntaxWarning: {}\n", ""), confined=True)


@pytest.mark.parametrize("after", ["no JSON", "{}", "[1]", "null"])
def test_what_the_probe_did_not_say_is_refused(bubblewrap: Bubblewrap, after: str) -> None:
    with pytest.raises(SandboxUnavailable, match="what no program in it said"):
        check_walls(Says(bubblewrap, "", after), confined=True)


def test_other_systems_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    name, why = sandbox_state()
    assert name == "none"
    assert why.startswith("code is run on Linux alone, and this is Darwin; run ")


def test_one_wall_less_is_refused(bubblewrap: Bubblewrap) -> None:
    """All others stand, yet without its filter it is refused."""
    check_walls(bubblewrap, confined=True)
    unfiltered = Bubblewrap(
        bubblewrap._program, "", bubblewrap._python, ALLOW_ALL, bubblewrap._user is not None
    )
    with pytest.raises(SandboxUnavailable, match=r"the filter of system calls.*memfd_create"):
        check_walls(unfiltered, confined=True)


def test_a_wall_that_falls_is_not_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bubblewrap: Bubblewrap
) -> None:
    """The next is taken, not the same with fewer walls."""
    unfiltered = Bubblewrap(
        bubblewrap._program, "", bubblewrap._python, ALLOW_ALL, bubblewrap._user is not None
    )
    monkeypatch.setattr(choice, "find_bubblewrap", lambda: unfiltered)
    monkeypatch.setattr(webassembly_module, "PYTHON_PACKAGE", "no-such-package")
    name, why = sandbox_state()
    assert name == "none"
    assert "these walls of the sandbox do not stand: the filter of system calls" in why
