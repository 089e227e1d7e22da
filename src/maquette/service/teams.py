"""Teams with the account that their credits are on, and invitations by mail."""

from uuid import UUID

import sqlalchemy as sa

from maquette.core.errors import NotFound
from maquette.core.ids import new_id
from maquette.ledger.accounts import open_account
from maquette.people.emails import read_email
from maquette.people.mail_tokens import issue_token, redeem_token
from maquette.people.mails import write_mail
from maquette.people.persons import Person, change_person, get_person
from maquette.people.rate_limits import MAIL_TO
from maquette.people.teams import (
    Membership,
    account_of,
    add_member,
    add_team,
    owned_team,
    team_of,
    teams_of,
)
from maquette.service.people import People, Send


def found_team(connection: sa.Connection, name: str, owner_id: str) -> Membership:
    """A team of one, with an account of its own. Raises InvalidRequest."""
    team_id = new_id()
    open_account(connection, account_of(team_id))
    return add_team(connection, team_id, name, owner_id)


def invite(people: People, team_id: UUID, owner_id: str, email: str, send: Send) -> None:
    """Asks someone by mail to join; whether they have an account does not show. Raises
    InvalidRequest, NotFound, NotAllowed, RateLimited.
    """
    address = read_email(email)
    with people.database.connect() as connection:
        team = owned_team(connection, team_id, owner_id)
    people.count((MAIL_TO, address.key))
    with people.database.begin() as connection:
        host = get_person(connection, owner_id)
        token = issue_token(connection, "invitation", address.key, team_id=team_id)
    who = f"{host.name or host.email or 'Maquette'} ({team.name})"
    link = people.link("invitation", token)
    send(write_mail("invitation", host.language, address.written, link, who))


def accept(connection: sa.Connection, account_id: str, token: str) -> Membership:
    """Joins, by the link of a mail. Raises InvalidRequest."""
    proof = redeem_token(connection, "invitation", token)
    assert proof.team_id is not None
    add_member(connection, proof.team_id, account_id)
    return team_of(connection, proof.team_id, account_id)


def choose_payer(connection: sa.Connection, account_id: str, payer_id: str) -> Person:
    """Whose credits pay: one's own, or those of a team that one is of. Raises NotFound."""
    if payer_id == account_id:
        return change_person(connection, account_id, payer_account_id=None)
    if payer_id not in {one.account_id for one in teams_of(connection, account_id)}:
        raise NotFound(f"{payer_id} is no team of yours")
    return change_person(connection, account_id, payer_account_id=payer_id)
