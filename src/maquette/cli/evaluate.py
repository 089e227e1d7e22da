"""`maquette evaluate`: measures the starter models and writes the report."""

import json
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from maquette.cli.options import AsJson, Device, Precision, Threads, settings_of
from maquette.core.requests import DEFAULT_GUIDANCE, DEFAULT_STEPS


def evaluate(
    context: typer.Context,
    model: Annotated[str, typer.Option(help="Image model by name or folder.")] = "starter",
    clip: Annotated[str, typer.Option(help="CLIP by name or folder.")] = "starter-clip",
    probe: Annotated[str, typer.Option(help="Probe by name or folder.")] = "starter-probe",
    pictures: Annotated[int, typer.Option(help="Held-out prompts a language.", min=2)] = 150,
    drawings: Annotated[int, typer.Option(help="Drawings to try the probe on.", min=2)] = 400,
    pairs: Annotated[int, typer.Option(help="Pairs for retrieval.", min=20)] = 1000,
    steps: Annotated[int, typer.Option(help="Denoising steps.")] = DEFAULT_STEPS,
    guidance: Annotated[float, typer.Option(help="Guidance scale.")] = DEFAULT_GUIDANCE,
    prompts: Annotated[
        Path | None, typer.Option(help="Score these prompts (JSONL) instead of the whole table.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Folder for evaluation.md, .json and the sample grid.")
    ] = None,
    device: Device = None,
    precision: Precision = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Measure what the models can do, on scenes that no training has seen.

    Example: maquette evaluate --report docs
    """
    import torch

    from maquette.cli.progress import progress_bar
    from maquette.core.machine import look_at_machine
    from maquette.engines.catalog import find_model, reading
    from maquette.recipes import evaluation
    from maquette.recipes.autoencoder import psnr
    from maquette.recipes.probe import load_probe
    from maquette.recipes.report import check_report, markdown_tables, write_report
    from maquette.service import wiring

    settings = settings_of(context, device=device, precision=precision, threads=threads)
    as_torch_stands = settings.model_copy(update={"backend": "eager"})
    if report is not None:
        check_report(report)
    spec = find_model(probe, "probe")
    with reading(spec):
        judge = load_probe(spec.folder / "probe.safetensors")
    asked = evaluation.read_prompts(prompts) if prompts else evaluation.held_out_prompts(pictures)
    engine = wiring.image_engine(as_torch_stands, model)
    with progress_bar("drawing", "pictures", quiet=as_json) as advance:
        scored = evaluation.draw_and_score(asked, engine, judge, steps, guidance, advance)
    languages = sorted({a.language for a in asked})
    table: dict[str, Any] = {
        "measured": datetime.now(UTC).isoformat(timespec="minutes"),
        "model": model,
        "prompts": len(asked),
        "held_out": prompts is None,
        "drawings": drawings,
        "machine": f"{look_at_machine().cpu}, {engine.device}, {engine.dtype}, "
        f"{torch.get_num_threads()} threads",
        "steps": steps,
        "guidance": guidance,
        "composition": {language: scored.of(language) for language in languages},
        "probe_on_drawings": evaluation.probe_on_drawings(judge, drawings),
        "seconds_per_picture": median(scored.seconds),
    }
    if prompts is None:
        table["frechet_distances"] = evaluation.distances_to_drawings(judge, scored, pairs)
        table["psnr_db"] = psnr(engine.autoencoder, 64, evaluation.PSNR_SEEDS)
        table["pairs"] = pairs
        table["clip"] = evaluation.clip_figures(wiring.clip_engine(settings, clip), pairs)
    typer.echo(json.dumps(table) if as_json else markdown_tables(table))
    if report is not None:
        write_report(report, table, scored)
