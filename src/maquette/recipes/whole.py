"""All recipes in one run of given minutes: from nothing to weights that are ready to publish."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from maquette.recipes.autoencoder import train_autoencoder
from maquette.recipes.clip import train_clip, train_text
from maquette.recipes.image import train_image
from maquette.recipes.language import train_language
from maquette.recipes.latents import encode_pictures
from maquette.recipes.probe import train_probe
from maquette.recipes.publish import publish
from maquette.recipes.stages import STAGES
from maquette.recipes.turbo import train_turbo
from maquette.train.loop import Compute, LoopSettings


@dataclass(frozen=True, slots=True)
class Pace:
    """Pictures a step of each recipe, and how many are encoded."""

    autoencoder: int
    text: int
    clip: int
    probe: int
    image: int
    pictures: int


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

    def settings(name: str) -> LoopSettings:
        stage = STAGES[name]
        return stage.settings(total_steps=10**9, minutes=minutes * stage.share, compute=compute)

    on_stage("text")
    text = train_text(out / "text", settings("text"), size, workers, batch_size=pace.text)
    on_stage("autoencoder")
    vae = train_autoencoder(
        out / "autoencoder",
        settings("autoencoder"),
        size,
        batch_size=pace.autoencoder,
        workers=workers,
    )
    on_stage("latents")
    encode_pictures(vae, out / "latents", pace.pictures, workers, compute)
    on_stage("image")
    image = train_image(
        out / "image",
        settings("image"),
        text,
        vae,
        out / "latents",
        size,
        batch_size=pace.image,
        workers=workers,
    )
    on_stage("turbo")
    turbo = train_turbo(
        out / "turbo", settings("turbo"), image, text, out / "latents", batch_size=pace.image
    )
    on_stage("clip")
    clip = train_clip(out / "clip", settings("clip"), text, size, workers, batch_size=pace.clip)
    on_stage("probe")
    probe = train_probe(out / "probe", settings("probe"), workers, batch_size=pace.probe)
    on_stage("language")
    language = train_language(out / "language", settings("language"), size, workers)
    on_stage("publish")
    publish(image, turbo, clip, probe, language, out / "weights")
    return out / "weights"
