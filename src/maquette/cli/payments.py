"""`maquette payments`: top-ups, codes and refunds by whoever has the machine."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from maquette.cli.options import AsJson, Data, Database, settings_of
from maquette.core.errors import InvalidRequest

if TYPE_CHECKING:
    from maquette.payments.store import Payment
    from maquette.service.payments import Payments

app = typer.Typer(no_args_is_help=True, help="Take payments in, and give them back.")

MOST = Decimal(10**9)  # credits at a time
Credits = Annotated[str, typer.Option(help="How many credits, such as 1000 or 2.5.")]
Reason = Annotated[str, typer.Option(help="Why; the audit log keeps it.")]


@app.command("top-up")
def top_up(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="Whose account; local is this machine's owner.")],
    credits: Credits,
    reason: Reason,
    price_cents: Annotated[int, typer.Option(help="What was paid for it.", min=0)] = 0,
    currency: Annotated[str, typer.Option(help="In which money, such as usd.")] = "usd",
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Give an account credits, for money that came another way or for nothing.

    Example: maquette payments top-up local --credits 1000 --reason "bank transfer of 3 May"
    """
    from maquette.payments.manual import TopUp

    proof = TopUp(owner(), account, microcredits(credits), reason, price_cents, currency)
    with opened(context, data, database) as payments:
        tell(payments.top_up(proof), as_json)


@app.command()
def codes(
    context: typer.Context,
    credits: Credits,
    count: Annotated[int, typer.Option(help="How many codes.", min=1, max=1000)] = 1,
    uses: Annotated[int, typer.Option(help="By how many accounts each, once.", min=1)] = 1,
    until: Annotated[
        datetime | None, typer.Option(help="The last moment, UTC.", formats=["%Y-%m-%d"])
    ] = None,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Make codes that bring credits; they are shown once.

    Example: maquette payments codes --credits 100 --count 20 --until 2027-12-31
    """
    expires_at = until and until.replace(tzinfo=UTC)
    with opened(context, data, database) as payments:
        made = payments.make_codes(owner(), microcredits(credits), count, uses, expires_at)
    typer.echo(json.dumps({"codes": [*made]}) if as_json else "\n".join(made))


@app.command("list")
def list_payments(
    context: typer.Context,
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1)] = 20,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """List payments, the newest first.

    Example: maquette payments list --limit 50
    """
    with opened(context, data, database) as payments:
        found = payments.payments(limit)
    if as_json:
        typer.echo(json.dumps({"payments": [_fields(one) for one in found]}))
    else:
        for one in found:
            typer.echo(_line(one))


@app.command()
def refund(
    context: typer.Context,
    payment_id: Annotated[UUID, typer.Argument(help="Which payment; see its list.")],
    reason: Reason,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Give a payment back, and take what is left of its credits.

    Example: maquette payments refund 0196f6a2-7c1e-7aaa-8000-2b1f0c9d1e11 --reason "bought twice"
    """
    with opened(context, data, database) as payments:
        tell(payments.refund(owner(), payment_id, reason), as_json)


@contextmanager
def opened(
    context: typer.Context, data: Path | None, database: str | None
) -> "Generator[Payments]":
    """The payments of a studio, while its database is open."""
    from maquette.db.connect import open_database
    from maquette.service.payments import open_payments

    settings = settings_of(context, data=data, database=database)
    with open_database(settings) as engine:
        yield open_payments(settings, engine)


def owner() -> str:
    """Whoever has the machine is its owner."""
    from maquette.service.owner import LOCAL_ACCOUNT

    return LOCAL_ACCOUNT


def microcredits(credits: str) -> int:
    """So many credits in whole microcredits. Raises InvalidRequest."""
    try:
        amount = Decimal(credits) * 1_000_000
        if 0 < amount <= MOST * 1_000_000 and amount == amount.to_integral_value():
            return int(amount)
    except ArithmeticError:
        pass
    raise InvalidRequest(
        f"{credits} credits cannot be given; give a number above 0 and up to {MOST}, to six places"
    )


def tell(payment: "Payment", as_json: bool) -> None:
    """One payment, for a person or a program."""
    typer.echo(json.dumps(_fields(payment)) if as_json else _line(payment))


def _fields(payment: "Payment") -> dict[str, object]:
    return json.loads(json.dumps(asdict(payment), default=str))


def _line(payment: "Payment") -> str:
    from maquette.ledger.accounts import in_credits

    price = f"{payment.price_cents} {payment.currency} cents" if payment.price_cents else "free"
    credits = in_credits(payment.amount_microcredits)
    return (
        f"{payment.payment_id}  {payment.account_id}  {payment.state}  {credits} credits  {price}  "
        f"{payment.what}"
    )
