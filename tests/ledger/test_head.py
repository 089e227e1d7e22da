"""Whoever rewrites the past is found by what was published before."""

from hashlib import sha256
from io import BytesIO

import pytest
import sqlalchemy as sa

from maquette.core.errors import InvalidRequest
from maquette.ledger import head
from maquette.ledger.accounts import open_account
from maquette.ledger.grants import grant
from maquette.ledger.head import PUBLISHED, check_head, write_head
from maquette.ledger.verify import verify

NAMES = ["ada", "bob", "team/of two", "张三"]
REWRITTEN = """
    UPDATE transfer SET reason = 'other' WHERE account_id = 'bob' AND number = 1;
    UPDATE transfer AS one SET hash = transfer_hash(decode(repeat('00', 32), 'hex'), one,
        sides_of(transfer_id)) WHERE account_id = 'bob' AND number = 1;
    UPDATE transfer AS one SET hash = transfer_hash((SELECT hash FROM transfer
        WHERE account_id = 'bob' AND number = 1), one, sides_of(transfer_id))
        WHERE account_id = 'bob' AND number = 2;
    UPDATE balance SET last_hash = (SELECT hash FROM transfer
        WHERE account_id = 'bob' AND number = 2) WHERE account_id = 'bob'"""
TAKEN_OUT = "".join(
    f"DELETE FROM {table} WHERE account_id = 'bob';"
    for table in ("transfer", "credit_grant", "balance", "account")
)


@pytest.fixture
def published(database: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(head, "PAGE", 2)
    with database.begin() as connection:
        for name in [*NAMES, "who has nothing"]:
            open_account(connection, name)
        for name in NAMES * 2:
            grant(connection, name, 5, "free")
    file = BytesIO()
    made = write_head(database, file)
    assert (made.accounts, made.transfers) == (4, 8)
    assert made.hash == sha256(file.getvalue()).hexdigest() == write_head(database).hash
    return file.getvalue().decode().splitlines(keepends=True)


def test_what_was_published_is_a_beginning_of_what_is(
    database: sa.Engine, published: list[str]
) -> None:
    with database.begin() as connection:
        grant(connection, "ada", 5, "free")
    assert list(check_head(database, published)) == []


@pytest.mark.parametrize("wrong", [REWRITTEN, TAKEN_OUT])
def test_a_past_that_was_rewritten_is_found(
    database: sa.Engine, published: list[str], wrong: str
) -> None:
    with database.begin() as connection:
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        if wrong is TAKEN_OUT:
            entries = "transfer_id IN (SELECT transfer_id FROM transfer WHERE account_id = 'bob')"
            connection.execute(sa.text(f"DELETE FROM entry WHERE {entries}"))
        for statement in filter(str.strip, wrong.split(";")):
            connection.execute(sa.text(statement))
    assert list(verify(database)) == []  # which alone does not find it
    (found,) = check_head(database, published)
    assert found.rule == PUBLISHED
    assert found.line == "transfer 2 of account bob is not what was published"


def test_another_file_is_no_head(database: sa.Engine, published: list[str]) -> None:
    with pytest.raises(InvalidRequest, match="'prompt' is no line of a head"):
        list(check_head(database, [*published, "prompt\n"]))
