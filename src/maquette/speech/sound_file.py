"""Reads what others encoded, as far as it is one short sound and nothing else."""

import io

import av
import numpy as np
from av.error import FFmpegError

from maquette.speech.voice import Samples

# By how a file begins; nothing else is given to a decoder.
KINDS = {b"RIFF": "wav", b"ID3": "mp3", b"\xff\xfb": "mp3", b"\xff\xf3": "mp3", b"fLaC": "flac"}
KINDS[b"OggS"] = "ogg"
LEAST_RATE, MOST_RATE = 8_000, 192_000


def read_sound(content: bytes, most_s: float) -> tuple[Samples, int]:
    """The samples (T,) of a WAV, MP3, FLAC or Ogg file, its channels in one, and their rate.

    Raises ValueError saying what it is instead: no sound, not whole, or longer than `most_s`.
    """
    kind = next((kind for head, kind in KINDS.items() if content.startswith(head)), None)
    if kind is None:
        raise ValueError(f"no sound, which begins with {content[:20]!r}" if content else "nothing")
    parts: list[np.ndarray] = []
    count = rate = 0
    try:
        with av.open(io.BytesIO(content), "r", format=kind) as container:
            resampler = av.AudioResampler("flt", "mono")
            for frame in container.decode(audio=0):
                rate = frame.sample_rate
                if not LEAST_RATE <= rate <= MOST_RATE:
                    raise ValueError(f"a sound of {rate} samples a second")
                for part in resampler.resample(frame):
                    parts.append(part.to_ndarray()[0])
                    count += part.samples
                if count > most_s * rate:
                    raise ValueError(f"a sound of over {most_s:.0f} s")
    except (FFmpegError, IndexError):
        raise ValueError(f"a {kind.upper()} file that is not whole") from None
    if not count:
        raise ValueError("a sound without samples")
    samples = np.concatenate(parts).astype(np.float32)
    if not np.isfinite(samples).all():
        raise ValueError("a sound with samples that are no numbers")
    return samples, rate
