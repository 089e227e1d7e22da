"""`maquette ledger`: proof that every credit is accounted for."""

import json
from dataclasses import asdict

import typer

from maquette.cli.options import AsJson, Data, Database, settings_of
from maquette.cli.progress import progress_bar

app = typer.Typer(no_args_is_help=True, help="Look after the ledger of credits.")


@app.command()
def verify(
    context: typer.Context,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Derive all balances, grants, holds and chains anew, while the studio goes on.

    The exit code is 1 where something is not as it should be.

    Example: maquette ledger verify
    """
    from maquette.db.connect import open_database
    from maquette.ledger.verify import verify as derive

    with (
        open_database(settings_of(context, data=data, database=database)) as engine,
        progress_bar("deriving the ledger", "accounts", as_json) as on_progress,
    ):
        findings = list(derive(engine, on_progress))
    if as_json:
        typer.echo(json.dumps({"ok": not findings, "findings": [asdict(one) for one in findings]}))
    else:
        for one in findings:
            typer.echo(f"{one.line} (broken: {one.rule})")
        if not findings:
            typer.echo("every credit is accounted for")
    if findings:
        raise typer.Exit(1)
