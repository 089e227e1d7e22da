"""Teams with the account that their credits are on, and invitations by mail."""

from uuid import UUID

import sqlalchemy as sa

from maquette.core.errors import InvalidRequest, NotAllowed, NotFound
from maquette.core.ids import new_id
from maquette.ledger.accounts import open_account
from maquette.people.emails import read_email
from maquette.people.mail_tokens import issue_token, redeem_token
from maquette.people.mails import write_mail
from maquette.people.persons import Person, change_person, get_person
from maquette.people.rate_limits import INVITATION_TO, INVITATIONS_OF
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
    """Asks someone by mail to join; whether they have an account does not show. Only who has shown
    an address sends mails, and so many. Raises InvalidRequest, NotFound, NotAllowed, RateLimited.
    """
    address = read_email(email)
    with people.database.connect() as connection:
        team = owned_team(connection, team_id, owner_id)
        host = get_person(connection, owner_id)
    if host.email_verified_at is None:
        raise NotAllowed("show first that your address is yours, by the link that you were sent")
    people.count((INVITATIONS_OF, owner_id), (INVITATION_TO, address.key))
    with people.database.begin() as connection:
        token = issue_token(connection, "invitation", address.key, owner_id, team_id)
    who = f"{host.name or host.email or 'Maquette'} ({team.name})"
    link = people.link("invitation", token)
    send(write_mail("invitation", host.language, address.written, link, who))


def accept(connection: sa.Connection, account_id: str, token: str) -> Membership:
    """Joins, by the link of a mail, as long as who sent it is still an owner. Raises
    InvalidRequest.
    """
    proof = redeem_token(connection, "invitation", token)
    assert proof.team_id is not None
    try:
        owned_team(connection, proof.team_id, str(proof.account_id))
    except (NotAllowed, NotFound):
        raise InvalidRequest(
            "who sent this invitation may not any more; ask another owner of the team for one"
        ) from None
    add_member(connection, proof.team_id, account_id)
    return team_of(connection, proof.team_id, account_id)


def choose_payer(connection: sa.Connection, account_id: str, payer_id: str) -> Person:
    """Whose credits pay: one's own, or those of a team that one is of. Raises NotFound."""
    if payer_id == account_id:
        return change_person(connection, account_id, payer_account_id=None)
    if payer_id not in {one.account_id for one in teams_of(connection, account_id)}:
        raise NotFound(f"{payer_id} is no team of yours")
    return change_person(connection, account_id, payer_account_id=payer_id)
