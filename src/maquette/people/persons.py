"""Persons: who has an account, by which address, and what they may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from maquette.core.errors import InvalidRequest, NotAllowed, NotFound
from maquette.db.locks import lock_name
from maquette.db.tables.people import person
from maquette.people.emails import Email

Role = Literal["member", "operator", "admin"]
ROLES: tuple[Role, ...] = ("member", "operator", "admin")
LOCAL_ACCOUNT = "local"  # the owner's, who needs no password on the machine itself
MOST_NAME = 100
ADMIN = (person.c.role == "admin") & person.c.suspended_at.is_(None)
HAS_PASSWORD = person.c.password_hash.is_not(None)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who has an account; `password_hash` is None where they sign in in other ways."""

    account_id: str
    name: str
    language: str
    email: str | None
    email_key: str | None
    email_verified_at: datetime | None
    password_hash: str | None
    role: Role
    suspended_at: datetime | None
    payer_account_id: str | None
    two_factor_secret: str | None
    two_factor_confirmed_at: datetime | None
    two_factor_step: int | None
    created_at: datetime

    @property
    def has_two_factor(self) -> bool:
        return self.two_factor_confirmed_at is not None


def add_person(
    connection: sa.Connection,
    account_id: str,
    *,
    email: Email | None = None,
    verified: bool = False,
    password_hash: str | None = None,
    name: str = "",
    language: str = "en",
    role: Role = "member",
) -> Person:
    """Someone new, whose account is open. Raises InvalidRequest where a verified address is
    another's.
    """
    row = {
        "account_id": account_id,
        "name": name.strip()[:MOST_NAME],
        "language": language,
        "password_hash": password_hash,
        "role": role,
    }
    if email is not None:
        row |= {"email": email.written, "email_key": email.key}
        if verified:
            refuse_taken(connection, email)
            row["email_verified_at"] = sa.func.now()
    return _person(connection.execute(sa.insert(person).values(row).returning(person)).one())


def refuse_taken(connection: sa.Connection, email: Email) -> None:
    """Holds an address until the caller's transaction ends. Raises InvalidRequest where someone
    has shown that it is theirs.
    """
    lock_name(connection, f"address {email.key}")
    if find_verified(connection, email.key) is not None:
        raise InvalidRequest(f"{email.written} has an account; sign in, or take another address")


def get_person(connection: sa.Connection, account_id: str) -> Person:
    """Raises NotFound."""
    row = connection.execute(sa.select(person).where(person.c.account_id == account_id)).first()
    if row is None:
        raise NotFound(f"no person {account_id}")
    return _person(row)


def find_verified(connection: sa.Connection, email_key: str) -> Person | None:
    """Whose address it is."""
    own = (person.c.email_key == email_key) & person.c.email_verified_at.is_not(None)
    row = connection.execute(sa.select(person).where(own)).one_or_none()
    return None if row is None else _person(row)


def find_unverified(connection: sa.Connection, email_key: str) -> Person | None:
    """Who was the last to say that it is theirs, and has not shown it yet."""
    said = (person.c.email_key == email_key) & person.c.email_verified_at.is_(None)
    newest = (person.c.created_at.desc(), person.c.account_id.desc())
    query = sa.select(person).where(said).order_by(*newest).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else _person(row)


def show_address(connection: sa.Connection, account_id: str, email: Email) -> Person:
    """Notes that an address was shown to be a person's. Raises InvalidRequest where it is
    another's, or no longer the person's.
    """
    who = get_person(connection, account_id)
    if who.email_verified_at is not None and who.email_key == email.key:
        return who
    if who.email_key != email.key:
        raise InvalidRequest(f"{email.written} is no longer the address of this account")
    refuse_taken(connection, email)
    return change_person(connection, account_id, email_verified_at=sa.func.now())


def change_person(connection: sa.Connection, account_id: str, **values: Any) -> Person:
    """Raises NotFound."""
    this = person.c.account_id == account_id
    query = sa.update(person).where(this).values(values).returning(person)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"no person {account_id}")
    return _person(row)


def admin_has_password(connection: sa.Connection) -> bool:
    """Whether someone could sign in who may do everything."""
    return connection.execute(sa.select(sa.exists().where(ADMIN & HAS_PASSWORD))).scalar_one()


def refuse_last_admin(connection: sa.Connection, account_id: str) -> None:
    """Of admins one stays, and of those who have a password one, for without them the owner's door
    is open again. Raises NotAllowed where no other is left; until the caller's transaction ends
    none is taken away elsewhere.
    """
    lock_name(connection, "admins")
    this, others = person.c.account_id == account_id, person.c.account_id != account_id
    role = person.c.role == "admin"  # suspended or not, the last one is not changed
    for kind, of_this in ((ADMIN, role), (ADMIN & HAS_PASSWORD, role & HAS_PASSWORD)):
        is_one, has_others = connection.execute(
            sa.select(sa.exists().where(this & of_this), sa.exists().where(others & kind))
        ).one()
        if is_one and not has_others:
            raise NotAllowed("this is the last admin who can sign in; make another one first")


def list_people(
    connection: sa.Connection, limit: int, before: str | None = None, words: str = ""
) -> Sequence[Person]:
    """The newest first; those made before `before`, and whose name, address or account has
    `words` in it.
    """
    query = sa.select(person)
    if before is not None:
        moment = sa.select(person.c.created_at).where(person.c.account_id == before)
        query = query.where(
            sa.tuple_(person.c.created_at, person.c.account_id)
            < sa.tuple_(moment.scalar_subquery(), sa.literal(before))
        )
    if words:
        fields = (person.c.name, person.c.email, person.c.account_id)
        query = query.where(sa.or_(*(one.icontains(words, autoescape=True) for one in fields)))
    order = (person.c.created_at.desc(), person.c.account_id.desc())
    return [_person(row) for row in connection.execute(query.order_by(*order).limit(limit))]


def _person(row: sa.Row[Any]) -> Person:
    return Person(**row._mapping)
