"""How the speech of a job is made: said sentence by sentence, joined, with its captions."""

import json
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from maquette.core import tracing
from maquette.core.speech_requests import SpeechParams, SpeechRequest
from maquette.engines.catalog import ESPEAK
from maquette.jobs.store import Job
from maquette.service.making import TICK_S, TICKS_A_PROGRESS, Made, MadeAsset, Making
from maquette.service.queues import SLASH
from maquette.speech.captions import srt, vtt
from maquette.speech.encoding import CONTAINERS, encode
from maquette.speech.espeak import EspeakVoice
from maquette.speech.narrate import Narration, narrate
from maquette.speech.reading import read
from maquette.speech.script import Script, Sentence
from maquette.speech.voice import Spoken, Voice

SRT, VTT, TIMINGS = "application/x-subrip", "text/vtt", "application/json"
MOST_LOADED = 4  # voices of a folder, which are hundreds of megabytes each
# An hour of samples takes a gigabyte while it is joined; so long a text waits for another.
LONG_CHARACTERS, LONG_AT_ONCE = 4000, 2  # here, and as many elsewhere, each by another server


class SpeechMaker:
    """Speaks with espeak-ng, with voices that `load` gives by name, with espeak-ng for those that
    need its phonemes, and with those of other servers, which `elsewhere` gives for as long as a job
    goes on. `fail` ends the worker where its device is broken.
    """

    def __init__(
        self,
        load: Callable[[str, EspeakVoice], Voice],
        elsewhere: Callable[[str, Callable[[], bool]], Voice],
        fail: Callable[[Exception], None] = lambda error: None,
    ) -> None:
        self._espeak, self._load, self._elsewhere = EspeakVoice(), load, elsewhere
        self._fail = fail
        self._loaded: dict[str, Voice] = {}
        self._loading = threading.Lock()
        self._long = threading.BoundedSemaphore(LONG_AT_ONCE)
        self._long_elsewhere = threading.BoundedSemaphore(LONG_AT_ONCE)
        self._long_of: dict[str, threading.BoundedSemaphore] = {}  # by server

    def close(self) -> None:
        """Ends the process that speaks."""
        self._espeak.close()

    def make(self, making: Making) -> Made:
        """The speech as a file, its captions as SRT and as WebVTT, and its timings as JSON."""
        request, asked = read_speech_request(making.job.request), making.job.request
        with tracing.span("load"):
            voice = self._voice(asked["model"], making)
        with self._room(read(request, voice), making):
            with tracing.span("speak"):
                narration = narrate(request, voice, _Telling(making))
            with tracing.span("encode"):
                return self._made(narration, request, asked)

    def kept(self, job: Job) -> Sequence[Path]:
        """No files: what is said takes a moment to be said again."""
        return ()

    def fail(self, error: Exception) -> None:
        """Ends the worker where its device is broken."""
        self._fail(error)

    def _made(self, narration: Narration, request: SpeechRequest, asked: Mapping[str, Any]) -> Made:
        by, form = asked["captions"], request.params.format
        files = (
            (encode(narration, form), CONTAINERS[form].media_type),
            (srt(narration, by).encode(), SRT),
            (vtt(narration, by).encode(), VTT),
            (timings(narration).encode(), TIMINGS),
        )
        return Made(
            [MadeAsset(content, media_type) for content, media_type in files],
            told={"seconds": round(narration.seconds, 3), "sentences": len(narration.sentences)},
        )

    @contextmanager
    def _room(self, script: Script, making: Making) -> Generator[None]:
        """Waits where what is said is long and others that are long are being said."""
        with ExitStack() as held:
            long = script.length > LONG_CHARACTERS
            for places in self._places(making.job.request["model"]) if long else ():
                while not places.acquire(timeout=TICK_S):
                    if not making.goes_on():
                        raise CancelledError
                held.callback(places.release)
            yield

    def _places(self, model: str) -> Sequence[threading.BoundedSemaphore]:
        server, elsewhere, _ = model.partition(SLASH)
        if not elsewhere:
            return (self._long,)
        own = self._long_of.setdefault(server, threading.BoundedSemaphore())
        return own, self._long_elsewhere

    def _voice(self, model: str, making: Making) -> Voice:
        """The one that was not used for longest goes where there are too many."""
        if model == ESPEAK.model_id:
            return self._espeak
        if SLASH in model:
            return self._elsewhere(model, making.goes_on)
        with self._loading:
            voice = self._loaded.pop(model, None) or _OneAtATime(self._load(model, self._espeak))
            self._loaded[model] = voice
            while len(self._loaded) > MOST_LOADED:
                del self._loaded[next(iter(self._loaded))]
        return voice


class _OneAtATime:
    """A voice that knows one sentence at a time, for many threads."""

    def __init__(self, voice: Voice) -> None:
        self._voice, self._saying = voice, threading.Lock()
        self.voice_id = voice.voice_id
        self.usual_language, self.check = voice.usual_language, voice.check

    def say(self, sentence: Sentence) -> Spoken:
        with self._saying:
            return self._voice.say(sentence)


class _Telling:
    """Tells after a sentence how many are said; raises CancelledError where no more shall be."""

    def __init__(self, making: Making) -> None:
        self._making, self._told_s, self._kept_s = making, 0.0, time.monotonic()

    def __call__(self, said: int, of: int) -> None:
        now_s = time.monotonic()
        if now_s - self._told_s < TICK_S and said < of:
            return
        self._told_s = now_s
        if not self._making.goes_on():
            raise CancelledError
        news = {"sentences_said": said, "sentences": of}
        self._making.tell(news)
        if now_s - self._kept_s >= TICKS_A_PROGRESS * TICK_S:
            self._kept_s = now_s
            self._making.keep(news)


def read_speech_request(asked: Mapping[str, Any]) -> SpeechRequest:
    """The request as it was asked for."""
    params = dict(asked["params"])
    params["pronunciations"] = tuple((word, said) for word, said in params["pronunciations"])
    return SpeechRequest(asked["text"], SpeechParams(**params))


def timings(narration: Narration) -> str:
    """As JSON, from when to when each sentence is heard and each of its words, in seconds."""
    sentences = [
        {
            "text": one.text,
            "start_s": round(one.start_s, 3),
            "end_s": round(one.end_s, 3),
            "words": [
                {**asdict(w), "start_s": round(w.start_s, 3), "end_s": round(w.end_s, 3)}
                for w in one.words
            ],
        }
        for one in narration.sentences
    ]
    told = {"seconds": round(narration.seconds, 3), "sentences": sentences}
    return json.dumps(told, ensure_ascii=False)
