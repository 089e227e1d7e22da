"""Runs a batching engine in a thread of its own, for requests that come from any thread."""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import Any, Generic, Protocol, TypeVar

from maquette.batching.failures import is_lasting
from maquette.core.errors import MaquetteError

MOST_FAILURES = 5  # passes in a row: then it is not for what was asked

Command = Callable[[], None]


class Request(Protocol):
    """What an engine is asked for, by the name that it goes by there."""

    @property
    def request_id(self) -> str: ...


class Output(Protocol):
    """What a step brought a request; the last one is `finished`."""

    @property
    def request(self) -> Request: ...

    @property
    def finished(self) -> object: ...


AnyRequest = TypeVar("AnyRequest", bound=Request, contravariant=True)
AnyOutput = TypeVar("AnyOutput", bound=Output, covariant=True)


class Engine(Protocol[AnyRequest, AnyOutput]):
    """Steps many requests at once. For one thread."""

    def __len__(self) -> int: ...

    def __contains__(self, request_id: str) -> bool: ...

    def step(self) -> Sequence[AnyOutput]:
        """A step of those that take part in it; whoever has finished has left. So have those whose
        step raised something, which is raised.
        """
        ...

    def add(self, request: AnyRequest, snapshot: Any = None) -> None:
        """Admits a request, from its beginning or from where it was."""
        ...

    def cancel(self, request_id: str) -> None:
        """Drops a request before the next step."""
        ...


OneRequest = TypeVar("OneRequest", bound=Request)
OneOutput = TypeVar("OneOutput", bound=Output)


class EngineLoop(Generic[OneRequest, OneOutput]):
    """Steps an engine as long as it has something to do; asked for anything, it does it between two
    steps.

    What a pass raises is told to the requests of that pass, and the others go on. After an error
    that will not go away, which is one of the device or of pass after pass, `on_broken` is called
    with it, in the engine's thread, and the loop ends as by `close`. So it is with an error that
    someone else met and tells of by `fail`.
    """

    def __init__(
        self,
        engine: Engine[OneRequest, OneOutput],
        on_broken: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self._engine, self._on_broken = engine, on_broken
        self._failures, self._broken = 0, False
        self._commands: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._futures: dict[str, Future[OneOutput]] = {}
        self._watchers: dict[str, Callable[[OneOutput], None]] = {}
        self._closed, self._closing = False, threading.Lock()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def add(
        self,
        request: OneRequest,
        on_step: Callable[[OneOutput], None] = lambda _: None,
        snapshot: Any = None,
    ) -> "Future[OneOutput]":
        """Admits a request. The future holds its last step, or is cancelled with it.

        `on_step` is called in the engine's thread, so it must be quick.
        """
        future: Future[OneOutput] = Future()

        def admit() -> None:
            try:
                self._engine.add(request, snapshot)
            except Exception as error:
                self._fail(error, [future])
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
            if request_id in self._futures:
                self._engine.cancel(request_id)
                _call_off(self._forget(request_id))

        self._commands.put(drop)

    def turn(self) -> "Future[None]":
        """Done when the engine's thread has come by, between two steps."""
        turned: Future[None] = Future()
        self._commands.put(lambda: turned.set_result(None))
        return turned

    def fail(self, error: Exception) -> None:
        """Tells of an error that was met outside of passes, as in a decoder. Returns when it was
        seen whether it will go away.
        """
        told: Future[OneOutput] = Future()
        with self._closing:
            if self._closed:
                return
            self._commands.put(lambda: self._fail(error, [told]))
        wait([told])

    def close(self) -> None:
        """Cancels what is left and ends the thread. What is added later is cancelled at once."""
        with self._closing:
            self._closed = True
            self._commands.put(None)
        self._thread.join()

    def _run(self) -> None:
        while not self._broken and self._obey():
            self._step()
        self._end()

    def _step(self) -> None:
        """One pass; in a function, or the thread would keep its last picture while it waits."""
        try:
            outputs = self._engine.step()
        except Exception as error:
            self._failures += not isinstance(error, MaquetteError)
            left = [name for name in self._futures if name not in self._engine]
            self._fail(error, [self._forget(name) for name in left])
        else:
            self._failures = 0
            for output in outputs:
                self._tell(output)

    def _end(self) -> None:
        """Cancels what is left, and what was added meanwhile."""
        with self._closing:
            self._closed = True
            self._commands.put(None)
        for command in iter(self._commands.get, None):
            command()
        for request_id in list(self._futures):
            _call_off(self._forget(request_id))

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
            if self._broken:
                return False

    def _tell(self, output: OneOutput) -> None:
        request_id = output.request.request_id
        try:
            self._watchers[request_id](output)
        except Exception as error:
            if not output.finished:
                self._engine.cancel(request_id)
            self._fail(error, [self._forget(request_id)])
            return
        if output.finished:
            self._forget(request_id).set_result(output)

    def _fail(self, error: Exception, futures: "Sequence[Future[OneOutput]]") -> None:
        """Tells an error to those it concerns, after it was seen whether it will go away."""
        lasting = self._failures == MOST_FAILURES or is_lasting(error)
        if lasting and not self._broken:
            self._broken = True
            self._on_broken(error)
        for future in futures:
            future.set_exception(error)

    def _forget(self, request_id: str) -> "Future[OneOutput]":
        del self._watchers[request_id]
        return self._futures.pop(request_id)


def _call_off(future: "Future[Any]") -> None:
    future.cancel()
    future.set_running_or_notify_cancel()  # wakes who waits for it
