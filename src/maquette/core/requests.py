"""What is asked of an engine: small frozen values, checked when they are made."""

from dataclasses import dataclass

from PIL import Image

from maquette.core.errors import InvalidRequest

SIZE_STEP_PX = 16
MIN_SIZE_PX = 64
MAX_SIZE_PX = 1024
MAX_PICTURES = 64


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How one picture is sampled. Raises InvalidRequest naming the value that does not fit."""

    prompt: str
    negative_prompt: str = ""
    seed: int = 0
    num_inference_steps: int = 24
    guidance_scale: float = 4.0
    width: int = 256
    height: int = 256
    sampler: str = "dpm++2m"
    strength: float = 1.0

    def __post_init__(self) -> None:
        if not self.prompt.strip():
            raise InvalidRequest('the prompt is empty; say what to draw, such as "a red boat"')
        for name, value in (("width", self.width), ("height", self.height)):
            _check_size(name, value)
        if not 1 <= self.num_inference_steps <= 1000:
            raise InvalidRequest(f"steps {self.num_inference_steps} must be between 1 and 1000")
        if not 0.0 <= self.guidance_scale <= 50.0:
            raise InvalidRequest(f"guidance {self.guidance_scale:g} must be between 0 and 50")
        if not 0.0 < self.strength <= 1.0:
            raise InvalidRequest(
                f"strength {self.strength:g} must be above 0 (keep the picture) and at most 1 (new)"
            )
        if not 0 <= self.seed < 2**63:
            raise InvalidRequest(f"seed {self.seed} must be between 0 and 2^63 - 1")


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One or several pictures of one prompt; picture i uses `params.seed + i`.

    `source` starts from a picture instead of noise alone; `mask` (L mode, white is repainted)
    keeps the rest of it. `keep` of the `count` pictures are handed over, best CLIP score first,
    where it is less than `count`.
    """

    params: SamplingParams
    count: int = 1
    keep: int | None = None
    source: Image.Image | None = None
    mask: Image.Image | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MAX_PICTURES:
            raise InvalidRequest(f"count {self.count} must be between 1 and {MAX_PICTURES}")
        if self.mask is not None and self.source is None:
            raise InvalidRequest("a mask needs the picture it belongs to; add --from IMAGE")
        if self.mask is not None and self.source is not None and self.mask.size != self.source.size:
            raise InvalidRequest(
                f"the mask is {_size(self.mask)} but the picture is {_size(self.source)}; "
                "make them the same size"
            )


def _size(image: Image.Image) -> str:
    return f"{image.width}x{image.height}"


def _check_size(name: str, value: int) -> None:
    if value % SIZE_STEP_PX or not MIN_SIZE_PX <= value <= MAX_SIZE_PX:
        nearest = round(value / SIZE_STEP_PX) * SIZE_STEP_PX
        nearest = min(MAX_SIZE_PX, max(MIN_SIZE_PX, nearest))
        raise InvalidRequest(
            f"{name} {value} must be a multiple of {SIZE_STEP_PX} from {MIN_SIZE_PX} to "
            f"{MAX_SIZE_PX}; nearest is {nearest}"
        )
