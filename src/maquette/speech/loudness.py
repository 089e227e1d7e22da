"""Integrated loudness of ITU-R BS.1770-5 with its gates, and a limiter of true peaks."""

import math
from collections.abc import Iterator

import numpy as np
from scipy.ndimage import minimum_filter1d, uniform_filter1d
from scipy.signal import resample_poly, sosfilt

from maquette.speech.voice import Samples

OFFSET_LUFS = -0.691
ABSOLUTE_GATE_LUFS, RELATIVE_GATE_LU = -70.0, -10.0
STEP_S, STEPS_A_BLOCK = 0.1, 4  # blocks of 400 ms, each beginning 100 ms after the one before
CEILING_DBTP = -1.0
# What a 4 times finer grid, which the recommendation asks for, may still miss of a peak.
UNSEEN_DB = 0.1
OVERSAMPLED = 4
LOOK_S = 0.004  # for which a peak is turned down before it comes, and after
CHUNK_S = 20.0  # that are computed at once, so that an hour needs no more memory than a minute
NEAR_LU, MOST_PASSES, LEAST_SHARE = 0.05, 8, 0.2


class LoudnessMeter:
    """The integrated loudness of what was added so far, one channel."""

    def __init__(self, rate: int) -> None:
        self._sections = _weighting(rate)
        self._state = np.zeros((len(self._sections), 2))
        self._step = round(STEP_S * rate)
        self._rest = np.zeros(0)
        self._powers: list[float] = []  # of each step
        self._sum, self._count = 0.0, 0

    def add(self, samples: Samples) -> None:
        """Goes on by samples (T,)."""
        weighted, self._state = sosfilt(self._sections, samples, zi=self._state)
        self._sum += float(np.square(weighted).sum())
        self._count += len(samples)
        weighted = np.concatenate([self._rest, np.square(weighted)])
        whole = len(weighted) // self._step * self._step
        self._powers += weighted[:whole].reshape(-1, self._step).mean(axis=1).tolist()
        self._rest = weighted[whole:]

    def integrated_lufs(self) -> float:
        """-inf where all of it is silent. What is shorter than a block counts as if it went on."""
        if len(self._powers) < STEPS_A_BLOCK:
            return _lufs(self._sum / max(1, self._count))
        blocks = np.convolve(self._powers, np.full(STEPS_A_BLOCK, 1 / STEPS_A_BLOCK), "valid")
        loud = blocks[blocks > _power(ABSOLUTE_GATE_LUFS)]
        if not len(loud):
            return -math.inf
        gate = _power(_lufs(float(loud.mean())) + RELATIVE_GATE_LU)
        return _lufs(float(loud[loud > gate].mean()))


def loudness_lufs(samples: Samples, rate: int) -> float:
    """The integrated loudness of samples (T,)."""
    meter = LoudnessMeter(rate)
    for start in range(0, len(samples), round(CHUNK_S * rate)):
        meter.add(samples[start : start + round(CHUNK_S * rate)])
    return meter.integrated_lufs()


def true_peak_dbtp(samples: Samples, rate: int) -> float:
    """The highest peak between the samples (T,) too, beside full scale; -inf where it is silent."""
    most = float(_peaks(samples, rate).max(initial=0.0))
    return 20 * math.log10(most) if most > 0 else -math.inf


def limited(samples: Samples, rate: int, gain_db: float = 0.0) -> Samples:
    """Louder by a gain, turned down around what would then be above CEILING_DBTP."""
    return _limited(samples, _peaks(samples, rate), rate, gain_db)


def normalised(samples: Samples, rate: int, wanted_lufs: float) -> Samples:
    """At a wanted loudness, and no true peak above CEILING_DBTP; what is silent stays so.

    Peaks that are turned down take loudness with them, so the gain is searched for.
    """
    measured = loudness_lufs(samples, rate)
    if measured == -math.inf:
        return samples
    gain_db, done, peaks = wanted_lufs - measured, samples, _peaks(samples, rate)
    share = 1.0  # of a gain that is left of it behind the limiter
    for _ in range(MOST_PASSES):
        done, before = _limited(samples, peaks, rate, gain_db), measured
        measured = loudness_lufs(done, rate)
        if abs(wanted_lufs - measured) <= NEAR_LU:
            break
        gained_db = (wanted_lufs - before) / share
        share = min(1.0, max(LEAST_SHARE, (measured - before) / gained_db))
        gain_db += (wanted_lufs - measured) / share
    return done


def _limited(samples: Samples, peaks: Samples, rate: int, gain_db: float) -> Samples:
    gain = 10 ** (gain_db / 20)
    ceiling = np.float32(10 ** ((CEILING_DBTP - UNSEEN_DB) / 20) / gain)
    look = round(LOOK_S * rate)
    size = 2 * look + 1
    done = np.empty_like(samples)
    for part, inside, within in _chunks(len(samples), rate, around=2 * size):
        needed = np.minimum(1, ceiling / np.maximum(peaks[part], ceiling))
        # The mean over a window of the least gains over that window is never above what is needed
        # in its middle, and it is smooth.
        gains = uniform_filter1d(minimum_filter1d(needed, size), size)[within]
        done[inside] = samples[inside] * (gains * np.float32(gain))
    return done


def _lufs(power: float) -> float:
    return OFFSET_LUFS + 10 * math.log10(power) if power > 0 else -math.inf


def _power(lufs: float) -> float:
    return 10 ** ((lufs - OFFSET_LUFS) / 10)


def _weighting(rate: int) -> np.ndarray:
    """The K weighting at any rate, (2, 6): a shelf for the head and a high-pass.

    The analog prototypes behind the coefficients that BS.1770 gives for 48 kHz, through the
    bilinear transform (B. De Man, "Evaluation of implementations of the EBU R128 loudness
    measurement", AES 2018).
    """
    sections: list[list[float]] = []
    frequency, quality, gain_db = 1681.974450955533, 0.7071752369554196, 3.999843853973347
    k = math.tan(math.pi * frequency / rate)
    high = 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / quality + k * k
    sections.append(
        [
            (high + band * k / quality + k * k) / a0,
            2 * (k * k - high) / a0,
            (high - band * k / quality + k * k) / a0,
            1.0,
            2 * (k * k - 1) / a0,
            (1 - k / quality + k * k) / a0,
        ]
    )
    frequency, quality = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * frequency / rate)
    a0 = 1 + k / quality + k * k
    sections.append([1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / quality + k * k) / a0])
    return np.array(sections)


def _peaks(samples: Samples, rate: int) -> Samples:
    """The highest absolute value at or right after each sample, (T,), on a finer grid."""
    peaks = np.empty_like(samples)
    for part, inside, within in _chunks(len(samples), rate, around=64):
        fine = np.abs(resample_poly(samples[part], OVERSAMPLED, 1)).reshape(-1, OVERSAMPLED)
        most = np.abs(samples[part])
        for column in fine.T:
            np.maximum(most, column, out=most)
        peaks[inside] = most[within]
    return peaks


def _chunks(count: int, rate: int, around: int) -> Iterator[tuple[slice, slice, slice]]:
    """Parts of samples with those around them, what each is for, and where in it that is."""
    size = round(CHUNK_S * rate)
    for start in range(0, count, size):
        end, first = min(start + size, count), max(0, start - around)
        yield slice(first, end + around), slice(start, end), slice(start - first, end - first)
