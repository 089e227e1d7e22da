"""The step-wise batching engine: requests join, leave, pause and go on at any step."""

import time
import traceback
from collections.abc import Iterable, Sequence

import torch

from maquette.batching.failures import lacks_memory
from maquette.diffusion.failures import out_of_memory
from maquette.diffusion.pass_clock import PassClock
from maquette.diffusion.request import DenoisingRequest, RequestState, Snapshot
from maquette.diffusion.runner import StepOutput, run
from maquette.diffusion.scheduler import Scheduler
from maquette.diffusion.step_times import StepTimes

MAX_ROWS = 16


class DenoisingEngine:
    """Denoises many requests at once, a pass at a time. For one thread.

    `max_rows` bounds a pass. A `deterministic` engine gives each request passes of its own, so that
    its result is the same to the byte in any company; it shares the machine, not the pass.
    """

    def __init__(
        self,
        device: torch.device,
        step_times: StepTimes | None = None,
        max_rows: int = MAX_ROWS,
        deterministic: bool = False,
    ) -> None:
        self.device, self.step_times = device, step_times or StepTimes()
        self._clock = PassClock(device, self.step_times)
        self._scheduler = Scheduler(self.step_times, 1 if deterministic else max_rows)
        self._states: dict[str, RequestState] = {}

    def __len__(self) -> int:
        return len(self._states)

    def __contains__(self, request_id: str) -> bool:
        return request_id in self._states

    def step(self) -> list[StepOutput]:
        """One pass: the requests that took a step in it. [] where all are paused or none is left.

        A request whose output is `finished` has left the engine. So have those whose pass raised
        something, which is raised; the others are as they were. Raises OutOfMemory where a request
        does not fit the memory even alone.
        """
        batch = self._scheduler.schedule(self._states.values())
        outputs = self._run(batch) if batch else []
        self._drop(output.request for output in outputs if output.finished)
        return outputs

    def _run(self, batch: Sequence[RequestState]) -> list[StepOutput]:
        """A pass of all, or of as many, from the first on, as there is memory for."""
        bucket, rows = batch[0].request.bucket, sum(state.row_count for state in batch)
        self._clock.start()
        try:
            outputs = run(batch)
        except Exception as error:
            traceback.clear_frames(error.__traceback__)  # they hold the tensors of the pass
            if len(batch) == 1 or not lacks_memory(error):
                self._drop(state.request for state in batch)
                if lacks_memory(error):
                    raise out_of_memory(batch[0].request.shape, self.device) from error
                raise
        else:
            # Those with adapters may be computed by another backend, so they do not count.
            plain = not any(state.request.adapters for state in batch)
            self._clock.stop(bucket if plain else None, rows)
            return outputs
        self._scheduler.shrink(bucket, rows)
        return self._run(batch[: len(batch) // 2])

    def _drop(self, requests: Iterable[DenoisingRequest]) -> None:
        for request in requests:
            del self._states[request.request_id]

    def add(self, request: DenoisingRequest, snapshot: Snapshot | None = None) -> None:
        """Admits a request to the next pass, from its beginning or from a snapshot of it.

        Raises ValueError where one of its name is here, or the snapshot is of another.
        """
        if request.request_id in self._states:
            raise ValueError(f"request {request.request_id} is already here")
        arrival_ms = _now_ms() - (snapshot.waited_ms if snapshot else 0.0)
        state = RequestState(request, self.device, arrival_ms, snapshot)
        self._states[request.request_id] = state

    def cancel(self, request_id: str) -> None:
        """Drops a request before the next pass. Raises KeyError where it is not here."""
        del self._states[request_id]

    def pause(self, request_id: str) -> None:
        """Leaves a request out of the passes to come. Raises KeyError where it is not here."""
        self._states[request_id].paused = True

    def resume(self, request_id: str) -> None:
        """Lets a paused request go on. Raises KeyError where it is not here."""
        self._states[request_id].paused = False

    def snapshot(self, request_id: str) -> Snapshot:
        """What a request needs to go on elsewhere. Raises KeyError where it is not here."""
        return self._states[request_id].snapshot(_now_ms())


def _now_ms() -> float:
    return time.monotonic() * 1e3
