"""`maquette text-servers`: other servers that write texts and speak for this studio."""

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maquette.cli.options import AsJson, Data, Database, settings_of
from maquette.core.errors import InvalidRequest

if TYPE_CHECKING:
    from maquette.service.server_voices import OfferedVoice
    from maquette.service.text_servers import OfferedModel, ServerEntry, TextServers

app = typer.Typer(no_args_is_help=True, help="Look after other servers that write and speak.")
Name = Annotated[str, typer.Argument(help="What it is called; its models are NAME/MODEL.")]
Offer = Annotated[
    list[str] | None,
    typer.Option(
        help="A model that people may use, and the credits that a thousand tokens of it cost, "
        "0 if absent; once for each.",
        metavar="MODEL[=CREDITS]",
    ),
]
Speech = Annotated[
    list[str] | None,
    typer.Option(
        help="A model that people may have speak, and the credits that a thousand characters of it "
        "cost, 0 if absent; once for each.",
        metavar="MODEL[=CREDITS]",
    ),
]
Voices = Annotated[
    list[str] | None,
    typer.Option(
        help="What such a model speaks as, the usual voice first; absent, whatever is asked of it.",
        metavar="MODEL=VOICE,VOICE",
    ),
]
WithKey = Annotated[
    bool, typer.Option("--with-key", help="Ask for its key, or read it from standard input.")
]


@app.command("list")
def list_(
    context: typer.Context, data: Data = None, database: Database = None, as_json: AsJson = False
) -> None:
    """Show the servers that were added, and the models that are offered.

    Example: maquette text-servers list
    """
    with _opened(context, data, database) as servers:
        known = servers.list()
    if as_json:
        typer.echo(json.dumps({"servers": [_facts(one) for one in known]}))
    else:
        for one in known:
            typer.echo(_line(one))
        if not known:
            typer.echo("no server was added yet", err=True)


@app.command()
def found(
    context: typer.Context, data: Data = None, database: Database = None, as_json: AsJson = False
) -> None:
    """Look for servers where they usually listen on this machine; nothing is used of them.

    Example: maquette text-servers found
    """
    with _opened(context, data, database) as servers:
        there = servers.found()
    if as_json:
        typer.echo(json.dumps({"servers": [asdict(one) for one in there]}))
    else:
        for one in there:
            typer.echo(f"{one.url}  {one.program}  {', '.join(one.models)}")
        if not there:
            typer.echo("no other server listens at the usual ports here", err=True)


