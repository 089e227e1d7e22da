"""Which sandbox runs code here: the first whose walls are seen to stand, or none."""

import json
import platform
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from maquette.core.errors import SandboxUnavailable
from maquette.sandbox.bubblewrap import Bubblewrap, find_bubblewrap
from maquette.sandbox.runs import Limits, Sandbox
from maquette.sandbox.webassembly import WebAssembly, find_webassembly

# What a hostile program would try first. It says what it came to, as JSON; None is nothing.
PROBE = """
import json, os, sys

def came_to(attempt):
    try:
        return attempt()
    except (OSError, ImportError, AttributeError, ValueError):
        return None

def connects():
    import socket
    with socket.create_connection(("127.0.0.1", int(sys.argv[2])), 2):
        return True

def calls():
    import ctypes
    kernel = ctypes.CDLL(None)
    attempts = {
        "memfd_create": (b"probe", 0), "personality": (0xFFFFFFFF,), "unshare": (0x10000000,)
    }
    return [name for name, values in attempts.items() if kernel[name](*values) >= 0]

def writes(path):
    with open(path, "w"):
        return path

def status():
    with open("/proc/self/status") as file:
        fields = (line.partition(":") for line in file)
        return {name: value.strip() for name, _, value in fields}

print(json.dumps({
    "secret": came_to(lambda: open(sys.argv[1]).read()),
    "connected": came_to(connects),
    "calls": came_to(calls) or [],
    "written": came_to(lambda: writes(sys.argv[1])),
    "root_written": came_to(lambda: writes("/left")),
    "processes": [pid for pid in came_to(lambda: os.listdir("/proc")) or [] if pid.isdigit()],
    "status": came_to(status),
}))
"""
PROBE_LIMITS = Limits(seconds=30.0, cpu_seconds=20, processes=8)
SECRET = "what only the outside may read"
MOST_PROCESSES = 2  # bubblewrap's own, and the probe
# What the kernel says of a process that can gain no rights and has a filter of system calls.
CONFINED = {"Seccomp": "2", "NoNewPrivs": "1", "CapEff": "0" * 16, "CapBnd": "0" * 16}


@dataclass(frozen=True, slots=True)
class Choice:
    """The sandbox that is used, and why those before it are not."""

    name: str
    sandbox: Bubblewrap | WebAssembly
    why: str


def choose_sandbox(data: Path | None = None) -> Sandbox:
    """The sandbox that this machine can have: bubblewrap, else WebAssembly. Each is tried in
    earnest before it is chosen, which takes about a second.

    `data` is where the WebAssembly one keeps its compiled Python; without it, that is made each
    time. Raises SandboxUnavailable naming what to do where neither holds.
    """
    return _choose(data).sandbox


def sandbox_state(data: Path | None = None) -> tuple[str, str]:
    """What runs code here, "bubblewrap", "webassembly" or "none", and why."""
    try:
        choice = _choose(data)
    except SandboxUnavailable as error:
        return "none", error.message
    return choice.name, choice.why


def _choose(data: Path | None) -> Choice:
    if (system := platform.system()) != "Linux":
        raise SandboxUnavailable(
            f"code is run on Linux alone, and this is {system}; run the worker in a container or a "
            "virtual machine of Linux"
        )
    finders: dict[str, Callable[[], Bubblewrap | WebAssembly]] = {
        "bubblewrap": find_bubblewrap,
        "webassembly": lambda: find_webassembly(data),
    }
    reasons: list[str] = []
    for name, find in finders.items():
        try:
            sandbox = find()
            check_walls(sandbox, confined=name == "bubblewrap")
        except SandboxUnavailable as error:
            reasons.append(error.message)
        else:
            return Choice(name, sandbox, "; ".join((sandbox.about, *reasons)))
    raise SandboxUnavailable(f"code cannot be run safely here: {'; and '.join(reasons)}")


def check_walls(sandbox: Sandbox, confined: bool) -> None:
    """Runs a program that tries the walls; a process of its own is to be `confined` by the kernel.

    Raises SandboxUnavailable naming the walls that do not stand.
    """
    with (
        tempfile.TemporaryDirectory(prefix="maquette-probe-") as folder,
        closing(socket.create_server(("127.0.0.1", 0))) as server,
    ):
        secret = Path(folder, "secret")
        secret.write_text(SECRET)
        Path(folder).chmod(0o755)
        server.setblocking(False)
        command = ["python", "probe.py", str(secret), str(server.getsockname()[1])]
        run = sandbox.run({"probe.py": PROBE.encode()}, command, PROBE_LIMITS)
        if run.exit_code != 0:
            said = run.output.strip().splitlines() or [f"stopped by {run.stopped_by}"]
            raise SandboxUnavailable(f"no Python runs in the sandbox ({said[-1]})")
        found = _said(run.output)
        fallen = list(_fallen(found, confined))
        if _was_called(server):
            fallen.append("the network")
        if secret.read_text() != SECRET:
            fallen.append("the files outside, one of which was changed")
    if fallen:
        raise SandboxUnavailable(f"these walls of the sandbox do not stand: {', '.join(fallen)}")


def _said(output: str) -> dict[str, object]:
    """What the probe came to: its last line, for Python may have warned before."""
    last = output.strip().rpartition("\n")[2]
    try:
        found = json.loads(last)
    except ValueError:
        found = None
    if not isinstance(found, dict) or "processes" not in found:
        raise SandboxUnavailable(f"the sandbox says what no program in it said ({last[:80]!a})")
    return found


def _fallen(found: dict[str, object], confined: bool) -> Iterator[str]:
    processes, status = found["processes"], found["status"]
    assert isinstance(processes, list)
    if found["connected"]:
        yield "the network"
    if found["secret"] is not None:
        yield "the files outside"
    if found["written"]:
        yield "the files outside, which can be written"
    if confined and found["root_written"]:
        yield "the root folder inside, which can be written"
    if len(processes) > MOST_PROCESSES:
        yield "the processes outside"
    if found["calls"]:
        yield f"the filter of system calls, which lets {found['calls']} pass"
    if confined:
        status = status if isinstance(status, dict) else {}
        for name, value in CONFINED.items():
            if status.get(name) != value:
                yield f"{name} {status.get(name)}, which should be {value}"


def _was_called(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return False
    return True
