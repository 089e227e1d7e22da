"""`maquette ledger`: proof that every credit is accounted for."""

import json
from contextlib import nullcontext
from dataclasses import asdict
from hashlib import file_digest
from pathlib import Path
from typing import Annotated

import typer

from maquette.cli.options import AsJson, Data, Database, settings_of
from maquette.cli.progress import progress_bar

app = typer.Typer(no_args_is_help=True, help="Look after the ledger of credits.")


@app.command()
def verify(
    context: typer.Context,
    head: Annotated[
        Path | None,
        typer.Option(help="A file that `ledger head` wrote: is all of it still there?"),
    ] = None,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Derive all balances, grants, holds and chains anew, while the studio goes on.

    With --head, prove too that what was published is a beginning of today's chains; the hash of
    the file is printed, to be compared with the one that was published.

    The exit code is 1 where something is not as it should be.

    Example: maquette ledger verify
    """
    from maquette.db.connect import open_database
    from maquette.ledger.head import check_head
    from maquette.ledger.verify import verify as derive

    with (
        open_database(settings_of(context, data=data, database=database)) as engine,
        progress_bar("deriving the ledger", "accounts", as_json) as on_progress,
    ):
        findings = list(derive(engine, on_progress))
        if head is not None:
            with head.open(encoding="utf-8", newline="\n") as lines:
                findings += check_head(engine, lines)
    published = None if head is None else _hash_of(head)
    if as_json:
        told = [asdict(one) for one in findings]
        typer.echo(json.dumps({"ok": not findings, "findings": told, "head": published}))
    else:
        if published:
            typer.echo(f"the head in {head} is {published}")
        for one in findings:
            typer.echo(f"{one.line} (broken: {one.rule})")
        if not findings:
            typer.echo("every credit is accounted for")
    if findings:
        raise typer.Exit(1)


@app.command()
def head(
    context: typer.Context,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write the ends of all chains there, for `verify`."),
    ] = None,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Print one hash that stands for all transfers so far: publish it where you cannot change it.

    It is the SHA-256 of the file of the chains' ends, which may be kept anywhere.

    Example: maquette ledger head -o head.txt
    """
    from maquette.db.connect import open_database
    from maquette.ledger.head import write_head

    with (
        open_database(settings_of(context, data=data, database=database)) as engine,
        nullcontext() if output is None else output.open("wb") as file,
    ):
        made = write_head(engine, file)
    if as_json:
        typer.echo(json.dumps(asdict(made)))
    else:
        typer.echo(f"{made.hash}  {made.transfers} transfers of {made.accounts} accounts")


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
