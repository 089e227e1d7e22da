"""What the image model learns from: encoded pictures, captions, noise, and where things are."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor
from torch.utils.data import default_collate
from transformers import CLIPTokenizer

from maquette.core.errors import InvalidRequest
from maquette.recipes.clip import load_text, tokenize
from maquette.recipes.labels import figure_mask, labels
from maquette.recipes.pictures import Item, batches, captioned
from maquette.train.batch import Batch
from maquette.train.loop import Compute
from maquette.world.compose import compose
from maquette.world.scene import Scene

CAPTIONS = 2  # of a picture
CAPTION_DROP = 0.1
FULL_SHARE = 0.6  # beside those captions that are full by chance
TIMESTEPS = 1000
ROOM = 0.6  # of a GPU's free memory that captions may take
_BATCH = 512  # captions that are read together


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
        self.tokenizer = CLIPTokenizer.from_pretrained(folder)
        self._text = load_text(folder).text_model.to(compute.device, compute.dtype).eval()
        self.width: int = self._text.config.hidden_size
        self.device = compute.device

    def read(self, texts: list[str]) -> Tensor:
        """Text states (N, T, D) in fp16, where the tower is."""
        return self.states(tokenize(self.tokenizer, texts))

    @torch.no_grad()
    def states(self, tokens: Tensor) -> Tensor:
        """Text states (N, T, D) of tokens (N, T), in fp16, where the tower is."""
        return self._text(tokens.to(self.device)).last_hidden_state.half()


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

    def __getitem__(self, numbers: Tensor, /) -> Tensor:
        """(B, C, H, W)."""
        ...


@dataclass(frozen=True, slots=True)
class _Captioned:
    """Number i, a picture's times CAPTIONS and a caption's: the caption's tokens, and what the
    picture shows on a grid of `side` parts a side. For processes of their own.
    """

    tokenizer: CLIPTokenizer
    seed: int
    side: int

    def __call__(self, key: int) -> Item:
        number, choice = divmod(key, CAPTIONS)
        scene = compose(number)
        truth = labels(scene)
        text = learned_caption(scene, f"{self.seed}/{number}/{choice}")
        return {
            "tokens": tokenize(self.tokenizer, [text])[0],
            "figures": figure_mask(scene, self.side),
            **{name: truth[name] for name in ("cells", "cell_colours")},
        }


class CaptionedLatents:
    """Encoded pictures with captions: most say all there is, which leaves least to guess; some are
    short, as a person's are, and one in ten is empty, for guidance.

    A picture has CAPTIONS captions. What is made of one when it is first asked for is kept where
    the text tower is: 32 KiB of text states and a few of what the picture shows.
    """

    def __init__(self, grids: Grids, reader: CaptionReader, seed: int) -> None:
        self._grids, self._reader, self._seed = grids, reader, seed
        self._empty = reader.read([""])[0]
        self._make = _Captioned(reader.tokenizer, seed, grids.shape[-1])
        self._kept: Item = {}  # rows by the number that it goes by
        self._made = torch.zeros(grids.shape[0] * CAPTIONS, dtype=torch.bool)

    def make_all(self, workers: int) -> None:
        """Makes all there is by so many processes, so that a GPU need not wait for any of it.

        Raises InvalidRequest where the GPU has no room for it.
        """
        self._check_room()
        for keys, items in zip(
            torch.arange(len(self._made)).split(_BATCH),
            batches(self._make, _BATCH, workers),
            strict=False,  # one is without end
        ):
            self._keep(keys, {name: rows[: len(keys)] for name, rows in items.items()})

    def batches(self, size: int, step: int) -> Iterator[Batch]:
        """Batches of random pictures without end, as the run has them from step `step` on."""
        device = self._reader.device
        count, *shape = self._grids.shape
        while True:
            rng = random.Random(f"image/{self._seed}/{step}")
            generator = torch.Generator().manual_seed(rng.getrandbits(63))
            noise = torch.Generator(device).manual_seed(rng.getrandbits(63))
            numbers = torch.randint(count, (size,), generator=generator)
            keys = numbers * CAPTIONS + torch.randint(CAPTIONS, (size,), generator=generator)
            new = keys[~self._made[keys]].unique()
            if len(new):
                self._keep(new, default_collate([self._make(key) for key in new.tolist()]))
            rows = keys.to(device)
            batch = {name: kept[rows] for name, kept in self._kept.items()}
            unsaid = torch.rand(size, generator=generator) < CAPTION_DROP
            batch["context"][unsaid.nonzero()[:, 0].to(device)] = self._empty
            yield {
                **batch,
                "latents": self._grids[numbers.to(device)],
                "noise": torch.randn(size, *shape, generator=noise, device=device),
                "timesteps": spread_timesteps(size, generator),
            }
            step += 1

    def _check_room(self) -> None:
        device, pictures = self._reader.device, self._grids.shape[0]
        if device.type != "cuda":
            return
        needed, (free, _) = len(self._made) * self._empty.nbytes, torch.cuda.mem_get_info(device)
        if needed > ROOM * free:
            raise InvalidRequest(
                f"the captions of {pictures} pictures take {needed / 2**30:.1f} GiB of the GPU's "
                f"memory, and {free / 2**30:.1f} are free; encode fewer with --pictures"
            )

    def _keep(self, keys: Tensor, items: Item) -> None:
        made = {"context": self._reader.states(items["tokens"]), **items}
        del made["tokens"]
        for name, rows in made.items():
            if name not in self._kept:  # of memory that is taken when it is written to
                shape = len(self._made), *rows.shape[1:]
                self._kept[name] = rows.new_empty(shape, device=self._reader.device)
            self._kept[name][keys.to(self._reader.device)] = rows.to(self._reader.device)
        self._made[keys] = True
