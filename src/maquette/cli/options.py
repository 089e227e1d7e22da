"""Options that many commands share, and the settings they add up to."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from maquette.core.requests import SAMPLER_NAMES, AdapterUse
from maquette.core.settings import Settings

PANEL = "Settings"

Steps = Annotated[
    int | None, typer.Option(help="Denoising steps; absent, the model's usual number.")
]
Guidance = Annotated[
    float | None,
    typer.Option(help="How strictly the words are followed; absent, the model's usual value."),
]
Sampler = Annotated[
    str | None,
    typer.Option(help=f"One of {', '.join(SAMPLER_NAMES)}; absent, the model's usual one."),
]
Model = Annotated[
    str,
    typer.Option(help="starter, starter-turbo (four steps), or a checkpoint folder."),
]
TextModel = Annotated[
    str, typer.Option(help="starter-text, a checkpoint folder, or another server's NAME/MODEL.")
]
Lora = Annotated[
    list[str] | None,
    typer.Option(help="A LoRA by name or file; once for each.", metavar="NAME_OR_FILE[:SCALE]"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="PNG file to write.")]
Data = Annotated[
    Path | None,
    typer.Option(help="Folder of all state, or MAQUETTE_DATA.", rich_help_panel=PANEL),
]
Database = Annotated[
    str | None,
    typer.Option(
        help="Your own PostgreSQL, or MAQUETTE_DATABASE.", rich_help_panel=PANEL, metavar="URL"
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        help="auto, cpu or cuda, or MAQUETTE_DEVICE.", rich_help_panel=PANEL, metavar="NAME"
    ),
]
Precision = Annotated[
    str | None,
    typer.Option(
        help="auto, fp32 or bf16, or MAQUETTE_PRECISION.", rich_help_panel=PANEL, metavar="NAME"
    ),
]
Backend = Annotated[
    str | None,
    typer.Option(
        help="auto, eager, cudagraphs, compile or openvino, or MAQUETTE_BACKEND.",
        rich_help_panel=PANEL,
        metavar="NAME",
    ),
]
Threads = Annotated[
    int | None, typer.Option(help="CPU threads, or MAQUETTE_THREADS.", rich_help_panel=PANEL)
]


def adapters_of(lora: list[str] | None) -> tuple[AdapterUse, ...]:
    """Names or files, each with a scale after the last colon, if that is a number."""
    uses: list[AdapterUse] = []
    for text in lora or ():
        adapter, _, scale = text.rpartition(":")
        try:
            uses.append(AdapterUse(adapter, float(scale)) if adapter else AdapterUse(text))
        except ValueError:
            uses.append(AdapterUse(text))
    return tuple(uses)


def settings_of(context: typer.Context, **flags: object) -> Settings:
    """The settings of a command: its flags over the environment that `main` handed in.

    Raises InvalidSettings.
    """
    return Settings.load(context.obj or {}, flags)


def on_signal(act: Callable[[], object]) -> Callable[[int, object], None]:
    """What `signal.signal` calls, for something that asks not which signal it was."""

    def handle(number: int, frame: object) -> None:
        act()

    return handle
