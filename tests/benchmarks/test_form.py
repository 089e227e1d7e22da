"""Every benchmark ends in one JSON line of one form, and the table keeps what it had."""

import ast
import json
from dataclasses import fields
from pathlib import Path

import pytest

from benchmarks import run
from benchmarks.report import (
    Outcome,
    compare,
    compare_rounds,
    compare_times,
    interleave,
    print_outcome,
    read_outcome,
    rounds_of,
    shortest_of,
)

BENCHMARKS = sorted(p for p in run.FOLDER.glob("*.py") if p.stem not in run.FORM)

FAKE = """
import json
print("some talk")
print(json.dumps({outcome}))
"""


def fake(folder: Path, name: str, **changes: object) -> None:
    """A benchmark in `folder` that measures nothing."""
    outcome = {"claim": "a|b", "ours": 1.0, "rival": 2.0, "ratio": 2.0, "goal": 1.5, "ok": True}
    (folder / f"{name}.py").write_text(FAKE.format(outcome=outcome | changes), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of benchmarks that the runner takes for its own."""
    made = tmp_path / "benchmarks"
    made.mkdir()
    monkeypatch.setattr(run, "FOLDER", made)
    return made


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda p: p.stem)
def test_a_benchmark_ends_by_printing_its_outcome(path: Path) -> None:
    last = ast.parse(path.read_text(encoding="utf-8")).body[-1]
    assert isinstance(last, ast.If), f"{path.name} must measure only when run, not when imported"
    assert ast.unparse(last.body[-1]).startswith(("print_outcome(", "main(")), path.name


def test_the_line_has_the_agreed_form(capsys: pytest.CaptureFixture[str]) -> None:
    ours, rival = interleave(lambda: None, lambda: sum(range(20_000)), rounds=3)
    print_outcome(compare_times("an empty function is faster", ours, rival, goal=2.0))
    printed = capsys.readouterr().out
    line = json.loads(printed.splitlines()[-1])
    assert list(line) == ["claim", "ours", "rival", "ratio", "goal", "ok"]
    assert list(line) == [field.name for field in fields(Outcome)]
    assert line["ok"] is True
    assert read_outcome(printed) == Outcome(**line)


def test_sides_take_turns_at_going_first() -> None:
    calls: list[str] = []
    ours, rival = interleave(
        lambda: calls.append("ours"), lambda: calls.append("rival"), rounds=2, warmup=1
    )
    assert calls == ["ours", "rival", "rival", "ours", "ours", "rival"]
    assert len(ours.seconds) == len(rival.seconds) == 2


def test_rounds_are_compared_one_by_one_and_the_first_is_for_warming_up() -> None:
    calls: list[str] = []

    def side(name: str, turn: int) -> float:
        calls.append(f"{name}{turn}")
        return float(turn)

    measured = rounds_of({n: lambda t, n=n: side(n, t) for n in "abc"}, rounds=2)
    assert calls == ["a0", "b0", "c0", "b1", "c1", "a1", "c2", "a2", "b2"]
    assert measured == {"a": [1.0, 2.0], "b": [1.0, 2.0], "c": [1.0, 2.0]}
    outcome = compare_rounds("", [1.0, 4.0, 2.0], [3.0, 4.0, 4.0], 1.5, less_is_better=True)
    assert (outcome.ours, outcome.rival, outcome.ratio, outcome.ok) == (2.0, 4.0, 2.0, True)
    worse = compare_rounds("", [1.0], [1.0], 1.5, less_is_better=False)
    assert shortest_of([outcome, worse]) is worse


@pytest.mark.parametrize(
    ("less_is_better", "ratio", "ok"), [(True, 0.5, False), (False, 2.0, True)]
)
def test_ratio_is_how_many_times_better_ours_is(
    less_is_better: bool, ratio: float, ok: bool
) -> None:
    outcome = compare("", ours=4.0, rival=2.0, goal=1.5, less_is_better=less_is_better)
    assert (outcome.ratio, outcome.ok) == (ratio, ok)


@pytest.mark.parametrize("stdout", ["", "done", '{"claim": "half"}', "[1]"])
def test_anything_else_is_no_outcome(stdout: str) -> None:
    with pytest.raises(ValueError, match="last line must be an outcome"):
        read_outcome(stdout)


def test_named_ones_are_run_and_the_other_rows_stay(folder: Path) -> None:
    fake(folder, "one")
    fake(folder, "two")
    assert run.main([]) == 0
    fake(folder, "two", ours=9.0, ok=False)
    assert run.main(["two"]) == 1
    rows = run.read_rows(folder / "RESULTS.md")
    assert list(rows) == ["one", "two"]
    assert "| a/b | 1 | 2 | 2.00 | 1.50 | yes |" in rows["one"]
    assert "| a/b | 9 | 2 | 2.00 | 1.50 | no |" in rows["two"]


def test_a_failing_or_unknown_benchmark_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.py").write_text("raise SystemExit(3)", encoding="utf-8")
    assert run.main(["brokn"]) == 2
    assert "no benchmark brokn; there are broken" in capsys.readouterr().out
    assert run.main([]) == 1
    assert "broken.py failed with exit code 3" in capsys.readouterr().out
    assert not (folder / "RESULTS.md").exists()
