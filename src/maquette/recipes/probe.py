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

from maquette.recipes.labels import (
    CLASSES,
    COLOUR_NAMES,
    GRID,
    NOT_ASKED,
    SUBJECT_NAMES,
    labels,
    parts_loss,
)
from maquette.recipes.pictures import Item, batches, first_number, to_tensor
from maquette.recipes.statistics import settle_statistics
from maquette.train.batch import Batch, Metrics
from maquette.train.loop import LoopSettings, train
from maquette.world.compose import compose
from maquette.world.draw import draw
from maquette.world.vocabulary import RELATIONS

BATCH_SIZE = 32


class Probe(nn.Module):
    """A ResNet that looks at a picture part by part, as a detector does, and at it as a whole.

    Each part of an 8 × 8 grid is asked which subject it shows and in which colour; where the two
    clearest subjects lie tells their relation; the other attributes are read off the whole.
    """

    def __init__(self) -> None:
        super().__init__()
        width = 192
        self.trunk = ResNetModel(
            ResNetConfig(
                embedding_size=32,
                hidden_sizes=[32, 64, 128, width],
                depths=[1, 2, 2, 2],
                layer_type="basic",
            )
        )
        self.subject = nn.Conv2d(width, len(SUBJECT_NAMES) + 1, 1)
        self.colour = nn.Conv2d(width, len(COLOUR_NAMES), 1)
        self.relation = nn.Sequential(nn.Linear(4, 32), nn.SiLU(), nn.Linear(32, len(RELATIONS)))
        self.pool = nn.AdaptiveAvgPool2d(4)
        whole = {n: c for n, c in CLASSES.items() if n != "relation"}
        self.heads = nn.ModuleDict({n: nn.Linear(width * 16, len(c)) for n, c in whole.items()})

    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        """pixels (B, 3, 256, 256) in -1 to 1 to logits.

        `cells` (B, subjects + 1, 8, 8) and `cell_colours` (B, colours, 8, 8) of the parts; of the
        whole `subject` (B, subjects), `colour` (B, subjects, colours) of each subject were it
        there, and (B, classes) of every other attribute. `features` (B, 192) is no logit but the
        mean of what the trunk sees.
        """
        seen = self.trunk(pixels).last_hidden_state
        cells, colours = self.subject(seen), self.colour(seen)
        chances = cells.float().log_softmax(1)[:, :-1].flatten(2)  # (B, subjects, parts)
        presence, where = chances.max(2)
        named = colours.flatten(2).transpose(1, 2)  # (B, parts, colours)
        colour = named.gather(1, where[:, :, None].expand(-1, -1, named.shape[2]))
        layout = self.pool(seen).flatten(1)
        return {
            "cells": cells,
            "cell_colours": colours,
            "subject": presence,
            "colour": colour,
            "relation": self.relation(_places_of_two(chances.detach(), presence).to(seen.dtype)),
            "features": seen.mean((2, 3)),
            **{name: head(layout) for name, head in self.heads.items()},
        }


def _places_of_two(chances: Tensor, presence: Tensor) -> Tensor:
    """(x, y, x, y) of the two clearest subjects, the vocabulary's first one first: (B, 4)."""
    two = presence.topk(2).indices.sort(1).values
    weights = chances.gather(1, two[:, :, None].expand(-1, -1, chances.shape[2])).softmax(2)
    middles = (torch.arange(GRID, device=weights.device) + 0.5) / GRID - 0.5
    grid = weights.unflatten(2, (GRID, GRID))  # (B, 2, rows, columns)
    places = torch.stack([grid.sum(2) @ middles, grid.sum(3) @ middles], 2)
    return 4.0 * places.flatten(1)


def _drawn(number: int) -> Item:
    scene = compose(number)
    return {"pixels": to_tensor(draw(scene)), **labels(scene)}


def probe_loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Metrics]:
    """Cross-entropy summed over the attributes; figures: the share right of each."""
    dtype = next(model.parameters()).dtype
    pixels = batch["pixels"].to(dtype).contiguous(memory_format=torch.channels_last)
    logits = {name: value.float() for name, value in model(pixels).items()}
    value, figures = parts_loss(logits["cells"], logits["cell_colours"], batch)
    value = 3.0 * value
    for name in CLASSES:
        asked = batch[name] != NOT_ASKED
        if bool(asked.any()):
            value = value + F.cross_entropy(logits[name][asked], batch[name][asked])
            figures[name] = (logits[name].argmax(1) == batch[name])[asked].float().mean()
        else:
            figures[name] = value.new_tensor(float("nan"))
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

    def feed(step: int) -> Iterator[Batch]:
        # Numbers far from those of the image model's pictures.
        number = 500_000_000 + first_number(seed, step, batch_size)
        return batches(_drawn, batch_size, workers, number)

    def save(weights: dict[str, Tensor], step: int) -> None:
        finished = Probe()
        finished.load_state_dict(weights | dict(probe.named_buffers()))
        pictures = (b["pixels"] for b in feed(step))
        settle_statistics(finished.to(settings.compute.device), pictures, settling_batches)
        save_file({n: w.cpu() for n, w in finished.state_dict().items()}, final)

    train(probe, probe_loss, feed, settings, out, save)
    return final


def load_probe(path: Path) -> Probe:
    """The trained probe, ready to score."""
    probe = Probe()
    probe.load_state_dict(load_file(path))
    return probe.eval()
