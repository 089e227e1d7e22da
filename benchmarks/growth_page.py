"""What `growth` measured, as a picture and a page, with the step to 170 million pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, log
from pathlib import Path

from maquette.core.machine import look_at_machine

GOAL = 170_000_000  # pictures
PAGE_BYTES = 8192
PER_PICTURE = {"asset": 1.0, "job": 0.25, "hold": 0.25, "transfer": 0.25, "entry": 0.5}
HEAD = (
    "# Growth\n\nWritten by `python -m benchmarks.run growth` on {date}: {machine}, the embedded "
    "PostgreSQL with its usual settings. All sizes are on one server and measured in turn, from "
    "one client; a figure is the median, each time of other accounts.\n\n"
    "![What a hold with its charge and a page of the gallery cost](pictures/growth.png)\n\n"
)


@dataclass(frozen=True, slots=True)
class Index:
    """How many bytes of it an entry has, and how many pages lead to one."""

    name: str
    entry_bytes: float
    pages_deep: int


@dataclass(frozen=True, slots=True)
class Table:
    """How many bytes a row has, with its indexes and in them."""

    name: str
    rows: int
    row_bytes: float
    index_bytes: float
    indexes: list[Index]


@dataclass(frozen=True, slots=True)
class Proof:
    """How long the ledger of so many accounts was derived, and what memory that took."""

    accounts: int
    seconds: float
    more_mib: float


@dataclass(frozen=True, slots=True)
class Curve:
    """What something costs at each size; `first` is where its growth is counted from."""

    what: str
    sizes: Sequence[int]
    cost_ms: Sequence[float]
    first: int

    @property
    def growth(self) -> float:
        return self.cost_ms[-1] / self.cost_ms[self.first]

    @property
    def allowed(self) -> float:
        return log(self.sizes[-1]) / log(self.sizes[self.first])


def _draw(path: Path, curves: Sequence[Curve]) -> None:
    """The curves beside what grows as log n does."""
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, len(curves), figsize=(10, 4), layout="constrained")
    for panel, one in zip(panels, curves, strict=True):
        panel.plot(one.sizes, one.cost_ms, "o-", label="measured")
        start, least = one.cost_ms[one.first], log(one.sizes[one.first])
        sizes = one.sizes[one.first :]
        panel.plot(sizes, [start * log(n) / least for n in sizes], "--", label="as log n")
        what, _, by = one.what.partition(", by ")
        panel.set(xscale="log", ylim=(0, None), title=what, xlabel=by, ylabel="ms")
        panel.legend(loc="lower right")
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def write_page(
    folder: Path, curves: Sequence[Curve], tables: Sequence[Table], proofs: Sequence[Proof]
) -> None:
    """Writes growth.md and its picture."""
    _draw(folder / "pictures" / "growth.png", curves)
    machine = look_at_machine()
    text = HEAD.format(
        date=f"{datetime.now(UTC):%Y-%m-%d}", machine=f"{machine.cpu}, {machine.cores} cores"
    )
    parts = (*map(_told, curves), _proven(proofs), _stored(tables), _step(curves[-1], tables))
    (folder / "growth.md").write_text(text + "\n".join(parts), encoding="utf-8")


def _told(one: Curve) -> str:
    rows = "".join(f"| {n:,} | {ms:.2f} |\n" for n, ms in zip(one.sizes, one.cost_ms, strict=True))
    what, _, by = one.what.partition(", by ")
    return (
        f"## {what[0].upper()}{what[1:]}\n\n| {by} | ms |\n| ---: | ---: |\n{rows}\n"
        f"From {one.sizes[one.first]:,} to {one.sizes[-1]:,} it costs {one.growth:.2f} times as "
        f"much; log n grows {one.allowed:.2f} times.\n"
    )


def _proven(proofs: Sequence[Proof]) -> str:
    rows = "".join(f"| {p.accounts:,} | {p.seconds:.0f} | {p.more_mib:.0f} |\n" for p in proofs)
    return (
        "## The proof of the ledger\n\n`maquette ledger verify`, each account with one transfer:\n"
        "\n| accounts | s | MiB more in its process |\n| ---: | ---: | ---: |\n" + rows
    )


def _stored(tables: Sequence[Table]) -> str:
    rows = "".join(
        f"| {one.name} | {one.rows:,} | {one.row_bytes:.0f} | {one.index_bytes:.0f} |\n"
        for one in tables
    )
    return (
        "## Bytes of a row\n\n| table | rows | bytes of each, with indexes | in indexes |\n"
        "| --- | ---: | ---: | ---: |\n" + rows
    )


def _step(page: Curve, tables: Sequence[Table]) -> str:
    """To 170 million pictures, four to a request; a charge of one is a transfer of two entries."""
    by_name = {one.name: one for one in tables}
    size = sum(share * by_name[name].row_bytes for name, share in PER_PICTURE.items()) * GOAL
    pictures = by_name["asset"]
    rows = ""
    for one in pictures.indexes:
        fan_out = PAGE_BYTES / one.entry_bytes
        then = max(one.pages_deep, ceil(log(GOAL) / log(fan_out)))
        rows += f"| `{one.name}` | {one.entry_bytes:.0f} | {one.pages_deep} | {then} |\n"
    cost = page.cost_ms[-1] * log(GOAL) / log(page.sizes[-1])
    return (
        f"## The step to {GOAL:,} pictures\n\nWorked out, not measured. With four pictures to a "
        f"request, its row, its hold and the transfer of its charge with two entries, they take "
        f"{size / 1e9:.0f} GB of the database; events, parts of holds and the pictures themselves "
        f"are not in it.\n\nAn index of so many is as many pages deep as it takes for the goal, "
        f"with what a page of {PAGE_BYTES} bytes holds of its entries:\n\n| index of `asset` | "
        f"bytes of an entry | pages deep at {pictures.rows:,} | at {GOAL:,} |\n"
        f"| --- | ---: | ---: | ---: |\n{rows}\n"
        f"If its cost goes on as log n does, a page of the gallery takes {cost:.2f} ms, as long as "
        "the pages that are asked for are in memory: of an account's newest requests, that is what "
        "they touch, not all that there is.\n"
    )
