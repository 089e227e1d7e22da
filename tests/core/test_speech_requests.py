"""Speech requests refuse what cannot be said, in one line with value and remedy."""

import pytest

from maquette.core.errors import InvalidRequest
from maquette.core.speech_requests import (
    MOST_SPEECH_CHARACTERS,
    SPEECH_FORMATS,
    SpeechParams,
    SpeechRequest,
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"voice": " "}, "the voice ' ' names none; leave it out or name one"),
        ({"language": ""}, "the language '' names none"),
        ({"language": "e\0n"}, "the language 'e.x00n' names none"),
        ({"speed": 0.2}, "speed 0.2 must be between 0.25 and 4"),
        ({"speed": 5.0}, "speed 5 must be between 0.25 and 4"),
        ({"speed": float("nan")}, "speed nan must be"),
        ({"pitch_semitones": 13.0}, "pitch 13 must be between -12 and 12 semitones"),
        ({"pitch_semitones": float("nan")}, "pitch nan must be"),
        ({"pause_ms": -1}, "pause -1 ms must be between 0 and 10000"),
        ({"loudness_lufs": -5.0}, "loudness -5 LUFS must be between -40 and -14; -16 is usual"),
        ({"format": "wave"}, "unknown format 'wave'; did you mean wav?"),
        ({"format": "xyz"}, "unknown format 'xyz'; known are aac, flac, mp3, opus, pcm, wav"),
        ({"pronunciations": (("GIF", " "),)}, "the pronunciation of 'GIF': ' ' is empty"),
        ({"pronunciations": (("", "jif"),)}, "the word of '': 'jif' is empty"),
        ({"pronunciations": (("a" * 81, "b"),)}, "has 81 characters; at most 80"),
        ({"pronunciations": (("a\x01", "b"),)}, "control character U.0001 at its character 2"),
        ({"pronunciations": (("Gif", "a"), ("GIF", "b"))}, "'gif' has 2 pronunciations; leave one"),
        ({"pronunciations": (("a", "b"),) * 201}, "201 pronunciations are too many; at most 200"),
    ],
)
def test_a_bad_value_is_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        SpeechParams(**changes)  # type: ignore[arg-type]
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" \n", "the text is empty; say what to read"),
        ("a" * (MOST_SPEECH_CHARACTERS + 1), "has 50001 characters, and at most 50000 are read"),
        ("\udcff boat", "is not valid UTF-8; type it anew"),
        ("a\0boat", "is not valid UTF-8; type it anew"),
        ("two\x07bells", "control character U.0007 at its character 4, which cannot be said"),
        ("\x7f", "control character U.007F"),
    ],
)
def test_a_bad_text_is_named(text: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        SpeechRequest(text)
    assert "\n" not in caught.value.message


def test_ten_megabytes_are_refused_at_once() -> None:
    with pytest.raises(InvalidRequest, match="has 10000000 characters"):
        SpeechRequest("a" * 10_000_000)


def test_what_is_allowed_is_taken() -> None:
    for form in SPEECH_FORMATS:
        params = SpeechParams("f3", "zh", 0.25, -12.0, 0, (("GIF", "jif"),), -40.0, form)
        assert SpeechRequest("tabs\tand\r\nlines", params).params == params
