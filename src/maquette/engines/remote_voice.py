"""Voices of other servers, by OpenAI's route for speech: a sentence is asked for at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import CancelledError

from maquette.core.errors import VoiceUnavailable
from maquette.core.speech_requests import DEFAULT_VOICE
from maquette.engines.remote_server import Patience, RemoteServer, TextServer
from maquette.speech.delivering import say_by_delivery
from maquette.speech.languages import guess_language
from maquette.speech.script import Delivery, Sentence
from maquette.speech.sound import at_rate, edges
from maquette.speech.sound_file import read_sound
from maquette.speech.voice import Spoken

USUAL_SPEAKER = "alloy"  # which servers know that know OpenAI's
A_SENTENCE = Patience(connect_s=5.0, silent_s=60.0, most_s=60.0)
LOOK_S = 0.25  # between two looks at whether anyone waits for it still
MOST_BYTES = 32 << 20
# No one speaks slower; an answer that is longer is not what was asked for.
MOST_S_AT_LEAST, MOST_S_A_CHARACTER = 10.0, 1.0
# Of all its sentences together: two hours of samples are to fit into memory.
MOST_S_BEFORE, MOST_S_A_CHARACTER_IN_ALL = 120.0, 0.5
MOST_RATE = 48_000  # samples a second that are kept; no one hears more


class RemoteVoice(RemoteServer):
    """A model of a server, whose speaker is the `usual` one where none is named. It tells no times
    of words, and waits for answers in an event loop of its own, so it is asked where none runs.

    Where it does not `go_on`, which is looked at while it waits, it raises CancelledError, and the
    connection is closed. Raises InvalidRequest where the address is none.
    """

    def __init__(
        self,
        server: TextServer,
        model: str,
        usual: str = USUAL_SPEAKER,
        go_on: Callable[[], bool] = lambda: True,
        patience: Patience = A_SENTENCE,
    ) -> None:
        super().__init__(server, patience)
        self._model, self._usual, self._go_on = model, usual, go_on
        self._left_s = MOST_S_BEFORE  # that it may speak beyond what was asked of it

    @property
    def voice_id(self) -> str:
        return f"{self._server.called}/{self._model}"

    def usual_language(self, text: str, speaker: str) -> str:
        """By its letters; the server goes by the text in any case."""
        return guess_language(text)

    def check(self, delivery: Delivery) -> None:
        """Nothing: what was accepted is asked for, and the server says whether it knows it."""

    def say(self, sentence: Sentence) -> Spoken:
        """Raises RemoteUnavailable and InvalidRequest as all clients do, VoiceUnavailable where the
        server gives something else than speech.
        """
        return say_by_delivery(sentence, self._say, has_speed=True)

    def _say(self, text: str, delivery: Delivery) -> Spoken:
        content = asyncio.run(
            self._asked(
                {
                    "model": self._model,
                    "input": text,
                    "voice": self._usual if delivery.voice == DEFAULT_VOICE else delivery.voice,
                    "speed": delivery.rate,
                    "response_format": "wav",
                }
            )
        )
        most_s = MOST_S_AT_LEAST + MOST_S_A_CHARACTER * len(text) / delivery.rate
        try:
            samples, rate = read_sound(self._masked(content), most_s)
        except ValueError as error:
            raise self._wrong(f"answered {text[:40]!r} with {error}") from None
        if edges(samples, rate) == (0, 0):
            raise self._wrong(f"answered {text[:40]!r} with silence")
        self._left_s += MOST_S_A_CHARACTER_IN_ALL * len(text) / delivery.rate - len(samples) / rate
        if self._left_s < 0:
            raise self._wrong(f"speaks for longer than its texts take, up to {text[:40]!r}")
        kept_rate = min(rate, MOST_RATE)
        return Spoken(at_rate(samples, rate, kept_rate), kept_rate, None)

    async def _asked(self, asked: dict[str, object]) -> bytes:
        """The server's answer, for as long as anyone waits for it."""
        answer = asyncio.create_task(self._sound(asked))
        try:
            while not (await asyncio.wait([answer], timeout=LOOK_S))[0]:
                if not self._go_on():
                    raise CancelledError
            return answer.result()
        finally:
            answer.cancel()
            await asyncio.gather(answer, return_exceptions=True)

    async def _sound(self, asked: dict[str, object]) -> bytes:
        """The body of the answer, which has its limit of time in all, head included."""
        body = bytearray()
        async with (
            self._asking(self._patience.most_s) as client,
            self._sent(client, "POST", "/audio/speech", asked) as answer,
        ):
            async for part in answer.aiter_raw():
                body += part
                if len(body) > MOST_BYTES:
                    raise self._wrong(f"answered with over {MOST_BYTES >> 20} MiB")
        return bytes(body)

    def _masked(self, content: bytes) -> bytes:
        """Without the key where that is no sound, for the beginning of it is told."""
        key = (self._server.key or "").encode()
        return content.replace(key, b"...") if key and key in content[: 100 + len(key)] else content

    def _wrong(self, what: str) -> VoiceUnavailable:
        return VoiceUnavailable(
            f"{self._server.called} {what}; see that its address is that of a voice"
        )
