"""What runs in the sandbox of bubblewrap, what comes back, and how soon it is stopped."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from maquette.core.errors import SandboxUnavailable
from maquette.sandbox import bubblewrap as module
from maquette.sandbox.bubblewrap import Bubblewrap, find_bubblewrap
from maquette.sandbox.runs import MIB, Limits, StoppedBy
from tests.sandbox.world import processes_of
from tests.waiting import wait_until

GRACE_S = 1.0  # within which what is past its limit has ended


def run(sandbox: Bubblewrap, code: str, limits: Limits | None = None) -> tuple[int | None, str]:
    done = sandbox.run({}, ["python", "-c", code], limits or Limits())
    return done.exit_code, done.output


def test_a_program_with_its_files(bubblewrap: Bubblewrap) -> None:
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
    done = bubblewrap.run(
        {"main.py": code, "data/words.json": words}, ["python", "main.py", "a b", "船"], Limits()
    )
    assert done.output == "['a b', '船'] a red boat 一艘红色的船\nto standard error\n"
    assert (done.exit_code, done.stopped_by) == (3, None)
    assert done.files == {"main.py": code, "out/deep/bytes": bytes(range(256))}
    assert 0 < done.seconds < 10


def test_tests_that_a_program_states(bubblewrap: Bubblewrap) -> None:
    files = {
        "area.py": b"def area(side):\n    return side * side\n",
        "test_area.py": b"""
import unittest
from area import area
class Area(unittest.TestCase):
    def test_square(self):
        self.assertEqual(area(3), 9)
    def test_wrong(self):
        self.assertEqual(area(3), 10)
""",
    }
    done = bubblewrap.run(files, ["python", "-m", "unittest", "-v"], Limits())
    assert done.exit_code == 1
    assert "test_square" in done.output
    assert "9 != 10" in done.output
    assert done.files == files


@pytest.mark.parametrize(
    ("code", "exit_code", "says"),
    [
        ("1 / 0", 1, "ZeroDivisionError"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 143, ""),
        ("import os; os.abort()", 134, ""),
        ("import ctypes; ctypes.string_at(0)", 139, ""),
        ("import no_such_module", 1, "ModuleNotFoundError"),
        ("import os; os.write(1, bytes([255, 65]))", 0, "\ufffdA"),
    ],
)
def test_how_a_program_ends(code: str, exit_code: int, says: str, bubblewrap: Bubblewrap) -> None:
    done = run(bubblewrap, code)
    assert done[0] == exit_code
    assert says in done[1]


STANDARD_LIBRARY = {
    "processes": """
import multiprocessing, subprocess
with multiprocessing.Pool(3) as pool:
    print(sum(pool.map(abs, range(-9, 1))))
print(subprocess.run(["python", "-c", "print(6 * 7)"], capture_output=True, text=True).stdout)
""",
    "threads": """
import threading
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
    print(sum(pool.map(abs, range(-9, 1))))
with threading.Lock():
    print(6 * 7)
""",
    "asyncio": """
import asyncio
async def main():
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(asyncio.sleep(0.01, i)) for i in range(10)]
    print(sum(task.result() for task in tasks))
    process = await asyncio.create_subprocess_exec(
        "python", "-c", "print(6 * 7)", stdout=asyncio.subprocess.PIPE
    )
    print((await process.communicate())[0].decode())
asyncio.run(main())
""",
    "files": """
