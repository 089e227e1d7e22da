"""The one place where engines are built from settings."""

from collections.abc import Sequence

import torch

from maquette.core.settings import Settings
from maquette.diffusion.device import choose_device, choose_dtype
from maquette.engines.catalog import find_model
from maquette.engines.clip import ClipEngine
from maquette.engines.image import ImageEngine
from maquette.service.backend_choice import backends_folder, choose_backend


def quiet_libraries() -> None:
    """Progress bars and advice of the model libraries are not for the person who asked."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    for logging in (diffusers_logging, transformers_logging):
        logging.set_verbosity_error()
        logging.disable_progress_bar()


def image_engine(
    settings: Settings, model: str, measure: bool = False, like: ImageEngine | None = None
) -> ImageEngine:
    """The image engine of a model by name or folder. With `measure` it takes the time to find the
    fastest backend, where that is not known; with an engine `like` it, it shares what it can.
    """
    quiet_libraries()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    device = choose_device(settings)
    image = ImageEngine(
        find_model(model, "image"),
        device,
        choose_dtype(settings, device),
        settings.data / "adapters",
        like,
    )
    image.use(choose_backend(settings, image, measure), backends_folder(settings))
    return image


def image_engines(settings: Settings, models: Sequence[str]) -> dict[str, ImageEngine]:
    """Image models by name, as a studio has them: the backend measured at the first start."""
    engines: dict[str, ImageEngine] = {}
    for model in models:
        like = next(iter(engines.values()), None)
        engines[model] = image_engine(settings, model, measure=True, like=like)
    return engines


def clip_engine(settings: Settings, model: str = "starter-clip") -> ClipEngine:
    """The CLIP that ranks and searches."""
    quiet_libraries()
    return ClipEngine(find_model(model, "clip"), choose_device(settings))
