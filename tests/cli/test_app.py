"""How success and failure of a command reach the person and the shell."""

import errno
import os
import subprocess
import sys

import pytest

from maquette import __version__
from maquette.cli import app as command_line
from maquette.core.errors import InvalidRequest, WeightsDamaged


def run_main(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException
) -> tuple[int, str]:
    """Exit code and standard error of a command that raises `error`."""

    def failing_app(obj: dict[str, str]) -> None:
        raise error

    monkeypatch.setattr(command_line, "app", failing_app)
    with pytest.raises(SystemExit) as caught:
        command_line.main()
    code = caught.value.code
    assert isinstance(code, int)
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (InvalidRequest("width 250 is odd; use 256"), 2, "width 250 is odd; use 256"),
        (WeightsDamaged("unet is cut short"), 1, "unet is cut short"),
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "out/boat.png"),
            1,
            "out/boat.png: no space left on device; free some space, or choose another folder",
        ),
        (
            ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib"),
            1,
            "training draws its curves with matplotlib; run: pip install 'maquette[train]'",
        ),
        (
            ImportError("libEGL.so.1: cannot open shared object file: No such file or directory"),
            1,
            "the system library libEGL.so.1 is missing; run: apt install libegl1 libgl1",
        ),
    ],
)
def test_a_failure_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    code: int,
    line: str,
) -> None:
    assert run_main(monkeypatch, capsys, error) == (code, f"maquette: {line}\n")


@pytest.mark.parametrize("error", [ValueError("a bug"), ImportError("a bug")])
def test_a_bug_keeps_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    monkeypatch.setattr(command_line, "app", lambda obj: (_ for _ in ()).throw(error))
    with pytest.raises(type(error), match="a bug"):
        command_line.main()


def maquette(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The command line as a process of its own."""
    code = "from maquette.cli.app import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environ},
        check=False,
    )


def test_version() -> None:
    assert maquette("--version").stdout == f"maquette {__version__}\n"


def test_an_interrupt_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("maquette.cli.doctor.look_at_machine", interrupted)
    monkeypatch.setattr("sys.argv", ["maquette", "doctor"])
    with pytest.raises(SystemExit) as caught:
        command_line.main()
    assert caught.value.code == 130


def test_the_environment_is_read_and_unknown_variables_are_refused() -> None:
    result = maquette("doctor", MAQUETTE_THREAD="2")
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr == (
        "maquette: unknown variable MAQUETTE_THREAD; did you mean MAQUETTE_THREADS?\n"
    )


def test_a_mistyped_command_is_told_the_nearest() -> None:
    result = maquette("doctr")
    assert result.returncode == 2
    assert "doctor" in result.stderr
