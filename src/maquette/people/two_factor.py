"""The second factor: codes of an app (TOTP, RFC 6238), each taken once, and codes to recover by."""

import hmac
import secrets
import time

import sqlalchemy as sa
from pyotp import random_base32
from pyotp.totp import TOTP

from maquette.core.errors import InvalidRequest
from maquette.db.tables.people import person, recovery_code
from maquette.people.persons import Person, change_person
from maquette.people.tokens import hash_token

ISSUER = "Maquette"
STEP_S = 30
SLACK = (0, -1, 1)  # steps that a clock may be off
RECOVERY_CODES = 10


def begin_two_factor(connection: sa.Connection, who: Person) -> tuple[str, str]:
    """A secret for an app, and the URI that it reads; in force once a code confirms it. Raises
    InvalidRequest where one is in force.
    """
    if who.has_two_factor:
        raise InvalidRequest("a second factor is in force; remove it first")
    secret = random_base32()
    change_person(connection, who.account_id, two_factor_secret=secret, two_factor_step=None)
    uri = TOTP(secret).provisioning_uri(name=who.email or who.account_id, issuer_name=ISSUER)
    return secret, uri


def confirm_two_factor(connection: sa.Connection, who: Person, code: str) -> list[str]:
    """Has a second factor be in force; gives the codes to recover by, shown this once. Raises
    InvalidRequest.
    """
    if who.two_factor_secret is None or who.has_two_factor:
        raise InvalidRequest("there is no second factor to be confirmed; begin with one")
    if not _is_new_code(connection, who, code):
        raise InvalidRequest("this code is not right, or was used; give the one of now")
    change_person(connection, who.account_id, two_factor_confirmed_at=sa.func.now())
    codes = [secrets.token_hex(5) for _ in range(RECOVERY_CODES)]
    rows = [{"account_id": who.account_id, "code_hash": hash_token(code)} for code in codes]
    connection.execute(sa.insert(recovery_code), rows)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def take_code(connection: sa.Connection, who: Person, code: str) -> bool:
    """Whether it is a code of now, or one to recover by; from now on it is none."""
    if _is_new_code(connection, who, code):
        return True
    meant = hash_token(code.strip().lower().replace("-", ""))
    this = (recovery_code.c.account_id == who.account_id) & (recovery_code.c.code_hash == meant)
    return connection.execute(sa.delete(recovery_code).where(this)).rowcount == 1


def remove_two_factor(connection: sa.Connection, account_id: str) -> None:
    """From now on the password is enough."""
    none = dict.fromkeys(("two_factor_secret", "two_factor_confirmed_at", "two_factor_step"))
    change_person(connection, account_id, **none)
    connection.execute(sa.delete(recovery_code).where(recovery_code.c.account_id == account_id))


def _is_new_code(connection: sa.Connection, who: Person, code: str) -> bool:
    """Whether it is the code of a step that none was taken of, nor of a later one."""
    app, now = TOTP(str(who.two_factor_secret)), int(time.time()) // STEP_S
    given = code.replace(" ", "").encode(errors="replace")
    for step in (now + off for off in SLACK):
        if hmac.compare_digest(app.generate_otp(step).encode(), given):
            last = person.c.two_factor_step
            this = (person.c.account_id == who.account_id) & (last.is_(None) | (last < step))
            query = sa.update(person).where(this).values(two_factor_step=step)
            return connection.execute(query).rowcount == 1
    return False
