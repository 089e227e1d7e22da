"""A preview has the colours of the picture, at a fraction of the cost."""

import numpy as np
import torch
from PIL import Image

from maquette.engines.catalog import STARTERS
from maquette.engines.image import ImageEngine
from maquette.engines.preview import LatentPreview
from maquette.world.compose import compose
from maquette.world.draw import draw


def test_a_linear_decoder_is_learned_exactly() -> None:
    torch.manual_seed(3)
    mix = torch.randn(3, 4) / 8

    def decode(latents: torch.Tensor) -> torch.Tensor:
        pixels = torch.einsum("oc,bchw->bohw", mix, latents) + 0.1
        return torch.nn.functional.interpolate(pixels, scale_factor=4)

    preview = LatentPreview(decode, 4, 4, torch.device("cpu"))
    latents = torch.randn(4, 6, 5)
    wanted = ((decode(latents[None])[0, :, ::4, ::4] + 1) * 127.5).clamp(0, 255)
    shown = np.asarray(preview(latents))
    assert shown.shape == (6, 5, 3)
    assert np.abs(shown - wanted.permute(1, 2, 0).numpy()).max() <= 1


def test_the_starters_preview_looks_like_the_picture() -> None:
    engine = ImageEngine(STARTERS["image"], torch.device("cpu"), torch.float32)
    errors = []
    for seed in range(3):
        latents = engine.codec.encode(Image.fromarray(draw(compose(seed, "held_out"))))
        shown = engine.codec.preview(latents[0])
        assert shown.size == (64, 64)
        picture = engine.codec.decode(latents)[0].resize((64, 64), Image.Resampling.BOX)
        errors.append(np.abs(np.asarray(shown).astype(int) - np.asarray(picture)).mean())
    assert np.mean(errors) < 20  # of 255
