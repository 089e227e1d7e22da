"""`maquette text`: from a sentence to a text, printed as it is written."""

import json
import random
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maquette.cli.options import (
    AsJson,
    Data,
    Database,
    Device,
    Precision,
    TextModel,
    Threads,
    settings_of,
)
from maquette.cli.seeing import USUAL, Captioner, Picture, caption_of
from maquette.core.errors import InvalidRequest
from maquette.core.files import check_writable, write_whole
from maquette.core.settings import Settings
from maquette.core.text_requests import (
    DEFAULT_TEMPERATURE,
    DEFAULT_TOKENS,
    DEFAULT_TOP_P,
    MOST_PROMPT_CHARACTERS,
    Message,
    TextParams,
    TextRequest,
)

if TYPE_CHECKING:
    from maquette.engines.remote_answer import RemoteAnswer
    from maquette.engines.remote_server import TextServer
    from maquette.engines.text import Answer

    Write = Callable[[TextRequest, Callable[[int, str], None]], list[Answer] | list[RemoteAnswer]]


def text(
    context: typer.Context,
    prompt: Annotated[
        str, typer.Argument(help="What to write, in English or Chinese; - reads standard input.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; absent, it is printed.")
    ] = None,
    system: Annotated[str, typer.Option(help="Who writes: a voice, or rules to keep.")] = "",
    picture: Picture = None,
    captioner: Captioner = USUAL,
    seed: Annotated[int | None, typer.Option(help="Same seed, same text; drawn if absent.")] = None,
    max_tokens: Annotated[int, typer.Option(help="The longest answer.")] = DEFAULT_TOKENS,
    temperature: Annotated[
        float, typer.Option(help="How freely it chooses words; 0 is not at all.")
    ] = DEFAULT_TEMPERATURE,
    top_p: Annotated[
        float, typer.Option(help="Only the likeliest words, up to this share.")
    ] = DEFAULT_TOP_P,
    stop: Annotated[list[str] | None, typer.Option(help="End before this; once for each.")] = None,
    schema: Annotated[
        Path | None, typer.Option(help="JSON Schema file that the answer is to satisfy.")
    ] = None,
    model: TextModel = "starter-text",
    device: Device = None,
    precision: Precision = None,
    threads: Threads = None,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Write a text from words.

    Example: maquette text "Write a tagline for Alder, a kettle." --seed 7
    """
    params = TextParams(
        max_tokens,
        temperature,
        top_p,
        random.getrandbits(32) if seed is None else seed,
        tuple(stop or ()),
        _read(schema) if schema else None,
    )
    said = sys.stdin.read(MOST_PROMPT_CHARACTERS + 1) if prompt == "-" else prompt
    flags = {"device": device, "precision": precision, "threads": threads}
    settings = settings_of(context, data=data, database=database, **flags)
    if picture is not None:
        said = f"{_seen(settings, picture, captioner, said, as_json)}\n\n{said}"
    messages = [*([Message("system", system)] if system else []), Message("user", said)]
    request = TextRequest(tuple(messages), params)
    if output is not None:
        check_writable(output)
    write = writer_of(settings, model)
    streamed = output is None and not as_json

    def tell(_: int, more: str) -> None:
        if streamed:
            typer.echo(more, nl=False)

    (answer,) = write(request, tell)
    if output is not None:
        write_whole(output, f"{answer.text}\n".encode())
    if as_json:
        told = {**asdict(answer), "seed": params.seed, "model": model}
        told |= {"output": None if output is None else str(output)}
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        typer.echo("" if output is None else str(output))
        _tell_of_cut(answer.finish_reason)


def _tell_of_cut(finish_reason: str) -> None:
    if finish_reason == "length":
        line = "It ends in the middle; there was no room for more."
        typer.secho(line, fg=typer.colors.YELLOW, err=True)


def _seen(settings: Settings, picture: Path, captioner: str, said: str, quiet: bool) -> str:
    """What a picture shows, in the language of what is asked, as a line before that."""
    from maquette.world.prompt import is_chinese

    language = "zh" if is_chinese(said) else "en"
    label = "图片：{}" if language == "zh" else "Picture: {}"
    line = label.format(caption_of(settings, picture, captioner, language))
    if not quiet:
        typer.secho(line, err=True, dim=True)
    return line


def writer_of(settings: Settings, model: str) -> "Write":
    """What writes: a model of this machine, or of a server that the studio here has."""
    if (found := server_of(settings, model)) is not None:
        from maquette.engines.remote_text import RemoteText

        server, its_model = found
        return lambda request, tell: RemoteText(server).answers(request, its_model, tell)
    from maquette.service import wiring  # which takes seconds to import

    return wiring.text_engine(settings, model).answer


def server_of(settings: Settings, model: str) -> "tuple[TextServer, str] | None":
    """The server that the studio here has of a NAME/MODEL, and the model's name there; None where
    the model is one of this machine. Raises ModelNotFound, RemoteUnavailable.
    """
    if "/" not in model or Path(model).expanduser().is_dir() or not has_studio(settings):
        return None
    from maquette.db.connect import open_database
    from maquette.service.text_servers import TextServers

    with open_database(settings) as database:
        servers = TextServers(database, settings)
        servers.price_of(model)  # what is not offered is not asked
        return servers.open(model)


def has_studio(settings: Settings) -> bool:
    """Whether there is one here, which may know servers."""
    from maquette.db.connect import FOLDER

    return settings.database is not None or (settings.data / FOLDER).exists()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"the schema {path} cannot be read: {error}") from None
