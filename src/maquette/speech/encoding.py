"""Samples as files: WAV, MP3, Opus, FLAC, AAC and raw PCM, by FFmpeg."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import av
import numpy as np

from maquette.core.speech_requests import SpeechFormat
from maquette.speech.narrate import Narration
from maquette.speech.voice import Samples

BLOCK_S = 1.0  # of samples that are handed over at once
ELSE_RATE = 48_000  # where a codec does not know the voice's


@dataclass(frozen=True, slots=True)
class Container:
    """How FFmpeg calls a format and its codec, and what browsers and files call it.

    `rate` is the one that it has whatever the voice's is.
    """

    muxer: str
    codec: str
    media_type: str
    suffix: str
    sample_format: str = "s16"
    bits_a_second: int | None = None
    rate: int | None = None


CONTAINERS: dict[SpeechFormat, Container] = {
    "wav": Container("wav", "pcm_s16le", "audio/wav", ".wav"),
    "mp3": Container("mp3", "libmp3lame", "audio/mpeg", ".mp3", "s16p", 96_000),
    "opus": Container("ogg", "libopus", "audio/ogg", ".opus", "s16", 48_000, rate=48_000),
    "flac": Container("flac", "flac", "audio/flac", ".flac"),
    "aac": Container("adts", "aac", "audio/aac", ".aac", "fltp", 96_000),
    # What clients of OpenAI's API take raw samples for.
    "pcm": Container("s16le", "pcm_s16le", "audio/pcm", ".pcm", rate=24_000),
}


def encode(narration: Narration, format: SpeechFormat) -> bytes:
    """The narration as a whole file; `pcm` is 16 bit, little-endian, at 24 kHz, without a head."""
    file = io.BytesIO()
    for _ in _written(file, [narration], format):
        pass
    return file.getvalue()


def encode_stream(parts: Iterable[Narration], format: SpeechFormat) -> Iterator[bytes]:
    """The same as its parts come, as `narrate_by_sentence` gives them. The file's head was written
    before it was known how long it becomes, and does not say so.
    """
    sink = _Sink()
    for _ in _written(sink, parts, format):
        if written := sink.take():
            yield written
    if written := sink.take():
        yield written


class _Sink:
    """A file that is passed on as it is written, so nothing in it can be changed later."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, content: bytes) -> int:
        self._written += content
        return len(content)

    def take(self) -> bytes:
        """What was written since it was last asked."""
        taken, self._written = bytes(self._written), bytearray()
        return taken


def _written(file: Any, parts: Iterable[Narration], format: SpeechFormat) -> Iterator[None]:
    """Writes part after part; is whole when it has ended."""
    form = CONTAINERS[format]
    with av.open(file, "w", format=form.muxer, options={"flush_packets": "1"}) as container:
        stream: Any = None
        for part in parts:
            if stream is None:
                stream = _stream(container, form, part.rate)
            size = round(BLOCK_S * part.rate)
            for start in range(0, len(part.samples), size):
                frame = _frame(part.samples[start : start + size], part.rate)
                container.mux(stream.encode(frame))
            yield
        if stream is not None:
            container.mux(stream.encode(None))


def _stream(container: Any, form: Container, rate: int) -> Any:
    possible = av.Codec(form.codec, "w").audio_rates
    rate = form.rate or (rate if not possible or rate in possible else ELSE_RATE)
    stream = container.add_stream(form.codec, rate=rate, layout="mono", format=form.sample_format)
    if form.bits_a_second:
        stream.bit_rate = form.bits_a_second
    return stream


def _frame(samples: Samples, rate: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples)[None], "flt", "mono")
    frame.sample_rate = rate
    return frame
