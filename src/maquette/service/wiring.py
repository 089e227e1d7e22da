"""The one place where engines are built from settings."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import sqlalchemy as sa
import torch

from maquette.batching.loop import EngineLoop
from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.core.settings import Settings
from maquette.core.text_requests import Message, TextParams, TextRequest
from maquette.diffusion.device import choose_device, choose_dtype
from maquette.diffusion.engine import DenoisingEngine
from maquette.diffusion.step_times import LEAST_SAMPLES
from maquette.engines.captioning import Captioner
from maquette.engines.catalog import STARTERS, ModelSpec, find_model, kind_of
from maquette.engines.clip import ClipEngine
from maquette.engines.image import ImageEngine
from maquette.engines.remote_voice import USUAL_SPEAKER, RemoteVoice
from maquette.engines.seeing import SeeingModel
from maquette.engines.starter_code import STARTER_CODE
from maquette.engines.text import TextEngine
from maquette.jobs.workers import StepTime
from maquette.library.blobs import BlobStore
from maquette.service.backend_choice import backends_folder, choose_backend
from maquette.service.captioner_models import CAPTIONERS, find_own_captioner
from maquette.service.code_maker import CodeMaker
from maquette.service.engine_clock import EngineClock
from maquette.service.heartbeat import summary
from maquette.service.image_maker import ImageMaker
from maquette.service.making import SNAPSHOTS, Crew, Maker
from maquette.service.queues import CODE, IMAGE, SPEECH, TEXT
from maquette.service.remote_text_maker import RemoteTextMaker, TextMakers
from maquette.service.seeing import Captioners, SeeingMaker
from maquette.service.speech_maker import SpeechMaker
from maquette.service.text_maker import TextMaker
from maquette.service.text_servers import TextServers
from maquette.service.voices import VOICES, Voices
from maquette.speech.espeak import EspeakVoice
from maquette.speech.own_voices import OwnVoice
from maquette.speech.voice import Voice

TELLER = STARTERS[TEXT].model_id


def quiet_libraries() -> None:
    """Progress bars and advice of the model libraries are not for the person who asked."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    for logging in (diffusers_logging, transformers_logging):
        logging.set_verbosity_error()
        logging.disable_progress_bar()


def image_engine(
    settings: Settings, model: str, measure: bool = False, like: ImageEngine | None = None
) -> ImageEngine:
    """The image engine of a model by name or folder. With `measure` it takes the time to find the
    fastest backend, where that is not known; with an engine `like` it, it shares what it can.
    """
    quiet_libraries()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    device = choose_device(settings)
    image = ImageEngine(
        find_model(model, "image"),
        device,
        choose_dtype(settings, device),
        settings.data / "adapters",
        like,
    )
    image.use(choose_backend(settings, image, measure), backends_folder(settings))
    return image


def text_engine(settings: Settings, model: str) -> TextEngine:
    """The text engine of a model by name or folder."""
    quiet_libraries()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    device = choose_device(settings)
    return TextEngine(find_model(model, TEXT), device, choose_dtype(settings, device))


def own_voice(settings: Settings, voice: OwnVoice, espeak: EspeakVoice) -> Voice:
    """A voice of Piper, of Kokoro or a model of `transformers`, loaded; `espeak` gives its
    phonemes.
    """
    if voice.made_for == "piper":
        from maquette.speech.piper import PiperVoice  # whose runtime is an extra

        return PiperVoice(voice.path, espeak.phonemes)
    if voice.made_for == "kokoro":
        from maquette.speech.kokoro import KokoroVoice  # likewise

        return KokoroVoice(voice, espeak.phonemes, partial(espeak.phonemes, ipa=False))
    from maquette.engines.speech_model import SpeechModel

    quiet_libraries()
    device = choose_device(settings)
    spec = ModelSpec(voice.name, voice.path)
    return SpeechModel(spec, device, choose_dtype(settings, device), espeak.phonemes)


def server_voice(
    servers: TextServers, model: str, go_on: Callable[[], bool] = lambda: True
) -> Voice:
    """A voice of another server, by NAME/MODEL, for as long as it is to `go_on`."""
    server, offered = servers.open_voice(model)
    usual = offered.voices[0] if offered.voices else USUAL_SPEAKER
    return RemoteVoice(server, offered.name, usual, go_on)


