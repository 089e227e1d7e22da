"""The second factor: codes of an app (TOTP, RFC 6238), each taken once, and codes to recover by."""

import hmac
import logging
import secrets
import time

import sqlalchemy as sa
from pyotp import random_base32
from pyotp.totp import TOTP

from maquette.core.errors import InvalidRequest, NotAllowed
from maquette.db.tables.people import person, recovery_code
from maquette.people.persons import Person, change_person
from maquette.people.second_factor_key import BETWEEN, SecondFactorKey
from maquette.people.tokens import hash_token

ISSUER = "Maquette"
STEP_S = 30
SLACK = (0, -1, 1)  # steps that a clock may be off
RECOVERY_CODES, RECOVERY_BYTES = 10, 10  # of 80 bits, for their hash is quick and has no salt
GROUP = 5  # letters between two strokes

log = logging.getLogger(__name__)


def begin_two_factor(
    connection: sa.Connection, who: Person, key: SecondFactorKey | None
) -> tuple[str, str]:
    """A secret for an app, and the URI that it reads; in force once a code confirms it. Raises
    InvalidRequest where one is in force, NotAllowed where nothing is there to encrypt it with.
    """
    if who.has_two_factor:
        raise InvalidRequest("a second factor is in force; remove it first")
    if key is None:
        raise NotAllowed("the key of second factors is missing; have an admin run maquette doctor")
    secret = random_base32()
    kept = key.encrypt(secret, who.account_id)
    change_person(connection, who.account_id, two_factor_secret=kept, two_factor_step=None)
    uri = TOTP(secret).provisioning_uri(name=who.email or who.account_id, issuer_name=ISSUER)
    return secret, uri


def confirm_two_factor(
    connection: sa.Connection, who: Person, code: str, key: SecondFactorKey | None
) -> list[str]:
    """Has a second factor be in force; gives the codes to recover by, shown this once. Raises
    InvalidRequest.
    """
    if who.two_factor_secret is None or who.has_two_factor:
        raise InvalidRequest("there is no second factor to be confirmed; begin with one")
    if not _is_new_code(connection, who, code, key):
        raise InvalidRequest("this code is not right, or was used; give the one of now")
    change_person(connection, who.account_id, two_factor_confirmed_at=sa.func.now())
    codes = [secrets.token_hex(RECOVERY_BYTES) for _ in range(RECOVERY_CODES)]
    rows = [{"account_id": who.account_id, "code_hash": hash_token(code)} for code in codes]
    connection.execute(sa.insert(recovery_code), rows)
    return ["-".join(code[i : i + GROUP] for i in range(0, len(code), GROUP)) for code in codes]


def take_code(
    connection: sa.Connection, who: Person, code: str, key: SecondFactorKey | None
) -> bool:
    """Whether it is a code of now, or one to recover by; from now on it is none. Without the key
    only the latter are taken.
    """
    if _is_new_code(connection, who, code, key):
        return True
    meant = hash_token(code.strip().lower().replace("-", "").replace(" ", ""))
    this = (recovery_code.c.account_id == who.account_id) & (recovery_code.c.code_hash == meant)
    return connection.execute(sa.delete(recovery_code).where(this)).rowcount == 1


def remove_two_factor(connection: sa.Connection, account_id: str) -> None:
    """From now on the password is enough."""
    none = dict.fromkeys(("two_factor_secret", "two_factor_confirmed_at", "two_factor_step"))
    change_person(connection, account_id, **none)
    connection.execute(sa.delete(recovery_code).where(recovery_code.c.account_id == account_id))


def count_by_key(connection: sa.Connection) -> dict[str, int]:
    """How many secrets are encrypted with which key, by its id; "" has those that are not."""
    key_id = sa.func.split_part(person.c.two_factor_secret, BETWEEN, 1)
    bare = person.c.two_factor_secret.not_like(f"%{BETWEEN}%")
    by = sa.case((bare, ""), else_=key_id)
    query = sa.select(by, sa.func.count()).where(person.c.two_factor_secret.is_not(None))
    return {row[0]: row[1] for row in connection.execute(query.group_by(by))}


def _is_new_code(
    connection: sa.Connection, who: Person, code: str, key: SecondFactorKey | None
) -> bool:
    """Whether it is the code of a step that none was taken of, nor of a later one."""
    kept = str(who.two_factor_secret)
    is_bare = BETWEEN not in kept  # from before there was a key; encrypted once a code is taken
    secret = kept if is_bare else key and key.decrypt(kept, who.account_id)
    if secret is None:
        log.warning("a second factor is of a key that is not here; see maquette doctor")
        return False
    app, now = TOTP(secret), int(time.time()) // STEP_S
    given = code.replace(" ", "").encode(errors="replace")
    for step in (now + off for off in SLACK):
        if hmac.compare_digest(app.generate_otp(step).encode(), given):
            last = person.c.two_factor_step
            this = (person.c.account_id == who.account_id) & (last.is_(None) | (last < step))
            changed: dict[str, object] = {"two_factor_step": step}
            if is_bare and key is not None:
                changed["two_factor_secret"] = key.encrypt(secret, who.account_id)
            query = sa.update(person).where(this).values(changed)
            return connection.execute(query).rowcount == 1
    return False
