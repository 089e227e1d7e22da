"""Which backend computes fastest here: measured once, then remembered."""

import json
import logging
import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from maquette.core.files import write_whole
from maquette.core.machine import look_at_machine
from maquette.core.settings import Settings
from maquette.diffusion.backends import Network, available, build, shape_key
from maquette.diffusion.flop_count import flop_of
from maquette.engines.image import ImageEngine

log = logging.getLogger(__name__)

ROWS = (2, 8)  # a guided picture alone, and four in company
WARMUP, ROUNDS = 2, 7
SLOW_S = 1.0  # a model whose passes take longer is timed once, at the fewest rows
# Of square matrices; a GPU has done with small ones before the next has been asked for.
PEAK_SIDES = {"cpu": (1024, 2048, 4096), "cuda": (4096, 8192)}


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a model on this machine: milliseconds by backend and rows, floating
    point operations a row, and how many a second a matrix product reaches.
    """

    backend: str
    pass_ms: Mapping[str, Mapping[str, float]]
    flop_a_row: float
    peak_flop_s: float

    @property
    def share_of_peak(self) -> float:
        """What the U-Net reaches of it, with the chosen backend and the most rows."""
        rows, pass_ms = max((int(rows), ms) for rows, ms in self.pass_ms[self.backend].items())
        return self.flop_a_row * rows / (pass_ms / 1e3) / self.peak_flop_s


def choose_backend(settings: Settings, image: ImageEngine, measure: bool) -> str:
    """The backend asked for; if none is, the one remembered as the fastest, measured where asked
    to; as PyTorch stands where neither.
    """
    if settings.backend != "auto":
        return settings.backend
    measured = remembered(settings, image)
    if measured is None and measure:
        measured = measure_backends(settings, image)
    return measured.backend if measured else "eager"


def backends_folder(settings: Settings) -> Path:
    """Where converted models and what was measured are kept."""
    return settings.data / "backends"


def remembered(settings: Settings, image: ImageEngine) -> Measured | None:
    """What was measured of this model with these versions on this machine, if it was."""
    entry = _all(settings).get(_key(image))
    return Measured(**entry) if entry else None


def measure_backends(settings: Settings, image: ImageEngine) -> Measured:
    """Times all that can be had in turn, and remembers what came of it."""
    folder = backends_folder(settings)
    image.hold()
    networks = _networks(image, folder)
    times: dict[str, dict[str, float]] = {name: {} for name in networks}
    for rows in ROWS:
        for name, pass_ms in _time(image, networks, rows).items():
            times[name][str(rows)] = pass_ms
        if max(one[str(rows)] for one in times.values()) > SLOW_S * 1e3:
            break
    fastest = min(times, key=lambda name: sum(math.log(ms) for ms in times[name].values()))
    peak = matmul_peak(image.device, image.dtype)
    measured = Measured(fastest, times, _flop_a_row(image), peak)
    entries = _all(settings) | {_key(image): asdict(measured)}
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "measured.json", json.dumps(entries, indent=1).encode())
    return measured


@torch.inference_mode()
def _networks(image: ImageEngine, folder: Path) -> dict[str, Network]:
    """Those that compute here: for one there may be no compiler, for another too little memory."""
    given = image.example(min(ROWS))
    made: dict[str, Network] = {}
    for name in available(image.device):
        try:
            network = build(name, image.unet, folder, given)
            network(*given)
        except Exception:
            if name == "eager":
                raise
            log.exception("backend %s is left out, for it fails on this machine", name)
        else:
            made[name] = network
    return made


def matmul_peak(device: torch.device, dtype: torch.dtype) -> float:
    """Floating point operations a second of the fastest square matrix product."""
    best = 0.0
    for side in PEAK_SIDES[device.type]:
        a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
        torch.mm(a, b)
        for _ in range(3):
            seconds = _seconds(device, partial(torch.mm, a, b))
            best = max(best, 2 * side**3 / seconds)
    return best


@torch.inference_mode()
def _time(image: ImageEngine, networks: Mapping[str, Network], rows: int) -> dict[str, float]:
    """Median milliseconds of a pass, the networks in turn."""
    given = image.example(rows)
    seconds: dict[str, list[float]] = {name: [] for name in networks}
    for turn in range(WARMUP + ROUNDS):
        for name, network in networks.items():
            taken = _seconds(image.device, partial(network, *given))
            if turn >= WARMUP:
                seconds[name].append(taken)
        if any(taken and taken[-1] > SLOW_S for taken in seconds.values()):
            break
    return {name: statistics.median(taken) * 1e3 for name, taken in seconds.items()}


def _seconds(device: torch.device, act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - started


@torch.inference_mode()
def _flop_a_row(image: ImageEngine) -> float:
    latents, timesteps, context = image.example(1)
    given = latents.to(image.dtype), timesteps, context.to(image.dtype)
    return flop_of(lambda: image.unet(*given))


def _key(image: ImageEngine) -> str:
    """Everything that what was measured depends on; what the weights are does not matter."""
    parts = [shape_key(image.unet), str(image.device), str(image.dtype), torch.__version__]
    parts += [str(torch.get_num_threads()), look_at_machine().cpu]
    if "openvino" in available(image.device):
        parts.append(metadata.version("openvino"))
    return " ".join(parts)


def _all(settings: Settings) -> dict[str, dict[str, Any]]:
    try:
        return json.loads((backends_folder(settings) / "measured.json").read_text())
    except (OSError, ValueError):
        return {}