@app.command()
def add(
    context: typer.Context,
    name: Name,
    url: Annotated[str, typer.Argument(help="Its address, such as http://127.0.0.1:11434/v1.")],
    offer: Offer = None,
    speech: Speech = None,
    voices: Voices = None,
    with_key: WithKey = False,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Add a server; see with `check` what models it has.

    Example: maquette text-servers add home http://127.0.0.1:11434/v1 --offer llama3.2
    """
    models, spoken = _offered(offer or []), _spoken(speech or [], voices or [])
    key = _key() if with_key else ""
    with _opened(context, data, database) as servers:
        _tell(servers.add(_owner(), name, url, key, models, spoken), as_json)


@app.command()
def change(
    context: typer.Context,
    name: Name,
    url: Annotated[str | None, typer.Option(help="Its new address; a key is given anew.")] = None,
    offer: Offer = None,
    speech: Speech = None,
    voices: Voices = None,
    with_key: WithKey = False,
    disabled: Annotated[
        bool | None, typer.Option("--disable/--enable", help="Whether it is used.")
    ] = None,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Change what is offered of a server, its address or its key, or whether it is used.

    Example: maquette text-servers change home --offer llama3.2 --offer qwen3=0.5
    """
    from maquette.service.text_servers import ServerChange

    models = None if offer is None else _offered(offer)
    if voices and not speech:
        raise InvalidRequest("name the models that speak again, too, with --speech MODEL")
    spoken = None if speech is None else _spoken(speech, voices or [])
    wanted = ServerChange(url, _key() if with_key else None, models, disabled, spoken)
    with _opened(context, data, database) as servers:
        server_id = servers.named(name).server_id
        _tell(servers.change(_owner(), server_id, wanted), as_json)


@app.command()
def check(
    context: typer.Context,
    name: Name,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Ask a server right now which models it has.

    Example: maquette text-servers check home
    """
    with _opened(context, data, database) as servers:
        answer = servers.check(servers.named(name).server_id)
    if as_json:
        typer.echo(json.dumps(asdict(answer)))
    else:
        typer.echo(f"answers in {answer.took_ms:.0f} ms: {', '.join(answer.models)}")


@app.command()
def remove(
    context: typer.Context,
    name: Name,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Let a server and its key go.

    Example: maquette text-servers remove home
    """
    with _opened(context, data, database) as servers:
        servers.remove(_owner(), servers.named(name).server_id)
    typer.echo(json.dumps({"removed": name}) if as_json else f"{name} is removed")


@contextmanager
def _opened(
    context: typer.Context, data: Path | None, database: str | None
) -> "Generator[TextServers]":
    from maquette.db.connect import open_database
    from maquette.service.second_factors import prepare_key
    from maquette.service.text_servers import TextServers

    settings = settings_of(context, data=data, database=database)
    with open_database(settings) as engine:
        prepare_key(engine, settings)
        yield TextServers(engine, settings)


def _owner() -> str:
    """Whoever has the machine is its owner."""
    from maquette.service.owner import LOCAL_ACCOUNT

    return LOCAL_ACCOUNT


def _key() -> str:
    """No argument: others can see those."""
    if sys.stdin.isatty():
        return str(typer.prompt("Key", hide_input=True, err=True))
    return sys.stdin.readline().strip()


def _offered(offer: list[str]) -> "list[OfferedModel]":
    """Models with the price that each has behind its last =. Raises InvalidRequest."""
    from maquette.service.text_servers import OfferedModel

    return [OfferedModel(*_priced(one)) for one in offer]


def _spoken(speech: list[str], voices: list[str]) -> "list[OfferedVoice]":
    """The same of those that speak, with the voices of each. Raises InvalidRequest."""
    from maquette.service.server_voices import OfferedVoice

    prices = [_priced(one) for one in speech]
    names: dict[str, tuple[str, ...]] = dict.fromkeys((name for name, _ in prices), ())
    for one in voices:
        model, _, given = one.rpartition("=")
        if model not in names:
            raise InvalidRequest(
                f"{one!r} names voices of a model that is not offered; write "
                "--speech MODEL --voices MODEL=VOICE,VOICE"
            )
        names[model] += tuple(voice.strip() for voice in given.split(","))
    return [OfferedVoice(name, names[name], price) for name, price in prices]


def _priced(text: str) -> tuple[str, int]:
    """A model, and the microcredits behind its last =; 0 where there is none."""
    name, _, credits = text.rpartition("=")
    if not name:
        return text, 0
    try:
        return name, int(Decimal(credits) * 1_000_000)
    except (ArithmeticError, ValueError):
        raise InvalidRequest(
            f"{credits!r} is no price of {name}; give credits, such as {name}=0.5"
        ) from None


def _tell(one: "ServerEntry", as_json: bool) -> None:
    typer.echo(json.dumps(_facts(one)) if as_json else _line(one))


def _facts(one: "ServerEntry") -> dict[str, object]:
    return json.loads(json.dumps(asdict(one), default=str))


def _line(one: "ServerEntry") -> str:
    from maquette.ledger.accounts import in_credits

    models = [
        f"{one.name}/{model.name} {in_credits(model.thousand_tokens_microcredits)}"
        for model in one.models
    ]
    models += [
        f"{one.name}/{model.name} {in_credits(model.thousand_characters_microcredits)} spoken"
        + (f" as {', '.join(model.voices)}" if model.voices else "")
        for model in one.speech
    ]
    marks = [*(["with a key"] if one.has_key else []), *(["disabled"] if one.disabled else [])]
    return "  ".join([one.name, one.url, *marks, ", ".join(models) or "no model is offered"])
