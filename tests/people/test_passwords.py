"""Passwords: which are taken, how they are kept, and that all cost the same work to compare."""

import pytest
from argon2 import PasswordHasher

from maquette.core.errors import InvalidRequest
from maquette.people import passwords
from maquette.people.passwords import hash_password, needs_rehash, verify_password

GOOD = "three kettles and a heron"


@pytest.mark.parametrize(
    "password", [GOOD, "船上的三个茶壶和一只苍鹭", "correct horse", "x7!pQ_2m0w"]
)
def test_a_password_is_taken_and_known_again(password: str) -> None:
    kept = hash_password(password, "ada@example.org")
    assert kept.startswith("$argon2id$")
    assert password not in kept
    assert verify_password(kept, password)
    assert not verify_password(kept, password + " ")
    assert hash_password(password) != kept  # each has its own salt


@pytest.mark.parametrize(
    "password",
    [
        *("short", "a" * 201, "password123", "Passw0rd!!", "1234567890", "9876543210123"),
        *("aaaaaaaaaaaa", "abababababab", "qwertyuiop", "asdfghjklzxcv", "passwordpassword"),
        *("ada@example.org", "Welcome2026!", "administrator1", "adalovelace1815"),
    ],
)
def test_one_that_is_guessed_easily_is_refused(password: str) -> None:
    email = "adalovelace@example.org" if password.startswith("adal") else "ada@example.org"
    with pytest.raises(InvalidRequest) as refused:
        hash_password(password, email)
    assert password not in refused.value.message  # which ends up in logs


def test_a_character_is_the_same_however_the_keyboard_writes_it() -> None:
    kept = hash_password("ｔｈｒｅｅ kettles é")
    assert verify_password(kept, "three kettles e\u0301")
    assert not verify_password(hash_password("half \ud800 of a pair"), "half of a pair")


def test_who_is_not_there_costs_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
            compared.append(str(hash).rsplit("$", 2)[0])
            return super().verify(hash, password)

    kept = hash_password(GOOD)
    monkeypatch.setattr(passwords, "HASHER", Counting(2, 19 * 1024, 1))
    assert not verify_password(None, GOOD)
    assert not verify_password(kept, "another one")
    assert len(compared) == 2
    assert compared[0] == compared[1]  # the same parameters


def test_no_one_has_the_password_of_no_one() -> None:
    assert not verify_password(None, "the password of no one")


def test_other_parameters_are_noticed() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(GOOD)
    assert verify_password(old, GOOD)
    assert needs_rehash(old)
    assert not needs_rehash(hash_password(GOOD))
