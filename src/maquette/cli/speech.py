"""`maquette speech`: from a text to a narration in a file, and its captions in another."""

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maquette.cli.options import AsJson, Data, Database, Device, Precision, Threads, settings_of
from maquette.cli.progress import progress_bar
from maquette.cli.text import has_studio
from maquette.core.errors import InvalidRequest, did_you_mean
from maquette.core.files import check_writable, write_whole
from maquette.core.settings import Settings
from maquette.core.speech_requests import (
    DEFAULT_PAUSE_MS,
    DEFAULT_VOICE,
    MOST_SPEECH_CHARACTERS,
    SPEECH_FORMATS,
    By,
    SpeechFormat,
    SpeechParams,
    SpeechRequest,
)

if TYPE_CHECKING:
    from maquette.speech.espeak import EspeakVoice
    from maquette.speech.voice import Voice

CAPTIONS = (".srt", ".vtt")


def speech(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="What to say; - reads standard input.")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help=f"File to write: .{', .'.join(SPEECH_FORMATS[:-1])}."),
    ] = Path("speech.wav"),
    voice: Annotated[str, typer.Option(help="A speaker of the model, such as f3.")] = DEFAULT_VOICE,
    language: Annotated[
        str | None,
        typer.Option(help="A tag or an English name, such as pt-BR; absent, by the text."),
    ] = None,
    speed: Annotated[float, typer.Option(help="From 0.25 to 4.")] = 1.0,
    pitch: Annotated[float, typer.Option(help="Higher or lower by so many semitones.")] = 0.0,
    pause: Annotated[int, typer.Option(help="Milliseconds between sentences.")] = DEFAULT_PAUSE_MS,
    ssml: Annotated[
        bool, typer.Option("--ssml", help="The text is SSML; `<speak>` may be left out.")
    ] = False,
    say: Annotated[
        list[str] | None,
        typer.Option(help="How a word is said; once for each.", metavar="WORD=PRONUNCIATION"),
    ] = None,
    captions: Annotated[
        Path | None, typer.Option(help="Also write captions: a file .srt or .vtt.")
    ] = None,
    by_word: Annotated[
        bool, typer.Option("--by-word", help="A cue of the captions is a word.")
    ] = False,
    model: Annotated[
        str,
        typer.Option(
            help="espeak-ng, a voice of DATA/voices, a NAME.onnx, a model's folder, or another "
            "server's NAME/MODEL."
        ),
    ] = "espeak-ng",
    data: Data = None,
    database: Database = None,
    device: Device = None,
    precision: Precision = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Say a text.

    Example: maquette speech "Good morning. The boat is red." -o boat.mp3 --captions boat.srt
    """
    said = sys.stdin.read(MOST_SPEECH_CHARACTERS + 1) if text == "-" else text
    params = SpeechParams(
        voice, language, speed, pitch, pause, _pairs(say), format=_format_of(output)
    )
    from maquette.speech.ssml import as_ssml

    request = SpeechRequest(as_ssml(said) if ssml else said, params)
    by: By = "word" if by_word else "sentence"
    _check(output, captions)
    settings = settings_of(
        context, data=data, database=database, device=device, precision=precision, threads=threads
    )
    told = _say(settings, request, model, output, captions, by, quiet=as_json)
    if as_json:
        given = {"model": model, "voice": voice, "language": language, "output": str(output)}
        given["captions"] = captions and str(captions)
        typer.echo(json.dumps({**given, **told}, ensure_ascii=False))
    else:
        for path in filter(None, (output, captions)):
            typer.echo(str(path))


def _check(output: Path, captions: Path | None) -> None:
    """Raises InvalidRequest, OutputNotWritable."""
    if captions is not None and captions.suffix.lower() not in CAPTIONS:
        raise InvalidRequest(
            f"captions are written as .srt or .vtt, and {captions} ends in neither; rename it"
        )
    for path in filter(None, (output, captions)):
        check_writable(path)


def _say(
    settings: Settings,
    request: SpeechRequest,
    model: str,
    output: Path,
    captions: Path | None,
    by: By,
    quiet: bool,
) -> dict[str, float]:
    """Writes both files; how long it is, and how many sentences and words."""
    from maquette.speech.captions import srt, vtt
    from maquette.speech.encoding import encode
    from maquette.speech.espeak import EspeakVoice
    from maquette.speech.narrate import narrate

    with closing(EspeakVoice()) as espeak:
        speaker = _voice(settings, model, espeak)
        with progress_bar("Speaking", "sentences", quiet) as on_sentence:
            narration = narrate(request, speaker, on_sentence)
    written: str | None = None
    if captions is not None:
        as_text = srt if captions.suffix.lower() == ".srt" else vtt
        written = as_text(narration, by)  # may be refused, and then there is no file at all
    write_whole(output, encode(narration, request.params.format))
    if captions is not None and written is not None:
        write_whole(captions, written.encode())
    return {
        "seconds": round(narration.seconds, 3),
        "sentences": len(narration.sentences),
        "words": len(narration.words),
    }


def _voice(settings: Settings, model: str, espeak: "EspeakVoice") -> "Voice":
    """By its name, by the path of a file or a folder, or of a server that the studio here has.
    Raises ModelNotFound.
    """
    from maquette.engines.catalog import ESPEAK
    from maquette.service.voices import VOICES, Voices
    from maquette.speech.own_voices import OwnVoice, read_voice

    if model == ESPEAK.model_id:
        return espeak
    path = Path(model).expanduser()
    if "/" in model and not path.exists() and has_studio(settings):
        return _server_voice(settings, model)
    found = read_voice(path) if path.exists() else Voices(settings.data / VOICES).find(model)
    assert isinstance(found, OwnVoice)
    from maquette.service.wiring import own_voice  # which takes seconds to import

    return own_voice(settings, found, espeak)


def _server_voice(settings: Settings, model: str) -> "Voice":
    from maquette.db.connect import open_database
    from maquette.service.text_servers import TextServers
    from maquette.service.voices import Voices
    from maquette.service.wiring import server_voice

    with open_database(settings) as database:
        Voices(None, database).find(model)  # what is not offered is not asked
        return server_voice(TextServers(database, settings), model)


def _format_of(output: Path) -> SpeechFormat:
    """Raises InvalidRequest where the name says none."""
    suffix = output.suffix.lower().removeprefix(".")
    for form in SPEECH_FORMATS:
        if suffix == form and form != "pcm":
            return form
    known = [f".{form}" for form in SPEECH_FORMATS if form != "pcm"]
    raise InvalidRequest(
        f"{output} names no format that speech is written in; {did_you_mean(f'.{suffix}', known)}"
    )


def _pairs(say: list[str] | None) -> tuple[tuple[str, str], ...]:
    for one in say or ():
        if "=" not in one:
            raise InvalidRequest(f"--say {one!r} has no =; write it as WORD=PRONUNCIATION")
    return tuple((word, said) for word, _, said in (one.partition("=") for one in say or ()))
