"""Two workers of one name are never at work, and none waits for a machine that is gone."""

import threading
import time

import pytest
import sqlalchemy as sa

from maquette.service.worker_name import WorkerName
from tests.waiting import wait_until

LOST = """SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"""


def _lose(database: sa.Engine) -> None:
    """As when PostgreSQL starts anew."""
    with database.connect() as connection:
        connection.execute(sa.text(LOST))


def test_a_second_of_a_name_says_that_it_waits_until_the_first_is_gone(
    database: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    ended: list[str] = []
    names = [WorkerName(database, "a", 1.0, lambda: ended.append("a")) for _ in range(3)]
    told = threading.Event()
    assert names[0].wait(told)
    waiting = threading.Thread(target=names[1].wait, args=(told, 0.1))
    waiting.start()
    wait_until(lambda: "another worker is called a" in caplog.text)
    names[0].renew()
    time.sleep(0.5)
    assert waiting.is_alive()
    waiting.join(10)  # the first is renewed no more, as where its machine has no power
    assert not waiting.is_alive()
    assert caplog.text.count("another worker is called a") == 1
    told.set()
    names[1].renew()
    assert not names[2].wait(told)
    assert ended == []
    for name in names:
        name.close()


def test_a_name_that_was_lost_is_taken_again_or_its_worker_ends(database: sa.Engine) -> None:
    ended: list[str] = []
    first, second = (
        WorkerName(database, "a", 1.0, lambda name=name: ended.append(name))
        for name in ("first", "second")
    )
    assert first.wait(threading.Event())
    _lose(database)
    first.renew()
    assert not second._lease.take()
    _lose(database)
    assert second.wait(threading.Event(), 0.01)
    first.renew()
    assert ended == []  # it may be its own, of before, that is in the way
    for _ in range(8):
        time.sleep(0.25)
        second.renew()
    first.renew()
    assert ended == ["first"]
    second.close()
