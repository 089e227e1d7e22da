"""How people come in: they sign up, sign in and sign out."""

from dataclasses import dataclass

import sqlalchemy as sa

from maquette.core.errors import InvalidRequest, NotAllowed, NotSignedIn
from maquette.core.ids import new_id
from maquette.core.settings import Settings
from maquette.ledger.accounts import open_account
from maquette.people.callers import Caller, caller_at_machine, caller_of_session, refuse_suspended
from maquette.people.emails import read_email
from maquette.people.passwords import hash_password, needs_rehash, verify_password
from maquette.people.persons import (
    Person,
    add_person,
    change_person,
    find_unverified,
    find_verified,
    get_person,
)
from maquette.people.sessions import end_session_of, end_sessions, start_session


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a request comes from, and the token that its cookie had."""

    name: str = ""
    address: str = ""
    token: str | None = None


class People:
    """The door of a studio. With `on_loopback` it listens on this machine alone, and whoever sits
    there is the owner until an admin has a password.
    """

    def __init__(self, database: sa.Engine, settings: Settings, on_loopback: bool = True) -> None:
        self.database, self.settings, self.on_loopback = database, settings, on_loopback

    def signed_in(self, token: str) -> Caller | None:
        """Who a session's cookie stands for. Raises NotAllowed for who is suspended."""
        with self.database.begin() as connection:
            return caller_of_session(connection, token)

    def at_machine(self) -> Caller | None:
        """The owner, where they need no password."""
        if not self.on_loopback:
            return None
        with self.database.connect() as connection:
            return caller_at_machine(connection)

    def sign_up(
        self, email: str, password: str, name: str, language: str, browser: Browser
    ) -> tuple[Person, str]:
        """A new person, signed in; gives the token of the session. Whether the address is known
        already does not show: whose it is, is shown by mail. Raises InvalidRequest, NotAllowed.
        """
        if self.settings.sign_up == "closed":
            raise NotAllowed("people are added by an admin here; ask one")
        address = read_email(email)
        password_hash = hash_password(password, address.written)
        with self.database.begin() as connection:
            account_id = str(new_id())
            open_account(connection, account_id)
            made = add_person(
                connection,
                account_id,
                email=address,
                password_hash=password_hash,
                name=name,
                language=language,
            )
            return made, _enter(connection, made, browser)

    def sign_in(
        self, email: str, password: str, code: str | None, browser: Browser
    ) -> tuple[Person, str]:
        """Someone who was here before; gives the token of a new session, and ends the one that the
        browser had. Raises NotSignedIn, NotAllowed for who is suspended.
        """
        found = self._who(email, password)
        if found is None:
            raise NotSignedIn("e-mail and password do not go together; try again or reset it")
        refuse_suspended(found.suspended_at)
        with self.database.begin() as connection:
            if needs_rehash(str(found.password_hash)):
                anew = hash_password(password, strict=False)
                change_person(connection, found.account_id, password_hash=anew)
            return found, _enter(connection, found, browser)

    def _who(self, email: str, password: str) -> Person | None:
        """Whose address and password it is. Two are compared, whoever is there: who has shown that
        the address is theirs, and who was the last to say so.
        """
        try:
            key = read_email(email).key
        except InvalidRequest:
            key = ""
        with self.database.connect() as connection:
            known = find_verified(connection, key), find_unverified(connection, key)
        matches = [
            one
            for one in known
            if verify_password(one.password_hash if one else None, password) and one
        ]
        return matches[0] if matches else None

    def sign_out(self, token: str) -> None:
        """Ends a session; one that is over already stays so."""
        with self.database.begin() as connection:
            end_session_of(connection, token)

    def change(
        self,
        account_id: str,
        name: str | None,
        password: str | None,
        current_password: str,
        browser: Browser,
    ) -> tuple[Person, str | None]:
        """Gives someone another name or password. With a password they are signed out everywhere,
        and the token of a new session is given. Raises InvalidRequest.
        """
        with self.database.connect() as connection:
            who = get_person(connection, account_id)
        changed: dict[str, str] = {} if name is None else {"name": name}
        if password is not None:
            if who.email is None:
                raise InvalidRequest(
                    "without an e-mail address no one can sign in; give one with maquette accounts"
                )
            if not verify_password(who.password_hash, current_password):
                raise InvalidRequest("the current password is another one; try again or reset it")
            changed["password_hash"] = hash_password(password, who.email)
        with self.database.begin() as connection:
            if changed:
                who = change_person(connection, account_id, **changed)
            if password is None:
                return who, None
            end_sessions(connection, account_id)
            return who, _enter(connection, who, browser)


def _enter(connection: sa.Connection, who: Person, browser: Browser) -> str:
    """A token that the browser did not have before: no one can hand it one of their own."""
    if browser.token is not None:
        end_session_of(connection, browser.token)
    return start_session(connection, who.account_id, browser.name, browser.address)
