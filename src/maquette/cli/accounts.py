"""`maquette accounts`: who there is, and what they may do."""

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from maquette.cli.options import AsJson, Data, Database, settings_of

if TYPE_CHECKING:
    import sqlalchemy as sa

    from maquette.people.persons import Person

app = typer.Typer(no_args_is_help=True, help="Look after the people of the studio.")
Who = Annotated[str, typer.Argument(help="Their address, or their account.")]
RoleName = Literal["member", "operator", "admin"]


@contextmanager
def _transaction(
    context: typer.Context, data: object, database: object
) -> "Generator[sa.Connection]":
    from maquette.db.connect import open_database

    with (
        open_database(settings_of(context, data=data, database=database)) as engine,
        engine.begin() as connection,
    ):
        yield connection


@app.command("list")
def list_(
    context: typer.Context,
    query: Annotated[str, typer.Option(help="Words of a name, an address or an account.")] = "",
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=1000)] = 50,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show who there is, the newest first.

    Example: maquette accounts list --query example.org
    """
    from maquette.people.persons import list_people

    with _transaction(context, data, database) as connection:
        found = [_facts(connection, one) for one in list_people(connection, limit, words=query)]
    if as_json:
        typer.echo(json.dumps({"people": found}))
    else:
        for one in found:
            _tell(one)


@app.command()
def add(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help="Their address.")],
    admin: Annotated[bool, typer.Option("--admin", help="Who may do everything.")] = False,
    name: Annotated[str, typer.Option(help="What they are called.")] = "",
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Add someone. The password is asked for, or read from standard input.

    The first admin is the owner of this machine, who had no password until then.

    Example: maquette accounts add ada@example.org --admin
    """
    from maquette.people.emails import read_email
    from maquette.service.owner import open_owner
    from maquette.service.people_admin import add_by_admin

    address, password = read_email(email), _password()
    with _transaction(context, data, database) as connection:
        open_owner(connection)
        made = add_by_admin(connection, address, password, "admin" if admin else "member", name)
        facts = _facts(connection, made)
    _tell(facts, as_json)


@app.command()
def show(
    context: typer.Context,
    who: Who,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show someone, with what they may spend.

    Example: maquette accounts show ada@example.org
    """
    from maquette.service.people_admin import find_person

    with _transaction(context, data, database) as connection:
        facts = _facts(connection, find_person(connection, who))
    _tell(facts, as_json)


@app.command()
def suspend(
    context: typer.Context,
    who: Who,
    restore: Annotated[bool, typer.Option("--restore", help="Let them in again.")] = False,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Shut someone out, or let them in again.

    Example: maquette accounts suspend eve@example.org
    """
    from maquette.service.people_admin import COMMAND_LINE, find_person, set_suspended

    with _transaction(context, data, database) as connection:
        account_id = find_person(connection, who).account_id
        changed = set_suspended(connection, COMMAND_LINE, "admin", account_id, not restore)
        facts = _facts(connection, changed)
    _tell(facts, as_json)


@app.command()
def role(
    context: typer.Context,
    who: Who,
    role: Annotated[RoleName, typer.Argument(help="member, operator or admin.")],
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Give someone another role; they sign in anew.

    Example: maquette accounts role grace@example.org operator
    """
    from maquette.service.people_admin import COMMAND_LINE, find_person, set_role

    with _transaction(context, data, database) as connection:
        account_id = find_person(connection, who).account_id
        facts = _facts(connection, set_role(connection, COMMAND_LINE, account_id, role))
    _tell(facts, as_json)


@app.command()
def reset_password(
    context: typer.Context,
    who: Who,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Give someone another password, asked for or read from standard input; they are signed out.

    Example: maquette accounts reset-password ada@example.org
    """
    from maquette.service.people_admin import find_person, set_password

    password = _password()
    with _transaction(context, data, database) as connection:
        account_id = find_person(connection, who).account_id
        facts = _facts(connection, set_password(connection, account_id, password))
    _tell(facts, as_json)


@app.command()
def remove_second_factor(
    context: typer.Context,
    who: Who,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Have someone's password be enough, who lost their app and codes; a mail tells them.

    Example: maquette accounts remove-second-factor ada@example.org
    """
    from maquette.people.mailer import Mailer
    from maquette.service.people_admin import find_person, lift_second_factor

    mailer = Mailer(settings_of(context, data=data, database=database).smtp)
    with _transaction(context, data, database) as connection:
        account_id = find_person(connection, who).account_id
        changed, mail = lift_second_factor(connection, account_id)
        facts = _facts(connection, changed)
    if mail is not None:
        mailer.send(mail)
    _tell(facts, as_json)


@app.command()
def delete(
    context: typer.Context,
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; it cannot be undone.")] = False,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Delete someone with all that is theirs; what the ledger has stays, and names no one. The
    bytes of their pictures go when a worker next sweeps, within an hour.

    Example: maquette accounts delete eve@example.org --yes
    """
    from maquette.service.own_data import delete as delete_all
    from maquette.service.people_admin import COMMAND_LINE, find_person

    if not yes:
        typer.confirm(f"Delete {who} with all that is theirs?", abort=True, err=True)
    with _transaction(context, data, database) as connection:
        facts = _facts(connection, found := find_person(connection, who))
        delete_all(connection, found.account_id, COMMAND_LINE)
    _tell(facts, as_json)


def _password() -> str:
    """Never an argument: others see those, and shells keep them."""
    if sys.stdin.isatty():
        return typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return sys.stdin.readline().rstrip("\r\n")


def _facts(connection: "sa.Connection", who: "Person") -> dict[str, object]:
    from maquette.service.people_admin import available_credits

    credits = available_credits(connection, [who.account_id])
    return {
        "account_id": who.account_id,
        "name": who.name,
        "email": who.email,
        "email_verified": who.email_verified_at is not None,
        "role": who.role,
        "two_factor": who.has_two_factor,
        "suspended": who.suspended_at is not None,
        "created_at": who.created_at.isoformat(),
        "available_microcredits": credits.get(who.account_id, 0),
    }


def _tell(facts: dict[str, object], as_json: bool = False) -> None:
    if as_json:
        typer.echo(json.dumps(facts))
        return
    state = "suspended" if facts["suspended"] else facts["role"]
    factor = "  with a second factor" if facts["two_factor"] else ""
    email = facts["email"] or "–"
    typer.echo(f"{facts['account_id']}  {email}  {state}  {facts['name']}{factor}")
