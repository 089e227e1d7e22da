"""Each format decodes to what was encoded, whole or as it comes."""

import io
import wave
from collections.abc import Iterator

import av
import numpy as np
import pytest

from maquette.core.speech_requests import SPEECH_FORMATS, SpeechFormat, SpeechRequest
from maquette.speech.encoding import CONTAINERS, encode, encode_stream
from maquette.speech.espeak import EspeakVoice
from maquette.speech.narrate import Narration, narrate, narrate_by_sentence
from maquette.speech.sound import at_rate
from maquette.speech.sound_file import read_sound
from maquette.speech.voice import Samples

MUXED: dict[SpeechFormat, str] = {
    "wav": "wav",
    "mp3": "mp3",
    "opus": "ogg",
    "flac": "flac",
    "aac": "aac",
}
LEAST_SNR_DB = {"wav": 70, "flac": 70, "pcm": 25, "mp3": 12, "opus": 8, "aac": 12}


@pytest.fixture(scope="module")
def said(espeak: EspeakVoice) -> Narration:
    return narrate(SpeechRequest("Good morning. The boat is red, and the sea is calm."), espeak)


def decoded(content: bytes, format: SpeechFormat) -> tuple[Samples, int]:
    if format == "pcm":
        return np.frombuffer(content, "<i2").astype(np.float32) / np.float32(32768), 24_000
    with av.open(io.BytesIO(content), "r", format=MUXED[format]) as container:
        assert len(container.streams) == 1
        frames = list(container.decode(audio=0))
        to_float = av.AudioResampler("flt", "mono")
        parts = [one.to_ndarray()[0] for frame in frames for one in to_float.resample(frame)]
        assert container.streams.audio[0].codec_context.channels == 1
    return np.concatenate(parts), frames[0].sample_rate


def aligned_snr_db(ours: Samples, theirs: Samples, most_shift: int) -> float:
    """Of what came back beside what went in, moved to where they are most alike."""
    size = 1 << (len(ours) + len(theirs)).bit_length()
    alike = np.fft.irfft(np.fft.rfft(theirs, size) * np.conj(np.fft.rfft(ours, size)))
    shift = int(np.argmax(alike[:most_shift]))
    theirs = theirs[shift : shift + len(ours)]
    ours = ours[: len(theirs)]
    noise = max(float(np.square(ours - theirs).sum()), 1e-12)
    return float(10 * np.log10(np.square(ours).sum() / noise))


@pytest.mark.parametrize("format", SPEECH_FORMATS)
def test_what_comes_back_is_what_went_in(said: Narration, format: SpeechFormat) -> None:
    samples, rate = decoded(encode(said, format), format)
    assert rate == (CONTAINERS[format].rate or said.rate)
    assert len(samples) / rate == pytest.approx(said.seconds, abs=0.1)
    ours = at_rate(said.samples, said.rate, rate)
    assert aligned_snr_db(ours, samples, rate // 10) > LEAST_SNR_DB[format]
    assert np.abs(samples).max() < 1


@pytest.mark.parametrize("format", SPEECH_FORMATS)
def test_in_parts_it_is_the_same_sound(espeak: EspeakVoice, format: SpeechFormat) -> None:
    request = SpeechRequest("Good morning. The boat is red. The sea is calm.")
    parts = list(narrate_by_sentence(request, espeak))
    joined = np.concatenate([part.samples for part in parts])
    whole = encode(Narration(joined, parts[0].rate, ()), format)
    pieces = list(encode_stream(parts, format))
    assert len(pieces) > 1
    assert all(pieces)
    ours, _ = decoded(whole, format)
    theirs, _ = decoded(b"".join(pieces), format)
    assert len(theirs) == pytest.approx(len(ours), abs=3000)
    assert aligned_snr_db(ours, theirs, 3000) > 60


def test_the_first_bytes_come_before_the_last_sentence_is_said(espeak: EspeakVoice) -> None:
    taken: list[int] = []

    def parts() -> Iterator[Narration]:
        request = SpeechRequest("Good morning to you. The boat is red. The sea is calm.")
        for number, part in enumerate(narrate_by_sentence(request, espeak)):
            taken.append(number)
            yield part

    for format in SPEECH_FORMATS:
        taken.clear()
        stream = encode_stream(parts(), format)
        assert next(stream)
        assert taken == [0], format


def test_a_wav_says_how_long_it_is(said: Narration) -> None:
    with wave.open(io.BytesIO(encode(said, "wav"))) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        assert file.getframerate() == said.rate
        assert file.getnframes() == len(said.samples)


def test_a_rate_that_a_codec_does_not_know_is_changed(said: Narration) -> None:
    odd = Narration(at_rate(said.samples, said.rate, 19_000), 19_000, ())
    for format in ("mp3", "aac"):
        samples, rate = decoded(encode(odd, format), format)
        assert rate == 48_000
        assert len(samples) / rate == pytest.approx(said.seconds, abs=0.1)


@pytest.mark.parametrize("format", ["wav", "mp3", "flac", "opus"])
def test_own_files_are_read_again(said: Narration, format: SpeechFormat) -> None:
    samples, rate = read_sound(encode(said, format), most_s=60)
    assert len(samples) / rate == pytest.approx(said.seconds, abs=0.06)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "nothing"),
        (b"<!DOCTYPE html><html>", "no sound, which begins with b'<!DOCTYPE html><html'"),
        (b'{"error": "no"}', "no sound"),
        (b"RIFF\0\0\0\0WAVE", "a WAV file that is not whole"),
        (b"RIFFxxxxAVI LIST", "a WAV file that is not whole"),
        (b"ID3" + b"\0" * 100, "a MP3 file that is not whole"),
        (b"OggS" + b"\0" * 100, "a OGG file that is not whole"),
        (b"fLaC", "a FLAC file that is not whole"),
    ],
)
def test_what_is_no_sound_is_told(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_sound(content, 60)


def test_a_sound_that_is_too_long_or_odd_is_told(said: Narration) -> None:
    content = encode(said, "wav")
    with pytest.raises(ValueError, match="a sound of over 1 s"):
        read_sound(content, most_s=1)
    slow = content[:24] + (7).to_bytes(4, "little") + content[28:]
    with pytest.raises(ValueError, match="a sound of 7 samples a second"):
        read_sound(slow, most_s=60)
    with pytest.raises(ValueError, match=r"without samples|not whole"):
        read_sound(content[:44], most_s=60)


def test_a_head_that_lies_about_its_length_is_read_as_far_as_it_goes(said: Narration) -> None:
    content = encode(said, "wav")
    at = content.index(b"data") + 4
    lying = content[:at] + b"\xff\xff\xff\xff" + content[at + 4 :]
    samples, _ = read_sound(lying, most_s=60)
    assert len(samples) == len(said.samples)
