"""What working in latents saves: composition against training compute, beside a twin on pixels.

Both sides are trained from nothing, by the image model's loss, optimizer and peak rate (held, for
no point of the curve is the last), on the same drawings, captions and text tower, and scored on the
same held-out prompts. At equal compute the twin sees fewer pictures, for each costs it more. It is
the starter's U-Net with three more levels above it, on 2 × 2 pixels a cell as in simple
diffusion (Hoogeboom et al. 2023, https://arxiv.org/abs/2301.11093), its pixels scaled down against
the noise as larger pictures want (Chen 2023, https://arxiv.org/abs/2301.10972); neither its rate
nor its guidance were searched for. A side that was stopped goes on where it was.

It takes hours on a CPU, so `make bench` leaves it out. First the drawings are to be encoded by the
autoencoder that ships: `maquette train latents --vae src/maquette/weights/starter/vae`.
"""

import json
import random
import statistics
import time
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from benchmarks.curves import plot, saving
from benchmarks.report import Outcome, print_outcome
from maquette.core.errors import InvalidRequest
from maquette.diffusion import backends
from maquette.diffusion.adapters import by_rows
from maquette.diffusion.engine import DenoisingEngine
from maquette.diffusion.flop_count import flop_of
from maquette.diffusion.noise_schedule import NoiseSchedule
from maquette.diffusion.request import DenoisingRequest
from maquette.diffusion.samplers import compile_table
from maquette.engines.catalog import STARTERS
from maquette.recipes.autoencoder import load as load_autoencoder
from maquette.recipes.captioned_latents import CaptionedLatents, CaptionReader, Grids
from maquette.recipes.evaluation import Asked, held_out_prompts
from maquette.recipes.image import SCHEDULE, SIZES, Denoiser, UNetSize, build
from maquette.recipes.latents import read_latents
from maquette.recipes.pictures import Item, batches, to_tensor
from maquette.recipes.pixel_metric import pixel_metric
from maquette.recipes.probe import load_probe
from maquette.recipes.scoring import accuracy, ask, score
from maquette.train.batch import Batch, Metrics
from maquette.train.loop import Compute, LoopSettings, train
from maquette.world.compose import compose
from maquette.world.draw import draw

GOAL = 10.0
PROMPTS, STEPS, GUIDANCE = 60, 16, 4.0
FEWER_STEPS = (4, 8)  # tried once more at the end, for quality against seconds
RESAMPLES = 400
PICTURES = 24_576  # that both learn from
PIXEL_SCALE = 0.5
OUT = Path("runs/latent_vs_pixel")
STARTER, CLIP = STARTERS["image"].folder, STARTERS["clip"].folder
AUTOENCODER_PICTURES = 7_912  # that the shipped one learned from (docs/log.md)


class DrawnCells:
    """Pictures of the training set as cells of 2 × 2 pixels, drawn when they are asked for."""

    shape = (PICTURES, 12, 128, 128)

    def __getitem__(self, numbers: Tensor, /) -> Tensor:
        return torch.stack([self.one(number)["cells"] for number in numbers.tolist()])

    def one(self, number: int) -> Item:
        picture = to_tensor(draw(compose(number % PICTURES)))
        return {"cells": pixel_unshuffle(picture * PIXEL_SCALE, 2).half()}

    def all(self, device: torch.device, workers: int) -> Tensor:
        """All of them, 9 GiB, drawn by so many processes."""
        every = torch.empty(self.shape, dtype=torch.float16, device=device)
        for place, drawn in zip(every.split(64), batches(self.one, 64, workers), strict=False):
            place.copy_(drawn["cells"][: len(place)])
        return every


@dataclass(frozen=True)
class Side:
    """One way to learn: what is denoised, by which network, and how it becomes a picture."""

    name: str
    size: UNetSize
    batch_size: int
    grids: Grids
    metric: Tensor
    to_pixels: Callable[[Tensor], Tensor]  # (1, C, H, W) to (1, 3, 256, 256) in -1 to 1

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.grids.shape[1:])


def latent_side(compute: Compute, batch_size: int, latents: Path) -> Side:
    """The starter's own recipe."""
    autoencoder: Any = load_autoencoder(STARTER / "vae")
    encoded = read_latents(latents, STARTER / "vae")[:PICTURES]
    if len(encoded) < PICTURES:
        raise InvalidRequest(f"{latents} holds {len(encoded)} pictures; encode {PICTURES}")
    metric = pixel_metric(autoencoder.to(compute.device), encoded)
    autoencoder.to(compute.dtype)
    scale = autoencoder.config.scaling_factor

    def to_pixels(latents: Tensor) -> Tensor:
        return autoencoder.decode((latents / scale).to(compute.dtype), return_dict=False)[0]

    encoded = encoded.to(compute.device)
    return Side("latent", SIZES["starter"], batch_size, encoded, metric, to_pixels)


