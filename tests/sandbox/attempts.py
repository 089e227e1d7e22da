"""What an attempt to escape is, and the lists of them."""

from dataclasses import dataclass
from textwrap import indent

from maquette.sandbox.runs import MIB, Limits, StoppedBy

# Short, so that the many attempts that must be stopped do not take long.
LIMITS = Limits(seconds=8.0, cpu_seconds=6, memory_bytes=96 * MIB, disk_bytes=16 * MIB)
HASTE = Limits(seconds=1.0, cpu_seconds=5, memory_bytes=96 * MIB, disk_bytes=16 * MIB)
_PERSISTENT = """
def attempt():
{}
while True:
    try:
        attempt()
    except (OSError, MemoryError, RuntimeError):
        pass
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A hostile program. With `stopped_by` it must be stopped so; otherwise it must say `says`,
    a regular expression, and that as often as `times`.
    """

    code: str
    says: str = "refused: "
    times: int = 1
    stopped_by: tuple[StoppedBy, ...] = ()
    limits: Limits = LIMITS


def stopped(code: str, *by: StoppedBy, limits: Limits = LIMITS) -> Attempt:
    """One that does not end by itself: what the kernel refuses first it tries again."""
    return Attempt(_PERSISTENT.format(indent(code, "    ")), stopped_by=by, limits=limits)


def not_there(*calls: str) -> Attempt:
    """System calls of which the kernel must say that it has none (ENOSYS)."""
    return Attempt(
        "\n".join(f"refused(call, {one})" for one in calls),
        says=r"refused: OSError \[Errno 38\]",
        times=len(calls),
    )
