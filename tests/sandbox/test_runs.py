"""What may be asked of a sandbox, and what is refused before anything is started."""

import pytest

from maquette.core.errors import InvalidRequest
from maquette.sandbox.runs import MIB, Limits, check_order, is_plain


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seconds", 0),
        ("seconds", float("nan")),
        ("seconds", 1e9),
        ("cpu_seconds", 0),
        ("memory_bytes", MIB),
        ("disk_bytes", -1),
        ("processes", 0),
        ("output_bytes", 0),
        ("files", 100_000),
    ],
)
def test_limits_are_checked(name: str, value: float) -> None:
    with pytest.raises(InvalidRequest, match=f"^{name} .* must be between"):
        Limits(**{name: value})  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "name", ["a", "a b.txt", "data/points.csv", "图/红 船.svg", "a" * 255, "..a", "a../b..", ".x"]
)
def test_plain_names(name: str) -> None:
    assert is_plain(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "/etc/passwd", "..", "../a", "a/../b", "a//b", "a/", "./a", "a\\b", "a\nb", "a\0b"),
        *("a\x1b[2J", "\u202ea", "\udcff", "a" * 256, "图" * 86, "/".join(["a" * 99] * 11)),
    ],
)
def test_other_names(name: str) -> None:
    assert not is_plain(name)
    with pytest.raises(InvalidRequest, match="file name"):
        check_order({name: b""}, ["python"], Limits())


@pytest.mark.parametrize(
    ("files", "command", "says"),
    [
        ({}, [], "must begin with python"),
        ({}, ["sh", "-c", "true"], "must begin with python"),
        ({}, ["/usr/bin/python"], "must begin with python"),
        ({}, ["python", "a\0b"], "zero byte"),
        ({"a": b"", "a/b": b""}, ["python"], "both a file and a folder"),
        ({f"{i}/x": b"" for i in range(101)}, ["python"], "202 files and folders"),
        ({"large": bytes(65 * MIB)}, ["python"], "more than the 67108864"),
        ({str(i): b"x" for i in range(17)}, ["python"], "69632 bytes, more than the 65536"),
    ],
)
def test_other_orders(files: dict[str, bytes], command: list[str], says: str) -> None:
    limits = Limits(disk_bytes=65536) if "65536" in says else Limits()
    with pytest.raises(InvalidRequest, match=says) as refused:
        check_order(files, command, limits)
    assert "\n" not in refused.value.message


def test_as_much_as_there_is_room_for() -> None:
    files = {f"a/{i}": b"x" for i in range(15)}
    check_order(files, ["python", "-c", "print()"], Limits(files=16, disk_bytes=65536))
