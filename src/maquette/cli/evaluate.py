"""`maquette evaluate`: measures the starter models and writes the report."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from maquette.cli.options import (
    AsJson,
    Device,
    Guidance,
    Lora,
    Model,
    Precision,
    Sampler,
    Steps,
    Threads,
    adapters_of,
    settings_of,
)
from maquette.core.requests import SamplingParams

if TYPE_CHECKING:
    from maquette.engines.image import ImageEngine


def evaluate(
    context: typer.Context,
    model: Model = "starter",
    clip: Annotated[str, typer.Option(help="CLIP by name or folder.")] = "starter-clip",
    probe: Annotated[str, typer.Option(help="Probe by name or folder.")] = "starter-probe",
    pictures: Annotated[int, typer.Option(help="Held-out prompts a language.", min=2)] = 150,
    drawings: Annotated[int, typer.Option(help="Drawings to try the probe on.", min=2)] = 400,
    pairs: Annotated[int, typer.Option(help="Pairs for retrieval.", min=20)] = 1000,
    steps: Steps = None,
    guidance: Guidance = None,
    sampler: Sampler = None,
    lora: Lora = None,
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
    from maquette.cli.progress import progress_bar
    from maquette.engines.catalog import find_model, reading
    from maquette.recipes import evaluation
    from maquette.recipes.probe import load_probe
    from maquette.recipes.report import check_report, markdown_tables, write_report
    from maquette.service import wiring

    settings = settings_of(context, device=device, precision=precision, threads=threads)
    as_torch_stands = settings.model_copy(update={"backend": "eager"})
    if report is not None:
        check_report(report, model)
    asked = evaluation.read_prompts(prompts) if prompts else evaluation.held_out_prompts(pictures)
    given = {"num_inference_steps": steps, "guidance_scale": guidance, "sampler": sampler}
    usual = find_model(model, "image").usual.unless(**given)
    params = SamplingParams(asked[0].prompt, **asdict(usual), adapters=adapters_of(lora))
    spec = find_model(probe, "probe")
    with reading(spec):
        judge = load_probe(spec.folder / "probe.safetensors")
    engine = wiring.image_engine(as_torch_stands, model)
    with progress_bar("drawing", "pictures", quiet=as_json) as advance:
        scored = evaluation.draw_and_score(asked, engine, judge, params, advance)
    table = _circumstances(engine, params)
    table |= {"model": model, "prompts": len(asked), "held_out": prompts is None}
    table |= evaluation.figures(scored, judge, drawings)
    if prompts is None:
        clip_engine = wiring.clip_engine(settings, clip)
        table |= evaluation.held_out_figures(scored, judge, engine, clip_engine, pairs)
    typer.echo(json.dumps(table) if as_json else markdown_tables(table))
    if report is not None:
        write_report(report, table, scored)


def _circumstances(engine: "ImageEngine", params: SamplingParams) -> dict[str, Any]:
    """When, where and how the pictures were sampled."""
    import torch

    from maquette.core.machine import look_at_machine

    return {
        "measured": datetime.now(UTC).isoformat(timespec="minutes"),
        "machine": f"{look_at_machine().cpu}, {engine.device}, {engine.dtype}, "
        f"{torch.get_num_threads()} threads",
        "steps": params.num_inference_steps,
        "guidance": params.guidance_scale,
        "sampler": params.sampler,
        "adapters": [f"{use.adapter}:{use.scale:g}" for use in params.adapters],
    }
