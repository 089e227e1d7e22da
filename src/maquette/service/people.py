"""How people come in: they sign up, sign in, show that an address is theirs, and sign out."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

import sqlalchemy as sa

from maquette.core.errors import InvalidRequest, NotAllowed, NotFound, NotSignedIn
from maquette.core.ids import new_id
from maquette.core.settings import Settings
from maquette.db.connect import single_reads
from maquette.ledger.accounts import open_account
from maquette.people import rate_limits as rates
from maquette.people.callers import Caller, caller_at_machine, caller_of_session, refuse_suspended
from maquette.people.emails import Email, read_email
from maquette.people.keys import caller_of_key
from maquette.people.mail_tokens import Purpose, issue_token, redeem_token
from maquette.people.mailer import Mailer
from maquette.people.mails import Mail, write_mail
from maquette.people.oidc import OidcClient
from maquette.people.passwords import hash_password, needs_rehash, verify_password
from maquette.people.persons import (
    Person,
    add_person,
    change_person,
    find_unverified,
    find_verified,
    get_person,
    show_address,
)
from maquette.people.rate_limits import RateLimit, count_try, forgive, household
from maquette.people.second_factor_key import find_key
from maquette.people.sessions import (
    FRESH_MIN,
    end_session_of,
    end_sessions,
    is_fresh,
    start_session,
)
from maquette.people.two_factor import (
    begin_two_factor,
    confirm_two_factor,
    remove_two_factor,
    take_code,
)
from maquette.people.ways_in import close_ways_in
from maquette.service.free_credits import give_free_credits

Send = Callable[[Mail], object]  # soon, and not before the answer: how long it takes would tell


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a request comes from, and the token that its cookie had."""

    name: str = ""
    address: str = ""
    token: str | None = None


