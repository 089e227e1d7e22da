"""What has a key is done once: twins wait, others are refused, and after a day it is forgotten."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from maquette.core.errors import IdempotencyMismatch
from maquette.db.tables.ledger import idempotency
from maquette.ledger.accounts import get_balance, open_account
from maquette.ledger.grants import grant
from maquette.ledger.idempotency import (
    Answer,
    AnsweredBefore,
    Once,
    claim,
    finish,
    forget_answers,
)


@pytest.fixture(autouse=True)
def _ada(database: sa.Engine) -> None:
    with database.begin() as connection:
        open_account(connection, "ada")


def _once(key: str = "one", body: bytes = b"5", account_id: str = "ada") -> Once:
    return Once(account_id, key, body, lambda given: Answer(201, str(given).encode()))


def _give(database: sa.Engine, once: Once | None, fails: bool = False) -> Answer:
    """Gives 5 microcredits, once."""
    try:
        with database.begin() as connection:
            claim(connection, once)
            given = grant(connection, "ada", 5, "free").grant_id
            finish(connection, once, given)
            if fails:
                raise OSError("no room")
    except AnsweredBefore as done:
        return done.answer
    return Answer(201, str(given).encode())


def _given(database: sa.Engine) -> int:
    with database.connect() as connection:
        return get_balance(connection, "ada").posted_microcredits


def test_many_at_once_have_one_effect_and_one_answer(database: sa.Engine) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(lambda _: _give(database, _once()), range(100)))
    assert len(answers) == 1
    assert _given(database) == 5


def test_another_body_is_refused_and_another_s_key_is_another(database: sa.Engine) -> None:
    _give(database, _once())
    with pytest.raises(IdempotencyMismatch, match="the key one came with another request"):
        _give(database, _once(body=b"6"))
    assert _given(database) == 5
    _give(database, _once(key="two"))
    _give(database, _once(account_id="bob", body=b"6"))
    _give(database, None)
    _give(database, None)
    assert _given(database) == 25


def test_what_failed_may_be_asked_again(database: sa.Engine) -> None:
    with pytest.raises(OSError, match="no room"):
        _give(database, _once(), fails=True)
    assert _given(database) == 0
    _give(database, _once(body=b"6"))  # another, even: nothing was done
    assert _given(database) == 5


def test_answers_are_kept_for_a_day(database: sa.Engine) -> None:
    for number in range(3):
        _give(database, _once(key=str(number)))
    with database.begin() as connection:
        older = idempotency.c.created_at - timedelta(hours=25)
        old = idempotency.c.key < "2"
        connection.execute(sa.update(idempotency).where(old).values(created_at=older))
        assert [forget_answers(connection, 1) for _ in range(3)] == [1, 1, 0]
    _give(database, _once(key="2"))
    assert _given(database) == 15
    _give(database, _once(key="1"))
    assert _given(database) == 20
