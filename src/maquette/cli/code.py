"""`maquette code`: from a sentence to code that was run with its tests before it is written."""

import json
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maquette.cli.options import AsJson, Data, Database, Device, Precision, Threads, settings_of
from maquette.cli.text import writer_of
from maquette.core.code_requests import (
    CODE_KINDS,
    DEFAULT_ATTEMPTS,
    DEFAULT_CODE_TOKENS,
    MOST_CODE_PROMPT_CHARACTERS,
    RUN_KINDS,
    CodeKind,
    CodeRequest,
    CodeTests,
)
from maquette.core.errors import InvalidRequest, did_you_mean
from maquette.core.files import check_writable, write_whole
from maquette.core.settings import Settings

if TYPE_CHECKING:  # which takes a while to import
    from maquette.cli.text import Write
    from maquette.engines.code import Attempt, CodeMade, Writer

STARTER = "starter-code"


def code(
    context: typer.Context,
    prompt: Annotated[
        str, typer.Argument(help="What to make, in English or Chinese; - reads standard input.")
    ],
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(CODE_KINDS)}.")] = "svg",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; absent, it is printed.")
    ] = None,
    test: Annotated[
        Path | None,
        typer.Option(help="Python asserts; for pages and drawings, a text or `<element>` a line."),
    ] = None,
    expect: Annotated[Path | None, typer.Option(help="File with what it is to print.")] = None,
    argument: Annotated[
        list[str] | None, typer.Option(help="A word to call it with; once for each.")
    ] = None,
    chart_data: Annotated[
        Path | None, typer.Option("--chart-data", help="CSV or JSON that a chart shows.")
    ] = None,
    attempts: Annotated[int, typer.Option(help="How often to try, 1 to 8.")] = DEFAULT_ATTEMPTS,
    log: Annotated[Path | None, typer.Option(help="JSON file for the log of attempts.")] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same code; drawn if absent.")] = None,
    max_tokens: Annotated[int, typer.Option(help="The longest answer.")] = DEFAULT_CODE_TOKENS,
    model: Annotated[
        str,
        typer.Option(
            help="starter-code (drawings and pages), a checkpoint folder, or a server's NAME/MODEL."
        ),
    ] = STARTER,
    device: Device = None,
    precision: Precision = None,
    threads: Threads = None,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Make a program, tool, page, drawing or chart, run before it is handed over.

    Example: maquette code "a red boat on a calm sea at night" --kind svg -o boat.svg
    """
    from maquette.engines.code import log_file

    said = sys.stdin.read(MOST_CODE_PROMPT_CHARACTERS + 1) if prompt == "-" else prompt
    request = CodeRequest(
        said,
        _kind(kind),
        _tests(kind, test, expect, argument or []),
        _read(chart_data, "data") if chart_data else "",
        attempts,
        random.getrandbits(32) if seed is None else seed,
        max_tokens,
    )
    flags = {"device": device, "precision": precision, "threads": threads}
    settings = settings_of(context, data=data, database=database, **flags)
    for path in (output, log):
        if path is not None:
            check_writable(path)
    tried: list[Attempt] = []
    try:
        made = _make(settings, request, model, tried)
    finally:
        if log is not None and tried:
            write_whole(log, log_file(request, tried, model).content)
    if output is not None:
        write_whole(output, made.files[0].content)
    _tell(made, request, model, output, as_json)


def _tell(
    made: "CodeMade", request: CodeRequest, model: str, output: Path | None, as_json: bool
) -> None:
    """Prints what was made, or where it is."""
    if as_json:
        told = {
            "output": None if output is None else str(output),
            "files": {file.name: file.media_type for file in made.files},
            "attempts": [asdict(one) for one in made.attempts],
            "seed": request.seed,
            "model": model,
        }
        typer.echo(json.dumps(told, ensure_ascii=False))
    elif output is not None:
        typer.echo(str(output))
    else:
        typer.echo(made.files[0].content, nl=False)


def _make(
    settings: Settings, request: CodeRequest, model: str, tried: "list[Attempt]"
) -> "CodeMade":
    """What passed; each attempt that failed is told in a line. Raises what `make_code` does."""
    from maquette.engines.code import make_code
    from maquette.sandbox.choice import choose_sandbox

    def note(attempts: "Sequence[Attempt]") -> None:
        tried[:] = attempts
        if failure := attempts[-1].failure:
            line = failure.strip().splitlines()[-1]
            typer.echo(f"attempt {len(attempts)} of {request.attempts}: {line[:200]}", err=True)

    writer = _writer(settings, request, model)
    return make_code(request, writer, lambda: choose_sandbox(settings.data), (), note)


def _writer(settings: Settings, request: CodeRequest, model: str) -> "Writer":
    """The starter, or a language model by name or folder."""
    from maquette.core.text_requests import Message, TextParams, TextRequest
    from maquette.engines.code import Written
    from maquette.engines.starter_code import StarterWriter

    def ask(asked: TextRequest, of: str) -> Written:
        if of not in loaded:
            loaded[of] = writer_of(settings, of)
        (answer,) = loaded[of](asked, lambda number, more: None)
        return Written(answer.text, answer.prompt_tokens, answer.answer_tokens)

    loaded: dict[str, Write] = {}
    if model == STARTER:
        return StarterWriter(request, lambda asked: ask(asked, "starter-text"))

    if model == "starter-text":
        raise InvalidRequest(
            f"{model} is too small to write code; choose {STARTER} for drawings and pages, or a "
            "larger language model, by its folder or from a server"
        )

    def write(messages: Sequence[Message], attempt: int) -> Written:
        params = TextParams(request.max_tokens, 0.2, 0.95, request.seed + attempt)
        return ask(TextRequest(tuple(messages), params), model)

    return write


def _kind(kind: str) -> CodeKind:
    for known in CODE_KINDS:
        if kind == known:
            return known
    raise InvalidRequest(f"unknown kind of code {kind!r}; {did_you_mean(kind, CODE_KINDS)}")


def _tests(
    kind: str, test: Path | None, expect: Path | None, arguments: Sequence[str]
) -> CodeTests:
    text = _read(test, "tests") if test else ""
    output = _read(expect, "expected output") if expect else None
    if kind in RUN_KINDS:
        return CodeTests(text, output, (), tuple(arguments))
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    return CodeTests("", output, lines, tuple(arguments))


def _read(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"the {what} in {path} cannot be read: {error}") from None
