"""Whatever was tampered with is refused by the database, or found by the proof."""

import json
from datetime import UTC
from hashlib import sha256

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from maquette.db.tables.ledger import entry, transfer
from maquette.ledger import verify as proof
from maquette.ledger.accounts import (
    ISSUED,
    REVENUE,
    START_OF_CHAIN,
    open_account,
)
from maquette.ledger.grants import grant
from maquette.ledger.holds import (
    place_hold,
    post_hold,
)
from maquette.ledger.reversals import reverse
from maquette.ledger.transfers import LedgerEntry, Transfer, get_transfers, record
from maquette.ledger.verify import RULES, WHOLE, verify
from tests.ledger.conftest import CREDIT, LONG, hold_credits


def _refused(database: sa.Engine, statement: str) -> str:
    with pytest.raises(DatabaseError) as refused, database.begin() as connection:
        connection.execute(sa.text(statement))
    return str(refused.value)


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
    hold_credits(database, ada, 5)
    hold = hold_credits(database, ada, 100)
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
    hold = hold_credits(database, ada, 1)
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
    hold = hold_credits(database, ada, 120)
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
    told.clear()
    next(verify(database, lambda done, of: told.append((done, of))))
    assert told == [(2, 9)]  # how far it is, before what was found there
    assert {line.split()[1] for line in lines} == {*names}
    assert len(lines) == len(names)
