"""The probe: a small ResNet that names what a picture shows, to score generated ones.

It is trained on drawings alone, never on a generated picture, and never sees a held-out scene.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import ResNetConfig, ResNetModel

from maquette.recipes.labels import CLASSES, COLOUR_NAMES, NOT_ASKED, SUBJECT_NAMES, labels
from maquette.recipes.pictures import Item, batches, to_tensor
from maquette.train.loop import Batch, Compute, LoopSettings, train
from maquette.world.compose import compose
from maquette.world.draw import draw

BATCH_SIZE = 32


class Probe(nn.Module):
    """A ResNet with one linear head an attribute, over features that keep a 4 × 4 layout."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = ResNetModel(
            ResNetConfig(
                embedding_size=32,
                hidden_sizes=[32, 64, 128, 192],
                depths=[1, 2, 2, 2],
                layer_type="basic",
            )
        )
        self.pool = nn.AdaptiveAvgPool2d(4)
        features = 192 * 16
        self.cast = nn.Linear(features, len(SUBJECT_NAMES) * (1 + len(COLOUR_NAMES)))
        self.heads = nn.ModuleDict({n: nn.Linear(features, len(c)) for n, c in CLASSES.items()})

    def features(self, pixels: Tensor) -> Tensor:
        """pixels (B, 3, 256, 256) in -1 to 1 to features (B, 3072)."""
        return self.pool(self.trunk(pixels).last_hidden_state).flatten(1)

    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        """Logits: `cast` (B, subjects, 1 + colours), each other attribute (B, classes)."""
        features = self.features(pixels)
        cast = self.cast(features).unflatten(1, (len(SUBJECT_NAMES), 1 + len(COLOUR_NAMES)))
        return {"cast": cast, **{n: head(features) for n, head in self.heads.items()}}


def _drawn(number: int) -> Item:
    scene = compose(number)
    return {"pixels": to_tensor(draw(scene)), **labels(scene)}


def probe_loss(model: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
    """Cross-entropy summed over the attributes; figures: the share right of each."""
    logits = model(batch["pixels"].contiguous(memory_format=torch.channels_last))
    cast, truth = logits["cast"], batch["cast"]
    # Most subjects are absent from most pictures: weigh the present ones up.
    weight = torch.ones(cast.shape[-1], device=cast.device)
    weight[0] = 0.15
    value = 4.0 * F.cross_entropy(cast.flatten(0, 1), truth.flatten(), weight)
    right = (cast.argmax(-1) == truth).all(1).float().mean()
    figures = {"cast": float(right)}
    for name in CLASSES:
        asked = batch[name] != NOT_ASKED
        if bool(asked.any()):
            value = value + F.cross_entropy(logits[name][asked], batch[name][asked])
            hits = (logits[name].argmax(1) == batch[name])[asked].float().mean()
            figures[name] = float(hits)
        else:
            figures[name] = float("nan")
    return value, figures


def train_probe(
    out: Path,
    settings: LoopSettings,
    workers: int = 1,
    seed: int = 0,
    start: Path | None = None,
    batch_size: int = BATCH_SIZE,
    settling_batches: int = 24,
) -> Path:
    """Trains the probe, or goes on from `start`; writes and returns `probe.safetensors`."""
    torch.manual_seed(seed + 1)
    probe = Probe() if start is None else load_probe(start)
    final = out / "probe.safetensors"
    # Batch statistics want fp32; the probe is small enough for that.
    compute = Compute(Compute.choose().device, torch.float32)

    def feed(step: int) -> Iterator[Batch]:
        # Numbers far from those of the image model's pictures.
        return batches(_drawn, batch_size, workers, 50_000_000 + step * batch_size)

    def save(weights: dict[str, Tensor], step: int) -> None:
        finished = Probe()
        finished.load_state_dict(weights | dict(probe.named_buffers()))
        _settle_statistics(finished.to(compute.device), feed(step), settling_batches)
        save_file({n: w.cpu() for n, w in finished.state_dict().items()}, final)

    train(probe, probe_loss, feed, settings, compute, out, save)
    return final


@torch.no_grad()
def _settle_statistics(probe: Probe, feed: Iterator[Batch], batches: int) -> None:
    """Measures the batch norms' statistics anew, for they belong to the weights of the moment."""
    norms = [m for m in probe.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    probe.train()
    for _ in range(batches):
        probe(next(feed)["pixels"].to(probe.cast.weight.device))
    probe.eval()


def load_probe(path: Path) -> Probe:
    """The trained probe, ready to score."""
    probe = Probe()
    probe.load_state_dict(load_file(path))
    return probe.eval()
