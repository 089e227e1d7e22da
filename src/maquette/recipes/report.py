"""The evaluation as a page: tables, sample grid, JSON."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from maquette.core.files import check_writable, write_whole
from maquette.engines.catalog import STARTERS
from maquette.recipes.evaluation import Scored, sample_grid
from maquette.recipes.scoring import CATEGORIES

SUFFIXES = PAGE, FIGURES, GRID = ".md", ".json", ".webp"


def markdown_tables(table: dict[str, Any]) -> str:
    """The figures as Markdown."""
    composition: dict[str, dict[str, float]] = table["composition"]
    ceiling: dict[str, float] = table["probe_on_drawings"]
    languages = list(composition)
    rows = [
        [c, *(_share(composition[tongue].get(c)) for tongue in languages), _share(ceiling.get(c))]
        for c in (*CATEGORIES, "mean")
    ]
    parts = [_rows(["composition accuracy", *languages, "probe on drawings"], rows)]
    if "clip" in table:
        parts.append(_clip_rows(table["clip"]))
    figures = [["seconds a picture (median, sampled alone)", f"{table['seconds_per_picture']:.2f}"]]
    if "psnr_db" in table:
        figures.append(["reconstruction PSNR, held-out", f"{table['psnr_db']:.2f} dB"])
        for kind, distance in table["frechet_distances"].items():
            name = f"Fréchet distance in probe features, {kind} of the prompts to other drawings"
            figures.append([name, f"{distance:.2f}"])
    parts.append(_rows(["figure", "value"], figures))
    return "\n\n".join(parts)


def _clip_rows(clip: dict[str, Any]) -> str:
    languages = list(clip)
    rows = [
        [
            f"R@1 {way.replace('_', ' ')}",
            *(_share(clip[tongue]["retrieval"][way]) for tongue in languages),
        ]
        for way in ("text_to_image", "image_to_text")
    ]
    rows += [
        [
            f"zero-shot {name}",
            *(_share(clip[tongue]["zero_shot"].get(name)) for tongue in languages),
        ]
        for name in clip[languages[0]]["zero_shot"]
    ]
    return _rows(["CLIP", *languages], rows)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def check_report(folder: Path, model: str) -> None:
    """Raises OutputNotWritable before the work for a report that could not be kept."""
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in SUFFIXES:
        check_writable(folder / _file(model, suffix))


def _file(model: str, suffix: str) -> str:
    """Of the starter `evaluation`, of others with their names, so that none takes another's."""
    usual = model == STARTERS["image"].model_id
    return ("evaluation" if usual else f"evaluation-{Path(model).name}") + suffix


def write_report(folder: Path, table: dict[str, Any], scored: Scored) -> None:
    """Writes the page, the figures and the sample grid into the folder."""
    grid = io.BytesIO()
    sample_grid(scored).save(grid, "WEBP", quality=90)
    files = {suffix: _file(table["model"], suffix) for suffix in SUFFIXES}
    write_whole(folder / files[GRID], grid.getvalue())
    write_whole(folder / files[FIGURES], (json.dumps(table, indent=1) + "\n").encode())
    asked = "a list of prompts"
    honest = "The last column is how often the probe is right about true drawings."
    if table["held_out"]:
        asked = "prompts of held-out combinations"
        honest = f"Nothing here was trained on what it is scored on. {honest}"
    listing = "\n".join(f"{i}. {a.prompt}" for i, a in enumerate(scored.asked[:36], 1))
    loras = f", LoRA {', '.join(table['adapters'])}" if table["adapters"] else ""
    page = (
        f"# Evaluation\n\nMeasured {table['measured']} with `maquette evaluate`: "
        f"model `{table['model']}`, {asked} ({table['prompts']}), {table['steps']} steps of "
        f"{table['sampler']}, guidance {table['guidance']:g}{loras}; {table['drawings']} drawings "
        f"for the probe's column; on {table['machine']}. {honest}\n\n"
        f"{markdown_tables(table)}\n\n![The first pictures]({files[GRID]})\n\n{listing}\n"
    )
    write_whole(folder / files[PAGE], page.encode())
