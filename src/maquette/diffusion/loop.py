"""Runs a batching engine in a thread of its own, for requests that come from any thread."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future

from maquette.diffusion.engine import DenoisingEngine
from maquette.diffusion.request import DenoisingRequest, Snapshot
from maquette.diffusion.runner import StepOutput

Command = Callable[[], None]


class EngineLoop:
    """Steps an engine as long as it has something to do; asked for anything, it does it between two
    steps.
    """

    def __init__(self, engine: DenoisingEngine) -> None:
        self._engine = engine
        self._commands: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._futures: dict[str, Future[StepOutput]] = {}
        self._watchers: dict[str, Callable[[StepOutput], None]] = {}
        self._closed, self._closing = False, threading.Lock()
        self._thread = threading.Thread(target=self._run, name="denoising", daemon=True)
        self._thread.start()

    def add(
        self,
        request: DenoisingRequest,
        on_step: Callable[[StepOutput], None] = lambda _: None,
        snapshot: Snapshot | None = None,
    ) -> "Future[StepOutput]":
        """Admits a request. The future holds its last step, or is cancelled with it.

        `on_step` is called in the engine's thread, so it must be quick.
        """
        future: Future[StepOutput] = Future()

        def admit() -> None:
            try:
                self._engine.add(request, snapshot)
            except Exception as error:
                future.set_exception(error)
                return
            self._futures[request.request_id] = future
            self._watchers[request.request_id] = on_step

        with self._closing:
            if self._closed:
                _call_off(future)
            else:
                self._commands.put(admit)
        return future

    def cancel(self, request_id: str) -> None:
        """Drops a request before the next step; one that is not here is passed over."""

        def drop() -> None:
            if future := self._forget(request_id):
                self._engine.cancel(request_id)
                _call_off(future)

        self._commands.put(drop)

    def close(self) -> None:
        """Cancels what is left and ends the thread. What is added later is cancelled at once."""
        with self._closing:
            self._closed = True
            self._commands.put(None)
        self._thread.join()

    def _run(self) -> None:
        while self._obey():
            try:
                for output in self._engine.step():
                    self._tell(output)
            except Exception as error:  # out of memory, most likely: all that are here hear of it
                self._fail(error)
        for request_id in list(self._futures):
            if future := self._forget(request_id):
                _call_off(future)

    def _obey(self) -> bool:
        """Does all that was asked; waits where there is nothing else to do. False to end."""
        while True:
            try:
                command = self._commands.get(block=not len(self._engine))
            except queue.Empty:
                return True
            if command is None:
                return False
            command()

    def _tell(self, output: StepOutput) -> None:
        request_id = output.request.request_id
        self._watchers[request_id](output)
        if output.finished and (future := self._forget(request_id)):
            future.set_result(output)

    def _fail(self, error: Exception) -> None:
        for request_id in list(self._futures):
            if request_id in self._engine:  # it may have finished in the very step that failed
                self._engine.cancel(request_id)
            if future := self._forget(request_id):
                future.set_exception(error)

    def _forget(self, request_id: str) -> "Future[StepOutput] | None":
        self._watchers.pop(request_id, None)
        return self._futures.pop(request_id, None)


def _call_off(future: "Future[StepOutput]") -> None:
    future.cancel()
    future.set_running_or_notify_cancel()  # wakes who waits for it
