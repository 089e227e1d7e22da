"""Runs Python behind bubblewrap: namespaces of its own, a filter of system calls, and a watch.

The program sees a Python that cannot be written to, a private `/proc`, and three file systems in
memory: its working folder `/box`, `/tmp` and `/dev/shm`. Nothing of them is ever on a disk. They
live as long as their descriptors are held here, so the files are read once all processes are gone.
"""

import json
import mmap
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from maquette.core.errors import SandboxUnavailable, first_line
from maquette.sandbox.folder import read_folder
from maquette.sandbox.interpreter import Interpreter, find_interpreter
from maquette.sandbox.launcher import FOLDERS
from maquette.sandbox.runs import Limits, Run, check_order
from maquette.sandbox.syscalls import syscall_filter
from maquette.sandbox.watch import Use, Watch, closing_descriptor, namespace_use

INSTALL = "run: apt install bubblewrap"
OLDEST = (0, 8)  # of bubblewrap, which bounds its file systems and ends nested user namespaces
# Linux counts the processes of a user namespace apart since then. Before, the limit would be one of
# all that the user runs.
OLDEST_KERNEL = (5, 14)
NOBODY = 65534  # whom root runs it as: root's own processes cannot be counted
START_S = 10.0
END_S = 10.0
DESCRIPTORS = 128
SIGNALS = 256
BESIDE = 2  # bubblewrap's own process, and one past the limit, so that the watch sees it passed
LAUNCHER = Path(__file__).with_name("launcher.py")
ENVIRONMENT = {
    "PATH": "/usr/bin",
    "HOME": "/box",
    "LANG": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",  # what it wrote is there, and in order, when it is stopped
    "MALLOC_ARENA_MAX": "2",  # or each thread takes 64 MiB of the addresses that it may have
}
DEVICES = ("null", "random", "urandom")  # no zero: shared memory of it is no one's when counted
UNSHARED = ("user", "pid", "net", "ipc", "uts", "cgroup")


def find_bubblewrap() -> "Bubblewrap":
    """What runs here. Raises SandboxUnavailable naming what is missing; it tries no wall yet."""
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxUnavailable(f"bubblewrap is not installed; {INSTALL}")
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, env={}).stdout
    except OSError as error:
        raise SandboxUnavailable(
            f"{program} does not start ({first_line(error)}); {INSTALL}"
        ) from None
    as_root = os.geteuid() == 0
    if not as_root and os.stat(program).st_uid == os.geteuid():
        raise SandboxUnavailable(
            f"{program} could be changed by what it runs, for it is not root's; {INSTALL}"
        )
    if _version(said) < OLDEST:
        raise SandboxUnavailable(f"{said.strip() or program} is older than 0.8; {INSTALL}")
    if _version(os.uname().release) < OLDEST_KERNEL:
        raise SandboxUnavailable(
            f"Linux {os.uname().release} counts no processes by namespace; 5.14 or newer does"
        )
    return Bubblewrap(program, said.strip(), find_interpreter(as_root), syscall_filter(), as_root)


