"""Loudness as BS.1770 has it, beside pyloudnorm; true peaks, and that nothing clips."""

import math

import numpy as np
import pyloudnorm
import pytest

from maquette.speech.loudness import (
    CEILING_DBTP,
    LoudnessMeter,
    limited,
    loudness_lufs,
    normalised,
    true_peak_dbtp,
)
from maquette.speech.voice import Samples


def bursts(rate: int, seed: int = 0, seconds: int = 9) -> Samples:
    """Noise of another level each second, some of it below the gates."""
    rng = np.random.default_rng(seed)
    levels = np.repeat(10 ** (rng.uniform(-60, -15, seconds) / 20), rate)
    return (rng.normal(size=seconds * rate) * levels).astype(np.float32)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
def test_it_measures_what_pyloudnorm_does(rate: int) -> None:
    for seed in range(3):
        samples = bursts(rate, seed)
        theirs = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(
            samples.astype(np.float64)
        )
        assert loudness_lufs(samples, rate) == pytest.approx(theirs, abs=0.01)


def test_a_sine_has_the_loudness_that_the_recommendation_says() -> None:
    """1 kHz at full scale in one channel: -3.01 LKFS."""
    samples = np.sin(2 * np.pi * 997 * np.arange(48_000 * 3) / 48_000).astype(np.float32)
    assert loudness_lufs(samples, 48_000) == pytest.approx(-3.01, abs=0.02)


def test_in_parts_it_measures_the_same() -> None:
    samples, meter = bursts(22_050), LoudnessMeter(22_050)
    for start in range(0, len(samples), 7_001):
        meter.add(samples[start : start + 7_001])
    assert meter.integrated_lufs() == pytest.approx(loudness_lufs(samples, 22_050), abs=1e-9)


def test_short_and_silent_sounds_have_a_loudness() -> None:
    rate = 22_050
    tone = np.sin(2 * np.pi * 997 * np.arange(rate) / rate).astype(np.float32)
    whole = loudness_lufs(tone, rate)
    assert loudness_lufs(tone[: rate // 5], rate) == pytest.approx(whole, abs=0.5)
    assert loudness_lufs(np.zeros(rate, np.float32), rate) == -math.inf
    assert loudness_lufs(np.zeros(0, np.float32), rate) == -math.inf
    assert loudness_lufs(tone * np.float32(1e-5), rate) == -math.inf  # under the absolute gate


def test_a_peak_between_samples_is_seen() -> None:
    """A sine at a quarter of the rate, sampled off its peaks."""
    samples = np.sin(np.pi / 2 * np.arange(4000) + np.pi / 4).astype(np.float32)
    assert 20 * math.log10(np.abs(samples).max()) == pytest.approx(-3.01, abs=0.01)
    assert true_peak_dbtp(samples, 22_050) == pytest.approx(0.0, abs=0.2)
    assert true_peak_dbtp(np.zeros(100, np.float32), 22_050) == -math.inf


@pytest.mark.parametrize("wanted", [-40.0, -23.0, -16.0, -14.0])
def test_what_is_normalised_has_its_loudness_and_no_peak(wanted: float) -> None:
    rate = 22_050
    samples = bursts(rate, seed=1)
    samples[::rate] = 1.0  # clicks, which need the limiter
    done = normalised(samples, rate, wanted)
    assert loudness_lufs(done, rate) == pytest.approx(wanted, abs=0.1)
    assert true_peak_dbtp(done, rate) <= CEILING_DBTP


def test_the_limiter_leaves_alone_what_needs_no_limit() -> None:
    rate = 22_050
    samples = bursts(rate) * np.float32(0.1)
    samples[rate * 3] = 2.0
    done = limited(samples, rate)
    far = np.abs(np.arange(len(samples)) - rate * 3) > rate // 50
    assert np.array_equal(done[far], samples[far])
    assert true_peak_dbtp(done, rate) <= CEILING_DBTP


def test_where_it_is_cut_for_memory_makes_no_difference() -> None:
    rate = 8_000  # 20 s are computed at once
    samples = np.tile(bursts(rate, seconds=9), 6) * np.float32(8)
    whole = limited(samples, rate)
    shifted = limited(samples[rate * 3 :], rate)
    inner = slice(rate, -rate)
    assert np.allclose(whole[rate * 3 :][inner], shifted[inner], atol=1e-6)


def test_silence_stays_silent() -> None:
    assert not normalised(np.zeros(1000, np.float32), 22_050, -16.0).any()
