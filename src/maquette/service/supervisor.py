"""Keeps a worker process alive: starts it, again when it dies or hangs, ends it gently."""

import logging
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Mapping

from maquette.core.settings import Settings

READY = "ready"  # a worker prints it when it takes jobs
ALIVE = "alive"  # and this at each beat of its heart
DRAIN_S = 20  # that a worker gives its jobs to end when it is told to stop
PATIENCE_S = DRAIN_S + 10  # that it is given itself
LEAST_PAUSE_S, MOST_PAUSE_S = 0.5, 30.0
LISTEN_S = 1.0  # between two looks whether it was heard
STILL_S = 15.0  # without a word, a worker does not count as ready
HUNG_S = 60.0  # then it is killed

log = logging.getLogger(__name__)


def usual_name(settings: Settings) -> str:
    """What a worker is called unless told otherwise: the same whenever it starts again, so that it
    goes on with what it was at; no two machines, and no two data folders, have it in common.
    """
    return f"{platform.node()}:{settings.data}"


class Supervisor:
    """One worker process, which is heard through its standard output. Use as a context manager."""

    def __init__(
        self, environ: Mapping[str, str], still_s: float = STILL_S, hung_s: float = HUNG_S
    ) -> None:
        self._environ = dict(environ)
        self._still_s, self._hung_s = still_s, hung_s
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._takes_jobs = threading.Event()
        self._silent_s = 0.0  # set to 0 by the thread that reads, counted up by the one that looks
        self.restarts = 0  # of a worker that had died
        self._process: subprocess.Popen[str] | None = None
        self._threads = [
            threading.Thread(target=self._keep, name="keep worker", daemon=True),
            threading.Thread(target=self._listen, name="listen to worker", daemon=True),
        ]

    def __enter__(self) -> "Supervisor":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._starting:
            self._stopping.set()
            process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
        for thread in self._threads:
            thread.join()

    def is_ready(self) -> bool:
        """Whether the worker takes jobs, and was heard of lately."""
        return self._takes_jobs.is_set() and self._silent_s < self._still_s

    def _listen(self) -> None:
        """Kills a worker that takes jobs and is not heard of any more.

        The seconds are those of its own looks: where this process stood still, or the machine
        slept, no one else is blamed.
        """
        while not self._stopping.wait(LISTEN_S):
            self._silent_s += LISTEN_S
            hangs = self._takes_jobs.is_set() and self._silent_s >= self._hung_s
            if hangs and self._process is not None:
                log.critical("the worker was not heard of for %.0f s, so it ends", self._hung_s)
                self._takes_jobs.clear()
                self._process.kill()

    def _keep(self) -> None:
        pause_s = LEAST_PAUSE_S
        while not self._stopping.is_set():
            started = time.monotonic()
            self._run()
            if self._stopping.is_set():
                return
            lived_long = time.monotonic() - started > MOST_PAUSE_S
            pause_s = LEAST_PAUSE_S if lived_long else min(2 * pause_s, MOST_PAUSE_S)
            if not self._stopping.wait(pause_s):
                self.restarts += 1

    def _run(self) -> None:
        """One life of the worker."""
        with self._starting:
            if self._stopping.is_set():
                return
            self._process = subprocess.Popen(
                [sys.executable, "-m", "maquette", "worker", "--attached"],
                env=self._environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        with self._process as process:
            assert process.stdout is not None
            for line in process.stdout:
                self._silent_s = 0.0
                if line.strip() == READY:
                    self._takes_jobs.set()
            process.wait()
        self._takes_jobs.clear()
