"""What a server for OpenAI's clients answers that speaks, and speaks well."""

from http.server import BaseHTTPRequestHandler
from typing import Any

from maquette.core.speech_requests import SpeechParams, SpeechRequest
from maquette.speech.encoding import encode
from maquette.speech.espeak import EspeakVoice
from maquette.speech.narrate import narrate
from tests.engines.text_server import Answer


def give(content: bytes, status: int = 200) -> Answer:
    """The same to whoever asks."""

    def answer(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def speaks(espeak: EspeakVoice) -> Answer:
    """What is asked for, as fast as it is."""

    def answer(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        params = SpeechParams("f2", speed=asked["speed"])
        said = narrate(SpeechRequest(asked["input"], params), espeak)
        give(encode(said, "wav"))(handler, asked)

    return answer
