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


def test_threads_of_pytorch_soon_sleep() -> None:
    code = """
import statistics, time
from maquette.cli import app

def command(obj):
    import torch
    tensor, busy_ms = torch.ones(1 << 20), []
    for _ in range(15):
        tensor.add_(1)
        begun = time.process_time()
        time.sleep(0.03)
        busy_ms.append((time.process_time() - begun) * 1e3)
    print(statistics.median(busy_ms))

app.app = command
app.main()
"""
    unset = {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"}
    environ = {name: value for name, value in os.environ.items() if name not in unset}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**environ, "OMP_NUM_THREADS": "2"},
    )
    assert float(done.stdout) < 1.5  # 3 to 8 where they wait as they come, on two cores
