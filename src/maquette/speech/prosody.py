"""What the attributes of SSML's prosody, emphasis and break mean, as numbers."""

import math
import re
from dataclasses import replace

from maquette.core.errors import InvalidRequest, did_you_mean
from maquette.core.speech_requests import MOST_PAUSE_MS, check_pitch, check_speed
from maquette.speech.script import EMPHASES, Delivery

MOST_VOLUME_DB = 12.0
# The words that SSML 1.1 has; what they are worth it leaves to who speaks.
RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.75}
PITCHES = {"x-low": -6.0, "low": -3.0, "medium": 0.0, "default": 0.0, "high": 3.0, "x-high": 6.0}
VOLUMES = {
    "silent": -math.inf,
    "x-soft": -12.0,
    "soft": -6.0,
    "medium": 0.0,
    "default": 0.0,
    "loud": 4.0,
    "x-loud": 8.0,
}
BREAKS_MS = {"none": 0, "x-weak": 100, "weak": 200, "medium": 400, "strong": 800, "x-strong": 1200}
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"  # no two ways through the same digits


def with_rate(delivery: Delivery, text: str) -> Delivery:
    """Faster or slower by a word, a percentage or a factor. Raises InvalidRequest."""
    if text in RATES:
        factor = RATES[text]
    elif (share := _number(text, "%")) is not None:
        factor = 1 + share / 100 if text[0] in "+-" else share / 100
    elif (factor := _number(text)) is None or text[0] in "+-":
        raise _unreadable("rate", text, RATES, "120% or +20%")
    rate = delivery.rate * factor
    check_speed(rate)
    return replace(delivery, rate=rate)


def with_pitch(delivery: Delivery, text: str) -> Delivery:
    """Higher or lower by a word, semitones or a percentage. Raises InvalidRequest."""
    if text in PITCHES:
        more = PITCHES[text]
    elif (semitones := _number(text, "st")) is not None:
        more = semitones
    elif (share := _number(text, "%")) is not None and text[0] in "+-" and share > -100:
        more = 12 * math.log2(1 + share / 100)
    else:
        raise _unreadable("pitch", text, PITCHES, "+2st or -10%")
    pitch = delivery.pitch_semitones + more
    check_pitch(pitch)
    return replace(delivery, pitch_semitones=pitch)


def with_volume(delivery: Delivery, text: str) -> Delivery:
    """Louder or softer by a word or decibels. Raises InvalidRequest."""
    more = VOLUMES[text] if text in VOLUMES else _number(text, "dB")
    if more is None:
        raise _unreadable("volume", text, VOLUMES, "+6dB or -6dB")
    volume = delivery.volume_db + more
    if volume > MOST_VOLUME_DB:
        raise InvalidRequest(f"volume {volume:g} dB is too loud; at most {MOST_VOLUME_DB:g}")
    return replace(delivery, volume_db=volume)


def with_emphasis(delivery: Delivery, level: str) -> Delivery:
    """More or less emphatic. Raises InvalidRequest."""
    for one in EMPHASES:
        if one == level:
            return replace(delivery, emphasis=one)
    raise InvalidRequest(f"unknown emphasis {level!r}; {did_you_mean(level, EMPHASES)}")


def break_ms(strength: str | None, time: str | None) -> int:
    """How long a break is. Raises InvalidRequest."""
    if time is None:
        strength = strength or "medium"
        if strength not in BREAKS_MS:
            raise InvalidRequest(f"unknown break {strength!r}; {did_you_mean(strength, BREAKS_MS)}")
        return BREAKS_MS[strength]
    long_ms = _number(time, "ms")
    if long_ms is None and (long_s := _number(time, "s")) is not None:
        long_ms = 1000 * long_s
    if long_ms is None:
        raise InvalidRequest(f"break time {time!r} cannot be read; write it as 500ms or 1.5s")
    if not 0 <= long_ms <= MOST_PAUSE_MS:
        raise InvalidRequest(f"break {time} must be between 0 and {MOST_PAUSE_MS} ms")
    return round(long_ms)


def _number(text: str, unit: str = "") -> float | None:
    read = re.fullmatch(f"({_NUMBER}){unit}", text, re.ASCII)
    return float(read[1]) if read else None


def _unreadable(name: str, text: str, words: dict[str, float], example: str) -> InvalidRequest:
    return InvalidRequest(
        f"{name} {text!r} cannot be read; write it as {example}, or one of {', '.join(words)}"
    )
