"""The evaluation as a page: tables, sample grid, JSON."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from maquette.recipes.evaluation import Scored, sample_grid
from maquette.recipes.scoring import CATEGORIES


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
    figures = [["seconds a picture (median)", f"{table['seconds_per_picture']:.2f}"]]
    if "psnr_db" in table:
        figures.append(["reconstruction PSNR, held-out", f"{table['psnr_db']:.2f} dB"])
        figures.append(["Fréchet distance, probe features", f"{table['frechet_distance']:.2f}"])
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


def write_report(folder: Path, table: dict[str, Any], scored: Scored) -> None:
    """Writes evaluation.md, evaluation.json and evaluation.webp into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    sample_grid(scored).save(folder / "evaluation.webp", quality=90)
    (folder / "evaluation.json").write_text(json.dumps(table, indent=1) + "\n")
    shown = scored.asked[:36]
    listing = "\n".join(f"{i}. {a.prompt}" for i, a in enumerate(shown, 1))
    (folder / "evaluation.md").write_text(
        f"# Evaluation\n\nMeasured {table['measured']} UTC with `maquette evaluate --report docs`: "
        f"model `{table['model']}`, {table['prompts']} prompts of held-out combinations, "
        f"{table['steps']} steps, guidance {table['guidance']:g}. Nothing here was trained on what "
        "it is scored on; the last column is how often the probe is right about true drawings.\n\n"
        f"{markdown_tables(table)}\n\n![The first pictures](evaluation.webp)\n\n{listing}\n"
    )
