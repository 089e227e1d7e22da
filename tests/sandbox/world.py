"""What is outside of a sandbox, and whether a program inside came to any of it."""

import os
import pwd
import re
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from maquette.sandbox.runs import Run

NOBODY = 65534
# Each attempt begins with this. `world` says where things are, never what is in them.
PRELUDE = """
import ctypes, errno, json, os, socket, sys, time
world = json.load(open("world.json"))
print("tried", flush=True)

def refused(attempt, *arguments):
    "Nothing may come of any attempt, whatever way it is refused."
    try:
        came = attempt(*arguments)
    except (OSError, ImportError, AttributeError, ValueError, RuntimeError, MemoryError) as error:
        print("refused:", type(error).__name__, error, flush=True)
    else:
        print("CAME THROUGH:", repr(came)[:200], flush=True)

kernel = ctypes.CDLL(None, use_errno=True)
NUMBERS = {
    "x86_64": dict(
        socket=41, ptrace=101, personality=135, syslog=103, chroot=161, acct=163, mount=165,
        umount2=166, swapon=167, reboot=169, sethostname=170, iopl=172, init_module=175,
        quotactl=179, settimeofday=164, shmget=29, msgget=68, io_setup=206, clock_settime=227,
        kexec_load=246, add_key=248, keyctl=250, unshare=272, vmsplice=278, perf_event_open=298,
        fanotify_init=300, name_to_handle_at=303, open_by_handle_at=304, setns=308,
        process_vm_readv=310, kcmp=312, finit_module=313, seccomp=317, memfd_create=319, bpf=321,
        userfaultfd=323, pidfd_getfd=438, io_uring_setup=425, open_tree=428, move_mount=429,
        fsopen=430, clone3=435, memfd_secret=447, mknod=133, pivot_root=155, mq_open=240,
        setxattr=188, landlock_create_ruleset=444, process_madvise=440, clone=56,
    ),
    "aarch64": dict(
        socket=198, ptrace=117, personality=92, syslog=116, chroot=51, acct=89, mount=40,
        umount2=39, swapon=224, reboot=142, sethostname=161, init_module=105, quotactl=60,
        settimeofday=170, shmget=194, msgget=186, io_setup=0, clock_settime=112, kexec_load=104,
        add_key=217, keyctl=219, unshare=97, vmsplice=75, perf_event_open=241, fanotify_init=262,
        name_to_handle_at=264, open_by_handle_at=265, setns=268, process_vm_readv=270, kcmp=272,
        finit_module=273, seccomp=277, memfd_create=279, bpf=280, userfaultfd=282,
        pidfd_getfd=438, io_uring_setup=425, open_tree=428, move_mount=429, fsopen=430,
        clone3=435, memfd_secret=447, pivot_root=41, mq_open=180, setxattr=5,
        landlock_create_ruleset=444, process_madvise=440, clone=220,
    ),
}[os.uname().machine]

def call(name, *arguments):
    "A system call as the kernel has it, past the C library."
    came = kernel.syscall(NUMBERS[name], *arguments)
    if came == -1:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")
    return came
"""


@dataclass(frozen=True, slots=True)
class World:
    """Things outside that any user of this machine could come to, were it not for the walls."""

    facts: dict[str, object]
    token: str  # what is secret: the content of a file, of a variable, what servers say
    servers: tuple[socket.socket, ...]
    bystander: subprocess.Popen[bytes]
    folder: Path
    hostname: str
    clock: float

    def harm(self, run: Run, marker: str) -> list[str]:
        """All that a program came to, in words; `marker` is in the command of its processes."""
        found: list[str] = []
        if self.token in run.output or any(self.token.encode() in x for x in run.files.values()):
            found.append("it read the secret")
        found += [f"it spoke to {server}" for server in self.servers if _was_called(server)]
        if self.bystander.poll() is not None:
            found.append("it killed another process")
        if sorted(path.name for path in self.folder.iterdir()) != ["secret", "server"]:
            found.append("it left a file outside")
        if (self.folder / "secret").read_text() != self.token:
            found.append("it changed a file outside")
        found += [f"it left {path}" for path in _planted(marker)]
        if socket.gethostname() != self.hostname:
            found.append("it renamed the machine")
        if abs(time.time() - time.monotonic() - self.clock) > 60:
            found.append("it set the clock")
        found += [f"it goes on as {pid}" for pid in processes_of(marker)]
        return found


def processes_of(marker: str) -> list[int]:
    """Processes of this machine with the marker among the words of their command."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if marker.encode() in words:
            found.append(int(path.parent.name))
    return found


def _planted(marker: str) -> Iterator[Path]:
    """Files that an attempt would leave in places that all systems have."""
    for folder in ("/", "/etc", "/tmp", "/var/tmp", "/dev/shm", "/usr/lib", "/box", "/root"):
        path = Path(folder, marker)
        if os.path.lexists(path):
            yield path


def _was_called(server: socket.socket) -> bool:
    try:
        if server.type == socket.SOCK_DGRAM:
            server.recv(1)
        else:
            server.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@contextmanager
def open_world() -> Iterator[World]:
    token = secrets.token_hex(16)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="outside-")))
        folder.chmod(0o755)
        (folder / "secret").write_text(token)
        abstract = f"\0outside-{secrets.token_hex(8)}"
        inherited = os.open(folder / "secret", os.O_RDONLY)
        os.set_inheritable(inherited, True)
        stack.callback(os.close, inherited)
        addresses = [
            (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            (socket.AF_UNIX, socket.SOCK_STREAM, abstract),
            (socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "server")),
        ]
        servers = [_server(stack, *one) for one in addresses]
        (folder / "server").chmod(0o777)
        as_root = os.geteuid() == 0
        bystander = subprocess.Popen(["sleep", "3600"], user=NOBODY if as_root else None)
        stack.callback(bystander.wait)
        stack.callback(bystander.kill)
        stack.enter_context(pytest.MonkeyPatch.context()).setenv("OUTSIDE_SECRET", token)
        facts: dict[str, object] = {
            "secret": str(folder / "secret"),
            "folder": str(folder),
            "port": servers[0].getsockname()[1],
            "udp_port": servers[1].getsockname()[1],
            "abstract": abstract[1:],
            "server": str(folder / "server"),
            "inherited": inherited,
            "bystander": bystander.pid,
            "parent": os.getpid(),
            "home": pwd.getpwuid(os.getuid()).pw_dir,
        }
        clock = time.time() - time.monotonic()
        yield World(facts, token, tuple(servers), bystander, folder, socket.gethostname(), clock)


def _server(
    stack: ExitStack, family: int, kind: int, address: str | tuple[str, int]
) -> socket.socket:
    server = stack.enter_context(socket.socket(family, kind))
    server.bind(address)
    server.setblocking(False)
    if kind == socket.SOCK_STREAM:
        server.listen(64)
    return server


def ways_out(text: str) -> list[str]:
    """The lines of attempts that came through."""
    return re.findall(r"CAME THROUGH: .*", text)
