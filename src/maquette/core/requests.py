"""What is asked of an engine: small frozen values, checked when they are made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maquette.core.errors import InvalidRequest, did_you_mean

if TYPE_CHECKING:
    from PIL import Image

SAMPLER_NAMES = ("euler", "euler-a", "ddim", "dpm++2m", "flow-euler", "lcm")
SIZE_STEP_PX = 16
MIN_SIZE_PX = 64
MAX_SIZE_PX = 1024
MAX_PICTURES = 64
MAX_STEPS = 1000
MAX_GUIDANCE = 50.0
MAX_ADAPTERS = 8
MAX_ADAPTER_SCALE = 10.0
DEFAULT_SIDE_PX = 256
DEFAULT_STEPS = 24
DEFAULT_GUIDANCE = 4.0
DEFAULT_SAMPLER = "dpm++2m"


@dataclass(frozen=True, slots=True)
class AdapterUse:
    """A LoRA by name or file, and how strongly it acts: at 0 not at all, at 1 as it was trained.

    Raises InvalidRequest naming the value that does not fit.
    """

    adapter: str
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not abs(self.scale) <= MAX_ADAPTER_SCALE:
            raise InvalidRequest(
                f"scale {self.scale:g} of {self.adapter!a} must be between "
                f"{-MAX_ADAPTER_SCALE:g} and {MAX_ADAPTER_SCALE:g}; 1 is as it was trained"
            )


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How one picture is sampled. Raises InvalidRequest naming the value that does not fit.

    Guidance acts between two shares of the steps, the `guidance_interval`.
    """

    prompt: str
    negative_prompt: str = ""
    seed: int = 0
    num_inference_steps: int = DEFAULT_STEPS
    guidance_scale: float = DEFAULT_GUIDANCE
    width: int = DEFAULT_SIDE_PX
    height: int = DEFAULT_SIDE_PX
    sampler: str = DEFAULT_SAMPLER
    strength: float = 1.0
    guidance_interval: tuple[float, float] = (0.0, 1.0)
    adapters: tuple[AdapterUse, ...] = ()

    def __post_init__(self) -> None:
        if not self.prompt.strip():
            raise InvalidRequest('the prompt is empty; say what to draw, such as "a red boat"')
        for name, text in (("prompt", self.prompt), ("negative prompt", self.negative_prompt)):
            if not is_unicode(text):
                raise InvalidRequest(f"the {name} {text!a} is not valid UTF-8; type it anew")
        check_size(self.width, self.height)
        if self.sampler not in SAMPLER_NAMES:
            hint = did_you_mean(self.sampler, SAMPLER_NAMES)
            raise InvalidRequest(f"unknown sampler {self.sampler!r}; {hint}")
        if not 1 <= self.num_inference_steps <= MAX_STEPS:
            raise InvalidRequest(
                f"steps {self.num_inference_steps} must be between 1 and {MAX_STEPS}"
            )
        if not 0.0 <= self.guidance_scale <= MAX_GUIDANCE:
            raise InvalidRequest(
                f"guidance {self.guidance_scale:g} must be between 0 and {MAX_GUIDANCE:g}"
            )
        if self.negative_prompt and self.guidance_scale == 1.0:
            raise InvalidRequest(
                "a negative prompt does nothing at guidance 1; "
                "give another guidance, or leave the negative prompt out"
            )
        start, end = self.guidance_interval
        if not 0.0 <= start < end <= 1.0:
            raise InvalidRequest(
                f"guidance interval {start:g},{end:g} must be two shares of the steps from 0 to 1, "
                "the less one first"
            )
        if not 0.0 < self.strength <= 1.0:
            raise InvalidRequest(
                f"strength {self.strength:g} must be above 0 (keep the picture) and at most 1 (new)"
            )
        if not 0 <= self.seed < 2**63:
            raise InvalidRequest(f"seed {self.seed} must be between 0 and 2^63 - 1")
        if len(self.adapters) > MAX_ADAPTERS:
            raise InvalidRequest(
                f"{len(self.adapters)} adapters are too many; at most {MAX_ADAPTERS}"
            )
        for name, times in Counter(use.adapter for use in self.adapters).items():
            if times > 1:
                raise InvalidRequest(f"adapter {name!a} is named {times} times; add up its scales")


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One or several pictures of one prompt; picture i uses `params.seed + i`.

    `source` starts from a picture instead of noise alone; `mask` (L mode, white is repainted)
    keeps the rest of it. With `keep`, so many of the `count` pictures are handed over, best CLIP
    score first.
    """

    params: SamplingParams
    count: int = 1
    keep: int | None = None
    source: Image.Image | None = None
    mask: Image.Image | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MAX_PICTURES:
            raise InvalidRequest(f"count {self.count} must be between 1 and {MAX_PICTURES}")
        if self.keep is not None and not 1 <= self.keep <= self.count:
            raise InvalidRequest(
                f"{self.keep} pictures cannot be kept of {self.count}; draw at least as many"
            )
        if self.mask is not None and self.source is None:
            raise InvalidRequest("a mask needs the picture it belongs to; add --from IMAGE")
        wanted = (self.params.width, self.params.height)
        for name, picture in (("picture", self.source), ("mask", self.mask)):
            if picture is not None and picture.size != wanted:
                raise InvalidRequest(
                    f"the {name} is {picture.width}x{picture.height} but {wanted[0]}x{wanted[1]} "
                    "is asked for; make them the same size"
                )


def steps_run(num_inference_steps: int, strength: float) -> int:
    """How many steps are taken: of a strength below 1 that last share of them, at least one."""
    return max(1, int(num_inference_steps * strength))


def check_size(width: int, height: int) -> None:
    """Raises InvalidRequest naming a side that is not drawn and the nearest one that is."""
    for name, value in (("width", width), ("height", height)):
        if value % SIZE_STEP_PX or not MIN_SIZE_PX <= value <= MAX_SIZE_PX:
            nearest = round(value / SIZE_STEP_PX) * SIZE_STEP_PX
            nearest = min(MAX_SIZE_PX, max(MIN_SIZE_PX, nearest))
            raise InvalidRequest(
                f"{name} {value} must be a multiple of {SIZE_STEP_PX} from {MIN_SIZE_PX} to "
                f"{MAX_SIZE_PX}; nearest is {nearest}"
            )


def is_unicode(text: str) -> bool:
    """Whether it can be stored; bytes that the terminal could not decode cannot."""
    return "\0" not in text and text.encode(errors="ignore").decode() == text
