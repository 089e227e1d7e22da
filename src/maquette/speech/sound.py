"""What is done to samples: edges found and softened, faster, higher, at another rate."""

from typing import Any

import av
import av.filter
import numpy as np
from av.error import BlockingIOError as NothingYet
from av.error import EOFError as AllGiven
from scipy.signal import butter, sosfiltfilt

from maquette.speech.voice import Samples

FRAME_S = 0.005
SILENT_DB = -55.0  # beside the loudest frame
MARGIN_S = 0.02  # of near silence that is left around what is said
LOWEST_HZ = 40.0  # no voice is lower; what is, is an offset or a hum
WINDOW_S, SEEK_S = 0.03, 0.008  # two periods of a low voice, and half of one


def without_offset(samples: Samples, rate: int) -> Samples:
    """Without what lies below all voices, a constant offset above all; nothing is delayed."""
    sections = butter(2, LOWEST_HZ, "highpass", fs=rate, output="sos")
    padding = rate // 10
    if len(samples) <= padding:
        return (samples - samples.mean(dtype=np.float64)).astype(np.float32)
    return sosfiltfilt(sections, samples, padlen=padding).astype(np.float32)


def loud_frames(samples: Samples, rate: int) -> np.ndarray:
    """Which frames of FRAME_S something is heard in, (T / frame,)."""
    size = max(1, round(FRAME_S * rate))
    count = len(samples) // size
    powers = np.square(samples[: count * size].reshape(count, size), dtype=np.float64).mean(axis=1)
    if not count or not powers.max() > 0:
        return np.zeros(count, dtype=bool)
    return powers > powers.max() * 10 ** (SILENT_DB / 10)


def edges(samples: Samples, rate: int) -> tuple[int, int]:
    """The first sample of what is heard, and the one after its last; both 0 where nothing is."""
    heard = np.flatnonzero(loud_frames(samples, rate))
    if not len(heard):
        return 0, 0
    size = max(1, round(FRAME_S * rate))
    last = len(samples) if heard[-1] + 1 == len(samples) // size else (heard[-1] + 1) * size
    return int(heard[0] * size), int(last)


def faded(samples: Samples, rate: int, in_s: float, out_s: float) -> Samples:
    """The samples with both ends brought to zero along half a cosine, so that nothing clicks there;
    the first and the last of them are 0.
    """
    softened = samples.copy()
    for seconds, part in ((in_s, softened), (out_s, softened[::-1])):
        count = min(round(seconds * rate), len(samples) // 2)
        part[:count] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(count) / max(1, count))
    return softened


def at_rate(samples: Samples, rate: int, wanted: int) -> Samples:
    """As many samples a second as are wanted."""
    return samples if rate == wanted else _filtered(samples, rate, [("aresample", str(wanted))])


def faster(samples: Samples, rate: int, factor: float) -> Samples:
    """In less time and as high as before: `factor` times as fast.

    WSOLA (Verhelst & Roelands, ICASSP 1993): windows are taken from the samples at `factor` times
    the distance at which they are put down, each moved by up to SEEK_S to where it goes on best
    from the one before. FFmpeg's atempo does likewise, but what it gives is up to 80 ms early.
    """
    hop, seek = round(WINDOW_S * rate / 2), round(SEEK_S * rate)
    length = round(len(samples) / factor)
    window = 0.5 - 0.5 * np.cos(np.pi * np.arange(2 * hop) / hop)
    before = 2 * hop + seek  # so that no window reaches beyond the samples
    padded = np.pad(samples, (before, before + round(2 * hop * factor))).astype(np.float64)
    done = np.zeros((length // hop + 3) * hop)
    last = None
    for start in range(-hop, length, hop):
        # The middle of a window is where the same moment of the samples is.
        at = before + round((start + hop) * factor) - hop
        if last is not None:
            goes_on = padded[last + hop : last + 2 * hop]
            around = padded[at - seek : at + seek + hop]
            if goes_on.any() and around.any():
                at += int(np.correlate(around, goes_on, "valid").argmax()) - seek
        done[start + hop : start + 3 * hop] += padded[at : at + 2 * hop] * window
        last = at
    return done[hop : hop + length].astype(np.float32)


def higher(samples: Samples, rate: int, semitones: float) -> Samples:
    """Higher, in the same time; below 0 it is lower. The timbre moves with it."""
    factor = 2 ** (semitones / 12)
    played = [("asetrate", str(round(rate * factor))), ("aresample", str(rate))]
    return faster(_filtered(samples, rate, played), rate, 1 / factor)


def _filtered(samples: Samples, rate: int, filters: list[tuple[str, str]]) -> Samples:
    """What FFmpeg's filters make of it."""
    if not len(samples):
        return samples
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate, format="flt", layout="mono")
    chain = [source, *(graph.add(name, value) for name, value in filters)]
    chain.append(graph.add("aformat", "sample_fmts=flt:channel_layouts=mono"))
    chain.append(graph.add("abuffersink"))
    graph.link_nodes(*chain).configure()
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples, np.float32)[None], "flt", "mono"
    )
    frame.sample_rate = rate
    graph.push(frame)
    graph.push(None)
    parts: list[np.ndarray] = []
    while True:
        try:
            pulled: Any = chain[-1].pull()
            parts.append(pulled.to_ndarray()[0])
        except (AllGiven, NothingYet):
            break
    return np.concatenate(parts).astype(np.float32) if parts else samples[:0]
