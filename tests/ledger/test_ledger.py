"""What the ledger refuses, and that whatever was tampered with is found."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from maquette.core.errors import HoldResolved, InsufficientCredits, InvalidRequest, NotFound
from maquette.core.ids import new_id
from maquette.db.tables.ledger import entry, transfer
from maquette.ledger import verify as proof
from maquette.ledger.accounts import (
    ISSUED,
    REVENUE,
    START_OF_CHAIN,
    Balance,
    get_balance,
    open_account,
)
from maquette.ledger.grants import end_grant, get_grants, grant
from maquette.ledger.holds import Hold, expire_holds, place_hold, post_hold, void_hold
from maquette.ledger.reversals import reverse
from maquette.ledger.transfers import LedgerEntry, Transfer, get_transfers, record
from maquette.ledger.verify import RULES, WHOLE, verify

CREDIT = 1_000_000
LONG, OVER = timedelta(days=1000), timedelta(seconds=-1)


@pytest.fixture
def ada(database: sa.Engine) -> str:
    with database.begin() as connection:
        open_account(connection, "ada")
        grant(connection, "ada", 100 * CREDIT, "free", reason="welcome")
        grant(connection, "ada", 50 * CREDIT, "paid")
    return "ada"


def _hold(database: sa.Engine, account_id: str, credits: int, **more: Any) -> Hold:
    with database.begin() as connection:
        return place_hold(connection, account_id, credits * CREDIT, LONG, **more)


def _refused(database: sa.Engine, statement: str) -> str:
    with pytest.raises(DatabaseError) as refused, database.begin() as connection:
        connection.execute(sa.text(statement))
    return str(refused.value)


def test_free_credits_go_first_and_the_rest_of_a_hold_comes_back(
    database: sa.Engine, ada: str
) -> None:
    hold = _hold(database, ada, 120)
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
    held = _hold(database, ada, 10, job_id=job_id)
    void = _hold(database, ada, 10)
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
                given += _hold(database, ada, 4).state == "held"
        return given

    with ThreadPoolExecutor(64) as pool:
        given = sum(pool.map(ask, range(64)))
    assert given == 150 // 4
    with database.connect() as connection:
        assert get_balance(connection, ada).available_microcredits == 2 * CREDIT
    assert list(verify(database)) == []


def test_two_who_resolve_a_hold_do_it_once(database: sa.Engine, ada: str) -> None:
    holds = [_hold(database, ada, 1) for _ in range(20)]

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
    hold = _hold(database, ada, 1, job_id=job_id)
    assert _hold(database, ada, 1, job_id=job_id) == hold
    with database.begin() as connection:
        void_hold(connection, hold.hold_id)
    with pytest.raises(HoldResolved, match="is voided already"):
        _hold(database, ada, 1, job_id=job_id)


def test_what_comes_back_can_be_spent_and_nothing_else_lives_longer(
    database: sa.Engine, ada: str
) -> None:
    hold = _hold(database, ada, 30)
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
    spent, held = _hold(database, ada, 10), _hold(database, ada, 30)
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


def test_the_database_itself_refuses_what_no_ledger_does(database: sa.Engine, ada: str) -> None:
    for table in ("entry", "transfer"):
        for statement in (f"UPDATE {table} SET account_id = 'x'", f"DELETE FROM {table}"):
            assert f"rows of {table} are never changed" in _refused(database, statement)
    with pytest.raises(DatabaseError, match="do not sum to zero"), database.begin() as connection:
        record(connection, ada, "grant", [LedgerEntry(ISSUED, -2), LedgerEntry(ada, 1)])
    append = (
        "INSERT INTO entry (transfer_id, position, account_id, amount_microcredits) SELECT "
        "transfer_id, 8 + n, 'ada', 2 * n - 1 FROM transfer, generate_series(0, 1) AS n"
    )
    assert "were written before" in _refused(database, append)
    longer = "UPDATE credit_grant SET expires_at = now()"
    assert "rows of credit_grant are never changed" in _refused(database, longer)
    overdrawn = "UPDATE balance SET held_microcredits = posted_microcredits + 1"
    assert "ck_balance_covered" in _refused(database, overdrawn)
    with database.begin() as connection:
        hold = place_hold(connection, ada, CREDIT, LONG)
        post_hold(connection, hold.hold_id, CREDIT)
    sides = [LedgerEntry(ada, -1, None), LedgerEntry(REVENUE, 1)]
    with pytest.raises(DatabaseError, match="uq_transfer_charge"), database.begin() as connection:
        record(connection, ada, "charge", sides, hold_id=hold.hold_id)
    assert list(verify(database)) == []


TAMPERED = {
    "a transfer's entries sum to zero": "UPDATE entry "
    "SET amount_microcredits = amount_microcredits + 1 WHERE position = 0",
    "the whole ledger sums to zero": "DELETE FROM entry WHERE position = 0",
    "a balance is the sum of its entries": "UPDATE balance SET posted_microcredits = 200000000",
    "an account holds what its open holds say": "UPDATE balance SET held_microcredits = 0",
    "what is left of a grant is what its entries say": "UPDATE credit_grant SET "
    "left_microcredits = left_microcredits - 1",
    "what is held of a grant is what open holds draw on": "UPDATE credit_grant "
    "SET held_microcredits = 0",
    "an account has what its grants have left": "UPDATE credit_grant "
    "SET left_microcredits = 30000000",
    "a user's entries name a grant of its own": "UPDATE entry SET grant_id = NULL",
    "an entry names an account that there is": "UPDATE entry SET account_id = 'nobody' "
    "WHERE position = 0",
    "a user has a balance": "DELETE FROM balance",
    "a grant is what came in": "UPDATE credit_grant "
    "SET amount_microcredits = amount_microcredits + 1",
    "a transfer is between its account and the system's": "UPDATE entry "
    "SET account_id = 'system/expired' WHERE account_id = 'system/revenue'",
    "a charge draws on its hold's grants, as far as it may": "UPDATE hold_part "
    "SET amount_microcredits = 1",
    "a hold draws on its account's grants for all of it": "DELETE FROM hold_part "
    "WHERE position = 0",
    "a hold is charged once, for what it posted": "UPDATE hold SET posted_microcredits = 1 "
    "WHERE state = 'posted'",
    "a reversal is the opposite of one transfer": "UPDATE entry "
    "SET amount_microcredits = 2 * amount_microcredits WHERE transfer_id = "
    "(SELECT transfer_id FROM transfer WHERE kind = 'reversal')",
    "an account's transfers are all there": "UPDATE balance SET transfers = transfers + 1",
    "transfers are as they were chained": "UPDATE transfer SET reason = 'none'",
}


@pytest.mark.parametrize("broken", [*TAMPERED, "no user is below zero, nor holds more than it has"])
def test_what_was_tampered_with_is_found(database: sa.Engine, ada: str, broken: str) -> None:
    _hold(database, ada, 5)
    hold = _hold(database, ada, 100)
    with database.begin() as connection:
        post_hold(connection, hold.hold_id, 60 * CREDIT)
        charge, *_ = get_transfers(connection, ada, 1)
        reverse(connection, charge.transfer_id, "a gift")
    assert list(verify(database)) == []
    statement = TAMPERED.get(broken, "UPDATE balance SET held_microcredits = 10 ^ 9")
    with database.begin() as connection:  # as one who may do anything
        for table in ("entry", "transfer", "credit_grant"):
            connection.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        for table, name in (("balance", "covered"), ("credit_grant", "covered")):
            connection.execute(sa.text(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{name}"))
        connection.execute(sa.text(statement))
    found = list(verify(database))
    assert broken in {one.rule for one in found}
    assert all(one.line for one in found)


def test_each_rule_has_someone_who_breaks_it() -> None:
    named = {*TAMPERED, "no user is below zero, nor holds more than it has"}
    assert named == {*RULES, WHOLE}


def test_a_cut_chain_is_found(database: sa.Engine, ada: str) -> None:
    """The last transfer gone, with its entries and what it did, the number of transfers too."""
    hold = _hold(database, ada, 1)
    with database.begin() as connection:
        post_hold(connection, hold.hold_id, CREDIT)
        last, *_ = get_transfers(connection, ada, 1)
        for table in ("entry", "transfer"):
            connection.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        connection.execute(sa.delete(entry).where(entry.c.transfer_id == last.transfer_id))
        connection.execute(sa.delete(transfer).where(transfer.c.transfer_id == last.transfer_id))
        connection.execute(sa.text("UPDATE balance SET transfers = transfers - 1"))
    rules = {one.rule for one in verify(database)}
    assert "transfers are as they were chained" in rules


def _said(one: Transfer, previous: bytes) -> str:
    """What is hashed of a transfer, in JSON."""
    return json.dumps(
        [
            previous.hex(),
            str(one.transfer_id),
            one.account_id,
            one.number,
            one.kind,
            one.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
            one.hold_id and str(one.hold_id),
            one.reverses and str(one.reverses),
            one.reason,
            [
                (side.account_id, side.amount_microcredits, side.grant_id and str(side.grant_id))
                for side in one.entries
            ],
        ],
        ensure_ascii=False,
    )


def test_anyone_can_derive_the_hashes(database: sa.Engine, ada: str) -> None:
    reason = 'so "it" is:\t\x01\x7f \\ ☃ 退款 \U0001f375\n'
    hold = _hold(database, ada, 120)
    with database.begin() as connection:
        post_hold(connection, hold.hold_id, 110 * CREDIT)
        charge, *_ = get_transfers(connection, ada, 1)
        reverse(connection, charge.transfer_id, reason)
        made = get_transfers(connection, ada, 10)[::-1]
        rows = sa.select(transfer.c.hash).order_by(transfer.c.number)
        hashes = connection.execute(rows).scalars().all()
    assert len(made) == len(hashes) == 4
    previous = START_OF_CHAIN
    for one, written in zip(made, hashes, strict=True):
        assert sha256(_said(one, previous).encode()).digest() == written
        previous = written


def test_the_proof_goes_by_so_many_accounts(
    database: sa.Engine, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "ACCOUNTS", 2)
    told: list[tuple[int, int]] = []
    names = ["ada", "bob", "system-like", "tim", "zoe", "张三"]
    with database.begin() as connection:
        for name in names:
            open_account(connection, name)
            grant(connection, name, CREDIT, "free")
    assert list(verify(database, lambda done, of: told.append((done, of)))) == []
    assert told[-1] == (9, 9)  # three are the system's
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE balance SET posted_microcredits = 7"))
    lines = [one.line for one in verify(database) if one.rule.startswith("a balance")]
    assert {line.split()[1] for line in lines} == {*names}
    assert len(lines) == len(names)
