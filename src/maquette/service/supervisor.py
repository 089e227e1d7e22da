"""Keeps a worker process alive: starts it, starts it again when it dies, ends it gently."""

import subprocess
import sys
import threading
import time
from collections.abc import Mapping

READY = "ready"  # a worker prints it when it takes jobs
DRAIN_S = 20  # that a worker gives its jobs to end when it is told to stop
PATIENCE_S = DRAIN_S + 10  # that it is given itself
LEAST_PAUSE_S, MOST_PAUSE_S = 0.5, 30.0


class Supervisor:
    """One worker process. Use as a context manager."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ)
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self.ready = threading.Event()  # jobs are being taken
        self.restarts = 0  # of a worker that had died
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._keep, name="supervisor", daemon=True)

    def __enter__(self) -> "Supervisor":
        self._thread.start()
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
        self._thread.join()

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
                if line.strip() == READY:
                    self.ready.set()
            process.wait()
        self.ready.clear()
