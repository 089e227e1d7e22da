"""Options that many commands share, and the settings they add up to."""

from pathlib import Path
from typing import Annotated

import typer

from maquette.core.settings import Settings

PANEL = "Settings"

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
        help="auto, eager, compile or openvino, or MAQUETTE_BACKEND.",
        rich_help_panel=PANEL,
        metavar="NAME",
    ),
]
Threads = Annotated[
    int | None, typer.Option(help="CPU threads, or MAQUETTE_THREADS.", rich_help_panel=PANEL)
]


def settings_of(context: typer.Context, **flags: object) -> Settings:
    """The settings of a command: its flags over the environment that `main` handed in.

    Raises InvalidSettings.
    """
    return Settings.load(context.obj or {}, flags)
