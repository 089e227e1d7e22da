"""The Python that is put into a sandbox: its program, its library, and the C libraries it needs."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from maquette.core.errors import SandboxUnavailable

OLDEST = (3, 11)
FROM_THE_SYSTEM = (Path("/usr/bin/python3"), Path("/usr/local/bin/python3"))
TIME_ZONES = "/usr/share/zoneinfo"
INSTALLED = ("site-packages", "dist-packages")  # what is beside the library, and is not shown
LOADED_LATER = "libgcc_s.so.1"  # by the C library itself, where a thread ends
PATIENCE_S = 30
_ABOUT = """
import json, sys, sysconfig
print(json.dumps([
    list(sys.version_info[:3]), sys.base_prefix,
    [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")],
    sysconfig.get_config_var("DESTSHARED"),
]))
"""
# A line of the dynamic linker: "libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x00007f...)".
_LINKED = re.compile(r"^\s*(?:\S+ => )?(/.+) \(0x[0-9a-f]+\)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """`program` as it is called inside. `binds` are pairs of a path outside and its place inside,
    `hidden` folders inside that are to be covered.
    """

    program: str
    version: str
    outside: str
    binds: tuple[tuple[str, str], ...]
    hidden: tuple[str, ...]


def find_interpreter(for_everyone: bool) -> Interpreter:
    """The Python of this program, or the system's; with `for_everyone` one that any user can read.

    Raises SandboxUnavailable where there is none.
    """
    own = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
    reasons: list[str] = []
    for candidate in (own, *FROM_THE_SYSTEM):
        if not candidate.exists():
            continue
        found = _look_at(candidate.resolve())
        if found is None:
            reasons.append(f"{candidate} does not start, or is older than Python 3.11")
        elif closed := _closed(found, for_everyone):
            reasons.append(f"{closed} can be read by root alone")
        else:
            return found
    raise SandboxUnavailable(
        f"no Python can be put into the sandbox ({'; '.join(reasons)}); run: apt install python3"
    )


def _look_at(program: Path) -> Interpreter | None:
    try:
        said = subprocess.run(
            [program, "-I", "-S", "-c", _ABOUT],
            capture_output=True,
            check=True,
            timeout=PATIENCE_S,
            env={},
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version, prefix, libraries, extensions = json.loads(said)
    if tuple(version[:2]) < OLDEST:
        return None

    def inside(path: str) -> str:
        """Whatever prefix it has outside, it is below /usr inside, where the linker looks too."""
        return "/usr" + path.removeprefix(prefix) if Path(path).is_relative_to(prefix) else path

    folders = sorted({os.path.realpath(library) for library in libraries})
    hidden = [f"{folder}/{name}" for folder in folders for name in INSTALLED]
    linked = _linked(program, Path(extensions or folders[0]))
    paths = [str(program), *folders, *linked, *filter(os.path.isdir, [TIME_ZONES])]
    return Interpreter(
        program=inside(str(program)),
        version=".".join(map(str, version)),
        outside=str(program),
        binds=tuple((path, inside(path)) for path in paths),
        hidden=tuple(inside(folder) for folder in hidden if os.path.isdir(folder)),
    )


def _linked(program: Path, extensions: Path) -> list[str]:
    """The C libraries of a program and of all its extension modules, the dynamic linker itself
    among them; the linker says so, as it does for ldd(1).
    """
    found = (str(path) for path in extensions.glob("*.so"))
    modules = [path for path in found if "_tkinter" not in path]  # there is no display
    said = subprocess.run(
        [program],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env={"LD_TRACE_LOADED_OBJECTS": "1", "LD_PRELOAD": ":".join((LOADED_LATER, *modules))},
    ).stdout
    paths = (os.path.normpath(path) for path in _LINKED.findall(said))
    return sorted({path for path in paths if not Path(path).is_relative_to(extensions)})


def _closed(found: Interpreter, for_everyone: bool) -> str | None:
    """The first path that whoever runs the sandbox cannot read."""
    paths = [path for path, _ in found.binds]
    if not for_everyone:
        return next((path for path in paths if not os.access(path, os.R_OK)), None)
    return next((path for path in _all_parts(paths) if not _is_open(path)), None)


def _all_parts(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        real = Path(os.path.realpath(path))
        yield from map(str, (real, *real.parents))


def _is_open(path: str) -> bool:
    about = os.stat(path)
    readable = not os.path.isfile(path) or about.st_mode & 0o004
    enterable = not os.path.isdir(path) or about.st_mode & 0o001
    return bool(readable and enterable)
