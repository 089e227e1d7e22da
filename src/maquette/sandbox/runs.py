"""What is asked of a sandbox and what comes back: small frozen values, checked when made."""

import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from maquette.core.errors import InvalidRequest

StoppedBy = Literal["time", "memory", "processes", "output", "disk"]
KIB, MIB, GIB = 2**10, 2**20, 2**30
# Of what may be asked, the least a Python needs to start and the most that bounds anything.
BOUNDS = {
    "seconds": (0.1, 3600),
    "cpu_seconds": (1, 3600),
    "memory_bytes": (64 * MIB, 64 * GIB),
    "disk_bytes": (64 * KIB, 16 * GIB),
    "processes": (1, 1024),
    "output_bytes": (1, 64 * MIB),
    "files": (1, 10_000),
}
MOST_NAME_BYTES = 255
MOST_PATH_BYTES = 1000
PROGRAM = "python"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the machine one run may have. Raises InvalidRequest naming what does not fit.

    `seconds` are those of the clock, `cpu_seconds` those of all its processes together, as is
    `memory_bytes`; threads count as `processes`. `disk_bytes` and `files` are what it has written
    at any one time, in its working folder or elsewhere; folders count as files.
    """

    seconds: float = 10.0
    cpu_seconds: int = 10
    memory_bytes: int = 512 * MIB
    disk_bytes: int = 64 * MIB
    processes: int = 32
    output_bytes: int = MIB
    files: int = 200

    def __post_init__(self) -> None:
        for name, (least, most) in BOUNDS.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise InvalidRequest(f"{name} {value} must be between {least} and {most}")


@dataclass(frozen=True, slots=True)
class Run:
    """What became of a command.

    `exit_code` is 128 + n where signal n ended it, and None where a limit did, which `stopped_by`
    names. `output` is what it wrote to standard output and standard error, in that order in which
    it came, cut at `output_bytes`; bytes that are not UTF-8 are replaced. `files` are the regular
    files in its working folder afterwards, by their names with `/` between folders. What is
    not a regular file, cannot be read, or has a name that `is_plain` refuses, is left out; all
    are where they are more than the limits let be. `seconds` are those from its beginning until
    nothing of it was left.
    """

    exit_code: int | None
    stopped_by: StoppedBy | None
    output: str
    files: Mapping[str, bytes]
    seconds: float


class Sandbox(Protocol):
    """Runs a command with files in its working folder, and gives back what became of it."""

    def run(self, files: Mapping[str, bytes], command: Sequence[str], limits: Limits) -> Run:
        """Runs `command`, whose first word is "python", for Python is all there is inside.

        Raises InvalidRequest for names, sizes or a command that do not fit, and
        SandboxUnavailable where the walls do not stand.
        """
        ...


def is_plain(name: str) -> bool:
    """Whether a file may have this name: a relative path that stays in its folder, printable, and
    the same on every system.
    """
    parts = name.split("/")
    return (
        name.isprintable()
        and "\\" not in name
        and len(name.encode()) <= MOST_PATH_BYTES
        and all(
            part not in {"", ".", ".."} and len(part.encode()) <= MOST_NAME_BYTES for part in parts
        )
    )


def check_order(files: Mapping[str, bytes], command: Sequence[str], limits: Limits) -> None:
    """Raises InvalidRequest naming what cannot be run."""
    if not command or command[0] != PROGRAM:
        raise InvalidRequest(
            f"the command {' '.join(command)[:80]!a} must begin with {PROGRAM}: nothing else is in "
            "the sandbox"
        )
    if any("\0" in word for word in command):
        raise InvalidRequest("a word of the command holds a zero byte; leave it out")
    for name in files:
        if not is_plain(name):
            raise InvalidRequest(
                f"the file name {name[:80]!a} must be a relative path of printable characters, "
                'without "..", such as "data/points.csv"'
            )
    folders = {parent for name in files for parent in _parents(name)}
    if taken := sorted(folders & files.keys()):
        raise InvalidRequest(f"{taken[0]!a} is both a file and a folder; rename one")
    if (entries := len(files) + len(folders)) > limits.files:
        raise InvalidRequest(f"{entries} files and folders are more than the {limits.files} let in")
    pages = sum(-(-len(data) // mmap.PAGESIZE) for data in files.values())
    if (size := pages * mmap.PAGESIZE) > limits.disk_bytes:
        raise InvalidRequest(
            f"the files need {size} bytes, more than the {limits.disk_bytes} that the run may have"
        )


def _parents(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]