def pixel_side(compute: Compute, batch_size: int, workers: int) -> Side:
    """The twin on pixels."""
    channels = (32, 64, 64, *SIZES["starter"].channels)
    size = UNetSize(channels, convolutional=4, norm_groups=8)  # of 32, a CPU is half as fast
    drawn = DrawnCells()
    cells = drawn.all(compute.device, workers) if compute.device.type == "cuda" else drawn

    def to_pixels(cells: Tensor) -> Tensor:
        return pixel_shuffle(cells / PIXEL_SCALE, 2)

    return Side("pixel", size, batch_size, cells, torch.eye(12), to_pixels)


class Learner:
    """A side under way: it learns up to a compute, and is scored."""

    def __init__(self, side: Side, out: Path, compute: Compute, workers: int) -> None:
        torch.manual_seed(0)
        self.side, self.out, self._compute, self._workers = side, out / side.name, compute, workers
        self._reader = CaptionReader(CLIP / "text", compute)
        unet = build(side.size, side.shape[0], side.shape[1], self._reader.width)
        self._denoiser = Denoiser(unet, side.shape[1], side.metric)
        self._pictures = CaptionedLatents(side.grids, self._reader, seed=0)
        self._ready = False
        self._judge = load_probe(STARTERS["probe"].folder / "probe.safetensors")
        self._asked = [one for one in held_out_prompts(PROMPTS) if one.language == "en"]

    @cached_property
    def flop_a_picture(self) -> float:
        """Floating point operations of learning from one picture, forward and back."""
        batch = next(self._pictures.batches(1, 0))
        self._denoiser.to(self._compute.device)
        batch = {name: tensor.to(self._compute.device) for name, tensor in batch.items()}
        flop = flop_of(lambda: self._denoiser(batch)[0].backward())
        self._denoiser.zero_grad()
        return flop

    def untrained(self) -> dict[str, float]:
        """What a network that learned nothing scores: chance."""
        self._show(Learner(self.side, self.out, self._compute, 0)._denoiser.state_dict())
        return self.composition(STEPS)

    def learn(self, petaflop: float) -> int:
        """Goes on to that compute; gives the number of pictures seen."""
        size = self.side.batch_size
        steps = max(1, round(petaflop * 1e15 / self.flop_a_picture / size))
        if self._compute.device.type == "cuda" and not self._ready:  # which is to wait for nothing
            self._pictures.make_all(self._workers)
            self._denoiser.unet.compile()
            self._ready = True
        settings = LoopSettings(
            total_steps=steps,
            learning_rate=1e-3,
            cooldown=0.0,
            muon=True,
            ema_decay=0.998,
            save_every_s=480.0,
            compute=self._compute,
        )

        def loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Metrics]:
            return model(batch)

        weights = train(
            self._denoiser,
            loss,
            lambda step: self._pictures.batches(size, step),
            settings,
            self.out,
            divisible=True,
        )
        self._show(weights)
        return steps * size

    def _show(self, weights: Mapping[str, Tensor]) -> None:
        """Draws by these weights from now on."""
        self._unet: Any = UNet2DConditionModel.from_config(self._denoiser.unet.config)
        self._unet.load_state_dict(
            {n.removeprefix("unet."): w for n, w in weights.items() if n.startswith("unet.")}
        )
        self._unet.to(self._compute.device, self._compute.dtype).eval()
        self._unet.to(memory_format=torch.channels_last)

    def composition(self, steps: int) -> dict[str, float]:
        """The mean of categories on the held-out prompts, of what it draws in so many steps, and
        its standard error by the bootstrap over prompts.
        """
        pictures = self._draw(self._asked, steps)
        answers, _ = ask(self._judge, pictures)
        results = [score(answers, i, one.expected) for i, one in enumerate(self._asked)]
        rng = random.Random(0)
        means = [accuracy(rng.choices(results, k=len(results)))["mean"] for _ in range(RESAMPLES)]
        return {"composition": accuracy(results)["mean"], "error": statistics.stdev(means)}

    def seconds_a_picture(self, steps: int) -> float:
        """Of one drawn alone, warm: the median of five."""
        self._draw(self._asked[:1], 2)
        seconds: list[float] = []
        for one in self._asked[:5]:
            started = time.perf_counter()
            self._draw([one], steps)
            seconds.append(time.perf_counter() - started)
        return statistics.median(seconds)

    @torch.inference_mode()
    def _draw(self, asked: list[Asked], steps: int) -> list[Image.Image]:
        engine = DenoisingEngine(self._compute.device)
        eager = backends.build("eager", self._unet, self.out, ())
        schedule = NoiseSchedule.from_config(SCHEDULE)
        states = self._reader.read(["", *(one.prompt for one in asked)])
        first = DenoisingRequest(
            request_id="0",
            model_id=self.side.name,
            network=by_rows(self._unet, eager, eager),
            table=compile_table("dpm++2m", schedule, steps),
            guidance=(GUIDANCE,) * steps,
            shape=self.side.shape,
            context=states[:2],
        )
        for number in range(len(asked)):
            context = states[[0, number + 1]]
            engine.add(replace(first, request_id=str(number), context=context, seed=number))
        finished: dict[int, Tensor] = {}
        while outputs := engine.step():
            finished |= {int(o.request.request_id): o.latents for o in outputs if o.finished}
        return [_picture(self.side.to_pixels(finished[n][None])) for n in range(len(asked))]


