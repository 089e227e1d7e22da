"""`maquette doctor`: what runs here, how it computes, and why."""

import json
import platform
from dataclasses import asdict
from importlib import metadata
from typing import Annotated, Any

import typer

from maquette import __version__
from maquette.cli.options import (
    AsJson,
    Backend,
    Data,
    Database,
    Device,
    Precision,
    Threads,
    settings_of,
)
from maquette.core.machine import Machine, look_at_machine
from maquette.core.settings import Settings

PACKAGES = (
    "torch",
    "diffusers",
    "transformers",
    "openvino",
    "safetensors",
    "skia-python",
    "pillow",
    "numpy",
)
GIB = 2**30


def doctor(
    context: typer.Context,
    data: Data = None,
    database: Database = None,
    device: Device = None,
    precision: Precision = None,
    threads: Threads = None,
    backend: Backend = None,
    measure: Annotated[
        bool, typer.Option("--measure", help="Measure anew which backend is the fastest here.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show versions, the machine, how a run would compute and why, and whether a studio is well.

    The exit code is 1 where something is broken; each such line says what to do.

    Example: `maquette doctor --measure --json`
    """
    from maquette.service.checkup import check_up

    settings = settings_of(
        context,
        data=data,
        database=database,
        device=device,
        precision=precision,
        threads=threads,
        backend=backend,
    )
    machine = look_at_machine()
    report: dict[str, Any] = {
        "maquette": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "machine": asdict(machine),
        "compute": _compute(settings, machine),
        "speed": _speed(settings, measure),
        "data": str(settings.data),
        "checks": [asdict(one) for one in check_up(settings)],
    }
    if as_json:
        print(json.dumps(report, indent=2))
    else:
        _print_table(report)
    if any(one["state"] == "broken" for one in report["checks"]):
        raise typer.Exit(1)


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


def _speed(settings: Settings, measure: bool) -> dict[str, Any]:
    """The backend of the starter model, and what was measured of it, if it was."""
    from dataclasses import replace

    from maquette.service.backend_choice import choose_backend, measure_backends, remembered
    from maquette.service.wiring import image_engine

    image = image_engine(settings.model_copy(update={"backend": "eager"}), "starter")
    measured = measure_backends(settings, image) if measure else remembered(settings, image)
    chosen = choose_backend(settings, image, measure=False)
    if settings.backend != "auto":
        because = "asked for"
    elif measured is None:
        because = "not measured yet; the studio does at its first start, or add --measure"
    else:
        because = "the fastest when measured"
    report: dict[str, Any] = {"backend": chosen, "because": because}
    if measured is None or chosen not in measured.pass_ms:
        return report
    used = replace(measured, backend=chosen)
    return report | {
        "pass_ms": measured.pass_ms,
        "matmul_peak_gflop_s": measured.peak_flop_s / 1e9,
        "unet_share_of_peak": used.share_of_peak,
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

    machine, compute, speed = report["machine"], report["compute"], report["speed"]
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
        "backend": f"{speed['backend']} ({speed['because']})",
        "data folder": report["data"],
    }
    if "pass_ms" in speed:
        passes = (
            f"{name} {' and '.join(f'{ms:.1f}' for ms in by_rows.values())} ms"
            for name, by_rows in speed["pass_ms"].items()
        )
        by_rows = " and ".join(next(iter(speed["pass_ms"].values())))
        rows["U-Net"] = f"a pass of {by_rows} rows: {', '.join(passes)}"
        rows["matmul peak"] = (
            f"{speed['matmul_peak_gflop_s']:.0f} GFLOP/s, "
            f"of which the U-Net reaches {speed['unet_share_of_peak']:.0%}"
        )
    for one in report["checks"]:
        remedy = f"; {one['remedy']}" if one["remedy"] else ""
        word = "" if one["state"] == "well" else f"{one['state']}: "
        rows[one["name"]] = f"{word}{one['found']}{remedy}"
    table = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        table.add_row(f"[bold]{name}[/bold]", escape(value))
    Console().print(table)
