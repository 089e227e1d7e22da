"""People who come in by a provider of OpenID Connect: known, known by their address, or new."""

from collections.abc import Mapping

import sqlalchemy as sa

from maquette.core.errors import InvalidRequest, NotAllowed
from maquette.core.ids import new_id
from maquette.core.settings import OidcProvider
from maquette.db.locks import lock_name
from maquette.ledger.accounts import open_account
from maquette.people.callers import refuse_suspended
from maquette.people.emails import Email, read_email
from maquette.people.identities import add_identity, find_identity, name_issuer, was_unlinked
from maquette.people.oidc import Identity
from maquette.people.persons import Person, add_person, find_verified, get_person
from maquette.service.free_credits import give_free_credits
from maquette.service.people import Browser, People, enter


def sign_in_by(people: People, who: Identity, browser: Browser) -> str:
    """Signs in whoever a provider says it is; gives the token of a new session. An address that is
    someone's here leads to them only where the provider says that it was shown. Raises NotAllowed.
    """
    with people.database.begin() as connection:
        lock_name(connection, f"identity {who.issuer} {who.subject}")
        account_id = find_identity(connection, who.issuer, who.subject)
        person = get_person(connection, account_id) if account_id else None
        if person is None:
            person = _linked(people, connection, who)
            add_identity(connection, who.provider_id, who.issuer, who.subject, person.account_id)
        refuse_suspended(person.suspended_at)
        return enter(connection, person, browser)


def name_issuers(database: sa.Engine, providers: Mapping[str, OidcProvider]) -> None:
    """At a start, before a table of the settings comes to name another issuer."""
    with database.begin() as connection:
        for provider_id, provider in providers.items():
            name_issuer(connection, provider_id, provider.issuer)


def _linked(people: People, connection: sa.Connection, who: Identity) -> Person:
    address = _address(who)
    if address is not None and who.email_verified:
        lock_name(connection, f"address {address.key}")
        if known := find_verified(connection, address.key):
            name = people.provider(who.provider_id).name
            if was_unlinked(connection, known.account_id, who.issuer):
                raise NotAllowed(
                    f"{name} was unlinked from the account of this address; sign in another way, "
                    f"then link {name} in your settings"
                )
            _refuse_by_address(known, name)
            return known
    if people.settings.sign_up == "closed":
        raise NotAllowed("people are added by an admin here; ask one")
    account_id = str(new_id())
    open_account(connection, account_id)
    verified = address is not None and who.email_verified
    name = "".join(letter for letter in who.name if letter.isprintable())
    made = add_person(connection, account_id, email=address, verified=verified, name=name)
    if verified and address is not None:
        give_free_credits(connection, account_id, address.key, people.settings.free_credits)
    return made


def _refuse_by_address(known: Person, name: str) -> None:
    """Whoever holds a mailbox holds its address at a provider. That does not stand for a second
    factor, nor opens what operators may do; who is signed in links the two themselves.
    """
    if known.has_two_factor or known.role != "member":
        raise NotAllowed(
            "an address alone does not open this account; sign in with your password and code, "
            f"then link {name} in your settings"
        )


def _address(who: Identity) -> Email | None:
    try:
        return read_email(who.email) if who.email else None
    except InvalidRequest:
        return None
