"""What operators and admins do with people; each act is written down."""

from collections.abc import Sequence

import sqlalchemy as sa

from maquette.core.errors import InvalidRequest, NotAllowed, NotFound
from maquette.core.ids import new_id
from maquette.db.tables.ledger import balance
from maquette.ledger.accounts import open_account
from maquette.people.audit import note
from maquette.people.emails import Email, read_email
from maquette.people.mails import Mail, write_mail
from maquette.people.passwords import hash_password
from maquette.people.persons import (
    Person,
    Role,
    add_person,
    change_person,
    find_verified,
    get_person,
    refuse_last_admin,
)
from maquette.people.sessions import end_sessions
from maquette.people.two_factor import remove_two_factor
from maquette.service.owner import claim_machine

COMMAND_LINE = "the command line"  # who may use it may do everything


def available_credits(connection: sa.Connection, account_ids: Sequence[str]) -> dict[str, int]:
    """What each may spend, in microcredits."""
    available = balance.c.posted_microcredits - balance.c.held_microcredits
    query = sa.select(balance.c.account_id, available).where(balance.c.account_id.in_(account_ids))
    return {row.account_id: row[1] for row in connection.execute(query)}


def find_person(connection: sa.Connection, name: str) -> Person:
    """By account, or by an address that was shown. Raises NotFound."""
    known = find_verified(connection, read_email(name).key) if "@" in name else None
    if known is None and "@" in name:
        raise NotFound(f"no person has shown that {name} is theirs; list people to find them")
    return known or get_person(connection, name)


def add_by_admin(
    connection: sa.Connection, email: Email, password: str, role: Role, name: str = ""
) -> Person:
    """A new person, whose address is taken as shown. The first admin is the machine's owner, who
    had no password. Raises InvalidRequest.
    """
    kept = hash_password(password, email.written)
    made = claim_machine(connection, email, kept, name) if role == "admin" else None
    if made is None:
        account_id = str(new_id())
        open_account(connection, account_id)
        made = add_person(
            connection,
            account_id,
            email=email,
            verified=True,
            password_hash=kept,
            name=name,
            role=role,
        )
    note(connection, COMMAND_LINE, "person.add", made.account_id, role=role)
    return made


def set_role(connection: sa.Connection, actor_id: str, account_id: str, role: Role) -> Person:
    """They sign in anew, for they may do other things now. Raises NotFound, NotAllowed."""
    before = get_person(connection, account_id)
    if before.role == role:
        return before
    if before.role == "admin":
        refuse_last_admin(connection, account_id)
    end_sessions(connection, account_id)
    note(connection, actor_id, "person.role", account_id, before=before.role, after=role)
    return change_person(connection, account_id, role=role)


def set_suspended(
    connection: sa.Connection, actor_id: str, actor_role: Role, account_id: str, suspended: bool
) -> Person:
    """Shuts someone out, or lets them in again. Operators do so with members alone. Raises
    NotFound, NotAllowed.
    """
    before = get_person(connection, account_id)
    if before.role != "member" and actor_role != "admin":
        raise NotAllowed("operators suspend members alone; ask an admin")
    if suspended == (before.suspended_at is not None):
        return before
    if suspended:
        refuse_last_admin(connection, account_id)
        end_sessions(connection, account_id)
    note(connection, actor_id, "person.suspend" if suspended else "person.restore", account_id)
    return change_person(connection, account_id, suspended_at=sa.func.now() if suspended else None)


def set_password(connection: sa.Connection, account_id: str, password: str) -> Person:
    """They are signed out everywhere. Raises NotFound, InvalidRequest."""
    who = get_person(connection, account_id)
    kept = hash_password(password, who.email or "")
    end_sessions(connection, account_id)
    note(connection, COMMAND_LINE, "person.password", account_id)
    return change_person(connection, account_id, password_hash=kept)


def lift_second_factor(connection: sa.Connection, account_id: str) -> tuple[Person, Mail | None]:
    """For who lost their app and their codes: the password is enough, all sessions end, and there
    is a mail that tells them, if they have an address. Raises NotFound, InvalidRequest.
    """
    who = get_person(connection, account_id)
    if not who.has_two_factor:
        raise InvalidRequest(f"{account_id} has no second factor; there is nothing to remove")
    remove_two_factor(connection, account_id)
    end_sessions(connection, account_id)
    note(connection, COMMAND_LINE, "person.second_factor", account_id)
    told = who.email and write_mail("second_factor_removed", who.language, who.email)
    return get_person(connection, account_id), told or None
