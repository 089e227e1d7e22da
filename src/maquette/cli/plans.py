"""`maquette plans`: what is sold, and plans that are paid another way than by Stripe."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from maquette.cli.options import AsJson, Data, Database
from maquette.cli.payments import Reason, opened, owner

if TYPE_CHECKING:
    from maquette.payments.subscriptions import Subscription

app = typer.Typer(no_args_is_help=True, help="Look after plans and those who have one.")

Account = Annotated[str, typer.Argument(help="Whose plan.")]
PlanId = Annotated[str, typer.Argument(help="Which plan; see the list.")]


@app.command("list")
def list_plans(
    context: typer.Context, data: Data = None, database: Database = None, as_json: AsJson = False
) -> None:
    """List the packs and plans that are sold.

    Example: maquette plans list
    """
    with opened(context, data, database) as payments:
        catalog = payments.catalog
    if as_json:
        typer.echo(catalog.model_dump_json())
        return
    for pack in catalog.packs:
        typer.echo(f"{pack.pack_id}  {pack.name}  {pack.price_cents} {pack.currency} cents")
    for plan in catalog.plans:
        left = "rolls over" if plan.rolls_over else "for its month"
        credits = plan.monthly_microcredits // 1_000_000
        price = f"{plan.price_cents} {plan.currency} cents"
        typer.echo(f"{plan.plan_id}  {plan.name}  {credits} credits a month, {left}  {price}")


@app.command()
def show(
    context: typer.Context,
    account: Account,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show the plan of an account.

    Example: maquette plans show local
    """
    with opened(context, data, database) as payments:
        _tell(payments.plans.current(account), as_json)


@app.command()
def start(
    context: typer.Context,
    account: Account,
    plan: PlanId,
    reason: Reason,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Begin a plan that was paid another way, with its first month.

    Example: maquette plans start local studio --reason "invoice 17 is paid"
    """
    from maquette.payments.manual_plans import PaidByHand

    with opened(context, data, database) as payments:
        proof = PaidByHand(owner(), account, reason)
        _tell(payments.plans.start_by_hand(proof, plan), as_json)


@app.command()
def renew(
    context: typer.Context,
    account: Account,
    reason: Reason,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Renew such a plan for one more month.

    Example: maquette plans renew local --reason "the transfer of 3 June"
    """
    from maquette.payments.manual_plans import PaidByHand

    with opened(context, data, database) as payments:
        _tell(payments.plans.renew_by_hand(PaidByHand(owner(), account, reason)), as_json)


@app.command()
def upgrade(
    context: typer.Context,
    account: Account,
    plan: PlanId,
    reason: Reason,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Change such a plan to one above at once; the difference was paid.

    Example: maquette plans upgrade local atelier --reason "the rest by transfer"
    """
    from maquette.payments.manual_plans import PaidByHand

    with opened(context, data, database) as payments:
        proof = PaidByHand(owner(), account, reason)
        _tell(payments.plans.upgrade_by_hand(proof, plan), as_json)


def _tell(one: "Subscription | None", as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(one) if one else None, default=str))
    elif one is None:
        typer.echo("no plan")
    else:
        then = "ends" if one.cancels else "renews"
        typer.echo(f"{one.plan_id}  {one.state}  {then} {one.period_end:%Y-%m-%d}")
