"""All recipes in one run of given minutes: from nothing to weights that are ready to publish."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from maquette.recipes.autoencoder import train_autoencoder
from maquette.recipes.clip import train_clip, train_text
from maquette.recipes.image import train_image
from maquette.recipes.latents import encode_pictures
from maquette.recipes.probe import train_probe
from maquette.recipes.publish import publish
from maquette.train.loop import Compute, LoopSettings

# How a run's minutes are shared out; what is missing to 1 goes to starting, drawing and encoding.
SHARES = {"text": 0.06, "autoencoder": 0.24, "image": 0.36, "clip": 0.14, "probe": 0.10}


@dataclass(frozen=True, slots=True)
class Pace:
    """Pictures a step of each recipe, and how many are encoded."""

    autoencoder: int
    text: int
    clip: int
    probe: int
    image: int
    pictures: int
    rate: float = 1e-3  # of all but the autoencoder


# On a CPU updates are scarce, so batches are small; a GPU is only busy with large ones.
PACES = {
    "cpu": Pace(2, 64, 64, 32, 32, 40_960),
    "cuda": Pace(24, 256, 512, 128, 256, 163_840),
}


def train_all(
    out: Path,
    minutes: float,
    workers: int,
    size: str = "starter",
    pace: Pace | None = None,
    compute: Compute | None = None,
    on_stage: Callable[[str], None] = lambda name: None,
) -> Path:
    """Runs the recipes one after another and returns `out/weights`, laid out as they ship.

    A run that was stopped goes on where it was, stage by stage.
    """
    compute = compute or Compute.choose()
    pace = pace or PACES[compute.device.type]

    def settings(
        stage: str, rate: float, ema_decay: float = 0.999, muon: bool = False
    ) -> LoopSettings:
        return LoopSettings(
            10**9,
            rate,
            minutes * SHARES[stage],
            ema_decay=ema_decay,
            muon=muon,
            compute=compute,
        )

    on_stage("text")
    text = train_text(
        out / "text", settings("text", pace.rate, muon=True), size, workers, batch_size=pace.text
    )
    on_stage("autoencoder")
    vae = train_autoencoder(
        out / "autoencoder",
        settings("autoencoder", 1e-4),
        size,
        batch_size=pace.autoencoder,
        workers=workers,
    )
    on_stage("latents")
    encode_pictures(vae, out / "latents", pace.pictures, workers, compute)
    on_stage("image")
    image = train_image(
        out / "image",
        settings("image", pace.rate, 0.9995, muon=True),
        text,
        vae,
        out / "latents",
        size,
        batch_size=pace.image,
    )
    on_stage("clip")
    clip = train_clip(
        out / "clip", settings("clip", pace.rate), text, size, workers, batch_size=pace.clip
    )
    on_stage("probe")
    probe = train_probe(
        out / "probe", settings("probe", pace.rate, 0.998), workers, batch_size=pace.probe
    )
    on_stage("publish")
    publish(image, clip, probe, out / "weights")
    return out / "weights"
