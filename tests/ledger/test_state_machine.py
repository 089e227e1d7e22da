"""Whatever is done in whatever order, the ledger comes to what a model does; no broken one does."""

import os
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import Phase
from sqlalchemy.exc import ProgrammingError

from maquette.core.errors import HoldResolved
from maquette.ledger import holds, reversals
from tests.ledger import ledger_machine

# Some 2,000 steps; `make test-long` asks for more.
EXAMPLES, STEPS = int(os.environ.get("LEDGER_EXAMPLES", "42")), 50
Patch = pytest.MonkeyPatch


@pytest.mark.slow
def test_the_ledger_comes_to_what_a_model_of_it_does(database: sa.Engine) -> None:
    print(f"{ledger_machine.run(database, EXAMPLES, STEPS)} steps")


def of_database(function: str, right: str, wrong: str) -> Callable[[sa.Engine, Patch], None]:
    """A fault in a function of the database: what is right in its text is written wrongly."""

    def fault(database: sa.Engine, _: Patch) -> None:
        with database.begin() as connection:
            written = sa.select(sa.func.pg_get_functiondef(sa.text(f"'{function}'::regproc")))
            text: str = connection.execute(written).scalar_one()
            assert text.count(right) == 1, f"{function} says {right!r} {text.count(right)} times"
            connection.exec_driver_sql(text.replace(right, wrong))

    return fault


def refuses_a_repeat(_: sa.Engine, patch: Patch) -> None:
    post = ledger_machine.post_hold

    def faulty(connection: sa.Connection, hold_id: Any, amount: int) -> Any:
        if holds.get_hold(connection, hold_id).state == "posted":
            raise HoldResolved("once is enough")
        return post(connection, hold_id, amount)

    patch.setattr(ledger_machine, "post_hold", faulty)


def takes_back_what_is_spent(_: sa.Engine, patch: Patch) -> None:
    patch.setattr(reversals, "_check_whole", lambda c, side: None)


def refunds_what_is_over_at_once(_: sa.Engine, patch: Patch) -> None:
    patch.setattr(reversals, "_where_it_can_be_spent", lambda c, side: side)


RELEASED = "balance SET held_microcredits = held_microcredits - one.amount_microcredits"
FAULTS = {
    "charges all that is held": of_database(
        "resolve_hold", "posted > 0 THEN", "posted > 0 THEN posted := one.amount_microcredits;"
    ),
    "keeps what was voided": of_database(
        "resolve_hold", RELEASED, f"{RELEASED} + (into_state = 'voided')::int"
    ),
    "spends what was paid first": of_database(
        "place_hold", "ORDER BY priority", "ORDER BY priority DESC"
    ),
    "spends what has expired": of_database("place_hold", "PERFORM expire_grants(of_account);", ""),
    "expires what is held": of_database(
        "expire_grants",
        "BEGIN",
        "BEGIN UPDATE credit_grant SET held_microcredits = 0 WHERE account_id = of_account;",
    ),
    "holds twice for a job": of_database("place_hold", "WHERE job_id = of_job", "WHERE false"),
    "resolves what is resolved": of_database("resolve_hold", "one.state <> 'held' OR", ""),
    "refuses a repeat": refuses_a_repeat,
    "refunds to no grant": of_database(
        "record_transfer", "WHERE grant_id = g", "WHERE grant_id = g AND of_kind <> 'reversal'"
    ),
    "takes back what is spent": takes_back_what_is_spent,
    "refunds what is over at once": refunds_what_is_over_at_once,
    "skips a number": of_database(
        "record_transfer", "SET transfers = made.number", "SET transfers = made.number + 1"
    ),
    "forgets what an expired hold had": of_database(
        "resolve_hold",
        "part.grant_id = credit_grant.grant_id",
        "part.grant_id = credit_grant.grant_id AND into_state <> 'expired'",
    ),
    "draws on grants by turns of its own": of_database(
        "resolve_hold", "OVER (ORDER BY position)", "OVER (ORDER BY position DESC)"
    ),
    "chains to nothing": of_database(
        "record_transfer", "transfer_hash(previous,", "transfer_hash('',"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_ledger_is_told_from_a_whole_one(
    database: sa.Engine, monkeypatch: Patch, fault: str
) -> None:
    FAULTS[fault](database, monkeypatch)
    with pytest.raises(Exception) as caught:  # noqa: PT011  # each breaks in its own way
        ledger_machine.run(database, 200, STEPS, phases=(Phase.generate,))
    assert not isinstance(caught.value, (NameError, TypeError, AttributeError, ProgrammingError))
