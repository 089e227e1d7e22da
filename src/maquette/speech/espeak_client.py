"""Asks the program that speaks with espeak-ng; starts it when it is needed, again when it dies."""

import os
import signal
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from maquette.core.errors import VoiceUnavailable
from maquette.speech import espeak_process

PROGRAM = Path(espeak_process.__file__)
MOST_ANSWER_BYTES = 64 << 20  # minutes of samples, where a sentence takes seconds


class EspeakClient:
    """One process of the program; who asks while another does waits. Use as a context manager, or
    close it.

    What takes longer than `limit_s` is ended, and so is the process.
    """

    def __init__(self, library: Path, data: Path, limit_s: float) -> None:
        self._command = [sys.executable, "-I", "-S", str(PROGRAM), str(library), str(data)]
        self._limit_s = limit_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "EspeakClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process; it is started again by the next question."""
        with self._lock:
            self._end()

    def ask(self, asked: dict[str, Any], what: str) -> tuple[dict[str, Any], bytes]:
        """The answer, and the samples behind it; `what` is asked about, in messages.

        A process that dies is asked once more, anew. Raises VoiceUnavailable where it dies again,
        takes too long, or says that it cannot.
        """
        with self._lock:
            told = self._ask(asked, what) or self._ask(asked, what)
        if told is None:
            raise VoiceUnavailable(
                f"espeak-ng died twice at {what[:40]!r}; leave that out, or choose another voice"
            )
        if "error" in told[0]:
            raise VoiceUnavailable(f"{told[0]['error']}, at {what[:40]!r}; choose another voice")
        return told

    def _ask(self, asked: dict[str, Any], what: str) -> tuple[dict[str, Any], bytes] | None:
        """None where the process died of it."""
        process = self._started()
        late = threading.Event()

        def end() -> None:
            late.set()
            _kill(process)

        timer = threading.Timer(self._limit_s, end)
        timer.daemon = True
        timer.start()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            espeak_process.write_frame(process.stdin, asked)
            return _read_answer(process.stdout)
        except (OSError, ValueError, struct.error):  # a pipe that is closed, half an answer
            self._end()
            if late.is_set():
                raise VoiceUnavailable(
                    f"espeak-ng took over {self._limit_s:g} s for {what[:40]!r}; "
                    "leave that out, or choose another voice"
                ) from None
            return None
        except BaseException:  # its answer would be taken for the next one's
            self._end()
            raise
        finally:
            timer.cancel()

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        _kill(process)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not sent yet is for no one
                    pipe.close()


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """With the copy of itself that is at work."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _read_answer(stream: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """Raises ValueError where the answer is not whole."""
    told = espeak_process.read_frame(stream)
    if not isinstance(told, dict):
        raise ValueError("no answer")
    length = int(told.get("bytes", 0))
    if not 0 <= length <= MOST_ANSWER_BYTES:
        raise ValueError("too long an answer")
    samples = stream.read(length)
    if len(samples) < length:
        raise ValueError("half an answer")
    return told, samples
