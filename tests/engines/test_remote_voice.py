"""A server that speaks OpenAI's `/v1/audio/speech`, as it should be, slow, down, and lying."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from maquette.core.errors import (
    InvalidRequest,
    MaquetteError,
    RemoteUnavailable,
    VoiceUnavailable,
)
from maquette.core.speech_requests import SpeechParams, SpeechRequest
from maquette.engines import remote_voice
from maquette.engines.remote_server import Patience, TextServer
from maquette.engines.remote_voice import RemoteVoice
from maquette.speech.encoding import encode
from maquette.speech.espeak import EspeakVoice
from maquette.speech.narrate import Narration, narrate

Answer = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]
SECRET = "sk-do-not-tell"


class Server:
    """Answers as a test says, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.answer: Answer = lambda handler, asked: None
        self.released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked.append({"path": self.path, **json.loads(body)})
                outer.keys.append(self.headers["Authorization"])
                outer.answer(self, outer.asked[-1])

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}/v1"


@pytest.fixture(scope="module")
def espeak() -> Iterator[EspeakVoice]:
    with EspeakVoice() as voice:
        yield voice


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.http.serve_forever)
    thread.start()
    yield made
    made.released.set()
    made.http.shutdown()
    thread.join()
    made.http.server_close()


def give(content: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def by_espeak(espeak: EspeakVoice, format: str = "wav") -> Answer:
    """What a well-kept server does."""

    def answer(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        params = SpeechParams(speed=asked["speed"], voice="f2")
        said = narrate(SpeechRequest(asked["input"], params), espeak)
        give(encode(said, format))(handler, asked)  # type: ignore[arg-type]

    return answer


def voice(server: Server, **given: Any) -> RemoteVoice:
    return RemoteVoice(TextServer(server.url, SECRET, "home"), "tts-1", **given)


def test_it_is_asked_as_the_api_has_it_and_what_it_says_is_narrated(
    server: Server, espeak: EspeakVoice
) -> None:
    server.answer = by_espeak(espeak)
    text = "<speak>Good morning. <prosody rate='150%'>It is nine.</prosody></speak>"
    said = narrate(SpeechRequest(text, SpeechParams(speed=0.5)), voice(server))
    usual = {"path": "/v1/audio/speech", "model": "tts-1", "voice": "alloy"}
    assert server.asked == [
        {**usual, "input": "Good morning.", "speed": 0.5, "response_format": "wav"},
        {**usual, "input": "It is nine.", "speed": 0.75, "response_format": "wav"},
    ]
    assert server.keys == [f"Bearer {SECRET}"] * 2
    assert [one.text for one in said.sentences] == ["Good morning.", "It is nine."]
    assert said.words == ()
    assert said.seconds > 1


def test_its_speakers_are_passed_on_and_without_a_key_none_is_sent(
    server: Server, espeak: EspeakVoice
) -> None:
    server.answer = by_espeak(espeak)
    request = SpeechRequest("Hi.", SpeechParams(voice="nova"))
    bare = TextServer(server.url)
    narrate(request, RemoteVoice(bare, "kokoro"))
    narrate(SpeechRequest("Hi."), RemoteVoice(bare, "kokoro", "af_heart"))
    assert [one["voice"] for one in server.asked] == ["nova", "af_heart"]
    assert server.keys == [None] * 2


@pytest.mark.parametrize("format", ["mp3", "flac", "opus"])
def test_a_server_that_gives_another_format_is_understood(
    server: Server, espeak: EspeakVoice, format: str
) -> None:
    server.answer = by_espeak(espeak, format)
    assert narrate(SpeechRequest("Good morning."), voice(server)).seconds > 0.5


def refused(
    server: Server,
    message: str,
    text: str = "Good morning.",
    kind: type[MaquetteError] = RemoteUnavailable,
    **given: Any,
) -> None:
    with pytest.raises(kind, match=message) as caught:
        narrate(SpeechRequest(text), voice(server, **given))
    assert "\n" not in caught.value.message
    assert SECRET not in caught.value.message
    assert "home" in caught.value.message
    assert "127.0.0.1" not in caught.value.message  # the operator's network is no one else's


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (401, b"your key is sk-do-not-tell", RemoteUnavailable, "home answers 401, for its key is"),
        (404, b'{"error": {"message": "no tts-1"}}', InvalidRequest, "home answers 404: no tts-1"),
        (429, b"", RemoteUnavailable, "home answers 429"),
        (
            500,
            b"Traceback\n  sk-do-not-tell\n" * 100,
            RemoteUnavailable,
            "answers 500: Traceback …",
        ),
        (302, b"", RemoteUnavailable, "home answers 302, for it is elsewhere"),
    ],
)
def test_a_refusal_is_passed_on_in_one_line(
    server: Server, status: int, body: bytes, kind: type[MaquetteError], message: str
) -> None:
    server.answer = give(body, status, Location="http://127.0.0.1:1/")
    refused(server, message, kind=kind)


