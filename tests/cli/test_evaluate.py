"""`maquette evaluate` whole, on tiny models: tables, JSON, report; and a list of one's own."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from maquette.cli.app import app
from maquette.core.errors import InvalidRequest, OutputNotWritable, WeightsDamaged
from tests.conftest import TinyModels
from tests.lora_files import write_diffusers


@pytest.mark.slow
def test_the_whole_report(tiny_models: TinyModels, tmp_path: Path) -> None:
    words = ["evaluate", "--pictures", "2", "--drawings", "8", "--pairs", "20", "--steps", "1"]
    words += ["--model", str(tiny_models.image), "--clip", str(tiny_models.clip)]
    words += ["--probe", str(tiny_models.probe), "--report", str(tmp_path), "--json"]
    result = CliRunner().invoke(app, words, obj={"MAQUETTE_DATA": str(tmp_path)})
    assert result.exit_code == 0, result.output
    table = json.loads(result.stdout)
    stem = f"evaluation-{tiny_models.image.name}"  # the starter's own report keeps its name
    assert json.loads((tmp_path / f"{stem}.json").read_text()) == table
    assert set(table["composition"]) == set(table["clip"]) == {"en", "zh"}
    for figures in (*table["composition"].values(), table["probe_on_drawings"]):
        assert all(0.0 <= share <= 1.0 for share in figures.values())
    page = (tmp_path / f"{stem}.md").read_text()
    assert f"]({stem}.webp)" in page
    assert "| composition accuracy | en | zh | probe on drawings |" in page
    assert (tmp_path / f"{stem}.webp").exists()
    assert set(table["frechet_distances"]) == {"pictures", "drawings"}
    assert "relation" in table["clip"]["en"]["zero_shot"]
    assert "Nothing here was trained on what it is scored on" in page


@pytest.mark.slow
def test_a_language_model_has_a_table_of_its_own(tiny_language: Path, tmp_path: Path) -> None:
    words = ["evaluate", "--model", str(tiny_language), "--texts", "10", "--lessons", "200"]
    result = CliRunner().invoke(app, [*words, "--json", "--report", str(tmp_path)], obj={})
    assert result.exit_code == 0, result.output
    table = json.loads(result.stdout)
    assert json.loads((tmp_path / "evaluation-text.json").read_text()) == table
    assert table["searched_lessons"] == table["lessons"] == 200
    for one in table["languages"].values():
        assert set(one["copied"]) == {"fixed", "given", "others"}
    page = (tmp_path / "evaluation-text.md").read_text()
    assert "that one of 200 lessons has" in page


def test_a_list_of_prompts_is_scored(tiny_models: TinyModels, tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.jsonl"
    entry = {"prompt": "a cat", "language": "en", "expect": {"subject": "cat", "time": "night"}}
    prompts.write_text(json.dumps(entry) + "\n")
    words = ["evaluate", "--prompts", str(prompts), "--drawings", "2", "--steps", "1", "--json"]
    words += ["--model", str(tiny_models.image), "--probe", str(tiny_models.probe)]
    lora = write_diffusers(tmp_path / "lora", tiny_models.image, 1)
    words += ["--sampler", "ddim", "--guidance", "2.5", "--lora", f"{lora}:0.5"]
    result = CliRunner().invoke(app, words, obj={"MAQUETTE_DATA": str(tmp_path)})
    assert result.exit_code == 0, result.output
    table = json.loads(result.stdout)
    assert set(table["composition"]["en"]) == {"subject", "time", "mean"}
    asked = (table["sampler"], table["steps"], table["guidance"], table["adapters"])
    assert asked == ("ddim", 1, 2.5, [f"{lora}:0.5"])
    again = CliRunner().invoke(app, [*words, "--report", str(tmp_path)], obj={})
    assert again.exit_code == 0, again.output
    page = (tmp_path / f"evaluation-{tiny_models.image.name}.md").read_text()
    assert "1 steps of ddim, guidance 2.5, LoRA " in page
    assert "held-out" not in page
    assert "a list of prompts (1)" in page


def test_what_cannot_be_sampled_is_refused_before_the_work(tmp_path: Path) -> None:
    words = ["evaluate", "--sampler", "eule", "--pictures", "2", "--report", str(tmp_path)]
    result = CliRunner().invoke(app, words, obj={})
    assert isinstance(result.exception, InvalidRequest)
    assert "unknown sampler 'eule'; did you mean euler?" in result.exception.message


def test_a_report_that_cannot_be_kept_is_refused_before_the_work(
    tiny_models: TinyModels, tmp_path: Path
) -> None:
    (tmp_path / "evaluation.md").mkdir()
    words = ["evaluate", "--report", str(tmp_path), "--pictures", "100000"]
    result = CliRunner().invoke(app, words, obj={})
    assert isinstance(result.exception, OutputNotWritable)


def test_a_damaged_probe_is_named(tiny_models: TinyModels, tmp_path: Path) -> None:
    shutil.copytree(tiny_models.probe, tmp_path / "probe")
    weights = tmp_path / "probe" / "probe.safetensors"
    weights.write_bytes(weights.read_bytes()[:-7])
    words = ["evaluate", "--probe", str(weights.parent), "--pictures", "2"]
    result = CliRunner().invoke(app, words, obj={})
    assert isinstance(result.exception, WeightsDamaged)
    assert "probe does not hold a whole model" in result.exception.message
