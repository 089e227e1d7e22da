"""One latent grid on its way out of the noise: what was asked for, and how far it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from maquette.diffusion.adapters import RowAdapters
from maquette.diffusion.device import to_device
from maquette.diffusion.samplers import SamplerTable, StepRow

# (scaled latents (R, C, *grid), timesteps (R,), context (R, T, D), the adapters of each row) to its
# output (R, C, *grid); all fp32 but the context, which comes as the request holds it.
Network = Callable[[Tensor, Tensor, Tensor, Sequence[RowAdapters]], Tensor]
Bucket = tuple[str, tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class DenoisingRequest:
    """One latent grid to denoise. It takes one row of a pass, or two where its guidance is not 1.

    The grid may have any number of axes: H x W, T x H x W, X x Y x Z. `source` holds clean latents
    to start from; what lies where `mask` is 0 is held to them. All of one `model_id` have the same
    `network`. Raises ValueError where the parts do not fit each other.
    """

    request_id: str
    model_id: str
    network: Network
    table: SamplerTable
    guidance: tuple[float, ...]  # one scale a step
    shape: tuple[int, ...]  # (C, *grid)
    context: Tensor  # (2, T, D): unconditional, conditional
    seed: int = 0
    source: Tensor | None = None  # (C, *grid)
    mask: Tensor | None = None  # (1, *grid), 1 where to repaint
    adapters: RowAdapters = ()
    account: str = ""
    interactive: bool = True

    def __post_init__(self) -> None:
        if len(self.guidance) != len(self.table):
            raise ValueError(f"{len(self.guidance)} scales for {len(self.table)} steps")
        if self.mask is not None and self.source is None:
            raise ValueError("a mask needs the source that it holds to")
        if self.context.ndim != 3 or len(self.context) != 2:
            raise ValueError(f"context is {tuple(self.context.shape)}, not (2, T, D)")
        for name, part, shape in (
            ("source", self.source, self.shape),
            ("mask", self.mask, (1, *self.shape[1:])),
        ):
            if part is not None and part.shape != shape:
                raise ValueError(f"{name} is {tuple(part.shape)}, not {shape}")

    @property
    def bucket(self) -> Bucket:
        """What rows must agree in to share a pass: model, latent shape, conditioning shape."""
        return self.model_id, self.shape, tuple(self.context.shape[1:])


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a request needs to go on elsewhere; its noise follows from its seed."""

    step_index: int
    latents: Tensor  # (C, *grid), on the CPU
    previous: Tensor  # (C, *grid), on the CPU
    waited_ms: float = 0.0  # since it came, so that it does not lose its place


class Noise:
    """Gaussian noise of one request from its own seed, drawn on the CPU.

    So a picture does not depend on its neighbours, on its place among them or on the device.
    """

    def __init__(self, seed: int, shape: tuple[int, ...]) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._shape = shape

    def draw(self) -> Tensor:
        """The next noise: (C, *grid) fp32, on the CPU."""
        return torch.randn(self._shape, generator=self._generator)


class RequestState:
    """A request under way, its tensors on the device of the engine.

    Raises ValueError where a snapshot is not of this request.
    """

    def __init__(
        self,
        request: DenoisingRequest,
        device: torch.device,
        arrival_ms: float = 0.0,
        snapshot: Snapshot | None = None,
    ) -> None:
        self.request, self.arrival_ms, self.paused = request, arrival_ms, False
        self.context = request.context.to(device)
        self.source = None if request.source is None else request.source.to(device)
        self.mask = None if request.mask is None else request.mask.to(device)
        self._noise = Noise(request.seed, request.shape)
        self._fresh: Tensor | None = None
        first = to_device(self._noise.draw(), device)
        # What the mask spares is put back at this noise; no one else needs it later.
        self.first = None if request.mask is None else first
        counts = [1 if scale == 1.0 else 2 for scale in request.guidance]
        self._rows_left = list(accumulate(reversed(counts), initial=0))[::-1]
        if snapshot is None:
            self.step_index = 0
            self.latents = self._start(first)
            self.previous = torch.zeros_like(self.latents)
        else:
            self._restore(snapshot, device)

    def _start(self, first: Tensor) -> Tensor:
        if self.source is None:
            return first * self.request.table.init_scale
        row = self.request.table.row(0)
        return row.signal * self.source + row.noise_level * first

    def _restore(self, snapshot: Snapshot, device: torch.device) -> None:
        table, shape = self.request.table, self.request.shape
        fits = snapshot.latents.shape == snapshot.previous.shape == shape
        if not fits or not 0 <= snapshot.step_index < len(table):
            raise ValueError(
                f"a snapshot of {tuple(snapshot.latents.shape)} at step {snapshot.step_index} is "
                f"not of request {self.request.request_id}, {shape} with {len(table)} steps"
            )
        self.step_index = snapshot.step_index
        self.latents = to_device(snapshot.latents, device)
        self.previous = to_device(snapshot.previous, device)
        for row in table.rows[: self.step_index]:
            if row.d:
                self._noise.draw()

    @property
    def coefficients(self) -> StepRow[float]:
        """Of the step to come."""
        return self.request.table.row(self.step_index)

    @property
    def guidance(self) -> float:
        """The guidance scale of the step to come."""
        return self.request.guidance[self.step_index]

    @property
    def row_count(self) -> int:
        """The rows that the step to come takes in a pass."""
        return 1 if self.guidance == 1.0 else 2

    @property
    def rows_left(self) -> int:
        """The rows of all steps to come."""
        return self._rows_left[self.step_index]

    def fresh_noise(self) -> Tensor:
        """Noise for the step to come, (C, *grid) on the CPU: the same until that step has been
        taken, for a pass may fail and be tried again.
        """
        if self._fresh is None:
            self._fresh = self._noise.draw()
        return self._fresh

    def advance(self, latents: Tensor, previous: Tensor) -> None:
        """Takes the step, to new latents and the clean latents predicted on the way."""
        self.latents, self.previous, self._fresh = latents, previous, None
        self.step_index += 1

    def spared_level(self) -> tuple[float, float]:
        """Signal and noise of what the mask spares, after the step to come."""
        after = self.step_index + 1
        if after == len(self.request.table):
            return 1.0, 0.0
        row = self.request.table.row(after)
        return row.signal, row.noise_level

    def snapshot(self, now_ms: float) -> Snapshot:
        """The state between two steps, as copies on the CPU."""
        latents, previous = (t.to("cpu", copy=True) for t in (self.latents, self.previous))
        return Snapshot(self.step_index, latents, previous, now_ms - self.arrival_ms)
