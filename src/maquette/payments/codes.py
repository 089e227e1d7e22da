"""Redeem codes: made by an operator, kept as hashes, good for one account or several."""

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

import sqlalchemy as sa

from maquette.core.errors import InvalidRequest, RateLimited
from maquette.core.ids import new_id
from maquette.db.locks import lock_name
from maquette.db.tables.payments import redeem_code, wrong_code
from maquette.ledger.accounts import in_credits
from maquette.payments.store import Payment, add_payment, find_payment, pay

# Crockford's base 32: no letter that is taken for a digit.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MISREAD = str.maketrans("OIL", "011")
CHARACTERS, GROUP = 20, 5  # a hundred bits: no one guesses one, yet guessing is slowed down
MOST_WRONG = 10  # codes that an account may get wrong in
WRONG_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Redemption:
    """A code, and the account that gives it."""

    account_id: str
    code: str


class RedeemCodes:
    """Credits for a code. Money, where there was any, went another way."""

    name: Literal["codes"] = "codes"

    def receive(self, connection: sa.Connection, proof: Redemption) -> Payment | None:
        """Grants what a code is good for. None where there is no such code, which is counted: the
        caller commits all the same.

        Raises RateLimited, and InvalidRequest for a code that is over or was redeemed before.
        """
        # Or many guesses at once would count as one.
        lock_name(connection, f"codes/{proof.account_id}")
        _check_attempts(connection, proof.account_id)
        this = redeem_code.c.code_hash == hash_of(proof.code)
        code = connection.execute(sa.select(redeem_code).where(this)).one_or_none()
        if code is None:
            connection.execute(sa.insert(wrong_code).values(account_id=proof.account_id))
            return None
        reference = f"{code.code_id}/{proof.account_id}"
        if find_payment(connection, provider=self.name, reference=reference):
            raise InvalidRequest("this code was redeemed by you before; give another one")
        good = (redeem_code.c.uses < redeem_code.c.most_uses) & (
            redeem_code.c.expires_at.is_(None)
            | (redeem_code.c.expires_at > sa.func.clock_timestamp())
        )
        used = sa.update(redeem_code).where(this & good).values(uses=redeem_code.c.uses + 1)
        if not connection.execute(used).rowcount:
            raise InvalidRequest("this code is used up, or its time is over; give another one")
        amount = code.amount_microcredits
        made = add_payment(
            connection,
            proof.account_id,
            self.name,
            f"a code for {in_credits(amount)} credits",
            amount,
            0,
            None,
            reference=reference,
        )
        return pay(connection, made, "promotion")

    def give_back(self, connection: sa.Connection, payment: Payment) -> bool:
        """No money came by a code."""
        return False


def make_codes(
    connection: sa.Connection,
    amount_microcredits: int,
    count: int,
    most_uses: int = 1,
    expires_at: datetime | None = None,
) -> Sequence[str]:
    """New codes, told here and never again. Raises InvalidRequest for a time that is over."""
    now = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    if expires_at is not None and expires_at <= now:
        raise InvalidRequest(f"the codes would be over since {expires_at}; choose a later time")
    codes = [_new_code() for _ in range(count)]
    rows = [
        {
            "code_id": new_id(),
            "code_hash": hash_of(code),
            "amount_microcredits": amount_microcredits,
            "most_uses": most_uses,
            "expires_at": expires_at,
        }
        for code in codes
    ]
    connection.execute(sa.insert(redeem_code), rows)
    return codes


def hash_of(code: str) -> bytes:
    """Of what was meant: in any case, with or without its lines, O for zero, I or L for one."""
    meant = "".join(code.split()).replace("-", "").upper().translate(MISREAD)
    return sha256(meant.encode(errors="replace")).digest()


def _new_code() -> str:
    code = "".join(secrets.choice(ALPHABET) for _ in range(CHARACTERS))
    return "-".join(code[at : at + GROUP] for at in range(0, CHARACTERS, GROUP))


def _check_attempts(connection: sa.Connection, account_id: str) -> None:
    own = wrong_code.c.account_id == account_id
    ago = sa.func.clock_timestamp() - WRONG_FOR
    connection.execute(sa.delete(wrong_code).where(own, wrong_code.c.given_at <= ago))
    query = sa.select(sa.func.count(), sa.func.min(wrong_code.c.given_at)).where(own)
    wrong, first_at = connection.execute(query).one()
    if wrong >= MOST_WRONG:
        now = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        wait_s = max(1, math.ceil((first_at + WRONG_FOR - now).total_seconds()))
        raise RateLimited(
            f"{wrong} wrong codes were given; try again in {math.ceil(wait_s / 60)} min", wait_s
        )
