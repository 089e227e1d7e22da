"""`maquette doctor`: what runs here, how it computes, and why."""

import json
import platform
from dataclasses import asdict
from importlib import metadata
from typing import Any

import typer

from maquette import __version__
from maquette.cli.options import AsJson, Data, Device, Precision, Threads, settings_of
from maquette.core.machine import Machine, look_at_machine
from maquette.core.settings import Settings

PACKAGES = ("torch", "diffusers", "transformers", "safetensors", "skia-python", "pillow", "numpy")
GIB = 2**30


def doctor(
    context: typer.Context,
    data: Data = None,
    device: Device = None,
    precision: Precision = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Show versions, the machine, and the device and precision a run would use, and why.

    Example: `maquette doctor --precision bf16 --json`
    """
    settings = settings_of(context, data=data, device=device, precision=precision, threads=threads)
    machine = look_at_machine()
    report: dict[str, Any] = {
        "maquette": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "machine": asdict(machine),
        "compute": _compute(settings, machine),
        "data": str(settings.data),
    }
    if as_json:
        print(json.dumps(report, indent=2))
    else:
        _print_table(report)


def _compute(settings: Settings, machine: Machine) -> dict[str, Any]:
    """The choice that wiring makes for these settings, and what led to it."""
    import torch

    from maquette.diffusion.device import choose_device, choose_dtype

    device = choose_device(settings)
    native = " and ".join(machine.bf16_flags)
    if device.type == "cuda":
        hardware = torch.cuda.get_device_name(device)
    elif native:
        hardware = f"a CPU with {native}"
    else:
        hardware = "a CPU without native bf16"
    found = "a CUDA GPU" if torch.cuda.is_available() else "no CUDA GPU"
    because = {
        "device": f"PyTorch sees {found}" if settings.device == "auto" else "asked for",
        "precision": hardware if settings.precision == "auto" else "asked for",
    }
    return {
        "device": str(device),
        "precision": str(choose_dtype(settings, device)).removeprefix("torch."),
        "threads": settings.threads or torch.get_num_threads(),
        "because": because,
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _print_table(report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    machine, compute = report["machine"], report["compute"]
    versions = [f"{name} {version or 'missing'}" for name, version in report["packages"].items()]
    total, free = (machine[name] / GIB for name in ("memory_bytes", "free_bytes"))
    rows = {
        "maquette": f"{report['maquette']} on Python {report['python']}, {report['platform']}",
        "packages": ", ".join(versions),
        "processor": f"{machine['cpu']}, {machine['cores']} cores",
        "native bf16": ", ".join(machine["bf16_flags"]) or "none",
        "memory": f"{total:.1f} GiB, of which {free:.1f} GiB free",
        "device": f"{compute['device']} ({compute['because']['device']})",
        "precision": f"{compute['precision']} ({compute['because']['precision']})",
        "threads": str(compute["threads"]),
        "data folder": report["data"],
    }
    table = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        table.add_row(f"[bold]{name}[/bold]", escape(value))
    Console().print(table)
