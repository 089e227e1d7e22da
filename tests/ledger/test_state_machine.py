"""Whatever is done in whatever order, the ledger comes to what a model does; no broken one does."""

import os
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import Phase

from maquette.core.errors import HoldResolved
from maquette.db.tables.ledger import balance, credit_grant, hold
from maquette.ledger import grants, holds, reversals
from tests.ledger import ledger_machine

# At most 2,000 steps; `make test-long` asks for more.
EXAMPLES, STEPS = int(os.environ.get("LEDGER_EXAMPLES", "40")), 50
Patch = pytest.MonkeyPatch


@pytest.mark.slow
def test_the_ledger_comes_to_what_a_model_of_it_does(database: sa.Engine) -> None:
    ledger_machine.run(database, EXAMPLES, STEPS)


def _after(act: Callable[..., Any], then: Callable[[sa.Connection, Any], None]) -> Any:
    """An act of the ledger that does something more, which it should not."""

    def faulty(connection: sa.Connection, *given: Any, **more: Any) -> Any:
        done = act(connection, *given, **more)
        then(connection, done)
        return done

    return faulty


def _update(table: sa.Table, **values: Any) -> Callable[[sa.Connection, Any], None]:
    return lambda connection, _: connection.execute(sa.update(table).values(values)) and None


def charges_all_that_is_held(patch: Patch) -> None:
    resolve = holds._resolve
    patch.setattr(
        holds,
        "_resolve",
        lambda c, one, state, n: resolve(c, one, state, n and one.amount_microcredits),
    )


def keeps_what_was_voided(patch: Patch) -> None:
    more = _update(balance, held_microcredits=balance.c.held_microcredits + 1)
    patch.setattr(ledger_machine, "void_hold", _after(ledger_machine.void_hold, more))


def spends_what_was_paid_first(patch: Patch) -> None:
    patch.setattr(holds, "get_grants", lambda c, one: grants.get_grants(c, one)[::-1])


def spends_what_has_expired(patch: Patch) -> None:
    patch.setattr(holds, "expire_grants", lambda c, one: None)


def expires_what_is_held(patch: Patch) -> None:
    expire = grants.expire_grants

    def faulty(connection: sa.Connection, account_id: str) -> Any:
        connection.execute(sa.update(credit_grant).values(held_microcredits=0))
        return expire(connection, account_id)

    patch.setattr(ledger_machine, "expire_grants", faulty)


def holds_twice_for_a_job(patch: Patch) -> None:
    patch.setattr(holds, "_hold_of", lambda c, job_id: None)


def resolves_what_is_resolved(patch: Patch) -> None:
    resolve = holds._resolve

    def faulty(connection: sa.Connection, one: Any, *more: Any) -> Any:
        which = hold.c.hold_id == one.hold_id
        connection.execute(sa.update(hold).where(which).values(state="held"))
        return resolve(connection, one, *more)

    patch.setattr(holds, "_resolve", faulty)


def refuses_a_repeat(patch: Patch) -> None:
    post = ledger_machine.post_hold

    def faulty(connection: sa.Connection, hold_id: Any, amount: int) -> Any:
        if holds.get_hold(connection, hold_id).state == "posted":
            raise HoldResolved("once is enough")
        return post(connection, hold_id, amount)

    patch.setattr(ledger_machine, "post_hold", faulty)


def refunds_to_no_grant(patch: Patch) -> None:
    patch.setattr(reversals, "change_grants", lambda c, sides: None)


def takes_back_what_is_spent(patch: Patch) -> None:
    patch.setattr(reversals, "_check_whole", lambda c, side: None)


def refunds_what_is_over_at_once(patch: Patch) -> None:
    patch.setattr(reversals, "_where_it_can_be_spent", lambda c, side: side)


def skips_a_number(patch: Patch) -> None:
    more = _update(balance, transfers=balance.c.transfers + 1)
    patch.setattr(holds, "record", _after(holds.record, more))


def forgets_what_an_expired_hold_had(patch: Patch) -> None:
    expire = ledger_machine.expire_holds
    more = _update(credit_grant, held_microcredits=credit_grant.c.left_microcredits)
    patch.setattr(ledger_machine, "expire_holds", _after(expire, more))


FAULTS = [
    charges_all_that_is_held,
    keeps_what_was_voided,
    spends_what_was_paid_first,
    spends_what_has_expired,
    expires_what_is_held,
    holds_twice_for_a_job,
    resolves_what_is_resolved,
    refuses_a_repeat,
    refunds_to_no_grant,
    takes_back_what_is_spent,
    refunds_what_is_over_at_once,
    skips_a_number,
    forgets_what_an_expired_hold_had,
]


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_broken_ledger_is_told_from_a_whole_one(
    database: sa.Engine, monkeypatch: Patch, fault: Callable[[Patch], None]
) -> None:
    fault(monkeypatch)
    with pytest.raises(Exception) as caught:  # noqa: PT011  # each breaks in its own way
        ledger_machine.run(database, 200, STEPS, phases=(Phase.generate,))
    assert not isinstance(caught.value, (NameError, TypeError, AttributeError))
