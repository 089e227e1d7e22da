"""A check of the ledger runs once at a time, and what it found stays."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from maquette.core.errors import NotNow
from maquette.core.settings import Settings
from maquette.db.connect import API_LOCK_S, POOL, open_database
from maquette.db.locks import Lease, lock_name
from maquette.db.tables.ledger import ledger_check
from maquette.ledger.accounts import open_account
from maquette.ledger.grants import grant
from maquette.ledger.verify import ACCOUNTS
from maquette.service import ledger_check as service
from maquette.service.ledger_check import LEASE, LedgerCheck, LedgerChecker, LedgerChecks
from tests.waiting import PATIENCE_S, wait_until

ALL_ACCOUNTS = ACCOUNTS + 7 + 3  # of users and of the system
# Another process, which begins a check that is never done.
STANDS_STILL = """
import sys, time
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.service import ledger_check

ledger_check.verify = lambda *_: iter(lambda: time.sleep(60), 1)
with open_database(Settings(database=sys.argv[1])) as database:
    with ledger_check.LedgerChecker(database) as checker:
        print(checker.begin().number, flush=True)
        time.sleep(60)
"""


@pytest.fixture
def database(fresh_url: str) -> Iterator[sa.Engine]:
    with open_database(Settings(database=fresh_url)) as database:
        with database.begin() as connection:
            for number in range(ACCOUNTS + 7):
                open_account(connection, f"user {number:05}")
            grant(connection, "user 00003", 5, "free")
            grant(connection, "user 00004", 5, "free")
        yield database


@pytest.fixture
def checker(database: sa.Engine) -> Iterator[LedgerChecker]:
    with LedgerChecker(database) as checker:
        yield checker


def _ended(checker: LedgerChecker) -> LedgerCheck:
    """The newest, once it does not run any more."""

    def newest() -> LedgerCheck | None:
        one = checker.checks().newest
        assert one is not None
        return one if one.state != "running" else None

    return wait_until(newest)


def _falsify(database: sa.Engine, amount: int) -> None:
    """What an account has, past all that changes credits."""
    with database.begin() as connection:
        connection.execute(
            sa.text("UPDATE balance SET posted_microcredits = :a WHERE account_id = 'user 00003'"),
            {"a": amount},
        )


def test_what_is_found_is_kept_over_restarts_until_the_next_ends(
    database: sa.Engine, checker: LedgerChecker
) -> None:
    assert checker.checks() == LedgerChecks(None, None)
    begun = checker.begin()
    assert (begun.state, begun.ended_at, begun.findings) == ("running", None, ())
    sound = _ended(checker)
    assert (sound.state, sound.accounts_done, sound.accounts) == (
        "ended",
        ALL_ACCOUNTS,
        ALL_ACCOUNTS,
    )
    assert (sound.number, sound.transfers, sound.findings) == (begun.number, 2, ())
    assert sound.ended_at is not None
    assert sound.ended_at > sound.begun_at
    _falsify(database, 6)
    checker.begin()
    wrong = _ended(checker)
    lines = {one.line for one in wrong.findings}
    assert "account user 00003 has 6, its entries say 5" in lines
    with LedgerChecker(database) as restarted:
        assert restarted.checks() == LedgerChecks(wrong, wrong)
    with database.connect() as connection:
        numbers = connection.execute(sa.select(ledger_check.c.number)).scalars().all()
    assert sorted(numbers) == [sound.number, wrong.number]


def test_one_runs_at_a_time_over_all_processes(
    fresh_url: str, database: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[float] = []

    def slow(*_: object) -> Iterator[None]:
        began.append(time.monotonic())
        time.sleep(1)
        yield from ()

    monkeypatch.setattr(service, "verify", slow)
    with ExitStack() as stack:
        engines = [
            stack.enter_context(open_database(Settings(database=fresh_url))) for _ in range(3)
        ]
        checkers = [stack.enter_context(LedgerChecker(one)) for one in engines for _ in range(2)]
        with ThreadPoolExecutor(12) as pool:
            told = [*pool.map(lambda number: checkers[number % 6].begin(), range(12))]
        assert len({one.number for one in told}) == 1
        assert {one.state for one in told} == {"running"}
        assert {one.checks().newest for one in checkers} == {told[0]}
        assert _ended(checkers[0]).state == "ended"
        assert len(began) == 1
        assert checkers[1].begin().number > told[0].number
        _ended(checkers[0])
    assert len(began) == 2


def test_as_many_begin_one_at_once_as_there_are_connections(
    fresh_url: str, database: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_told = Event()
    monkeypatch.setattr(service, "verify", lambda *_: iter(lambda: all_told.wait(PATIENCE_S), True))
    with ExitStack() as stack:
        engine = stack.enter_context(open_database(Settings(database=fresh_url), lock_s=API_LOCK_S))
        checker = stack.enter_context(LedgerChecker(engine))
        pool = stack.enter_context(ThreadPoolExecutor(POOL))
        with database.begin() as connection:  # another process begins one, or is just too late
            lock_name(connection, f"{LEASE} begins")
            begun = [pool.submit(checker.begin) for _ in range(POOL)]
            time.sleep(1)
        numbers = {one.result().number for one in begun}
        all_told.set()
        assert len(numbers) == 1
        assert _ended(checker).state == "ended"


def test_whoever_waits_to_begin_one_has_no_connection(fresh_url: str, database: sa.Engine) -> None:
    lease = Lease(database, LEASE, 60.0)
    assert lease.take()  # and there is no check that runs
    with open_database(Settings(database=fresh_url), lock_s=API_LOCK_S) as engine:
        with LedgerChecker(engine) as checker, ThreadPoolExecutor(POOL) as pool:
            begun = [pool.submit(checker.begin) for _ in range(POOL)]
            used: list[int] = []
            while not all(one.done() for one in begun):
                assert isinstance(engine.pool, sa.QueuePool)
                used.append(engine.pool.checkedout())
                time.sleep(0.05)
        assert {type(one.exception()) for one in begun} == {NotNow}
        assert max(used) <= 2
    lease.give_up()


def test_one_whose_process_was_killed_is_broken_off_and_another_begins(
    fresh_url: str, database: sa.Engine, checker: LedgerChecker
) -> None:
    checker.begin()
    result = _ended(checker)
    command = [sys.executable, "-c", STANDS_STILL, fresh_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        number = int(process.stdout.readline())
        assert checker.begin().number == number
        process.kill()
    broken = _ended(checker)
    assert (broken.number, broken.state) == (number, "broken_off")
    assert checker.checks().result == result
    checker.begin()
    again = _ended(checker)
    assert (again.number, again.state) == (number + 1, "ended")
    assert checker.checks() == LedgerChecks(again, again)


def _endless(_: sa.Engine, tell: Callable[[int, int], None]) -> Iterator[None]:
    while True:
        tell(1, 10)
        time.sleep(0.01)
        yield from ()


def test_what_closes_breaks_its_check_off(
    database: sa.Engine, checker: LedgerChecker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "verify", _endless)
    with LedgerChecker(database) as closing:
        begun = closing.begin()
        time.sleep(0.2)
        there = checker.begin()
        assert (there.number, there.accounts_done, there.accounts) == (begun.number, 1, 10)
    newest = _ended(checker)
    assert (newest.number, newest.state) == (begun.number, "broken_off")


def test_a_check_that_another_took_the_place_of_leaves_off(
    database: sa.Engine, checker: LedgerChecker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "verify", _endless)
    monkeypatch.setattr(service, "TELL_S", 0.0)
    begun = checker.begin()
    with database.begin() as connection:  # as another does that has the lease meanwhile
        connection.execute(sa.delete(ledger_check))
        connection.execute(sa.insert(ledger_check))
    left = _ended(checker)  # which is the other's, and no one has the lease any more
    assert (left.number, left.state) == (begun.number + 1, "broken_off")


def test_a_database_that_is_away_breaks_it_off(
    database: sa.Engine,
    checker: LedgerChecker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(*_: object) -> Iterator[None]:
        raise OperationalError("SELECT", None, Exception("gone"))

    monkeypatch.setattr(service, "verify", fails)
    checker.begin()
    assert _ended(checker).state == "broken_off"
    assert "broken off, for the database is away" in caplog.text


def test_one_that_ended_and_whose_machine_is_gone_is_waited_for(
    database: sa.Engine, checker: LedgerChecker, monkeypatch: pytest.MonkeyPatch
) -> None:
    checker.begin()
    ended = _ended(checker)
    monkeypatch.setattr(service, "PATIENCE_S", 0.2)
    lease = Lease(database, LEASE, 60.0)
    while not lease.take():
        time.sleep(0.05)
    with pytest.raises(NotNow, match="a check ends; try again in a minute"):
        checker.begin()
    assert checker.checks() == LedgerChecks(ended, ended)
    lease.give_up()
    assert checker.begin().number == ended.number + 1
    _ended(checker)


def test_how_far_it_is_is_told(
    database: sa.Engine, checker: LedgerChecker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "TELL_S", 0.0)
    seen: list[tuple[int, str]] = []
    verify = service.verify

    def watched(engine: sa.Engine, tell: Callable[[int, int], None]) -> Iterator[object]:
        def and_look(done: int, of: int) -> None:
            tell(done, of)
            newest = checker.checks().newest
            assert newest is not None
            seen.append((newest.accounts_done, newest.state))

        return verify(engine, and_look)

    monkeypatch.setattr(service, "verify", watched)
    checker.begin()
    assert _ended(checker).state == "ended"
    assert seen == [(ACCOUNTS, "running"), (ALL_ACCOUNTS, "running")]
