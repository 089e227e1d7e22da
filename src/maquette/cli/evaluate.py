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
    from maquette.core.settings import Settings
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
    texts: Annotated[
        int, typer.Option(help="Held-out assignments for a language model.", min=10)
    ] = 500,
    lessons: Annotated[
        int, typer.Option(help="Lessons that are searched for what a language model copied.", min=1)
    ] = 408_320,  # all that the starter had
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
    """Measure what the models can do, on scenes and products that no training has seen.

    Example: maquette evaluate --report docs
    """
    if _is_language(model):
        settings = settings_of(context, device=device, precision=precision, threads=threads)
        return _evaluate_language(settings, model, texts, lessons, report, as_json)
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


def _is_language(model: str) -> bool:
    from maquette.engines.catalog import SHIPPED

    return any(model == spec.model_id for spec in SHIPPED["text"]) or (
        Path(model).is_dir() and not (Path(model) / "model_index.json").exists()
    )


def _evaluate_language(
    settings: "Settings", model: str, texts: int, lessons: int, report: Path | None, as_json: bool
) -> None:
    """The table of a language model, and with `report` its page with samples."""
    from maquette.cli.progress import progress_bar
    from maquette.core.text_requests import TextParams
    from maquette.recipes import language_copies as copies
    from maquette.recipes import language_evaluation as evaluation
    from maquette.recipes.language_report import check_page, tables, write_page
    from maquette.recipes.tones import judge_of
    from maquette.service import wiring

    if report is not None:
        check_page(report)
    engine, judge = wiring.text_engine(settings, model), judge_of()
    tried = evaluation.held_out_assignments(texts)
    with progress_bar("writing", "texts", quiet=as_json) as advance:
        evaluation.write_all(engine, tried, judge, TextParams(max_tokens=600), advance)
    with progress_bar("searching", "lessons", quiet=as_json) as advance:
        long = evaluation.long_sentences_of(tried)
        learned = copies.learned_among(long, lessons, advance)
    answers = evaluation.learned_answers(min(lessons, evaluation.TRIGRAM_LESSONS))
    found = evaluation.figures(engine, tried, answers, learned)
    table = {"model": model, "searched_lessons": lessons, **found}
    typer.echo(json.dumps(table) if as_json else tables(table))
    if report is not None:
        write_page(report, table, tried)


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
