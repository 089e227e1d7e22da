"""Providers by which someone comes in: who is signed in links and unlinks them."""

import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from maquette.core.errors import InvalidRequest, NotFound, NotSignedIn
from maquette.db.locks import lock_name
from maquette.people.callers import caller_of_session
from maquette.people.identities import (
    add_identity,
    find_identity,
    identities_of,
    unlink_identity,
)
from maquette.people.oidc import ATTEMPT_S, Attempt, Identity
from maquette.people.peppered import seal
from maquette.people.persons import get_person
from maquette.people.sessions import end_sessions
from maquette.service.people import Browser, People


@dataclass(frozen=True, slots=True)
class LinkedProvider:
    """A provider of this studio, and since when it vouches for someone, if it does."""

    id: str
    name: str
    linked_at: datetime | None


def list_providers(people: People, account_id: str) -> Sequence[LinkedProvider]:
    """All that are set up, in the order of the settings."""
    with people.database.connect() as connection:
        linked = identities_of(connection, account_id)
    return [
        LinkedProvider(id_, one.name, linked.get(one.issuer))
        for id_, one in people.providers.items()
    ]


def begin_link(
    people: People, provider_id: str, account_id: str, session_id: UUID | None, password: str
) -> tuple[str, Attempt]:
    """Where to send the browser of who is signed in, and what it is to keep. The password is asked
    for, or a browser that was left alone would be enough to have a way in for good. Raises
    InvalidRequest, NotFound, NotNow, NotSignedIn.
    """
    provider = people.provider(provider_id)
    people.check_password(account_id, password, session_id)
    if session_id is None:
        raise NotSignedIn("no one is signed in; sign in first")
    url, attempt = provider.begin()
    until_s = str(int(time.time()) + ATTEMPT_S)
    with people.database.connect() as connection:
        made = seal(connection, _sealed(session_id, attempt, until_s))
    return url, replace(attempt, seal=f"{until_s}-{made}")


def link(people: People, attempt: Attempt, who: Identity, browser: Browser) -> None:
    """From now on, who came back from a provider is who is signed in: in the session that asked
    for it, with the password, just now. Raises InvalidRequest, NotAllowed.
    """
    with people.database.begin() as connection:
        caller = caller_of_session(connection, browser.token) if browser.token else None
        until_s, _, made = attempt.seal.partition("-")
        session_id = caller.session_id if caller else None
        expected = seal(connection, _sealed(session_id, attempt, until_s))
        is_ours = hmac.compare_digest(made.encode(), expected.encode())
        if caller is None or not is_ours or int(until_s) < time.time():
            raise InvalidRequest("linking was not begun in this session, or is over; begin anew")
        lock_name(connection, f"identity {who.issuer} {who.subject}")
        account_id = find_identity(connection, who.issuer, who.subject)
        if account_id is None:
            add_identity(connection, who.provider_id, who.issuer, who.subject, caller.account_id)
        elif account_id != caller.account_id:
            name = people.provider(who.provider_id).name
            raise InvalidRequest(
                f"who you are at {name} opens another account here; unlink it there first"
            )


def unlink(
    people: People, provider_id: str, account_id: str, session_id: UUID | None, password: str
) -> None:
    """The provider vouches no more for someone, who has another way in; their other sessions end.
    Raises InvalidRequest, NotFound, RateLimited.
    """
    provider = people.provider(provider_id)
    people.check_password(account_id, password, session_id)
    with people.database.begin() as connection:
        lock_name(connection, f"ways into {account_id}")  # or two at once would leave none
        linked = identities_of(connection, account_id)
        if provider.issuer not in linked:
            raise NotFound(f"{provider.name} is not linked; there is nothing to unlink")
        who = get_person(connection, account_id)
        # A password goes with an address, which another may show to be theirs before it is shown.
        by_password = who.password_hash is not None and who.email_verified_at is not None
        others = {one.issuer for one in people.providers.values()} - {provider.issuer}
        if not by_password and not others & linked.keys():
            raise InvalidRequest(
                f"{provider.name} is your only way in; set a password and confirm your address"
            )
        unlink_identity(connection, account_id, provider.issuer)
        end_sessions(connection, account_id, but=session_id)  # some may be by it


def _sealed(session_id: UUID | None, attempt: Attempt, until_s: str) -> str:
    """What binds a way out to a session, a provider, and a time."""
    return f"link {session_id} {attempt.provider_id} {attempt.state} {until_s}"
