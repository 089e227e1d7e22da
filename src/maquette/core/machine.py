"""What this machine offers: processor, native bf16, memory; and how its idle threads wait."""

import os
import platform
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path

import psutil

BF16_FLAGS = ("amx_bf16", "avx512_bf16")  # a CPU with either multiplies bf16 natively
# That a thread of PyTorch looks for its next work before it sleeps. Between two operations of a
# network it rarely looks longer; the 300,000 that libgomp takes keep a core busy for milliseconds
# (docs/log.md).
SPINS = 10_000


@dataclass(frozen=True, slots=True)
class Machine:
    """Processor and memory. `cores` are those this process may use."""

    cpu: str
    cores: int
    bf16_flags: tuple[str, ...]  # of BF16_FLAGS, those present
    memory_bytes: int
    free_bytes: int


def look_at_machine(cpuinfo: Path = Path("/proc/cpuinfo")) -> Machine:
    """This machine, now. Elsewhere than on Linux the flags of the CPU stay unknown: none."""
    fields = _read_cpuinfo(cpuinfo)
    flags = fields.get("flags", "").split()
    memory = psutil.virtual_memory()
    return Machine(
        cpu=fields.get("model name") or platform.processor() or platform.machine(),
        cores=_usable_cores(),
        bf16_flags=tuple(flag for flag in BF16_FLAGS if flag in flags),
        memory_bytes=memory.total,
        free_bytes=memory.available,
    )


def let_threads_sleep(environ: MutableMapping[str, str]) -> None:
    """Has threads that wait sleep soon, and leave the cores to OpenVINO's. It must be said in the
    environment of the process, before PyTorch is imported; what was said there already stands.
    """
    if "OMP_WAIT_POLICY" not in environ:
        environ.setdefault("GOMP_SPINCOUNT", str(SPINS))


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _read_cpuinfo(path: Path) -> dict[str, str]:
    """The fields of the first processor; empty where there is no such file."""
    try:
        lines = path.read_text().split("\n\n", 1)[0].splitlines()
    except OSError:
        return {}
    return {name.strip(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
