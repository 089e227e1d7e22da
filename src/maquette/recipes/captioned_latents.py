"""What the image model learns from: encoded pictures, captions, noise, and where things are."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor
from transformers import CLIPTokenizer

from maquette.recipes.clip import load_text, tokenize
from maquette.recipes.labels import figure_mask, labels
from maquette.recipes.pictures import Item, captioned
from maquette.train.batch import Batch
from maquette.train.loop import Compute
from maquette.world.compose import compose
from maquette.world.scene import Scene

CAPTIONS = 2  # of a picture
CAPTION_DROP = 0.1
KEPT = 81_920  # captions, some 2.5 GiB: all of 40,960 pictures
FULL_SHARE = 0.6  # beside those captions that are full by chance
TIMESTEPS = 1000


def spread_timesteps(count: int, generator: torch.Generator) -> Tensor:
    """Timesteps spread evenly from a random one on, shuffled, so that every batch sees all of the
    noise: a quieter gradient than independent ones give (Kingma et al. 2021,
    https://arxiv.org/abs/2107.00630).
    """
    start = torch.rand((), generator=generator)
    shares = (start + torch.randperm(count, generator=generator) / count) % 1.0
    return (shares * TIMESTEPS).long()


class CaptionReader:
    """What the text tower says of captions."""

    def __init__(self, folder: Path, compute: Compute) -> None:
        self._tokenizer = CLIPTokenizer.from_pretrained(folder)
        self._text = load_text(folder).text_model.to(compute.device, compute.dtype).eval()
        self.width: int = self._text.config.hidden_size

    @torch.no_grad()
    def read(self, texts: list[str]) -> Tensor:
        """Text states (N, T, D), fp16 on the CPU."""
        tokens = tokenize(self._tokenizer, texts).to(self._text.device)
        return self._text(tokens).last_hidden_state.half().cpu()


def learned_caption(scene: Scene, seed: str) -> str:
    """A caption of a scene as the image model learns from: most are full."""
    rng = random.Random(f"caption/{seed}")
    return captioned(scene, rng.getrandbits(32), full=rng.random() < FULL_SHARE)


class Grids(Protocol):
    """Pictures as what is denoised, by their numbers: a tensor, or what makes them when asked."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, C, H, W)."""
        ...

    def __getitem__(self, number: int, /) -> Tensor:
        """(C, H, W)."""
        ...


class CaptionedLatents:
    """Encoded pictures with captions: most say all there is, which leaves least to guess; some are
    short, as a person's are, and one in ten is empty, for guidance.

    A picture has CAPTIONS captions. What the text tower says of them, 32 KiB each, is kept for the
    first KEPT that are asked for, and read anew for the rest.
    """

    def __init__(self, grids: Grids, reader: CaptionReader, seed: int) -> None:
        self._grids, self._reader, self._seed = grids, reader, seed
        self._empty = reader.read([""])[0]
        self._items: dict[tuple[int, int], Item] = {}

    def _make(self, keys: list[tuple[int, int]]) -> dict[tuple[int, int], Item]:
        """What belongs to each key, a picture's number and a caption's."""
        scenes = [compose(number) for number, _ in keys]
        texts = [
            learned_caption(scene, f"{self._seed}/{number}/{choice}")
            for scene, (number, choice) in zip(scenes, keys, strict=True)
        ]
        made: dict[tuple[int, int], Item] = {}
        for key, scene, context in zip(keys, scenes, self._reader.read(texts), strict=True):
            truth = labels(scene)
            made[key] = {
                "context": context,
                "figures": figure_mask(scene, self._grids.shape[-1]),
                **{name: truth[name] for name in ("cells", "cell_colours")},
            }
        return made

    def batches(self, size: int, step: int) -> Iterator[Batch]:
        """Batches of random pictures without end, as the run has them from step `step` on."""
        pictures = range(self._grids.shape[0])
        while True:
            rng = random.Random(f"image/{self._seed}/{step}")
            keys = [(rng.choice(pictures), rng.randrange(CAPTIONS)) for _ in range(size)]
            new = [key for key in dict.fromkeys(keys) if key not in self._items]
            made = self._make(new) if new else {}
            if len(self._items) < KEPT:
                self._items |= made
            items = [
                (self._items.get(key) or made[key])
                | ({"context": self._empty} if rng.random() < CAPTION_DROP else {})
                for key in keys
            ]
            generator = torch.Generator().manual_seed(rng.getrandbits(63))
            yield {
                "latents": torch.stack([self._grids[number] for number, _ in keys]),
                "noise": torch.randn(size, *self._grids.shape[1:], generator=generator),
                "timesteps": spread_timesteps(size, generator),
                **{name: torch.stack([i[name] for i in items]) for name in items[0]},
            }
            step += 1
