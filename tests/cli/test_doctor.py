"""`maquette doctor` tells what a run would use, and why."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from maquette import __version__
from maquette.cli.app import app
from maquette.db.connect import connect


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
    assert report["speed"]["backend"] == "eager"
    assert "add --measure" in report["speed"]["because"]


@pytest.mark.slow
def test_it_measures_and_remembers(tmp_path: Path) -> None:
    environ = {"MAQUETTE_DATA": str(tmp_path)}
    result = CliRunner().invoke(app, ["doctor", "--measure", "--json"], obj=environ)
    assert result.exit_code == 0, result.output
    measured = json.loads(result.stdout)["speed"]
    assert measured["because"] == "the fastest when measured"
    assert measured["matmul_peak_gflop_s"] > 1
    assert 0 < measured["unet_share_of_peak"] < 1.5
    again = json.loads(CliRunner().invoke(app, ["doctor", "--json"], obj=environ).stdout)
    assert again["speed"] == measured
    asked = CliRunner().invoke(app, ["doctor", "--backend", "eager"], obj=environ)
    assert "eager (asked for)" in asked.stdout
    assert "of which the U-Net reaches" in asked.stdout


def test_what_is_broken_is_told_by_the_exit_code(fresh_url: str) -> None:
    with connect(sa.make_url(fresh_url)) as engine, engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num text)"))
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('9999')"))
    result = CliRunner().invoke(app, ["doctor", "--database", fresh_url, "--json"], obj={})
    assert result.exit_code == 1
    checks = {one["name"]: one for one in json.loads(result.stdout)["checks"]}
    assert (checks["disk"]["state"], checks["database"]["state"]) == ("well", "broken")


def test_the_table_shows_the_same() -> None:
    result = CliRunner().invoke(app, ["doctor"], obj={})
    assert result.exit_code == 0, result.output
    for word in (
        "torch 2.13.0",
        "PyTorch sees",
        "native bf16",
        "backend",
        "data folder",
        "MiB free",
    ):
        assert word in result.stdout
