"""What grants and holds come to, and what is refused of them."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from maquette.core.errors import HoldResolved, InsufficientCredits, InvalidRequest, NotFound
from maquette.core.ids import new_id
from maquette.ledger.accounts import (
    REVENUE,
    Balance,
    get_balance,
    open_account,
)
from maquette.ledger.grants import end_grant, expire_due_grants, get_grants, grant
from maquette.ledger.holds import (
    expire_holds,
    place_hold,
    post_hold,
    resolve_hold_of,
    void_hold,
)
from maquette.ledger.reversals import reverse
from maquette.ledger.transfers import get_transfers
from maquette.ledger.verify import verify
from tests.ledger.conftest import CREDIT, LONG, hold_credits

OVER = timedelta(seconds=-1)


def test_free_credits_go_first_and_the_rest_of_a_hold_comes_back(
    database: sa.Engine, ada: str
) -> None:
    hold = hold_credits(database, ada, 120)
    with database.begin() as connection:
        post_hold(connection, hold.hold_id, 110 * CREDIT)
        post_hold(connection, hold.hold_id, 110 * CREDIT)
        there = get_balance(connection, ada)
        (left,) = get_grants(connection, ada)
        charge, *_ = get_transfers(connection, ada, 10)
    assert there.posted_microcredits == there.available_microcredits == 40 * CREDIT
    assert (left.category, left.left_microcredits, left.held_microcredits) == (
        "paid",
        40 * CREDIT,
        0,
    )
    assert [e.amount_microcredits for e in charge.entries] == [
        -100 * CREDIT,
        -10 * CREDIT,
        110 * CREDIT,
    ]
    assert charge.entries[-1].account_id == REVENUE
    assert list(verify(database)) == []


def test_what_cannot_be_is_said_in_a_line(database: sa.Engine, ada: str) -> None:
    job_id = new_id()
    held = hold_credits(database, ada, 10, job_id=job_id)
    void = hold_credits(database, ada, 10)
    with database.begin() as connection:
        void_hold(connection, void.hold_id)
        void_hold(connection, void.hold_id)
    cases: list[tuple[type[Exception], str, Any]] = [
        (
            InsufficientCredits,
            "141 credits are needed and 140 are there; buy more",
            lambda c: place_hold(c, ada, 141 * CREDIT, LONG),
        ),
        (InvalidRequest, "hold at least 1", lambda c: place_hold(c, ada, 0, LONG)),
        (NotFound, f"no hold {job_id}", lambda c: post_hold(c, job_id, 1)),
        (
            InvalidRequest,
            f"job {job_id} has another hold",
            lambda c: place_hold(c, ada, CREDIT, LONG, job_id),
        ),
        (
            InvalidRequest,
            "10000001 microcredits cannot be charged of the 10000000",
            lambda c: post_hold(c, held.hold_id, 10 * CREDIT + 1),
        ),
        (InvalidRequest, "cannot be charged", lambda c: post_hold(c, held.hold_id, 0)),
        (HoldResolved, "is voided already", lambda c: post_hold(c, void.hold_id, CREDIT)),
        (InvalidRequest, "give at least 1", lambda c: grant(c, ada, -1, "free")),
        (NotFound, "no account bob", lambda c: grant(c, "bob", 1, "free")),
        (InvalidRequest, "is the system's", lambda c: open_account(c, REVENUE)),
        (NotFound, "no account bob", lambda c: get_balance(c, "bob")),
        (NotFound, "no hold", lambda c: void_hold(c, job_id)),
    ]
    for kind, line, act in cases:
        with pytest.raises(kind, match=line), database.begin() as connection:
            act(connection)
    assert list(verify(database)) == []
    with database.connect() as connection:
        assert get_balance(connection, ada).held_microcredits == 10 * CREDIT


def test_no_one_gets_more_than_there_is_however_many_ask(database: sa.Engine, ada: str) -> None:
    """The crowd of `benchmarks/ledger_cycles.py`, with fewer holds each."""

    def ask(_: int) -> int:
        given = 0
        for _ in range(10):
            with suppress(InsufficientCredits):
                given += hold_credits(database, ada, 4).state == "held"
        return given

    with ThreadPoolExecutor(64) as pool:
        given = sum(pool.map(ask, range(64)))
    assert given == 150 // 4
    with database.connect() as connection:
        assert get_balance(connection, ada).available_microcredits == 2 * CREDIT
    assert list(verify(database)) == []


def test_all_that_a_job_holds_is_charged_or_given_back(database: sa.Engine, ada: str) -> None:
    charged, voided = new_id(), new_id()
    for job_id in (charged, voided):
        hold_credits(database, ada, 20, job_id=job_id)
    with database.begin() as connection:
        for _ in range(2):  # again is the same
            posted = resolve_hold_of(connection, charged, charged=True)
            assert posted is not None
            assert (posted.state, posted.posted_microcredits) == ("posted", 20 * CREDIT)
            back = resolve_hold_of(connection, voided, charged=False)
            assert back is not None
            assert (back.state, back.posted_microcredits) == ("voided", 0)
        assert resolve_hold_of(connection, new_id(), charged=True) is None
        assert get_balance(connection, ada) == Balance(130 * CREDIT, 0)
        with pytest.raises(HoldResolved, match="is posted already"):
            resolve_hold_of(connection, charged, charged=False)
        with pytest.raises(HoldResolved, match="is voided already"):
            resolve_hold_of(connection, voided, charged=True)


def test_whatever_changes_a_balance_tells_of_it_once_a_transaction(
    database: sa.Engine, ada: str
) -> None:
    told: list[str] = []

    def listen(listener: psycopg.Connection[Any]) -> int:
        """How many notices came since."""
        listener.execute("SELECT pg_notify('maquette_job', 'end')")
        notes: list[str] = []
        while "end" not in notes:
            notes += [note.payload for note in listener.notifies(timeout=5, stop_after=1)]
        told.extend(notes)
        return len(notes) - 1

    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as listener:
        listener.execute("LISTEN maquette_job")
        held = hold_credits(database, ada, 120)
        assert listen(listener) == 1
        with database.begin() as connection:
            post_hold(connection, held.hold_id, 110 * CREDIT)
        assert listen(listener) == 1
        with database.begin() as connection:
            post_hold(connection, held.hold_id, 110 * CREDIT)  # which changes nothing
            expire_holds(connection)
        assert listen(listener) == 0
        with database.begin() as connection:
            grant(connection, ada, 1 * CREDIT, "free", expires_at=datetime.now(UTC) + OVER)
        assert listen(listener) == 1
        with database.begin() as connection:
            assert expire_due_grants(connection) == [ada]
        assert listen(listener) == 1
    assert {one for one in told if one != "end"} == {'{"account_id" : "ada", "kind" : "balance"}'}


def test_two_who_resolve_a_hold_do_it_once(database: sa.Engine, ada: str) -> None:
    holds = [hold_credits(database, ada, 1) for _ in range(20)]

    def resolve(turn: int) -> str:
        try:
            with database.begin() as connection:
                if turn % 2:
                    return post_hold(connection, holds[turn // 2].hold_id, CREDIT).state
                return void_hold(connection, holds[turn // 2].hold_id).state
        except HoldResolved:
            return "refused"

    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(resolve, range(40)))
    assert ends.count("refused") == 20
    with database.connect() as connection:
        there = get_balance(connection, ada)
    assert there.held_microcredits == 0
    assert there.posted_microcredits == (150 - ends.count("posted")) * CREDIT
    assert list(verify(database)) == []


def test_a_hold_whose_time_is_over_comes_back_once(database: sa.Engine, ada: str) -> None:
    with database.begin() as connection:
        place_hold(connection, ada, CREDIT, OVER)
        assert len(expire_holds(connection)) == 1
        assert expire_holds(connection) == []
        assert get_balance(connection, ada).available_microcredits == 150 * CREDIT


def test_two_sweepers_do_not_both_say_that_they_gave_it_back(database: sa.Engine, ada: str) -> None:
    with database.begin() as connection:
        place_hold(connection, ada, CREDIT, OVER)
    with database.begin() as one, database.begin() as other:
        assert len(expire_holds(one)) == 1
        assert expire_holds(other) == []
    with database.begin() as later:
        assert expire_holds(later) == []


def test_a_job_s_hold_that_is_over_does_not_serve_it_again(database: sa.Engine, ada: str) -> None:
    job_id = new_id()
    hold = hold_credits(database, ada, 1, job_id=job_id)
    assert hold_credits(database, ada, 1, job_id=job_id) == hold
    with database.begin() as connection:
        void_hold(connection, hold.hold_id)
    with pytest.raises(HoldResolved, match="is voided already"):
        hold_credits(database, ada, 1, job_id=job_id)


def test_what_comes_back_can_be_spent_and_nothing_else_lives_longer(
    database: sa.Engine, ada: str
) -> None:
    hold = hold_credits(database, ada, 30)
    with database.begin() as connection:
        post_hold(connection, hold.hold_id, 20 * CREDIT)
        charge, *_ = get_transfers(connection, ada, 1)
        free, _ = get_grants(connection, ada)
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        connection.execute(
            sa.text(
                "UPDATE credit_grant SET expires_at = now() - interval '1 s' "
                "WHERE category = 'free'"
            )
        )
    with database.begin() as connection:
        reverse(connection, charge.transfer_id, "it was blurred")
        back, paid = get_grants(connection, ada)
    assert (back.category, back.left_microcredits) == ("free", 20 * CREDIT)
    assert back.grant_id != free.grant_id
    assert back.expires_at is not None
    assert back.expires_at > datetime.now(UTC) + timedelta(days=29)
    assert paid.expires_at is None
    assert list(verify(database)) == []


def test_a_grant_ends_before_its_time_but_for_what_is_held(database: sa.Engine, ada: str) -> None:
    spent, held = hold_credits(database, ada, 10), hold_credits(database, ada, 30)
    with database.begin() as connection:
        post_hold(connection, spent.hold_id, 10 * CREDIT)
        free, _ = get_grants(connection, ada)
        ended = end_grant(connection, ada, free.grant_id, "the money went back")
        assert ended is not None
        assert (ended.kind, ended.reason) == ("expiry", "the money went back")
        assert [e.amount_microcredits for e in ended.entries] == [-60 * CREDIT, 60 * CREDIT]
        assert end_grant(connection, ada, free.grant_id, "again") is None
        assert get_balance(connection, ada) == Balance(80 * CREDIT, 30 * CREDIT)
    assert list(verify(database)) == []
    with database.begin() as connection:
        void_hold(connection, held.hold_id)
        open_account(connection, "ben")
        assert end_grant(connection, "ben", free.grant_id, "of another") is None
        assert end_grant(connection, ada, free.grant_id, "the rest") is not None
        assert get_balance(connection, ada) == Balance(50 * CREDIT, 0)
    assert list(verify(database)) == []