def _version(text: str) -> tuple[int, int]:
    found = re.search(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


@dataclass(frozen=True, slots=True)
class _Box:
    """A sandbox under way, and what is held of it: the id and a descriptor of its first process,
    and descriptors of the file systems it writes to, its working folder first, and of its `/proc`.
    """

    bubblewrap: subprocess.Popen[bytes]
    first_pid: int
    first_process: int
    folders: tuple[int, ...]
    proc: int

    def use(self, before: Use) -> Use:
        return namespace_use(self.first_pid, self.proc, self.folders, before)

    def end(self) -> None:
        """Ends every process. The first one's end is told when no other is left."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.first_process, signal.SIGKILL)
        if not select.select([self.first_process], [], [], END_S)[0]:
            raise SandboxUnavailable(f"the sandbox did not end within {END_S:g} s of its kill")


class Bubblewrap:
    """The sandbox of Linux. `filter` is what `syscall_filter` gives."""

    def __init__(
        self, program: str, version: str, python: Interpreter, filter: bytes, as_root: bool
    ) -> None:
        self._program, self._python, self._filter = program, python, filter
        self._user = NOBODY if as_root else None
        self.about = f"{version} with Python {python.version} of {python.outside}"

    def run(self, files: Mapping[str, bytes], command: Sequence[str], limits: Limits) -> Run:
        """As `Sandbox.run` says."""
        check_order(files, command, limits)
        with ExitStack() as stack:
            output, theirs = os.pipe()
            stack.callback(os.close, output)
            watch = Watch(output, limits)
            with closing_descriptor(theirs):
                box, line = self._start(stack, theirs, limits, watch)
            before = box.use(Use())
            self._send(line, files, command, limits, watch)
            started = time.monotonic()
            ended = os.pidfd_open(box.bubblewrap.pid)
            stack.callback(os.close, ended)
            stopped_by = watch.until_end(ended, lambda: box.use(before))
            box.end()
            seconds = time.monotonic() - started
            code = box.bubblewrap.wait()
            text, is_cut = watch.rest()
            left = read_folder(box.folders[0], limits)
            if stopped_by is None:
                stopped_by = "output" if is_cut else None if left.fits else "disk"
            return Run(
                exit_code=None if stopped_by else code,
                stopped_by=stopped_by,
                output=text,
                files=left.files,
                seconds=seconds,
            )

    def _start(
        self, stack: ExitStack, output: int, limits: Limits, watch: Watch
    ) -> tuple[_Box, socket.socket]:
        """Puts the walls up; whatever happens, what was started ends with `stack`."""
        line, theirs = socket.socketpair()
        stack.enter_context(line)
        line.settimeout(START_S)
        information, told = os.pipe()
        stack.callback(os.close, information)
        with theirs, closing_descriptor(told), ExitStack() as given:
            launcher = given.enter_context(_in_memory(LAUNCHER.read_bytes()))
            filter = given.enter_context(_in_memory(self._filter))
            arguments = "\0".join(self._arguments(limits, launcher, filter, told)).encode()
            listed = given.enter_context(_in_memory(arguments))
            inside = [self._python.program, "-I", "-S", "/launcher.py", str(theirs.fileno())]
            try:
                process = subprocess.Popen(
                    [self._program, "--args", str(listed), "--", *inside],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env={},
                    cwd="/",
                    pass_fds=(listed, launcher, filter, told, theirs.fileno()),
                    start_new_session=True,
                    user=self._user,
                    group=self._user,
                    extra_groups=() if self._user else None,
                )
            except OSError as error:
                raise SandboxUnavailable(
                    f"bubblewrap cannot be started ({first_line(error)}); {INSTALL}"
                ) from None
        stack.callback(_kill, process)
        try:
            descriptors = socket.recv_fds(line, 1, len(FOLDERS), socket.MSG_CMSG_CLOEXEC)[1]
        except TimeoutError:
            descriptors = []
        for descriptor in descriptors:
            stack.callback(os.close, descriptor)
        if len(descriptors) != len(FOLDERS):
            _kill(process)
            raise _failed(watch)
        *folders, proc = descriptors
        pid = json.loads(os.read(information, 4096))["child-pid"]
        first = os.pidfd_open(pid)
        stack.callback(os.close, first)
        box = _Box(process, pid, first, tuple(folders), proc)
        stack.callback(box.end)
        return box, line

    def _arguments(self, limits: Limits, launcher: int, filter: int, told: int) -> Iterator[str]:
        """Of bubblewrap. What comes later lies over what came before."""
        yield from (f"--unshare-{name}" for name in UNSHARED)
        yield from ("--disable-userns", "--new-session", "--die-with-parent", "--clearenv")
        yield from ("--uid", "1000", "--gid", "1000", "--cap-drop", "ALL", "--hostname", "sandbox")
        for name, value in ENVIRONMENT.items():
            yield from ("--setenv", name, value)
        for outside, inside in self._python.binds:
            yield from ("--ro-bind", outside, inside)
        for folder in self._python.hidden:
            yield from ("--tmpfs", folder, "--remount-ro", folder)
        for name in ("python", "python3"):
            if (link := f"/usr/bin/{name}") != self._python.program:
                yield from ("--symlink", self._python.program, link)
        # Bubblewrap's own process has the program's user, which could write to its memory.
        yield from ("--proc", "/proc", "--tmpfs", "/proc/1", "--remount-ro", "/proc/1")
        yield from ("--tmpfs", "/dev")
        for name in DEVICES:
            yield from ("--dev-bind", f"/dev/{name}", f"/dev/{name}")
        yield from ("--symlink", "/proc/self/fd", "/dev/fd")
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            yield from ("--symlink", f"/proc/self/fd/{number}", f"/dev/{name}")
        # A page more than it may have, so that the watch sees it passed.
        size = str(limits.disk_bytes + mmap.PAGESIZE)
        for folder in ("/dev/shm", "/tmp", "/box"):
            yield from ("--size", size, "--tmpfs", folder)
        yield from ("--remount-ro", "/dev", "--ro-bind-data", str(launcher), "/launcher.py")
        yield from ("--remount-ro", "/", "--chdir", "/box")
        yield from ("--seccomp", str(filter), "--info-fd", str(told))

    def _send(
        self,
        line: socket.socket,
        files: Mapping[str, bytes],
        command: Sequence[str],
        limits: Limits,
        watch: Watch,
    ) -> None:
        """Hands the launcher what to do, and waits until it has laid down the limits."""
        order = {
            "files": [(name, len(data)) for name, data in files.items()],
            "limits": _resource_limits(limits),
            "command": [self._python.program, *command[1:]],
        }
        try:
            line.sendall(json.dumps(order).encode() + b"\n")
            for data in files.values():
                line.sendall(data)
            ready = line.recv(1)
        except OSError:
            ready = b""
        if not ready:
            raise _failed(watch)


def _resource_limits(limits: Limits) -> dict[str, tuple[int, int]]:
    """What the kernel itself holds each process to, between two looks of the watch.

    Addresses are twice the memory, for much that is reserved is never used.
    """
    disk = limits.disk_bytes + mmap.PAGESIZE
    same = {
        "RLIMIT_AS": 2 * limits.memory_bytes,
        "RLIMIT_NPROC": limits.processes + BESIDE,
        "RLIMIT_FSIZE": disk,
        "RLIMIT_CORE": 1,  # none, even where the kernel would pipe it to a program: see core(5)
        "RLIMIT_NOFILE": DESCRIPTORS,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_RTPRIO": 0,
        "RLIMIT_SIGPENDING": SIGNALS,
    }
    cpu = {"RLIMIT_CPU": (limits.cpu_seconds + 1, limits.cpu_seconds + 2)}
    return {name: (value, value) for name, value in same.items()} | cpu


def _failed(watch: Watch) -> SandboxUnavailable:
    said = [line for line in watch.rest()[0].splitlines() if line.strip()]
    return SandboxUnavailable(
        f"bubblewrap does not start ({said[-1] if said else 'without a word'}); "
        "are user namespaces allowed here? docs/sandbox.md says how to see"
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Its first process inside dies with it (--die-with-parent), and all others with that."""
    process.kill()
    process.wait()


@contextmanager
def _in_memory(content: bytes) -> Iterator[int]:
    """A file without a name, at its beginning."""
    with open(os.memfd_create("sandbox"), "w+b", buffering=0) as file:
        file.write(content)
        file.seek(0)
        yield file.fileno()
