"""Runs the benchmarks, or those named, and rewrites their table with machine, date and commit."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import torch

from benchmarks.report import Outcome, read_outcome
from maquette.core.machine import look_at_machine

FOLDER = Path(__file__).parent
# The form of a benchmark, not one.
LONG = {"growth", "latent_vs_pixel"}  # an hour or more; run when named
FORM = {
    "__init__",
    "curves",
    "growth_page",
    "processes",
    "report",
    "rivals",
    "run",
    "servers",
    "speech_measures",
    "workload",
}
HEAD = """# Results

Written by `make bench`. Ratio is how many times better ours is than the rival, measured in turn on
the same machine in the same run; a claim holds where the ratio reaches its goal.

| benchmark | claim | ours | rival | ratio | goal | holds | date | commit | machine |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def main(names: list[str]) -> int:
    """Runs and records; the exit code is 1 where a benchmark fails or its claim does not hold."""
    known = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in FORM)
    if unknown := set(names) - set(known):
        print(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(known)}")
        return 2
    # A GPU's figures stand beside a CPU's, not in their place.
    results = FOLDER / ("RESULTS-cuda.md" if torch.cuda.is_available() else "RESULTS.md")
    rows = read_rows(results)
    rows = {name: row for name, row in rows.items() if name in known}
    held = True
    for name in names or [name for name in known if name not in LONG]:
        print(f"\n== {name}", flush=True)
        outcome = run(FOLDER / f"{name}.py")
        held = held and outcome is not None and outcome.ok
        if outcome is not None:
            rows[name] = row_of(name, outcome)
            results.write_text(HEAD + "".join(rows[n] for n in sorted(rows)), encoding="utf-8")
    return 0 if held else 1


def run(script: Path) -> Outcome | None:
    """One benchmark in a process of its own, its output passed on; None where it failed."""
    module = f"{script.parent.name}.{script.stem}"
    lines: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=script.parents[1],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        print(f"{script.name} failed with exit code {process.returncode}")
        return None
    try:
        return read_outcome("".join(lines))
    except ValueError as error:
        print(f"{script.name}: {error}")
        return None


def read_rows(results: Path) -> dict[str, str]:
    """The rows that earlier runs left, by benchmark."""
    if not results.exists():
        return {}
    lines = results.read_text(encoding="utf-8").splitlines(keepends=True)
    return {line.split("`")[1]: line for line in lines if line.startswith("| `")}


def row_of(name: str, outcome: Outcome) -> str:
    """One row of the table."""
    machine = look_at_machine()
    flags = " ".join(machine.bf16_flags) or "no native bf16"
    computer = f"{machine.cpu}, {machine.cores} cores, {flags}"
    if torch.cuda.is_available():
        computer = f"{torch.cuda.get_device_name()}; {computer}"
    cells = (
        f"`{name}`",
        outcome.claim.replace("|", "/"),
        f"{outcome.ours:.4g}",
        f"{outcome.rival:.4g}",
        f"{outcome.ratio:.2f}",
        f"{outcome.goal:.2f}",
        "yes" if outcome.ok else "no",
        f"{datetime.now(UTC):%Y-%m-%d}",
        commit(),
        computer,
    )
    return f"| {' | '.join(cells)} |\n"


def commit() -> str:
    """The short commit; with a plus where source differs from it, a dash outside a checkout."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=FOLDER, capture_output=True, text=True, check=False
        )
        return done.stdout.strip() if done.returncode == 0 else ""

    head = git("rev-parse", "--short", "HEAD")
    changed = git("status", "--porcelain", "--", "../src", "../pyproject.toml")
    return f"{head}{'+' if changed else ''}" if head else "-"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
