"""`maquette doctor` tells what a run would use, and why."""

import json
from pathlib import Path

from typer.testing import CliRunner

from maquette import __version__
from maquette.cli.app import app


def test_the_report_names_choice_and_reason(tmp_path: Path) -> None:
    environ = {"MAQUETTE_DATA": str(tmp_path), "MAQUETTE_THREADS": "1"}
    result = CliRunner().invoke(
        app, ["doctor", "--device", "cpu", "--precision", "bf16", "--json"], obj=environ
    )
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["maquette"] == __version__
    assert report["packages"]["torch"].startswith("2.13.0")
    assert report["data"] == str(tmp_path)
    assert report["machine"]["cores"] >= 1
    assert report["compute"] == {
        "device": "cpu",
        "precision": "bfloat16",
        "threads": 1,
        "because": {"device": "asked for", "precision": "asked for"},
    }


def test_the_table_shows_the_same() -> None:
    result = CliRunner().invoke(app, ["doctor"], obj={})
    assert result.exit_code == 0, result.output
    for word in ("torch 2.13.0", "PyTorch sees", "native bf16", "data folder"):
        assert word in result.stdout
