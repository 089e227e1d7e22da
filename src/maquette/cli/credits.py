"""`maquette credits`: what an account has and had, and what its owner gives and takes back."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from maquette.cli.options import AsJson, Data, Database, settings_of
from maquette.cli.payments import Credits, Reason, microcredits, owner

if TYPE_CHECKING:
    from maquette.service.credits import Credits as CreditsService

app = typer.Typer(no_args_is_help=True, help="See, give and give back credits.")

Account = Annotated[str, typer.Argument(help="Whose account; local is this machine's owner.")]
DAY = ["%Y-%m-%d"]
PAGE = 1000  # lines of a statement that are read at once


@app.command()
def show(
    context: typer.Context,
    account: Account,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show what an account has, and the grants it consists of, in the order they are spent.

    Example: maquette credits show local
    """
    from maquette.ledger.accounts import in_credits

    with _opened(context, data, database) as credits:
        there, grants = credits.balance(account)
    if as_json:
        said = {**asdict(there), "available_microcredits": there.available_microcredits}
        _tell({"account_id": account, **said, "grants": [asdict(one) for one in grants]})
        return
    held = in_credits(there.held_microcredits)
    typer.echo(f"{in_credits(there.available_microcredits)} credits, and {held} held")
    for one in grants:
        until = f"until {one.expires_at:%Y-%m-%d %H:%M}" if one.expires_at else "without end"
        left, given = in_credits(one.left_microcredits), in_credits(one.amount_microcredits)
        typer.echo(f"  {one.category}: {left} of {given}, {until}")


@app.command()
def grant(
    context: typer.Context,
    account: Account,
    credits: Credits,
    reason: Reason,
    category: Annotated[
        Literal["free", "promotion"], typer.Option(help="free is spent before promotion.")
    ] = "free",
    days: Annotated[int | None, typer.Option(help="Until they expire.", min=1)] = None,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Give an account credits that nobody pays for. What is paid for: maquette payments top-up.

    Example: maquette credits grant local --credits 100 --reason "for the trouble" --days 30
    """
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    amount = microcredits(credits)
    with _opened(context, data, database) as there:
        made = there.give(owner(), account, amount, category, reason, expires_at)
    if as_json:
        _tell(asdict(made))
    else:
        typer.echo(f"given to {account}: {credits} credits")


@app.command()
def statement(
    context: typer.Context,
    account: Account,
    since: Annotated[
        datetime | None, typer.Option(help="The first day, UTC; absent, all.", formats=DAY)
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(help="The day after the last; absent, now.", formats=DAY)
    ] = None,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show what came and went between two days, and what there was after each.

    Example: maquette credits statement local --since 2026-11-01 --until 2026-12-01
    """
    from maquette.ledger.accounts import in_credits

    first = (since or datetime.min).replace(tzinfo=UTC)
    last = until.replace(tzinfo=UTC) if until else datetime.now(UTC)
    with _opened(context, data, database) as credits:
        whole = credits.statement(account, first, last, limit=PAGE)
        lines = page = list(whole.lines)
        while len(page) == PAGE:
            after = page[-1].transfer.number
            page = credits.statement(account, first, last, after=after, limit=PAGE).lines
            lines += page
    if as_json:
        _tell({**asdict(whole), "lines": [asdict(one) for one in lines]})
        return
    typer.echo(f"before: {in_credits(whole.opening_microcredits)} credits")
    for one in lines:
        made = one.transfer
        amount, left = (
            in_credits(one.amount_microcredits),
            in_credits(one.balance_after_microcredits),
        )
        why = f"  {made.reason}" if made.reason else ""
        typer.echo(
            f"{made.number:>6}  {made.created_at:%Y-%m-%d %H:%M}  {made.kind}  {amount}  "
            f"then {left}{why}"
        )
    typer.echo(f"after: {in_credits(whole.closing_microcredits)} credits")


@app.command()
def reverse(
    context: typer.Context,
    account: Account,
    number: Annotated[int, typer.Argument(help="Which line of its statement.", min=1)],
    reason: Reason,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Give a charge back, or take back a grant of which nothing is used.

    Example: maquette credits reverse local 12 --reason "the picture was blurred"
    """
    with _opened(context, data, database) as credits:
        made = credits.reverse(owner(), credits.numbered(account, number).transfer_id, reason)
    if as_json:
        _tell(asdict(made))
    else:
        typer.echo(f"reversed with transfer {made.number} of {account}")


@contextmanager
def _opened(
    context: typer.Context, data: Path | None, database: str | None
) -> "Generator[CreditsService]":
    """The credits of a studio, while its database is open."""
    from maquette.db.connect import open_database
    from maquette.service.credits import Credits as Service

    with open_database(settings_of(context, data=data, database=database)) as engine:
        yield Service(engine)


def _tell(said: dict[str, object]) -> None:
    typer.echo(json.dumps(said, default=str, ensure_ascii=False))
