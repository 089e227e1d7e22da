"""Times passes without making the host wait for the device."""

import time
from collections import deque
from typing import Any

import torch

from maquette.diffusion.request import Bucket
from maquette.diffusion.step_times import StepTimes

MOST_AHEAD = 2  # passes that the host may be ahead: a cancel is to be felt within as many steps


class PassClock:
    """Hands the time of each pass to `step_times`: at once on a CPU; on a GPU, which works behind
    the host's back, when its own events have come by.
    """

    def __init__(self, device: torch.device, step_times: StepTimes) -> None:
        self._on_gpu, self._step_times = device.type == "cuda", step_times
        self._started_s = 0.0
        self._begun: Any = None
        self._pending: deque[tuple[Bucket | None, int, Any, Any]] = deque()

    def start(self) -> None:
        """A pass begins."""
        if self._on_gpu:
            self._begun = self._mark()
        else:
            self._started_s = time.perf_counter()

    def stop(self, bucket: Bucket | None, rows: int) -> None:
        """The pass has been asked for, or on a CPU is done. Without a bucket it is not noted."""
        if not self._on_gpu:
            self._note(bucket, rows, (time.perf_counter() - self._started_s) * 1e3)
            return
        self._pending.append((bucket, rows, self._begun, self._mark()))
        while self._pending:
            bucket, rows, begun, ended = self._pending[0]
            if len(self._pending) > MOST_AHEAD:
                ended.synchronize()
            elif not ended.query():
                return
            self._pending.popleft()
            self._note(bucket, rows, begun.elapsed_time(ended))

    def _note(self, bucket: Bucket | None, rows: int, pass_ms: float) -> None:
        if bucket is not None:
            self._step_times.record(bucket, rows, pass_ms)

    def _mark(self) -> Any:
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event
