"""`maquette copy`: from a template and what is filled in to copy that was checked."""

import json
import random
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer
from pydantic import ValidationError

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
from maquette.cli.text import server_of
from maquette.copydesk.assignment import Assignment, Length
from maquette.copydesk.checks import check
from maquette.copydesk.template import GROUPS, Language, find_template, templates
from maquette.copydesk.tries import (
    COPY_TRIES,
    Tries,
    in_sight,
    judge_of,
    next_try,
    seed_of_try,
    tokens_of,
)
from maquette.copydesk.voice import Voice
from maquette.core.errors import InvalidRequest, did_you_mean
from maquette.core.files import check_writable, write_whole
from maquette.core.settings import Settings
from maquette.core.text_requests import TextParams, TextRequest, one_by_one

if TYPE_CHECKING:
    from maquette.engines.remote_answer import RemoteAnswer
    from maquette.engines.remote_server import TextServer
    from maquette.engines.text import Answer

BETWEEN = "\n\n---\n\n"  # variants


def copy(
    context: typer.Context,
    template: Annotated[
        str | None, typer.Argument(help="Which kind of copy; --list names them all.")
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--set", help="Fills an input in; once for each fact.", metavar="NAME=VALUE"),
    ] = None,
    picture: Picture = None,
    captioner: Captioner = USUAL,
    language: Annotated[str, typer.Option(help="Of the text: en or zh.")] = "en",
    tone: Annotated[str, typer.Option(help="Such as warm, plain, playful or formal.")] = "",
    most_words: Annotated[int | None, typer.Option(help="The longest that it may be.")] = None,
    include: Annotated[list[str] | None, typer.Option(help="A word that must be in it.")] = None,
    avoid: Annotated[list[str] | None, typer.Option(help="A word that must not be.")] = None,
    voice: Annotated[
        Path | None, typer.Option(help="JSON file of a brand's voice, as the API gives it.")
    ] = None,
    count: Annotated[int, typer.Option(help="Variants.", min=1, max=16)] = 1,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; absent, it is printed.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same text; drawn if absent.")] = None,
    model: TextModel = "starter-text",
    list_all: Annotated[bool, typer.Option("--list", help="Name all templates.")] = False,
    device: Device = None,
    precision: Precision = None,
    threads: Threads = None,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Write copy by a template. It is checked, and written up to three times until it fits.

    Example: maquette copy tagline --set product="Alder, a kettle" --tone warm
    """
    if list_all:
        _list(as_json)
        return
    if template is None:
        raise InvalidRequest("no template is named; see them by: maquette copy --list")
    if language not in get_args(Language):
        known = did_you_mean(language, get_args(Language))
        raise InvalidRequest(f"no copy is written in {language!r}; {known}")
    with _one_line():
        asked = Assignment(
            template=template,
            inputs=_inputs(template, inputs or []),
            language=cast(Language, language),
            tone=tone,
            length=None if most_words is None else Length(most=most_words),
            include=include or (),
            avoid=avoid or (),
            voice=_voice(voice) if voice else None,
        )
    flags = {"device": device, "precision": precision, "threads": threads}
    settings = settings_of(context, data=data, database=database, **flags)
    if picture is not None:
        asked = _shown(asked, caption_of(settings, picture, captioner, language), as_json)
    first = random.getrandbits(32) if seed is None else seed
    request = TextRequest(asked.messages(), TextParams(tokens_of(asked), seed=first), count)
    if output is not None:
        check_writable(output)
    answers = _write(settings, model, request, asked)
    texts = [one.text for one in answers]
    if output is not None:
        write_whole(output, f"{BETWEEN.join(texts)}\n".encode())
    said = {"template": template, "seed": first, "model": model}
    _tell(said, answers, asked, output, as_json)


def _shown(asked: Assignment, caption: str, quiet: bool) -> Assignment:
    """The same with what a picture shows, in the field that takes one, or as a line of its own."""
    if not quiet:
        typer.secho(f"Picture: {caption}", err=True, dim=True)
    fields = [one.name for one in find_template(asked.template).inputs if one.kind == "picture"]
    if fields:
        return asked.model_copy(update={"inputs": {**asked.inputs, fields[0]: caption}})
    label = "Picture: {}" if asked.language == "en" else "图片：{}"
    return asked.model_copy(update={"seen": [label.format(caption)]})


@contextmanager
def _one_line() -> Generator[None]:
    """Says what is unfit as every refusal is said. Raises InvalidRequest."""
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        named = ".".join(str(part) for part in first["loc"])
        given = str(first["input"])[:60]
        raise InvalidRequest(f"{named} {given!r} does not fit: {first['msg']}") from None


def _tell(
    said: Mapping[str, Any],
    answers: Sequence["Answer | RemoteAnswer"],
    asked: Assignment,
    output: Path | None,
    as_json: bool,
) -> None:
    """What was written and, on standard error, what it misses."""
    texts = [one.text for one in answers]
    told = [(one.text, _findings(one, asked)) for one in answers]
    if as_json:
        named = {"output": None if output is None else str(output)}
        whole = [{"text": text, "findings": findings} for text, findings in told]
        typer.echo(json.dumps({**said, "texts": whole, **named}, ensure_ascii=False))
        return
    typer.echo(BETWEEN.join(texts) if output is None else str(output))
    for number, (_, findings) in enumerate(told, 1):
        which = f"{number}: " if len(told) > 1 else ""
        for finding in findings:
            typer.secho(f"{which}{finding['line']}", fg=typer.colors.YELLOW, err=True)


def _write(
    settings: Settings, model: str, request: TextRequest, asked: Assignment
) -> Sequence["Answer | RemoteAnswer"]:
    """Each variant, the try that misses least."""
    if (found := server_of(settings, model)) is not None:
        return _write_elsewhere(*found, request, asked)
    from maquette.service import wiring  # which takes seconds to import

    engine = wiring.text_engine(settings, model)
    shown = in_sight(asked, engine.context_tokens, lambda messages: len(engine.read(messages)))
    best: list[Answer] = []
    for first in one_by_one(replace(request, messages=shown.messages())):
        tries, goes_on = Tries(), True
        said: list[Answer] = []
        while goes_on:
            params = replace(first.params, seed=seed_of_try(first.params.seed, tries.number))
            again = replace(first, params=params)
            said += engine.answer(again, bounds=asked.demands().bounds())
            goes_on = not _ends(tries, said[-1], asked)
        best.append(said[tries.best_number - 1])
    return best


def _write_elsewhere(
    server: "TextServer", model: str, request: TextRequest, asked: Assignment
) -> Sequence["RemoteAnswer"]:
    from maquette.engines.remote_text import RemoteText

    firsts = one_by_one(replace(request, messages=asked.messages(larger=True)))
    tries = [Tries() for _ in firsts]

    def again(number: int, said: Sequence["RemoteAnswer"]) -> TextRequest | None:
        last = said[-1]
        if _ends(tries[number], last, asked):
            return None
        return next_try(firsts[number], asked, last.text, last.finish_reason, tries[number].number)

    talks = RemoteText(server).talks(firsts, model, again)
    return [talk[one.best_number - 1] for talk, one in zip(talks, tries, strict=True)]


def _ends(tries: Tries, answer: "Answer | RemoteAnswer", asked: Assignment) -> bool:
    return tries.end(answer.text, answer.finish_reason, judge_of(asked.demands()), COPY_TRIES)


def _findings(answer: "Answer | RemoteAnswer", asked: Assignment) -> Sequence[Mapping[str, Any]]:
    return [
        {"check": one.check, "line": one.line["en"], "demanded": one.demanded}
        for one in check(answer.text, asked.demands(), answer.finish_reason == "length")
        if one.demanded
    ]


def _inputs(template: str, given: Sequence[str]) -> dict[str, str | list[str]]:
    """What was set, the values of one name together where it takes lines."""
    lists = {one.name for one in find_template(template).inputs if one.kind == "lines"}
    found: dict[str, str | list[str]] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise InvalidRequest(f"{one!r} sets nothing; write --set NAME=VALUE")
        if name in lists:
            before = found.get(name, [])
            found[name] = [*(before if isinstance(before, list) else [before]), value]
        elif name in found:
            raise InvalidRequest(f"{name} was set twice; it takes one value")
        else:
            found[name] = value
    return found


def _voice(path: Path) -> Voice:
    try:
        said: Any = json.loads(path.read_text(encoding="utf-8"))
        return Voice.model_validate(said.get("voice", said))
    except (OSError, AttributeError, ValueError) as error:
        why = str(error).splitlines()[0]
        raise InvalidRequest(f"the voice {path} cannot be read: {why}") from None


def _list(as_json: bool) -> None:
    if as_json:
        told = {name: one.model_dump(mode="json") for name, one in templates().items()}
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for group in GROUPS:
        typer.secho(group, bold=True)
        for name, one in templates().items():
            if one.group == group:
                asked = ", ".join(
                    one.name if one.required else f"[{one.name}]" for one in one.inputs
                )
                typer.echo(f"  {name:27}{one.label[0]} ({asked})")
