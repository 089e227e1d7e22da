"""One espeak-ng for the tests of a module."""

from collections.abc import Iterator

import pytest

from maquette.speech.espeak import EspeakVoice


@pytest.fixture(scope="module")
def espeak() -> Iterator[EspeakVoice]:
    with EspeakVoice() as voice:
        yield voice
