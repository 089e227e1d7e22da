"""What is done to samples: ends, offsets, tempo, pitch, joins."""

import numpy as np
import pytest

from benchmarks.speech_measures import click_db
from maquette.speech.joining import join, trimmed
from maquette.speech.sound import (
    MARGIN_S,
    at_rate,
    edges,
    faded,
    faster,
    higher,
    without_offset,
)
from maquette.speech.voice import SaidWord, Samples, Spoken

RATE = 22_050


def tone(seconds: float, hz: float = 220.0, rate: int = RATE) -> Samples:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(
        np.float32
    )


def main_hz(samples: Samples, rate: int) -> float:
    middle = samples[len(samples) // 4 : 3 * len(samples) // 4]
    power = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 18))
    return float(power.argmax() * rate / (1 << 18))


def test_edges_are_found_in_silence_and_noise() -> None:
    noise = np.random.default_rng(0).normal(0, 1e-4, RATE).astype(np.float32)
    samples = np.concatenate([noise, tone(0.5), noise])
    first, last = edges(samples, RATE)
    assert first / RATE == pytest.approx(1.0, abs=0.006)
    assert last / RATE == pytest.approx(1.5, abs=0.006)
    assert edges(np.zeros(RATE, np.float32), RATE) == (0, 0)
    assert edges(np.zeros(0, np.float32), RATE) == (0, 0)


def test_an_offset_is_removed_and_nothing_is_delayed() -> None:
    plain = tone(1.0)
    mended = without_offset(plain + np.float32(0.3), RATE)
    assert abs(mended.mean()) < 1e-3
    inner = slice(RATE // 5, -RATE // 5)
    assert np.abs(mended[inner] - plain[inner]).max() < 0.01
    assert without_offset(np.full(10, 0.5, np.float32), RATE).tolist() == [0.0] * 10


def test_fades_begin_and_end_at_zero_and_leave_the_rest() -> None:
    samples = np.ones(RATE, np.float32)
    soft = faded(samples, RATE, 0.01, 0.02)
    assert soft[0] == soft[-1] == 0
    assert (soft[300:-500] == 1).all()
    assert np.abs(np.diff(soft)).max() < 0.01
    assert (samples == 1).all()
    assert len(faded(samples[:3], RATE, 0.01, 0.01)) == 3


@pytest.mark.parametrize("factor", [0.25, 0.5, 0.9, 1.7, 4.0])
def test_tempo_changes_the_length_and_not_the_pitch(factor: float) -> None:
    done = faster(tone(2.0), RATE, factor)
    assert len(done) / RATE == pytest.approx(2.0 / factor, rel=0.03)
    assert main_hz(done, RATE) == pytest.approx(220, rel=0.01)


@pytest.mark.parametrize("semitones", [-12.0, -3.5, 4.0, 12.0])
def test_pitch_changes_and_not_the_length(semitones: float) -> None:
    done = higher(tone(2.0), RATE, semitones)
    assert len(done) / RATE == pytest.approx(2.0, rel=0.03)
    assert main_hz(done, RATE) == pytest.approx(220 * 2 ** (semitones / 12), rel=0.01)


def test_another_rate_is_the_same_sound() -> None:
    done = at_rate(tone(1.0), RATE, 48_000)
    assert len(done) == pytest.approx(48_000, abs=100)
    inner = slice(4800, -4800)
    wanted = tone(1.0, rate=48_000)[: len(done)]
    assert np.abs(done[inner] - wanted[: len(done)][inner]).max() < 0.01
    assert at_rate(done, 48_000, 48_000) is done


def test_what_is_trimmed_has_its_margin_and_words_move_along() -> None:
    quiet = np.zeros(RATE, np.float32)
    spoken = faded(tone(0.5), RATE, 0.02, 0.02)
    samples = np.concatenate([quiet, spoken, quiet[: RATE // 2]])
    words = (SaidWord(0, 1.0, 1.25), SaidWord(5, 1.25, 2.0))
    done = trimmed(Spoken(samples, RATE, words))
    assert len(done.samples) / RATE == pytest.approx(0.5 + 2 * MARGIN_S, abs=0.015)
    assert done.words is not None
    assert [word.at for word in done.words] == [0, 5]
    assert done.words[0].start_s == pytest.approx(MARGIN_S, abs=0.008)
    assert done.words[1].end_s == pytest.approx(len(done.samples) / RATE)


def test_silence_has_no_samples() -> None:
    done = trimmed(Spoken(np.zeros(RATE, np.float32), RATE, (SaidWord(0, 0.0, 0.5),)))
    assert (len(done.samples), done.words) == (0, ())
    assert len(trimmed(Spoken(np.zeros(0, np.float32), RATE, None)).samples) == 0


def test_a_voice_that_stops_in_full_sound_does_not_click_where_it_is_joined() -> None:
    cut = tone(0.301, 150.0)[40:]  # which neither begins nor ends near zero
    gap = np.zeros(RATE // 4, np.float32)
    rough = np.concatenate([cut, gap, cut])
    joins = [len(cut) / RATE, (len(cut) + len(gap)) / RATE]
    assert click_db(rough, RATE, joins) > -20
    spoken = Spoken(cut, RATE, None)
    soft = trimmed(spoken).samples
    smooth = np.concatenate([soft, gap, soft])
    joins = [len(soft) / RATE, (len(soft) + len(gap)) / RATE]
    assert click_db(smooth, RATE, joins) < -50


def test_parts_are_joined_with_their_words_at_one_rate() -> None:
    first = Spoken(tone(0.5), RATE, (SaidWord(0, 0.0, 0.5),))
    second = Spoken(tone(0.5, rate=16_000), 16_000, (SaidWord(1, 0.0, 0.5),))
    done = join([(0, first), (6, second)], gap_s=0.1)
    assert done.rate == RATE
    assert done.words is not None
    assert [word.at for word in done.words] == [0, 7]
    assert done.words[1].start_s == pytest.approx(0.5 + 4 * MARGIN_S / 2 + 0.1 + MARGIN_S, abs=0.03)
    silent = join([(0, first), (6, Spoken(tone(0.5), RATE, None))], gap_s=0.1)
    assert silent.words is None
    assert len(join([], 0.1).samples) == 0