def silence() -> bytes:
    return encode(Narration(np.zeros(22_050, np.float32), 22_050, ()), "wav")


def hour(espeak: EspeakVoice) -> bytes:
    samples = np.tile(narrate(SpeechRequest("la"), espeak).samples, 100)
    return encode(Narration(samples, 22_050, ()), "wav")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "answered 'Good morning.' with nothing; see that its address is that of a voice"),
        (b"<!DOCTYPE html><p>Welcome", "with no sound, which begins with b'<!DOCTYPE"),
        (b'{"status": "ok"}', "with no sound"),
        (b"sk-do-not-tell is", r"which begins with b'\.\.\. is'"),
        (b"RIFF....WAVEfmt ", "with a WAV file that is not whole"),
        (silence(), "answered 'Good morning.' with silence"),
    ],
)
def test_an_answer_that_is_no_speech_is_told(server: Server, content: bytes, message: str) -> None:
    server.answer = give(content)
    refused(server, message, kind=VoiceUnavailable)


def test_an_answer_that_is_far_too_long_is_told(server: Server, espeak: EspeakVoice) -> None:
    server.answer = give(hour(espeak))
    refused(server, "answered 'Hi.' with a sound of over 13 s", "Hi.", VoiceUnavailable)


def _humming(seconds: float, rate: int) -> bytes:
    heard = np.sin(np.arange(round(seconds * rate)) * 2 * np.pi * 220 / rate) / 4
    return encode(Narration(heard.astype(np.float32), rate, ()), "wav")


def test_a_rate_that_no_one_hears_is_not_kept(server: Server) -> None:
    server.answer = give(_humming(1.0, 96_000))
    said = narrate(SpeechRequest("Hi. Ho."), voice(server))
    assert said.rate == 48_000
    assert 1.9 < said.seconds < 3


def test_many_answers_that_are_too_long_together_are_told(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_voice, "MOST_S_BEFORE", 20.0)
    server.answer = give(_humming(9.0, 8_000))
    refused(server, "speaks for longer than its texts take", "Hi. " * 9, VoiceUnavailable)
    assert 1 < len(server.asked) < 9


def test_an_answer_without_an_end_is_left(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_voice, "MOST_BYTES", 1 << 20)

    def endless(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while not server.released.is_set():
                handler.wfile.write(b"\0" * 65_536)
        except OSError:
            pass

    server.answer = endless
    refused(server, "answered with over 1 MiB", kind=VoiceUnavailable)


def test_an_answer_that_is_cut_off_is_told(server: Server, espeak: EspeakVoice) -> None:
    def cut(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.wfile.write(b"RIFF")

    server.answer = cut
    refused(server, r"home does not answer \(.*\); see that it runs, and that its address is")


@pytest.mark.parametrize("after", ["nothing", "half a head", "head", "drops"])
def test_a_server_that_takes_too_long_is_left(server: Server, after: str) -> None:
    def slow(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        if after == "half a head":
            handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
        elif after != "nothing":
            handler.send_response(200)
            handler.end_headers()
        try:
            while not server.released.wait(0.1):
                if after in ("half a head", "drops"):
                    handler.wfile.write(b"0")
        except OSError:
            pass

    server.answer = slow
    started = time.monotonic()
    patience = Patience(silent_s=0.5, most_s=0.5)
    refused(server, "home said nothing for too long, after 0|1 s; try again", patience=patience)
    assert time.monotonic() - started < 5


def test_who_waits_no_more_has_the_connection_closed(server: Server) -> None:
    gone = threading.Event()

    def silent(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        if handler.connection.recv(1) == b"":
            gone.set()

    server.answer = silent
    with pytest.raises(CancelledError):
        narrate(SpeechRequest("Hi."), voice(server, go_on=lambda: False))
    assert gone.wait(5)


def test_a_server_that_is_down_is_told(server: Server) -> None:
    server.http.server_close()
    refused(server, "home does not answer .*; see that it runs, and that its address is right")


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8000/v1", "ftp://host/v1", "http:///v1", "http://[x/v1", "http://a:b@c"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest, match=r"address|key"):
        RemoteVoice(TextServer(url), "tts-1")


def test_a_machine_is_not_asked_for_what_it_keeps_to_itself() -> None:
    with pytest.raises(InvalidRequest, match=r"cloud leads to .*, which is no server's"):
        narrate(
            SpeechRequest("Hi."),
            RemoteVoice(TextServer("http://169.254.169.254/v1", name="cloud"), "m"),
        )
