"""SRT and WebVTT of narrations whose times are known."""

import itertools
import re

import numpy as np
import pytest

from maquette.core.errors import InvalidRequest
from maquette.core.speech_requests import SpeechRequest
from maquette.speech.captions import MOST_CUE_WEIGHT, srt, vtt
from maquette.speech.espeak import EspeakVoice
from maquette.speech.narrate import HeardSentence, Narration, narrate
from maquette.speech.sentences import weight
from maquette.speech.words import Heard

CUE = re.compile(r"(\d\d):(\d\d):(\d\d)[,.](\d{3}) --> (\d\d):(\d\d):(\d\d)[,.](\d{3})")


def narration(*sentences: HeardSentence) -> Narration:
    return Narration(np.zeros(22_050, np.float32), 22_050, sentences)


HELLO = HeardSentence(
    "Hello <b> & you.",
    0.02,
    1.5,
    (
        Heard("Hello", 0.02, 0.5),
        Heard("<b>", 0.5, 0.9),
        Heard("&", 0.9, 1.1),
        Heard("you.", 1.1, 1.5),
    ),
)
LATER = HeardSentence("Later.", 3661.5, 3662.0004, (Heard("Later.", 3661.5, 3662.0),))


def test_srt_has_a_numbered_cue_a_sentence() -> None:
    assert srt(narration(HELLO, LATER)) == (
        "1\n00:00:00,020 --> 00:00:01,500\nHello <b> & you.\n\n"
        "2\n01:01:01,500 --> 01:01:02,000\nLater.\n"
    )


def test_vtt_has_its_head_and_escapes_what_would_be_tags() -> None:
    assert vtt(narration(HELLO, LATER)) == (
        "WEBVTT\n\n00:00:00.020 --> 00:00:01.500\nHello &lt;b&gt; &amp; you.\n\n"
        "01:01:01.500 --> 01:01:02.000\nLater.\n"
    )


def test_by_word_each_word_has_a_cue() -> None:
    lines = srt(narration(HELLO), "word").splitlines()
    assert lines[:4] == ["1", "00:00:00,020 --> 00:00:00,500", "Hello", ""]
    assert vtt(narration(HELLO), "word").count("-->") == 4


def test_a_voice_without_words_has_captions_by_sentence_alone() -> None:
    silent = narration(HeardSentence("Hello.", 0.0, 1.0, ()))
    assert "Hello." in srt(silent)
    with pytest.raises(InvalidRequest, match="does not tell when its words are heard; ask for"):
        vtt(silent, "word")


def times_s(text: str) -> list[tuple[float, float]]:
    found = [[int(part) for part in cue] for cue in CUE.findall(text)]
    return [
        (3600 * a + 60 * b + c + d / 1000, 3600 * e + 60 * f + g + h / 1000)
        for a, b, c, d, e, f, g, h in found
    ]


@pytest.mark.parametrize(
    "text",
    [
        "The old boat lies on the beach, and nobody has sailed it since the winter storm took its "
        "mast, its oars and most of its paint; still it waits there for someone.",
        "旧船躺在沙滩上，自从冬天的风暴带走了它的桅杆和桨，就再也没有人驾驶过它，但它还在那里等着有人来。",
    ],
)
def test_a_long_sentence_fills_several_cues_of_two_lines(espeak: EspeakVoice, text: str) -> None:
    said = narrate(SpeechRequest(text), espeak)
    written = srt(said)
    cues = [lines[-1] for block in written.split("\n\n") if (lines := block.strip().splitlines())]
    assert len(cues) > 1
    assert all(weight(cue) <= MOST_CUE_WEIGHT + 3 for cue in cues)
    space = " " if " " in text else ""
    assert space.join(cues) == text
    times = times_s(written)
    assert all(start < end for start, end in times)
    assert all(one[1] <= other[0] + 0.001 for one, other in itertools.pairwise(times))


def test_the_cues_of_words_follow_one_another(espeak: EspeakVoice) -> None:
    said = narrate(SpeechRequest("One two, three. Four & five!"), espeak)
    times = times_s(vtt(said, "word"))
    assert len(times) == 6
    assert all(start < end for start, end in times)
    assert all(one[1] <= other[0] + 0.001 for one, other in itertools.pairwise(times))