def _picture(pixels: Tensor) -> Image.Image:
    levels = ((pixels[0].float() + 1.0) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return Image.fromarray(np.ascontiguousarray(levels.permute(1, 2, 0).cpu().numpy()))


def follow(learner: Learner, petaflops: list[float]) -> dict[str, Any]:
    """The side's curve: composition at each compute, and of the last weights against seconds."""
    path = learner.out / "curve.json"
    plan = {"petaflops": petaflops, "batch_size": learner.side.batch_size, "prompts": PROMPTS}
    curve: dict[str, Any] = (
        json.loads(path.read_text()) if path.exists() else {**plan, "points": []}
    )
    if any(curve[name] != value for name, value in plan.items()):
        raise InvalidRequest(f"{path} is of another run; name another --out")
    if "untrained" not in curve:
        curve["untrained"] = learner.untrained()
    done = {point["petaflop"] for point in curve["points"]}
    for petaflop in petaflops:
        if petaflop in done:
            continue
        pictures = learner.learn(petaflop)
        point = {"petaflop": petaflop, "pictures": pictures, **learner.composition(STEPS)}
        curve["points"].append(point)
        curve["flop_a_picture"] = learner.flop_a_picture
        print(learner.side.name, point, flush=True)
        if petaflop == petaflops[-1]:
            curve["by_steps"] = [
                {
                    "steps": steps,
                    "seconds": learner.seconds_a_picture(steps),
                    **learner.composition(steps),
                }
                for steps in (*FEWER_STEPS, STEPS)
            ]
        path.write_text(json.dumps(curve, indent=1))
    return curve


def autoencoder_flop() -> float:
    """Floating point operations of training the shipped autoencoder, and of encoding the pictures.

    Its linear start, two minutes of one core, is not in it.
    """
    model: Any = load_autoencoder(STARTER / "vae")
    pixels = torch.zeros(1, 3, 256, 256)
    learning = flop_of(lambda: model(pixels).sample.sum().backward())
    encoding = flop_of(lambda: model.encode(pixels))
    return learning * AUTOENCODER_PICTURES + encoding * PICTURES


def doubling(least: float, most: float) -> list[float]:
    """The compute at which a side is scored, twice as much each time."""
    points = [least]
    while 2 * points[-1] <= most * 1.001:
        points.append(2 * points[-1])
    return points


def main() -> None:
    """Trains what is not trained yet, then compares; `--side` trains one alone."""
    parser = ArgumentParser()
    parser.add_argument("--petaflop", type=float, default=0.256, help="of training, each side")
    parser.add_argument("--least-petaflop", type=float, default=0.004, help="of the first point")
    parser.add_argument("--latent-petaflop", type=float, help="of training in latents, if less do")
    parser.add_argument("--side", choices=["latent", "pixel"], help="train this one alone")
    parser.add_argument("--latent-batch", type=int, default=32, help="pictures a step")
    parser.add_argument("--pixel-batch", type=int, default=8, help="pictures a step")
    parser.add_argument("--workers", type=int, default=1, help="processes that prepare for a GPU")
    parser.add_argument("--latents", type=Path, default=Path("runs/latents"))
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--plot", type=Path, default=OUT / "plot.png")
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    compute = Compute.choose()
    sides = {
        "latent": lambda: latent_side(compute, given.latent_batch, given.latents),
        "pixel": lambda: pixel_side(compute, given.pixel_batch, given.workers),
    }
    most = {"latent": given.latent_petaflop or given.petaflop, "pixel": given.petaflop}
    curves = {
        name: follow(
            Learner(make(), given.out, compute, given.workers),
            doubling(given.least_petaflop, most[name]),
        )
        for name, make in sides.items()
        if given.side in (None, name)
    }
    if given.side:
        return
    latent, pixel = curves["latent"], curves["pixel"]
    whole = autoencoder_flop() / 1e15
    plot(latent, pixel, whole, given.plot)
    found = saving(latent, pixel)
    ratio = found.pixel / found.latent
    with_it = found.pixel / (found.latent + whole)
    print(f"with the autoencoder, {whole:.3g} PFLOP more: {with_it:.3g} times")
    claim = (
        f"PFLOP of training the U-Net to composition {found.level:.3f} (untrained "
        f"{pixel['untrained']['composition']:.3f}), beside a pixel-space twin"
        + ("" if found.left_chance else " that did not come to it, so at least")
        + "; the autoencoder is not counted"
    )
    print_outcome(Outcome(claim, found.latent, found.pixel, ratio, GOAL, ok=ratio >= GOAL))


if __name__ == "__main__":
    main()
