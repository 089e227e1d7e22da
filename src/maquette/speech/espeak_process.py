"""The program that speaks with espeak-ng, in a process of its own: its licence is the GPL.

It is started with the paths of the shared library and of the folder that holds espeak-ng-data, and
imports nothing of ours. Requests come on standard input, answers go to standard output; both are
frames: four bytes of length, big-endian, then that much JSON. Behind the JSON of what was said come
its samples, 16 bit, `bytes` of them. It ends where there is nothing more to read.

The library keeps a state from text to text, so that what it says would depend on what it said
before. Each text is therefore said by a copy of the process, made when the library was new, which
costs a millisecond; and it ends with the first copy that does not end well.
"""

import ctypes
import json
import os
import signal
import struct
import sys
from typing import IO, Any

RATE, VOLUME, PITCH = 1, 2, 3  # espeak_PARAMETER
SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT
DONT_EXIT = 0x8000
UTF8, SSML = 1, 0x10
IPA = 0x02
WORD, END = 1, 5  # espeak_EVENT_TYPE
POS_CHARACTER = 1
MOST_S = 60  # that a copy lives, should no one be there any more to end it


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("text", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Espeak:
    """The library, and what it says of one text."""

    def __init__(self, library: str, data: str) -> None:
        self._library = ctypes.CDLL(library)
        os.chdir(data)  # of a path the library takes 160 bytes
        self.rate = self._library.espeak_Initialize(SYNCHRONOUS, 0, b".", DONT_EXIT)
        if self.rate <= 0:
            raise OSError(f"espeak-ng does not start with the data of {data}")
        self._samples = bytearray()
        self._events: list[tuple[int, int, int]] = []
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(1))  # of its breath and its hiss
        self._callback = _CALLBACK(self._take)  # kept, or it would be freed while it is called
        self._library.espeak_SetSynthCallback(self._callback)
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p

    def answer(self, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """What is asked for, and its samples."""
        if self._library.espeak_SetVoiceByName(asked["voice"].encode()) != 0:
            return {"error": f"espeak-ng has no voice {asked['voice']!r}"}, b""
        if asked["do"] == "phonemes":
            return {"phonemes": self._phonemes(asked["text"], asked["ipa"])}, b""
        return self._say(asked)

    def _say(self, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        self._samples.clear()
        self._events.clear()
        for parameter, name in ((RATE, "rate"), (VOLUME, "volume"), (PITCH, "pitch")):
            self._library.espeak_SetParameter(parameter, asked[name], 0)
        text = asked["text"].encode() + b"\0"
        failed = self._library.espeak_Synth(
            text, ctypes.c_size_t(len(text)), 0, POS_CHARACTER, 0, UTF8 | SSML, None, None
        )
        if failed:
            return {"error": f"espeak-ng failed with {failed}"}, b""
        told = {"rate": self.rate, "events": self._events, "bytes": len(self._samples)}
        return told, bytes(self._samples)

    def _phonemes(self, text: str, ipa: bool) -> str:
        """One clause a line."""
        left = ctypes.c_char_p(text.encode())
        clauses: list[str] = []
        while left.value:
            clause = self._library.espeak_TextToPhonemes(
                ctypes.byref(left), UTF8, IPA if ipa else 0
            )
            clauses.append((clause or b"").decode())
        return "\n".join(clauses)

    def _take(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self._samples += ctypes.string_at(samples, 2 * count)
        at = 0
        while events[at].type:
            if events[at].type in (WORD, END):
                one = events[at]
                self._events.append((one.type, one.text_position, one.sample))
            at += 1
        return 0


def read_frame(stream: IO[bytes]) -> Any:
    """The next JSON; None at the end."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    (length,) = struct.unpack(">I", head)
    body = stream.read(length)
    return json.loads(body) if len(body) == length else None


def write_frame(stream: IO[bytes], told: Any, samples: bytes = b"") -> None:
    """One JSON, and the samples behind it."""
    body = json.dumps(told).encode()
    stream.write(struct.pack(">I", len(body)) + body + samples)
    stream.flush()


def main() -> int:
    """Answers until there is nothing more to read."""
    library, data = sys.argv[1:]
    with os.fdopen(os.dup(1), "wb") as answers, os.fdopen(os.dup(0), "rb") as requests:
        os.dup2(2, 1)  # what the library prints is no answer
        espeak = Espeak(library, data)
        while (asked := read_frame(requests)) is not None:
            copy = os.fork()
            if copy == 0:
                signal.alarm(MOST_S)
                write_frame(answers, *espeak.answer(asked))
                os._exit(0)
            if os.waitpid(copy, 0)[1] != 0:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
