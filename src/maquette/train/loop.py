"""The training loop of every recipe: resumes after a kill, keeps masters, draws the curve."""

import csv
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from maquette.core.settings import Settings
from maquette.diffusion.device import choose_device, choose_dtype
from maquette.train.batch import Batch, Loss, Metrics
from maquette.train.cores import Replicas
from maquette.train.masters import Masters


@dataclass(frozen=True, slots=True)
class Compute:
    """Where a run computes."""

    device: torch.device
    dtype: torch.dtype

    @classmethod
    def choose(cls, settings: Settings | None = None) -> "Compute":
        """What the settings ask for; else CUDA when present, in bf16 where it is multiplied."""
        settings = settings or Settings()
        device = choose_device(settings)
        return cls(device, choose_dtype(settings, device))


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """How long and how fast a run learns. It ends at `total_steps` or after `minutes`."""

    total_steps: int
    learning_rate: float
    minutes: float = float("inf")
    warmup_steps: int = 100
    cooldown: float = 0.25  # last share of the run over which the rate falls to zero
    weight_decay: float = 0.01
    beta2: float = 0.99
    muon: bool = False
    ema_decay: float = 0.999
    clip: float = 1.0
    save_every_s: float = 240.0
    log_every: int = 20
    compute: Compute = field(default_factory=Compute.choose)


def train(
    model: nn.Module,
    loss: Loss,
    batches: Callable[[int], Iterator[Batch]],
    settings: LoopSettings,
    out: Path,
    sample: Callable[[dict[str, Tensor], int], None] | None = None,
    divisible: bool = False,
) -> dict[str, Tensor]:
    """Trains `model` and returns the averaged weights (fp32, by parameter name).

    `batches(step)` starts the data where that step needs it, so that a resumed run sees what an
    uninterrupted one would have seen. `loss(model, batch)` gives a scalar and figures to log. Where
    it is `divisible`, a mean over items or nearly so, a CPU's cores take shares of each batch, and
    what is learned is the mean of the shares' losses. Figures stay on a GPU until they are
    logged, so that where a loss does not wait for it, it need not wait for the next step.
    `sample(averaged_weights, step)` is called at each save, the last one included. State lives in
    `out/checkpoint.pt`, figures in `out/log.csv`, the curve in `out/curve.png`.
    """
    import matplotlib  # noqa: F401  # no run of hours shall end at its first curve for want of it

    out.mkdir(parents=True, exist_ok=True)
    compute = settings.compute
    model.to(device=compute.device)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    betas = (0.9, settings.beta2)
    masters = Masters(model, compute.dtype, settings.weight_decay, betas, settings.muon)
    step, spent_s = _resume(out / "checkpoint.pt", masters)
    model.train()
    cores = torch.get_num_threads() if compute.device.type == "cpu" else 1
    replicas = Replicas(model, loss, cores if divisible else 1)
    run = _Run(out, masters, settings, step, spent_s, sample)
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
        console=console,
        refresh_per_second=1,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task(out.name, total=1.0, figures="")
        feed = batches(step)
        while run.share_done() < 1.0:
            batch = {k: v.to(compute.device, non_blocking=True) for k, v in next(feed).items()}
            run.update(*replicas.backward(batch))
            progress.update(task, completed=run.share_done(), figures=f"{run.step} {run.line}")
    run.save()
    return masters.averaged()


class _Run:
    """The changing side of one run: step count, clock, log and saved state."""

    def __init__(
        self,
        out: Path,
        masters: Masters,
        settings: LoopSettings,
        step: int,
        spent_s: float,
        sample: Callable[[dict[str, Tensor], int], None] | None,
    ) -> None:
        self.step = step
        self.line = ""
        self._out, self._masters, self._settings, self._sample = out, masters, settings, sample
        self._started = time.monotonic() - spent_s
        self._saved = time.monotonic()
        self._window: list[Metrics] = []

    def share_done(self) -> float:
        """How much of the run is behind us, by steps or by minutes, whichever is further."""
        by_time = (time.monotonic() - self._started) / (self._settings.minutes * 60)
        return max(self.step / self._settings.total_steps, by_time)

    def learning_rate(self) -> float:
        """Linear warm-up, a plateau, and a linear fall over the last `cooldown` of the run."""
        s = self._settings
        warm = min(1.0, (self.step + 1) / s.warmup_steps)
        cool = min(1.0, max(0.0, 1.0 - self.share_done()) / s.cooldown) if s.cooldown else 1.0
        return s.learning_rate * warm * cool

    def update(self, value: Tensor, metrics: Metrics) -> None:
        s = self._settings
        ema_decay = min(s.ema_decay, (1 + self.step) / (10 + self.step))
        norm = self._masters.step(self.learning_rate(), ema_decay, s.clip)
        self.step += 1
        self._window.append({"loss": value, "norm": norm, **metrics})
        if self.step % s.log_every == 0:
            self._log()
        if time.monotonic() - self._saved > s.save_every_s:
            self.save()

    def _log(self) -> None:
        names = list(self._window[0])
        means = {n: float(torch.stack([w[n] for w in self._window]).mean()) for n in names}
        self._window.clear()
        row = {"step": self.step, "seconds": round(time.monotonic() - self._started, 1), **means}
        path = self._out / "log.csv"
        new = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            if new:
                writer.writeheader()
            writer.writerow(row)
        self.line = " ".join(f"{n} {v:.4g}" for n, v in means.items())

    def save(self) -> None:
        """Writes the state beside the old one, then puts it in its place."""
        state = {
            "step": self.step,
            "spent_s": time.monotonic() - self._started,
            "masters": self._masters.state_dict(),
            "random": _random_state(),
        }
        new = self._out / "checkpoint.new"
        torch.save(state, new)
        os.replace(new, self._out / "checkpoint.pt")
        self._saved = time.monotonic()
        if (self._out / "log.csv").exists():
            draw_curve(self._out / "log.csv", self._out / "curve.png")
        if self._sample is not None:
            self._sample(self._masters.averaged(), self.step)


def _resume(path: Path, masters: Masters) -> tuple[int, float]:
    if not path.exists():
        return 0, 0.0
    state = torch.load(path, map_location="cpu", weights_only=True)
    masters.load_state_dict(state["masters"])
    torch.set_rng_state(state["random"]["cpu"])
    if state["random"]["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["random"]["cuda"])
    _cut_log(path.with_name("log.csv"), state["step"])
    return state["step"], state["spent_s"]


def _random_state() -> dict[str, Any]:
    """Of the noise that losses draw, so that a resumed run does not draw the same again."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {"cpu": torch.get_rng_state(), "cuda": cuda}


def _cut_log(log: Path, step: int) -> None:
    """Drops what was logged after the saved state: those steps will be run again."""
    if log.exists():
        head, *rows = log.read_text().splitlines(keepends=True)
        kept = [row for row in rows if int(row.partition(",")[0]) <= step]
        log.write_text(head + "".join(kept))


def draw_curve(log: Path, picture: Path) -> None:
    """Draws the loss column of a log against its steps, on a logarithmic scale."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with log.open() as file:
        rows = list(csv.DictReader(file))
    figure, axes = pyplot.subplots(figsize=(6, 3.2), layout="constrained")
    axes.plot([int(r["step"]) for r in rows], [float(r["loss"]) for r in rows], linewidth=1)
    axes.set(xlabel="step", ylabel="loss", yscale="log")
    axes.grid(alpha=0.3)
    figure.savefig(picture, dpi=120)
    pyplot.close(figure)