class People:
    """The door of a studio. With `on_loopback` it listens on this machine alone, and, where the
    settings say of nothing that leads others there, whoever sits there is the owner until an admin
    has a password. `url` is where its pages are.
    """

    def __init__(
        self,
        database: sa.Engine,
        settings: Settings,
        on_loopback: bool = True,
        url: str = "http://127.0.0.1:7860",
    ) -> None:
        self.database, self.settings = database, settings
        self._reads = single_reads(database)
        self.on_loopback = on_loopback and not (settings.public_url or settings.proxies)
        self.url = (settings.public_url or url).rstrip("/")
        self.mailer = Mailer(settings.smtp)
        self.second_factor_key = find_key(settings)
        self.providers = {
            one: OidcClient(one, provider, f"{self.url}/v1/oidc/{one}/callback")
            for one, provider in settings.providers.items()
        }

    def provider(self, provider_id: str) -> OidcClient:
        """Who else can say who someone is. Raises NotFound."""
        if provider_id not in self.providers:
            raise NotFound(f"no provider {provider_id} is set up here")
        return self.providers[provider_id]

    def signed_in(self, token: str) -> Caller | None:
        """Who a session's cookie stands for. Raises NotAllowed for who is suspended."""
        with self._reads.connect() as connection:
            return caller_of_session(connection, token)

    def of_key(self, shown: str) -> Caller | None:
        """Whose key it is. Raises NotAllowed for who is suspended."""
        with self.database.begin() as connection:
            return caller_of_key(connection, shown)

    def at_machine(self) -> Caller | None:
        """The owner, where they need no password."""
        if not self.on_loopback:
            return None
        with self._reads.connect() as connection:
            return caller_at_machine(connection)

    def sign_up(
        self, email: str, password: str, name: str, language: str, browser: Browser, send: Send
    ) -> tuple[Person, str]:
        """A new person, signed in; gives the token of the session. Whether the address is known
        already does not show but in the mail. Raises InvalidRequest, NotAllowed, RateLimited.
        """
        if self.settings.sign_up == "closed":
            raise NotAllowed("people are added by an admin here; ask one")
        address = read_email(email)
        self.count((rates.SIGN_UP_FROM, household(browser.address)), (rates.MAIL_TO, address.key))
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
            token = issue_token(connection, "verify", address.key, account_id)
            known = find_verified(connection, address.key)
            session = enter(connection, made, browser)
        if known is None:
            send(self.write("verify", made, address.written, token))
        else:
            send(write_mail("known", known.language, address.written, self.url))
        return made, session

    def sign_in(
        self, email: str, password: str, code: str | None, browser: Browser
    ) -> tuple[Person, str]:
        """Someone who was here before; gives the token of a new session, and ends the one that the
        browser had. Raises NotSignedIn, NotAllowed for who is suspended, RateLimited.
        """
        key = _key(email)
        where = household(browser.address)
        tried = (rates.SIGN_IN_AS_FROM, f"{key} {where}"), (rates.SIGN_IN_AS, key)
        self.count((rates.SIGN_IN_FROM, where), *tried)
        found = self._who(key, password)
        if found is None:
            raise NotSignedIn("e-mail and password do not go together; try again or reset it")
        refuse_suspended(found.suspended_at)
        self._check_code(found, code)
        with self.database.begin() as connection:
            for limit, subject in tried:
                forgive(connection, limit, subject)
            if needs_rehash(str(found.password_hash)):
                anew = hash_password(password, strict=False)
                change_person(connection, found.account_id, password_hash=anew)
            return found, enter(connection, found, browser)

    def _check_code(self, who: Person, code: str | None) -> None:
        if not who.has_two_factor:
            return
        if not code:
            raise NotSignedIn("a second factor is in force; give the code of your app", "code")
        self.count((rates.CODE_OF, who.account_id))
        with self.database.begin() as connection:
            if not take_code(connection, who, code, self.second_factor_key):
                raise NotSignedIn("this code is not right, or was used; give the next", "code")
            forgive(connection, rates.CODE_OF, who.account_id)

    def begin_two_factor(self, account_id: str, password: str) -> tuple[str, str]:
        """A secret for an app, and its URI. The password is asked for, or a browser that was left
        alone would be enough to shut its person out. Raises InvalidRequest, NotAllowed,
        RateLimited.
        """
        with self.database.connect() as connection:
            if get_person(connection, account_id).password_hash is None:
                raise InvalidRequest("without a password there is no second factor; set one first")
        who = self.check_password(account_id, password)
        with self.database.begin() as connection:
            return begin_two_factor(connection, who, self.second_factor_key)

    def confirm_two_factor(
        self, account_id: str, code: str, browser: Browser
    ) -> tuple[list[str], str]:
        """Has it be in force; all sessions end, and the token of a new one is given beside the
        codes to recover by. Raises InvalidRequest, RateLimited.
        """
        self.count((rates.CODE_OF, account_id))
        with self.database.begin() as connection:
            who = get_person(connection, account_id)
            codes = confirm_two_factor(connection, who, code, self.second_factor_key)
            end_sessions(connection, account_id)
            return codes, enter(connection, who, browser)

    def remove_two_factor(self, account_id: str, password: str) -> None:
        """Has the password be enough again. Raises InvalidRequest, RateLimited."""
        self.check_password(account_id, password)
        with self.database.begin() as connection:
            remove_two_factor(connection, account_id)

    def _who(self, key: str, password: str) -> Person | None:
        """Whose address and password it is. Two are compared, whoever is there: who has shown that
        the address is theirs, and who was the last to say so.
        """
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

    def send_verification(self, account_id: str, send: Send) -> None:
        """Sends the link once more by which one shows that an address is one's own. Raises
        InvalidRequest where that is shown, RateLimited.
        """
        with self.database.connect() as connection:
            who = get_person(connection, account_id)
        if who.email is None or who.email_key is None or who.email_verified_at is not None:
            raise InvalidRequest("there is no address to be shown; you need do nothing")
        self.count((rates.MAIL_TO, who.email_key))
        with self.database.begin() as connection:
            token = issue_token(connection, "verify", who.email_key, account_id)
        send(self.write("verify", who, who.email, token))

    def verify(self, token: str, password: str, browser: Browser) -> None:
        """Takes a link of a mail as proof of an address, which brings free credits once. Who opens
        it is to be who signed up, by session or password: for others may have done so with an
        address that is not theirs, and its owner must not hand it to them by opening a mail.
        Raises InvalidRequest, NotSignedIn, RateLimited.
        """
        self.count((rates.TOKEN_FROM, household(browser.address)))
        with self.database.connect() as connection:  # only looks: the link is kept for the next try
            proof = redeem_token(connection, "verify", token)
            who = get_person(connection, str(proof.account_id))
            caller = caller_of_session(connection, browser.token) if browser.token else None
        if caller is None or caller.account_id != who.account_id:
            self._refuse_stranger(who, password)
        with self.database.begin() as connection:
            proof = redeem_token(connection, "verify", token)
            self._show(connection, who.account_id, proof.email_key)

    def _refuse_stranger(self, who: Person, password: str) -> None:
        if not password:
            raise NotSignedIn(
                "sign in as who signed up, or give the password that was chosen then; if it was "
                "not you, do nothing",
                "password",
            )
        self.count((rates.PASSWORD_OF, who.account_id))
        if not verify_password(who.password_hash, password):
            raise NotSignedIn("this is not the password that was chosen at sign-up", "password")

    def _show(self, connection: sa.Connection, account_id: str, email_key: str) -> None:
        who = get_person(connection, account_id)
        show_address(connection, account_id, Email(who.email or "", email_key))
        credits = self.settings.free_credits
        give_free_credits(connection, account_id, email_key, credits)

    def send_reset(self, email: str, browser: Browser, send: Send) -> None:
        """Sends a link to choose another password by, if there is such an account: it does not
        show which. Raises RateLimited.
        """
        key = _key(email)
        self.count((rates.MAIL_FROM, household(browser.address)), (rates.RESET_TO, key))
        with self.database.begin() as connection:
            who = find_verified(connection, key) or find_unverified(connection, key)
            if who is None or who.email is None:
                return
            token = issue_token(connection, "reset", key, who.account_id)
        send(self.write("reset", who, who.email, token))

    def reset(self, token: str, password: str, browser: Browser) -> None:
        """Another password, by a link of a mail, which shows the address, too; all sessions end.
        Where the address was not shown yet, someone else may have made the account: then no other
        way into it stays, and no one else pays. Raises InvalidRequest, RateLimited.
        """
        self.count((rates.TOKEN_FROM, household(browser.address)))
        with self.database.begin() as connection:
            proof = redeem_token(connection, "reset", token)
            who = get_person(connection, str(proof.account_id))
            kept = hash_password(password, who.email or "")
            change_person(connection, who.account_id, password_hash=kept)
            end_sessions(connection, who.account_id)
            if who.email_verified_at is None:
                close_ways_in(connection, who.account_id)
                change_person(connection, who.account_id, payer_account_id=None)
            self._show(connection, who.account_id, proof.email_key)

    def change(
        self,
        account_id: str,
        name: str | None,
        password: str | None,
        current_password: str,
        session_id: UUID | None,
        browser: Browser,
    ) -> tuple[Person, str | None]:
        """Gives someone another name or password. With a password they are signed out everywhere,
        and the token of a new session is given. Raises InvalidRequest, RateLimited.
        """
        changed: dict[str, str] = {} if name is None else {"name": name}
        if password is not None:
            who = self.check_password(account_id, current_password, session_id)
            changed["password_hash"] = hash_password(password, who.email or "")
        with self.database.begin() as connection:
            who = get_person(connection, account_id)
            if changed:
                who = change_person(connection, account_id, **changed)
            if password is None:
                return who, None
            end_sessions(connection, account_id)
            return who, enter(connection, who, browser)

    def check_password(
        self, account_id: str, password: str, session_id: UUID | None = None
    ) -> Person:
        """Makes sure that it is the person, before something that cannot be taken back: by their
        password or, where they have none, for they come in by a provider, by having come in just
        now. Raises InvalidRequest, RateLimited.
        """
        self.count((rates.PASSWORD_OF, account_id))
        with self.database.connect() as connection:
            who = get_person(connection, account_id)
            is_new = session_id is not None and is_fresh(connection, account_id, session_id)
        if who.password_hash is None:
            if session_id is None:  # the owner, who sits at the machine
                raise InvalidRequest(
                    "you have no password here; make one with maquette accounts add EMAIL --admin"
                )
            if not is_new:
                raise InvalidRequest(
                    "you have no password to show that it is you; sign out and in again, then do "
                    f"this within {FRESH_MIN} min"
                )
        elif not verify_password(who.password_hash, password):
            raise InvalidRequest("the current password is another one; try again or reset it")
        return who

    def count(self, *tries: tuple[RateLimit, str]) -> None:
        """Counts what is about to be tried. Raises RateLimited."""
        with self.database.begin() as connection:
            for limit, subject in tries:
                count_try(connection, limit, subject)

    def write(self, kind: Purpose, who: Person, to: str, token: str) -> Mail:
        """A mail to someone, with a link in it."""
        return write_mail(kind, who.language, to, self.link(kind, token))

    def link(self, purpose: Purpose, token: str) -> str:
        """Where a link of a mail leads; what follows # is sent to no server and kept in no log."""
        return f"{self.url}/#{urlencode({purpose: token})}"


def enter(connection: sa.Connection, who: Person, browser: Browser) -> str:
    """A token that the browser did not have before: no one can hand it one of their own."""
    if browser.token is not None:
        end_session_of(connection, browser.token)
    return start_session(connection, who.account_id, browser.name, browser.address)


def _key(email: str) -> str:
    """An address as it is compared; what is none is no one's."""
    try:
        return read_email(email).key
    except InvalidRequest:
        return ""
