"""The one place where engines are built from settings."""

import torch

from maquette.core.errors import UsageError
from maquette.core.settings import Settings
from maquette.diffusion.device import multiplies_bf16
from maquette.engines.catalog import find_model
from maquette.engines.clip import ClipEngine
from maquette.engines.image import ImageEngine

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def choose_device(settings: Settings) -> torch.device:
    """The device asked for; CUDA when present if none is. Raises UsageError where it is absent."""
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise UsageError("device 'cuda' is not on this machine; use --device cpu or auto")
    chosen = settings.device
    if chosen == "auto":
        chosen = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(chosen)


def choose_dtype(settings: Settings, device: torch.device) -> torch.dtype:
    """The precision asked for; bf16 where the device multiplies it natively if none is."""
    if settings.precision != "auto":
        return _DTYPES[settings.precision]
    return torch.bfloat16 if multiplies_bf16(device) else torch.float32


def quiet_libraries() -> None:
    """Progress bars and advice of the model libraries are not for the person who asked."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    for logging in (diffusers_logging, transformers_logging):
        logging.set_verbosity_error()
        logging.disable_progress_bar()


def image_engine(settings: Settings, model: str) -> ImageEngine:
    """The image engine of a model by name or folder."""
    quiet_libraries()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    device = choose_device(settings)
    return ImageEngine(find_model(model, "image"), device, choose_dtype(settings, device))


def clip_engine(settings: Settings, model: str = "starter-clip") -> ClipEngine:
    """The CLIP that ranks and searches."""
    quiet_libraries()
    return ClipEngine(find_model(model, "clip"), choose_device(settings))