import pathlib, shutil, tempfile, zipfile
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, "a")
    path.write_text("45")
    shutil.copy2(path, "b")
    shutil.copytree(folder, "tree")
    with zipfile.ZipFile("c.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write("b")
    print(zipfile.ZipFile("c.zip").read("b").decode())
shutil.rmtree("tree"), pathlib.Path("b").rename("d")
print(6 * 7)
""",
    "a database": """
import sqlite3
with sqlite3.connect("kept.db") as rows:
    rows.execute("CREATE TABLE n (n)")
    rows.executemany("INSERT INTO n VALUES (?)", [(i,) for i in range(10)])
print(rows.execute("SELECT sum(n) FROM n").fetchone()[0])
print(6 * 7)
""",
    "extensions": """
import bz2, ctypes, curses, dbm, decimal, hashlib, lzma, math, mmap, random, readline, secrets, ssl
import struct, unicodedata, uuid, zlib, zoneinfo
from datetime import datetime
print(45 if hashlib.sha256(lzma.decompress(lzma.compress(b""))).digest() else 0)
print(datetime(2024, 7, 1, tzinfo=zoneinfo.ZoneInfo("Asia/Shanghai")).utcoffset(), uuid.uuid4())
print(secrets.token_hex(8), random.random(), 6 * 7)
""",
}


@pytest.mark.parametrize("name", STANDARD_LIBRARY)
def test_the_standard_library_works(name: str, bubblewrap: Bubblewrap) -> None:
    exit_code, output = run(bubblewrap, STANDARD_LIBRARY[name])
    assert exit_code == 0, output
    assert "45" in output
    assert "42" in output


TIMED = {
    "computing": ("while True: pass", Limits(seconds=0.5)),
    "sleeping": ("import time; time.sleep(60)", Limits(seconds=0.5)),
    "computing in many": (
        "import os\nfor _ in range(3): os.fork()\nwhile True: pass",
        Limits(seconds=0.5, cpu_seconds=60),
    ),
}


@pytest.mark.parametrize("name", TIMED)
def test_what_takes_too_long_is_ended_within_a_second(name: str, bubblewrap: Bubblewrap) -> None:
    code, limits = TIMED[name]
    done = bubblewrap.run({}, ["python", "-c", code], limits)
    assert (done.stopped_by, done.exit_code) == ("time", None)
    assert limits.seconds <= done.seconds <= limits.seconds + GRACE_S


def test_time_of_the_processor_counts_apart(bubblewrap: Bubblewrap) -> None:
    limits = Limits(seconds=60, cpu_seconds=1)
    done = bubblewrap.run({}, ["python", "-c", "while True: pass"], limits)
    assert (done.stopped_by, done.exit_code) == ("time", None)
    assert done.seconds < 60


# Each says when it goes past its limit, by the clock that inside and outside share.
GREEDY: dict[str, tuple[str, StoppedBy, Limits]] = {
    "memory": (
        """
held = []
for number in range(400):
    held.append(b"x" * 2 ** 20 + bytes([number % 256]))
    if number == 128:
        print(time.monotonic())
""",
        "memory",
        Limits(memory_bytes=128 * MIB),
    ),
    "processes": (
        """
import threading
for number in range(4):
    threading.Timer(60, print).start()
print(time.monotonic())
""",
        "processes",
        Limits(processes=4),
    ),
    "output": (
        "print(time.monotonic())\nwhile True: print('x' * 100)",
        "output",
        Limits(output_bytes=10_000),
    ),
    "disk": (
        "open('x', 'wb').write(bytes(2 ** 21))\nopen('y', 'wb').write(b'x')\n"
        "print(time.monotonic())",
        "disk",
        Limits(disk_bytes=2 * MIB),
    ),
    "files": (
        "for number in range(9): open(f'{number}', 'w')\nprint(time.monotonic())",
        "disk",
        Limits(files=8),
    ),
}


@pytest.mark.parametrize("name", GREEDY)
def test_what_takes_too_much_is_ended_within_a_second(name: str, bubblewrap: Bubblewrap) -> None:
    code, stopped_by, limits = GREEDY[name]
    command = ["python", "-c", f"import time\n{code}\ntime.sleep(60)"]
    done = bubblewrap.run({}, command, limits)
    ended = time.monotonic()
    assert (done.stopped_by, done.exit_code) == (stopped_by, None)
    assert len(done.output) <= limits.output_bytes
    # Where it does not come to say so, it was ended before.
    if said := done.output.split():
        assert 0 <= ended - float(said[0]) <= GRACE_S


def test_what_was_written_before_a_limit_is_given_back(bubblewrap: Bubblewrap) -> None:
    code = "import time\nprint('first')\nopen('kept', 'w').write('x')\ntime.sleep(60)"
    done = bubblewrap.run({}, ["python", "-c", code], Limits(seconds=1.0))
    assert (done.output, done.stopped_by) == ("first\n", "time")
    assert set(done.files) == {"kept"}


def test_runs_do_not_see_each_other(bubblewrap: Bubblewrap) -> None:
    """Nor do they share a limit: all have the same user outside."""
    code = """
import os, subprocess, sys, time
mine = [subprocess.Popen(["python", "-c", "import time; time.sleep(60)"]) for _ in range(4)]
open("name", "w").write(sys.argv[1])
open("/tmp/name", "x").write(sys.argv[1])
time.sleep(0.5)
print(sum(name.isdigit() for name in os.listdir("/proc")), os.listdir("/box"))
"""
    limits = Limits(processes=6)
    with ThreadPoolExecutor(4) as pool:
        done = list(
            pool.map(lambda name: bubblewrap.run({}, ["python", "-c", code, name], limits), "abcd")
        )
    assert [one.output for one in done] == ["6 ['name']\n"] * 4
    assert [one.files for one in done] == [{"name": name.encode()} for name in "abcd"]


def test_runs_leave_nothing(
    bubblewrap: Bubblewrap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = len(os.listdir("/proc/self/fd")), threading.active_count()
    for code in ("pass", "1 / 0", "import os; os.fork()", "while True: print('x')"):
        run(bubblewrap, code, Limits(output_bytes=1000))
    assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == before
    assert not list(tmp_path.iterdir())


def test_a_run_that_is_interrupted_ends(
    bubblewrap: Bubblewrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker, use = uuid4().hex, module.namespace_use
    looks = 0

    def interrupted(*arguments: object) -> object:
        nonlocal looks
        looks += 1
        if looks > 3:
            assert processes_of(marker)
            raise KeyboardInterrupt
        return use(*arguments)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(module, "namespace_use", interrupted)
    command = ["python", "-c", "import time; time.sleep(60)", marker]
    with pytest.raises(KeyboardInterrupt):
        bubblewrap.run({}, command, Limits())
    assert not processes_of(marker)


def test_a_run_ends_with_the_program_that_started_it(bubblewrap: Bubblewrap) -> None:
    marker = uuid4().hex
    code = f"""
from maquette.sandbox.bubblewrap import find_bubblewrap
from maquette.sandbox.runs import Limits
command = ["python", "-c", "import time; time.sleep(3600)", {marker!r}]
find_bubblewrap().run({{}}, command, Limits(seconds=60))
"""
    program = subprocess.Popen([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)})
    wait_until(lambda: len(processes_of(marker)) >= 1)
    program.send_signal(signal.SIGKILL)
    program.wait()
    wait_until(lambda: not processes_of(marker))


def test_without_bubblewrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailable, match="not installed; run: apt install bubblewrap"):
        find_bubblewrap()
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho bubblewrap 0.4.1\n")
    program.chmod(0o755)
    says = "older than 0.8" if os.geteuid() == 0 else "not root's"
    with pytest.raises(SandboxUnavailable, match=says):
        find_bubblewrap()


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("exit 1", "without a word"),
        ("echo bwrap: No permissions to create new namespace >&2; exit 1", "No permissions to"),
        ("sleep 60", "without a word"),
    ],
)
def test_walls_that_do_not_go_up(
    script: str,
    says: str,
    bubblewrap: Bubblewrap,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "START_S", 0.5)
    program = Path(f"/tmp/bwrap-{uuid4().hex}")
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    broken = Bubblewrap(
        str(program), "broken", bubblewrap._python, bubblewrap._filter, bubblewrap._user is not None
    )
    try:
        with pytest.raises(SandboxUnavailable, match=says) as unavailable:
            broken.run({}, ["python"], Limits())
    finally:
        program.unlink()
    assert "\n" not in unavailable.value.message
