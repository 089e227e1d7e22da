"""OpenAI's route for speech: https://platform.openai.com/docs/api-reference/audio/createSpeech."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncGenerator
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from fastapi.sse import format_sse_event
from pydantic import BaseModel, ConfigDict, Field

from maquette.api.dependencies import CallerDep, StudioDep, WatchDep
from maquette.api.events import EventStream
from maquette.api.fields import Float
from maquette.api.openai import CLIENT_GONE, PROBLEMS, has_gone
from maquette.api.speech_schemas import MOST_NAME
from maquette.api.watch import Watcher
from maquette.core import logs
from maquette.core.errors import JobFailed
from maquette.core.speech_requests import SpeechFormat, SpeechParams, SpeechRequest
from maquette.db.connect import DATABASE_AWAY
from maquette.engines.catalog import ESPEAK
from maquette.jobs.events import JobEvent
from maquette.jobs.store import ENDS, Job
from maquette.service.studio import Studio
from maquette.service.submissions import of_speech

LOOK_S = 5.0  # between looks at what is kept, should a notice ever be lost
DELTA_BYTES = 48 * 1024
# Their names, which clients have written down, for what speaks here.
THEIR_MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
SPEAKERS = {
    "alloy": "f1",
    "ash": "m2",
    "ballad": "m4",
    "cedar": "m6",
    "coral": "f2",
    "echo": "m1",
    "fable": "m5",
    "marin": "f5",
    "nova": "f3",
    "onyx": "m3",
    "sage": "f4",
    "shimmer": "linda",
    "verse": "m7",
}
router = APIRouter(prefix="/v1", tags=["openai"])


class SpeechIn(BaseModel):
    """A text to be said."""

    model_config = ConfigDict(
        extra="ignore",  # clients send more than servers know, and servers pass it over
        json_schema_extra={"examples": [{"input": "Good morning.", "voice": "alloy"}]},
    )

    input: str
    model: Annotated[str, Field(max_length=200)] = ESPEAK.model_id
    voice: Annotated[str, Field(max_length=MOST_NAME)]
    response_format: SpeechFormat = "mp3"
    speed: Float = 1.0
    stream_format: Literal["audio", "sse"] = "audio"

    def asked(self) -> tuple[SpeechRequest, str]:
        """What is asked of which model; their names of voices are espeak-ng's alone. Raises
        InvalidRequest naming what does not fit.
        """
        model = ESPEAK.model_id if self.model in THEIR_MODELS else self.model
        voice = SPEAKERS.get(self.voice, self.voice) if model == ESPEAK.model_id else self.voice
        params = SpeechParams(voice, speed=self.speed, format=self.response_format)
        return SpeechRequest(self.input, params), model


@router.post(
    "/audio/speech",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}, **PROBLEMS},
)
async def create_audio(
    asked: SpeechIn, request: Request, studio: StudioDep, caller: CallerDep, watch: WatchDep
) -> Response:
    """Say a text; answers with the sound once it is whole, or with events that carry it. It is
    called off where whoever asked has gone before.
    """
    wanted, model = asked.asked()
    job, _ = await run_in_threadpool(
        studio.accept,
        caller.account_id,
        lambda: of_speech(wanted, model, studio.voices),
        caller.payer_id,
        key_id=caller.key_id,
    )
    logs.add(job_id=str(job.job_id))
    with watch.on_job(str(job.job_id)) as watcher:
        ended = asyncio.ensure_future(_end(studio, watcher, job))
        gone = asyncio.ensure_future(has_gone(request))
        try:
            await asyncio.wait((ended, gone), return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                return Response(status_code=CLIENT_GONE)
            event = ended.result()
        finally:
            gone.cancel()
            if not ended.done():
                ended.cancel()
                await run_in_threadpool(studio.cancel, caller.account_id, job.job_id)
    if event.kind != "succeeded":
        raise JobFailed(f"there is no answer: {event.data.get('error') or 'it was cancelled'}")
    asset_id = UUID(event.data["assets"][0])
    asset, content = await run_in_threadpool(studio.content, caller.account_id, asset_id)
    if asked.stream_format == "sse":
        return EventStream(_deltas(content, wanted.characters))
    return Response(content, media_type=asset.media_type)


async def _end(studio: Studio, watcher: Watcher, job: Job) -> JobEvent:
    """The last of what happens to a job."""
    after = 0
    while True:
        try:
            events = await run_in_threadpool(studio.events, job.job_id, after)
        except DATABASE_AWAY:
            events = ()  # the watch says when it is back
        for event in events:
            after = event.sequence
            if event.kind in ENDS:
                return event
        try:
            while not ((news := await watcher.news(LOOK_S)).missed or news.changed):
                pass
        except TimeoutError:
            continue


async def _deltas(content: bytes, characters: int) -> AsyncGenerator[bytes]:
    for start in range(0, len(content), DELTA_BYTES):
        audio = b64encode(content[start : start + DELTA_BYTES]).decode()
        yield _data({"type": "speech.audio.delta", "audio": audio})
    usage = {"input_tokens": characters, "output_tokens": 0, "total_tokens": characters}
    yield _data({"type": "speech.audio.done", "usage": usage})


def _data(content: dict[str, object]) -> bytes:
    return format_sse_event(data_str=json.dumps(content))
