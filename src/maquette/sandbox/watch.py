"""Watches a program from the outside, and says which limit it went past."""

import os
import selectors
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from maquette.sandbox.runs import Limits, StoppedBy

TICK_S = 0.02  # between two looks: what a program takes meanwhile is past its limit, unseen
CHUNK_BYTES = 1 << 16
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Use:
    """What a program has at one moment; `cpu_seconds` since it began."""

    memory_bytes: int = 0
    disk_bytes: int = 0
    entries: int = 0
    processes: int = 0
    cpu_seconds: float = 0.0


@contextmanager
def closing_descriptor(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def past(use: Use, limits: Limits) -> StoppedBy | None:
    """The first limit that `use` is past."""
    pairs: tuple[tuple[StoppedBy, float, float], ...] = (
        ("memory", use.memory_bytes, limits.memory_bytes),
        ("disk", use.disk_bytes, limits.disk_bytes),
        ("disk", use.entries, limits.files),
        ("processes", use.processes, limits.processes),
        ("time", use.cpu_seconds, limits.cpu_seconds),
    )
    return next((name for name, has, may in pairs if has > may), None)


class Watch:
    """Reads what a program writes, while it lives within its limits."""

    def __init__(self, output: int, limits: Limits) -> None:
        self._output, self._limits = output, limits
        self._read = bytearray()
        os.set_blocking(output, False)

    def until_end(self, ended: int, use: Callable[[], Use]) -> StoppedBy | None:
        """Waits until the descriptor `ended` can be read, or a limit is passed, which it names.

        Whoever calls it ends the program then.
        """
        started = time.monotonic()
        looked = started
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            selector.register(ended, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select(TICK_S)}
                if self._output in ready and not self._take():
                    selector.unregister(self._output)  # closed, and the program goes on
                if self._is_too_much():
                    return "output"
                now = time.monotonic()
                if now - started > self._limits.seconds:
                    return "time"
                if now - looked >= TICK_S:
                    looked = now
                    if reason := past(use(), self._limits):
                        return reason
                if ended in ready:
                    return None

    def rest(self) -> tuple[str, bool]:
        """All that was written, cut at the limit, and whether it was cut. The program has ended."""
        while not self._is_too_much() and self._take():
            pass
        text = bytes(self._read[: self._limits.output_bytes]).decode(errors="replace")
        return text, self._is_too_much()

    def _is_too_much(self) -> bool:
        return len(self._read) > self._limits.output_bytes

    def _take(self) -> bool:
        """Reads on; False where there is nothing more to come, or nothing yet."""
        try:
            some = os.read(self._output, CHUNK_BYTES)
        except BlockingIOError:
            return False
        self._read += some
        return bool(some)


def namespace_use(first: int, proc: int, folders: tuple[int, ...], before: Use) -> Use:
    """What a PID namespace has, by its `/proc` and the file systems that it writes to, all open;
    of CPU time and files what is more than `before`. `first` is its first process as the outside
    calls it: bubblewrap's own, which counts for the CPU time of those whose parents are gone.

    Memory is what belongs to its processes alone: pages of files are anyone's, and what is in its
    file systems is counted there. A page that a fork shares counts twice, none is left out.
    """
    pids = [pid for pid in os.listdir(proc) if pid.isdigit() and pid != "1"]
    alive = [use for pid in pids if (use := _look(proc, pid)) is not None]
    about = [os.fstatvfs(folder) for folder in folders]
    cpu_seconds = sum(use.cpu_seconds for use in (*alive, _look_outside(first) or Use()))
    return Use(
        memory_bytes=sum(use.memory_bytes for use in alive),
        disk_bytes=sum((one.f_blocks - one.f_bfree) * one.f_frsize for one in about),
        entries=sum(one.f_files - one.f_ffree for one in about) - before.entries,
        processes=sum(use.processes for use in alive),
        cpu_seconds=cpu_seconds - before.cpu_seconds,
    )


def process_use(pid: int, folder: int, limits: Limits, before: Use) -> Use:
    """What one process has, which writes to the open `folder` of a disk; of memory and CPU time
    what is more than `before`. Its threads are its own affair.
    """
    use = _look_outside(pid) or before
    size, entries = _size_of(folder, limits.files)
    return Use(
        memory_bytes=use.memory_bytes - before.memory_bytes,
        disk_bytes=size + _size_of_deleted(pid),
        entries=entries,
        cpu_seconds=use.cpu_seconds - before.cpu_seconds,
    )


def _look(proc: int, pid: str) -> Use | None:
    """Memory, threads and CPU time of a process and of its children that ended; None if it did."""
    try:
        stat, status = _text(proc, f"{pid}/stat"), _text(proc, f"{pid}/status")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # from the third on: what it is called may say all
    return Use(
        memory_bytes=1024 * sum(_kib(status, name) for name in ("RssAnon", "VmSwap", "VmPTE")),
        processes=int(fields[17]),
        cpu_seconds=sum(map(int, fields[11:15])) / _TICKS_PER_S,
    )


def _look_outside(pid: int) -> Use | None:
    with closing_descriptor(os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)) as proc:
        return _look(proc, str(pid))


def _text(folder: int, name: str) -> str:
    with open(os.open(name, os.O_RDONLY, dir_fd=folder), errors="replace") as file:
        return file.read()


def _kib(status: str, name: str) -> int:
    """A line such as "RssAnon:     2680 kB"; a zombie has none. What a process calls itself cannot
    be mistaken for it: there, line feeds are escaped.
    """
    _, _, rest = status.partition(f"\n{name}:")
    return int(rest.split(maxsplit=1)[0]) if rest else 0


def _size_of(folder: int, most_entries: int) -> tuple[int, int]:
    """Bytes on the disk and entries below a folder while it changes; soon past `most_entries`."""
    size = entries = 0
    todo = ["."]
    while todo and entries <= most_entries:
        path = todo.pop()
        try:
            inner = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
        except FileNotFoundError:
            continue
        except OSError:  # too deep to be named
            return size, most_entries + 1
        with closing_descriptor(inner), os.scandir(inner) as listed:
            for entry in listed:
                entries += 1
                try:
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
                except FileNotFoundError:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    todo.append(f"{path}/{entry.name}")
    return size, entries


def _size_of_deleted(pid: int) -> int:
    """Bytes on the disk of files that a process has open and no folder names."""
    size = 0
    with suppress(OSError), os.scandir(f"/proc/{pid}/fd") as listed:
        for entry in listed:
            with suppress(OSError):
                about = os.stat(entry.path)
                size += about.st_blocks * 512 if about.st_nlink == 0 else 0
    return size
