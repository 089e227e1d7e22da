"""Passwords: which are taken, and how they are kept and compared (argon2id, RFC 9106)."""

import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from maquette.core.errors import InvalidRequest

LEAST, MOST = 10, 200  # characters
FEWEST_DIFFERENT = 5
ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
NEIGHBOURS = {way[i : i + 2] for row in ROWS for way in (row, row[::-1]) for i in range(len(row))}
MOST_NEIGHBOURS = 0.75  # of a password's pairs
# What most of the passwords that are guessed first are made of.
COMMON = {
    *("password", "passwort", "passw0rd", "letmein", "welcome", "iloveyou", "admin", "login"),
    *("administrator", "changeme", "secret", "monkey", "dragon", "football", "baseball"),
    *("sunshine", "princess", "maquette", "trustno", "superman", "woaini", "test"),
}
# OWASP's first choice: 19 MiB, two passes. A few at once, or a crowd would fill the memory.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(4)


def hash_password(password: str, email: str = "", strict: bool = True) -> str:
    """What is kept of a password. Raises InvalidRequest for one that is guessed easily, unless it
    is in use already and not to be judged anew (`strict` is false).
    """
    if strict:
        _refuse_weak(password, email)
    with _AT_ONCE:
        return HASHER.hash(_normal(password))


def verify_password(kept: str | None, password: str) -> bool:
    """Whether it is the password; the same work where none is kept, so that time tells nothing."""
    with _AT_ONCE:
        try:
            HASHER.verify(kept or _no_ones(), _normal(password[: MOST + 1]))
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def needs_rehash(kept: str) -> bool:
    """Whether it was kept with other parameters than those of today."""
    return HASHER.check_needs_rehash(kept)


@cache
def _no_ones() -> str:
    return HASHER.hash("the password of no one")


def _normal(password: str) -> str:
    """Keyboards write one character in several ways; half a surrogate pair is none."""
    return unicodedata.normalize("NFKC", password).encode(errors="replace").decode()


def _refuse_weak(password: str, email: str) -> None:
    if not LEAST <= len(password) <= MOST:
        raise InvalidRequest(
            f"the password has {len(password)} characters; take {LEAST} to {MOST} of any kind"
        )
    lower = _normal(password).casefold()
    stem = lower.strip("0123456789!?.-_*#@$ ")
    if (
        len(set(lower)) < FEWEST_DIFFERENT
        or stem in COMMON
        or any(stem == word * (len(stem) // len(word) or 1) for word in COMMON)
        or _is_of_rows(lower)
        or (email and stem in {email.casefold(), email.casefold().partition("@")[0]})
    ):
        raise InvalidRequest("this password is guessed easily; take some words that are yours")


def _is_of_rows(text: str) -> bool:
    """Whether most of its keys lie beside the one before."""
    pairs = [text[i : i + 2] for i in range(len(text) - 1)]
    return sum(pair in NEIGHBOURS for pair in pairs) >= MOST_NEIGHBOURS * len(pairs)
