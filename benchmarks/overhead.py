"""What share of a step the batching engine spends outside the model, beside what is allowed."""

import statistics
import time
from typing import Any

import torch

from benchmarks.report import compare, print_outcome
from benchmarks.rivals import as_pytorch_stands
from benchmarks.workload import mixed_requests
from maquette.core.requests import GenerationRequest
from maquette.diffusion.engine import DenoisingEngine
from maquette.engines.image import ImageEngine

ALLOWED = 0.05
COUNT = 16
ROUNDS = 5


class _Inside:
    """Seconds within the U-Net itself; on a GPU, up to the end of its work."""

    def __init__(self, engine: ImageEngine) -> None:
        self.seconds, self._started_s = 0.0, 0.0
        self._wait = torch.cuda.synchronize if engine.device.type == "cuda" else lambda: None
        engine.unet.register_forward_pre_hook(self._enter)
        engine.unet.register_forward_hook(self._leave)

    def _enter(self, *_: Any) -> None:
        self._wait()
        self._started_s = time.perf_counter()

    def _leave(self, *_: Any) -> None:
        self._wait()
        self.seconds += time.perf_counter() - self._started_s


def outside_share(engine: ImageEngine, inside: _Inside, seed: int) -> float:
    """Share of all steps' time that is not the U-Net's, over 16 mixed requests."""
    denoising = DenoisingEngine(engine.device)
    for number, arrival in enumerate(mixed_requests(COUNT, 0.0, seed)):
        for request in engine.prepare(GenerationRequest(arrival.params), str(number)):
            denoising.add(request)
    inside.seconds = 0.0
    started = time.perf_counter()
    while denoising.step():
        pass
    return 1.0 - inside.seconds / (time.perf_counter() - started)


if __name__ == "__main__":
    image = as_pytorch_stands()  # other backends do not call the U-Net that is timed here
    of_unet = _Inside(image)
    outside_share(image, of_unet, 0)
    shares = [outside_share(image, of_unet, seed) for seed in range(1, ROUNDS + 1)]
    print(f"ours   {shares}")
    claim = "share of a step that the engine spends outside the U-Net, beside what is allowed"
    print_outcome(compare(claim, statistics.median(shares), ALLOWED, 1.0, less_is_better=True))
