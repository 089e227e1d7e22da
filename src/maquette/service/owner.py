"""The machine's owner: an admin from the first start on, who lacks neither password nor credits."""

import sqlalchemy as sa

from maquette.core.errors import UsageError
from maquette.db.locks import lock_name
from maquette.db.tables.people import person
from maquette.ledger.accounts import get_balance, open_account
from maquette.ledger.grants import grant
from maquette.people.emails import Email
from maquette.people.persons import (
    LOCAL_ACCOUNT,
    Person,
    add_person,
    admin_has_password,
    change_person,
    get_person,
    refuse_taken,
)

__all__ = ["LOCAL_ACCOUNT", "claim_machine", "open_owner", "prepare_owner", "refuse_open_door"]

PLENTY, FEW = 1_000_000 * 10**6, 100_000 * 10**6  # microcredits: given, and below which anew
REASON = "the owner of this machine"


def open_owner(connection: sa.Connection) -> None:
    """Has the owner be there; until the caller's transaction ends, no one else changes that."""
    lock_name(connection, REASON)
    open_account(connection, LOCAL_ACCOUNT)
    if not _is_there(connection):
        add_person(connection, LOCAL_ACCOUNT, role="admin")


def prepare_owner(database: sa.Engine) -> None:
    """Has the owner be there, with credits in plenty."""
    with database.begin() as connection:
        open_owner(connection)
        available = get_balance(connection, LOCAL_ACCOUNT).available_microcredits
        if available < FEW:
            grant(connection, LOCAL_ACCOUNT, PLENTY - available, "free", reason=REASON)


def claim_machine(
    connection: sa.Connection, email: Email, password_hash: str, name: str
) -> Person | None:
    """Gives the owner, who had none, an address and a password: from now on they sign in as all
    do, and keep what is theirs. None where the owner has one, or there is no owner yet.
    """
    lock_name(connection, REASON)
    if not _is_there(connection) or get_person(connection, LOCAL_ACCOUNT).email is not None:
        return None
    refuse_taken(connection, email)
    return change_person(
        connection,
        LOCAL_ACCOUNT,
        email=email.written,
        email_key=email.key,
        email_verified_at=sa.func.now(),
        password_hash=password_hash,
        name=name,
    )


def refuse_open_door(database: sa.Engine, where: str) -> None:
    """Raises UsageError where no admin has a password, for then whoever reaches the studio could
    do nothing, or everything.
    """
    with database.connect() as connection:
        if not admin_has_password(connection):
            raise UsageError(
                f"{where} is open to others, and no admin has a password; make one first: "
                "maquette accounts add EMAIL --admin"
            )


def _is_there(connection: sa.Connection) -> bool:
    query = sa.select(sa.exists().where(person.c.account_id == LOCAL_ACCOUNT))
    return connection.execute(query).scalar_one()
