"""What runs in the sandbox of WebAssembly, and that nothing comes of what would leave it."""

import json
import os
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from maquette.core.errors import SandboxUnavailable
from maquette.sandbox import webassembly as module
from maquette.sandbox.runs import Limits
from maquette.sandbox.webassembly import WebAssembly, find_webassembly
from tests.sandbox.attempts import HASTE, LIMITS, Attempt, stopped
from tests.sandbox.world import World, ways_out

pytestmark = pytest.mark.slow  # the first compiles a Python

GRACE_S = 1.0
PRELUDE = """
import json, os, sys, time
world = json.load(open("world.json"))
print("tried", flush=True)

def refused(attempt, *arguments):
    try:
        came = attempt(*arguments)
    except (OSError, ImportError, AttributeError, RuntimeError, MemoryError) as error:
        print("refused:", type(error).__name__, error, flush=True)
    else:
        print("CAME THROUGH:", repr(came)[:200], flush=True)
"""
ATTEMPTS = {
    "connect": Attempt(
        """
import socket
for address in (("127.0.0.1", world["port"]), ("localhost", world["port"])):
    refused(lambda: socket.create_connection(address, 2))
refused(lambda: socket.socket(socket.AF_UNIX))
refused(lambda: socket.socket())
refused(lambda: socket.getaddrinfo("example.com", 80))
""",
        times=5,
    ),
    "read files": Attempt(
        """
path = world["secret"]
for one in (path, "../../.." + path, "/./.." + path, "/proc/self/root" + path, "/etc/passwd",
            "/proc/self/environ", "/proc/self/maps", "/dev/mem"):
    refused(lambda: open(one).read())
for one in ("..", world["folder"], "/etc", world["home"], "/proc"):
    refused(os.listdir, one)
""",
        times=13,
    ),
    "read them through links": Attempt(
        """
for number, target in enumerate((world["secret"], "../../.." + world["secret"], "/", "..")):
    def read():
        os.symlink(target, f"link{number}")
        return open(f"link{number}" + ("" if "secret" in target else world["secret"])).read()
    refused(read)
refused(os.link, world["secret"], "hard")
""",
        times=5,
    ),
    "write files": Attempt(
        """
for folder in ("..", "../..", "/tmp", "/usr/lib", world["folder"], "/proc/self"):
    refused(open, f"{folder}/{sys.argv[1]}", "w")
refused(open, world["secret"], "w")
refused(os.rename, "world.json", "../" + sys.argv[1])
""",
        times=8,
    ),
    "processes and signals": Attempt(
        """
import subprocess
refused(lambda: os.fork())
refused(lambda: os.kill(world["bystander"], 9))
refused(lambda: os.execv("/bin/sh", ["sh"]))
refused(lambda: os.system("true"))
refused(lambda: subprocess.run(["/bin/true"]))
refused(lambda: __import__("ctypes").CDLL(None))
refused(lambda: __import__("threading").Thread(target=print).start())
""",
        times=7,
    ),
    "descriptors that were left open": Attempt(
        """
for number in [*range(4, 64), world["inherited"]]:
    refused(os.read, number, 1)
""",
        times=61,
    ),
    "the environment": Attempt("print(dict(os.environ)); refused(os.stat, '/proc')"),
    "files that are left": Attempt(
        """
for name in ("line\\nfeed", "back\\\\slash", "\\x1b[2J"):
    open(name, "w").write("x")
os.symlink("world.json", "inner")
refused(lambda: os.mkfifo("pipe"))
"""
    ),
    "the stack": stopped(
        """
sys.setrecursionlimit(10 ** 9)
def deep(n):
    return deep(n + 1) + 1
deep(0)
""",
        "memory",
    ),
    "sleeping": stopped("time.sleep(3600)", "time", limits=HASTE),
    "computing": stopped("while True: pass", "time", limits=HASTE),
    "computing too much": stopped(
        "while True: pass", "time", limits=replace(LIMITS, cpu_seconds=1)
    ),
    "memory": stopped(
        "held = []\nwhile True: held.append(bytes(str(len(held)), 'ascii') * 10000)", "memory"
    ),
    "one large block": Attempt("refused(lambda: bytearray(2 ** 30)[0])"),
    "output": stopped("while True: print('x' * 1000)", "output"),
    "a file": stopped(
        """
while True:
    try:
        with open("large", "ab") as file:
            file.write(b"x" * 2 ** 16)
    except OSError:
        time.sleep(0.01)
""",
        "disk",
    ),
    "files without a name": stopped(
        """
held = []
while True:
    held.append(open("gone", "wb"))
    os.unlink("gone")
    held[-1].write(b"x" * 2 ** 20)
    held[-1].flush()
""",
        "disk",
    ),
    "many files": stopped("for i in range(10 ** 6): open(str(i), 'w').close()", "disk"),
    "folders without end": stopped(
        "path = '.'\nwhile True:\n    path += '/d'\n    os.mkdir(path)", "disk"
    ),
    "many sparse files": Attempt(
        """
for number in range(100):
    with open(f"sparse{number}", "wb") as file:
        file.truncate(2 ** 20)
""",
        stopped_by=("disk",),
    ),
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_nothing_comes_of_it(name: str, webassembly: WebAssembly, world: World) -> None:
    attempt, marker = ATTEMPTS[name], f"escaped-{uuid4().hex}"
    files = {
        "world.json": json.dumps(world.facts).encode(),
        "attempt.py": (PRELUDE + attempt.code).encode(),
    }
    run = webassembly.run(files, ["python", "attempt.py", marker], attempt.limits)
    assert world.harm(run, marker) == []
    assert ways_out(run.output) == []
    assert "tried" in run.output, run.output
    assert run.seconds <= attempt.limits.seconds + GRACE_S
    if attempt.stopped_by:
        assert run.stopped_by in attempt.stopped_by, run
        assert run.exit_code is None
    else:
        assert run.stopped_by is None, run
        assert len(re.findall(attempt.says, run.output)) >= attempt.times, run.output
    assert sum(map(len, run.files.values())) <= attempt.limits.disk_bytes


def test_a_program_with_its_files(webassembly: WebAssembly) -> None:
    code = b"""
import json, pathlib, sys
words = json.loads(pathlib.Path("data/words.json").read_text())
print(sys.argv[1:], " ".join(words))
print("to standard error", file=sys.stderr)
pathlib.Path("out/deep").mkdir(parents=True)
pathlib.Path("out/deep/bytes").write_bytes(bytes(range(256)))
pathlib.Path("data/words.json").unlink()
sys.exit(3)
"""
    words = '["a red boat", "一艘红色的船"]'.encode()
    done = webassembly.run(
        {"main.py": code, "data/words.json": words}, ["python", "main.py", "a b", "船"], Limits()
    )
    assert done.output == "['a b', '船'] a red boat 一艘红色的船\nto standard error\n"
    assert (done.exit_code, done.stopped_by) == (3, None)
    assert done.files == {"main.py": code, "out/deep/bytes": bytes(range(256))}


def test_tests_that_a_program_states(webassembly: WebAssembly) -> None:
    test = b"""
import unittest
class Sum(unittest.TestCase):
    def test_right(self):
        self.assertEqual(1 + 1, 2)
    def test_wrong(self):
        self.assertEqual(1 + 1, 3)
"""
    done = webassembly.run({"test_sum.py": test}, ["python", "-m", "unittest", "-v"], Limits())
    assert done.exit_code == 1
    assert "2 != 3" in done.output


def test_an_abort_says_so(webassembly: WebAssembly) -> None:
    done = webassembly.run({}, ["python", "-c", "import os; os.abort()"], Limits())
    assert done.exit_code == 134
    assert "unreachable" in done.output


def test_what_is_compiled_is_kept(compiled: Path, webassembly: WebAssembly) -> None:
    kept = {path: path.stat().st_mtime_ns for path in (compiled / "sandbox").iterdir()}
    assert len(kept) == 1
    again = find_webassembly(compiled)
    assert again.run({}, ["python", "-c", "print(6 * 7)"], Limits()).output == "42\n"
    assert {path: path.stat().st_mtime_ns for path in (compiled / "sandbox").iterdir()} == kept


def test_what_is_not_kept_goes_with_it(
    tmp_path: Path, compiled: Path, webassembly: WebAssembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = next((compiled / "sandbox").iterdir())
    monkeypatch.setattr(module, "_compile", lambda source, target: shutil.copy(made, target))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = find_webassembly()
    assert found.run({}, ["python", "-c", "print(6 * 7)"], Limits()).output == "42\n"
    assert list(tmp_path.iterdir())
    del found
    assert not list(tmp_path.iterdir())


def test_where_there_is_no_room(
    tmp_path: Path, webassembly: WebAssembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sandbox").touch()
    with pytest.raises(SandboxUnavailable, match="cannot keep compiled code: "):
        find_webassembly(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(SandboxUnavailable, match="none cannot hold the files: "):
        webassembly.run({"a": b""}, ["python"], Limits())


def test_what_others_may_write_is_not_run(
    tmp_path: Path, compiled: Path, webassembly: WebAssembly
) -> None:
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox").chmod(0o777)
    with pytest.raises(SandboxUnavailable, match=r"others may write to .*; run: chmod 700"):
        find_webassembly(tmp_path)


def test_a_python_that_was_changed_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PYTHON_SHA256", "0" * 64)
    with pytest.raises(SandboxUnavailable, match="is not the Python that was released"):
        find_webassembly(tmp_path)
    monkeypatch.setattr(module, "PYTHON_PACKAGE", "no-such-package")
    with pytest.raises(SandboxUnavailable, match="no-such-package is not installed; run: pip"):
        find_webassembly(tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_does_not_start_says_so(webassembly: WebAssembly, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    damaged.write_bytes(b"no code")
    with pytest.raises(SandboxUnavailable, match="wasmtime does not start") as unavailable:
        WebAssembly(damaged, "damaged").run({}, ["python"], Limits())
    assert "\n" not in unavailable.value.message


def test_runs_leave_nothing(
    webassembly: WebAssembly, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = len(os.listdir("/proc/self/fd"))
    for code in ("pass", "1 / 0", "import os\nfor _ in range(500): os.mkdir('d'); os.chdir('d')"):
        webassembly.run({}, ["python", "-c", code], Limits())
    assert len(os.listdir("/proc/self/fd")) == before
    assert not list(tmp_path.iterdir())