def speech_maker(
    settings: Settings, servers: TextServers, fail: Callable[[Exception], None]
) -> SpeechMaker:
    """With the voices of the data folder, which are loaded when they are asked for, and those of
    other servers.
    """
    voices = Voices(settings.data / VOICES)

    def load(model: str, espeak: EspeakVoice) -> Voice:
        found = voices.find(model)
        assert isinstance(found, OwnVoice)  # the other one is loaded
        return own_voice(settings, found, espeak)

    return SpeechMaker(load, partial(server_voice, servers), fail)


def crew(
    settings: Settings,
    database: sa.Engine,
    models: Sequence[str],
    blobs: BlobStore,
    on_broken: Callable[[Exception], None],
) -> Crew:
    """All who make what jobs for these models ask for, warm; the fastest backend of an image model
    is measured at the first start.
    """
    if STARTER_CODE in models:
        models = [*dict.fromkeys([*models, TELLER])]  # which tells its stories
    images: dict[str, ImageEngine] = {}
    texts: dict[str, TextEngine] = {}
    for model in models:
        if kind_of(model) == IMAGE:
            like = next(iter(images.values()), None)
            images[model] = image_engine(settings, model, measure=True, like=like)
        elif kind_of(model) == TEXT:
            texts[model] = text_engine(settings, model)
    denoising = DenoisingEngine(choose_device(settings))
    for image in images.values():
        _warm_image(image, denoising)
    for text in texts.values():
        _warm_text(text)
    loop = EngineLoop(denoising, on_broken)
    clocks = {model: EngineClock(one.decoder()) for model, one in texts.items()}
    decoding = {model: EngineLoop(clock, on_broken) for model, clock in clocks.items()}
    makers: dict[str, Maker] = {}
    if images:
        makers[IMAGE] = ImageMaker(blobs, images, loop, settings.data / SNAPSHOTS)
    servers = TextServers(database, settings)
    captioners = Captioners(
        blobs, lambda: captioner(settings), servers, partial(own_captioner, settings)
    )
    here = TextMaker(texts, decoding, clocks) if texts else None
    makers[TEXT] = SeeingMaker(TextMakers(here, RemoteTextMaker(servers)), captioners)
    teller = (texts[TELLER], decoding[TELLER]) if STARTER_CODE in models else None
    code = CodeMaker(servers, teller, settings.data, clocks.get(TELLER))
    makers[CODE] = SeeingMaker(code, captioners)
    makers[SPEECH] = speech = speech_maker(settings, servers, loop.fail)

    def measured() -> Mapping[str, Sequence[StepTime]]:
        return {model: _measured(image, denoising) for model, image in images.items()}

    return Crew(makers, [loop, *decoding.values()], measured, [speech.close])


def _measured(image: ImageEngine, engine: DenoisingEngine) -> Sequence[StepTime]:
    return summary(
        engine.step_times,
        image.network_id,
        image.codec.factor_px,
        image.codec.decode_ms(),
        image.texts.text_ms(),
    )


def _warm_image(image: ImageEngine, engine: DenoisingEngine) -> None:
    """The first picture of a process takes longer; no one shall wait for that. It has so many steps
    that what passes take is known from here on.
    """
    params = SamplingParams("a boat", num_inference_steps=LEAST_SAMPLES + 1)
    image.generate(GenerationRequest(params), engine=engine)
    _ = image.codec.preview


def _warm_text(text: TextEngine) -> None:
    """So do the first words."""
    text.answer(TextRequest((Message("user", "Hello"),), TextParams(max_tokens=4)))


def clip_engine(settings: Settings, model: str = "starter-clip") -> ClipEngine:
    """The CLIP that ranks and searches."""
    quiet_libraries()
    return ClipEngine(find_model(model, "clip"), choose_device(settings))


def captioner(settings: Settings) -> Captioner:
    """What says what pictures of the world show."""
    return Captioner(clip_engine(settings))


def own_captioner(settings: Settings, name: str) -> SeeingModel:
    """A model of the data folder that sees, by its name. Raises ModelNotFound."""
    return seeing_model(settings, find_own_captioner(settings.data / CAPTIONERS, name))


def seeing_model(settings: Settings, spec: ModelSpec) -> SeeingModel:
    """A model that sees, loaded."""
    quiet_libraries()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    device = choose_device(settings)
    return SeeingModel(spec, device, choose_dtype(settings, device))
