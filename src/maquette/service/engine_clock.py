"""How long an engine was at each request, where many share its passes."""

import time
from collections.abc import Sequence
from threading import Lock
from typing import Any, Generic

from maquette.batching.loop import Engine, OneOutput, OneRequest


class EngineClock(Generic[OneRequest, OneOutput]):
    """An engine whose passes are timed: the seconds of one are shared out evenly among those whom
    it brought something. One that brought no one anything, for it read a part of a long prompt,
    counts with the next.
    """

    def __init__(self, engine: Engine[OneRequest, OneOutput]) -> None:
        self._engine = engine
        self._seconds: dict[str, float] = {}
        self._unshared_s = 0.0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._engine)

    def __contains__(self, request_id: str) -> bool:
        return request_id in self._engine

    def add(self, request: OneRequest, snapshot: Any = None) -> None:
        """As the engine does."""
        self._engine.add(request, snapshot)
        with self._lock:
            self._seconds[request.request_id] = 0.0

    def cancel(self, request_id: str) -> None:
        """As the engine does."""
        self._engine.cancel(request_id)

    def step(self) -> Sequence[OneOutput]:
        """As the engine does."""
        begun_s = time.perf_counter()
        outputs = self._engine.step()
        with self._lock:
            self._unshared_s += time.perf_counter() - begun_s
            if outputs:
                each_s, self._unshared_s = self._unshared_s / len(outputs), 0.0
                for output in outputs:
                    self._seconds[output.request.request_id] += each_s
        return outputs

    def take(self, request_id: str) -> float:
        """The seconds of a request, which are forgotten with that; from any thread."""
        with self._lock:
            return self._seconds.pop(request_id, 0.0)
