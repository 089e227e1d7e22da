"""The ledger beside a simple model of it, and what may be done to both."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from maquette.core.errors import HoldResolved, InsufficientCredits, InvalidRequest
from maquette.core.ids import new_id
from maquette.db.tables.ledger import account, credit_grant, hold
from maquette.ledger.accounts import get_balance, open_account
from maquette.ledger.grants import PRIORITIES, expire_grants, get_grants, grant
from maquette.ledger.holds import expire_holds, get_hold, place_hold, post_hold, void_hold
from maquette.ledger.reversals import REFUND_TIME, reverse
from maquette.ledger.transfers import get_transfers
from maquette.ledger.verify import findings_of, verify

FAR, PAST = timedelta(days=400), timedelta(seconds=-5)
granted, held = st.integers(1, 99), st.integers(1, 50)
shares = st.integers(1, 110)  # in hundredths


@dataclass(slots=True)
class ModelGrant:
    """What the model knows of a grant."""

    priority: int
    expires_at: datetime | None
    number: int
    amount: int
    left: int
    held: int = 0

    @property
    def over(self) -> bool:
        return self.expires_at is not None and self.expires_at < datetime.now(UTC)


@dataclass(slots=True)
class ModelHold:
    """What the model knows of a hold: parts are pairs of a grant and how much of it."""

    amount: int
    parts: list[tuple[ModelGrant, int]]
    state: str = "held"
    charges: list[tuple[ModelGrant, int]] = field(default_factory=list)
    reversed: bool = False


class LedgerMachine(RuleBasedStateMachine):
    """The ledger beside a model of one account in plain Python."""

    engine: ClassVar[sa.Engine]
    steps: ClassVar[int] = 0
    holds = Bundle("holds")
    grants = Bundle("grants")

    @initialize()
    def open(self) -> None:
        self.account_id = str(new_id())
        self.model_grants: dict[UUID, ModelGrant] = {}
        self.model_holds: dict[UUID, ModelHold] = {}
        with self.engine.begin() as connection:
            open_account(connection, self.account_id)

    @rule(
        target=grants,
        amount=granted,
        category=st.sampled_from(sorted(PRIORITIES)),
        dated=st.booleans(),
    )
    def grant(self, amount: int, category: str, dated: bool) -> UUID:
        number = len(self.model_grants)
        expires_at = datetime.now(UTC) + FAR + timedelta(days=number) if dated else None
        with self.engine.begin() as connection:
            made = grant(connection, self.account_id, amount, category, expires_at=expires_at)  # type: ignore[arg-type]
        one = ModelGrant(made.priority, expires_at, number, amount, amount)
        self.model_grants[made.grant_id] = one
        return made.grant_id

    @rule(target=holds, amount=held)
    def hold(self, amount: int) -> UUID | MultipleResults[UUID]:
        job_id = new_id()
        current = [g for g in self.model_grants.values() if not g.over]
        enough = sum(g.left - g.held for g in current) >= amount
        try:
            with self.engine.begin() as connection:
                made = place_hold(connection, self.account_id, amount, FAR, job_id)
        except InsufficientCredits:
            assert not enough
            return multiple()
        assert enough
        self._expire()
        with self.engine.begin() as connection:  # the same again is the same
            assert place_hold(connection, self.account_id, amount, FAR, job_id) == made
        one = ModelHold(amount, [])
        for held in sorted(self.model_grants.values(), key=_order):
            part = min(held.left - held.held, amount - sum(n for _, n in one.parts))
            if part:
                held.held += part
                one.parts.append((held, part))
        self.model_holds[made.hold_id] = one
        return made.hold_id

    @rule(hold_id=holds, share=shares, again=st.booleans())
    def post(self, hold_id: UUID, share: int, again: bool) -> None:
        one = self.model_holds[hold_id]
        amount = max(1, one.amount * share // 100)
        for _ in range(1 + again):
            repeated = one.state == "posted" and sum(n for _, n in one.charges) == amount
            try:
                with self.engine.begin() as connection:
                    post_hold(connection, hold_id, amount)
            except InvalidRequest:
                assert amount > one.amount
                return
            except HoldResolved:
                assert one.state != "held"
                assert not repeated
                return
            assert amount <= one.amount
            if repeated:
                continue
            assert one.state == "held"
            self._release(one, "posted")
            for drawn, part in one.parts:
                taken = min(part, amount - sum(n for _, n in one.charges))
                drawn.left -= taken
                one.charges += [(drawn, taken)] if taken else []

    @rule(hold_id=holds)
    def void(self, hold_id: UUID) -> None:
        one = self.model_holds[hold_id]
        try:
            with self.engine.begin() as connection:
                void_hold(connection, hold_id)
        except HoldResolved:
            assert one.state == "posted"
            return
        assert one.state in ("held", "voided", "expired")
        if one.state == "held":
            self._release(one, "voided")

    @rule(hold_id=holds)
    def forget(self, hold_id: UUID) -> None:
        """The time of a hold is over, and someone sweeps."""
        one = self.model_holds[hold_id]
        self._date(hold, hold.c.hold_id == hold_id)
        with self.engine.begin() as connection:
            expired = [gone.hold_id for gone in expire_holds(connection)]
        assert expired == ([hold_id] if one.state == "held" else [])
        if one.state == "held":
            self._release(one, "expired")

    @rule(grant_id=grants)
    def grow_old(self, grant_id: UUID) -> None:
        """The time of a grant is over."""
        self._date(credit_grant, credit_grant.c.grant_id == grant_id)
        self.model_grants[grant_id].expires_at = datetime.now(UTC) + PAST

    @rule()
    def sweep(self) -> None:
        with self.engine.begin() as connection:
            expire_grants(connection, self.account_id)
        self._expire()

    @rule(hold_id=holds)
    def refund(self, hold_id: UUID) -> None:
        one = self.model_holds[hold_id]
        if one.state != "posted":
            return
        with self.engine.connect() as connection:
            charges = get_transfers(connection, self.account_id, 1000)
        (charge,) = [t for t in charges if t.hold_id == hold_id]
        try:
            with self.engine.begin() as connection:
                reverse(connection, charge.transfer_id, "it was not what was asked for")
        except InvalidRequest:
            assert one.reversed
            return
        assert not one.reversed
        one.reversed = True
        self._expire()
        with self.engine.connect() as connection:
            left = {g.grant_id: g for g in get_grants(connection, self.account_id)}
        new = [one for one in left.values() if one.grant_id not in self.model_grants]
        for drawn, taken in one.charges:
            if not drawn.over:
                drawn.left += taken
                continue
            (made,) = [
                g for g in new if (g.priority, g.amount_microcredits) == (drawn.priority, taken)
            ][:1]
            new.remove(made)
            assert made.expires_at is not None
            assert abs(made.expires_at - datetime.now(UTC) - REFUND_TIME) < timedelta(minutes=1)
            number = len(self.model_grants)
            again = ModelGrant(made.priority, made.expires_at, number, taken, taken)
            self.model_grants[made.grant_id] = again
        assert not new

    @rule(grant_id=grants)
    def take_back(self, grant_id: UUID) -> None:
        one = self.model_grants[grant_id]
        with self.engine.connect() as connection:
            made = get_transfers(connection, self.account_id, 1000)
        (given,) = [t for t in made if t.kind == "grant" and t.entries[1].grant_id == grant_id]
        before = any(t.reverses == given.transfer_id for t in made)
        try:
            with self.engine.begin() as connection:
                reverse(connection, given.transfer_id, "by mistake")
        except InsufficientCredits:
            assert one.over or one.left - one.held < one.amount
            assert not before
            return
        except InvalidRequest:
            assert before
            return
        self._expire()
        assert one.left == one.amount
        assert one.held == 0
        one.left = 0

    @invariant()
    def the_ledger_comes_to_what_the_model_does(self) -> None:
        if not hasattr(self, "account_id"):
            return
        type(self).steps += 1
        with self.engine.connect() as connection:
            there = get_balance(connection, self.account_id)
            left = {g.grant_id: g for g in get_grants(connection, self.account_id)}
            states = {one: get_hold(connection, one).state for one in self.model_holds}
        assert there.posted_microcredits == sum(g.left for g in self.model_grants.values())
        assert there.held_microcredits == sum(g.held for g in self.model_grants.values())
        for grant_id, one in self.model_grants.items():
            kept = left.get(grant_id)
            assert (kept.left_microcredits if kept else 0) == one.left
            assert (kept.held_microcredits if kept else 0) == one.held
        assert states == {one: known.state for one, known in self.model_holds.items()}

    def teardown(self) -> None:
        """This account's part of the proof; the whole one comes at the end, once."""
        before = sa.select(sa.func.max(account.c.account_id))
        before = before.where(account.c.account_id < self.account_id)
        with self.engine.connect() as connection:
            after = connection.execute(before).scalar_one() or ""
            assert findings_of(connection, after, self.account_id) == []

    def _expire(self) -> None:
        for one in self.model_grants.values():
            if one.over:
                one.left = one.held

    def _release(self, one: ModelHold, state: str) -> None:
        one.state = state
        for held, part in one.parts:
            held.held -= part

    def _date(self, table: sa.Table, which: sa.ColumnElement[bool]) -> None:
        with self.engine.begin() as connection:
            values = {"expires_at": datetime.now(UTC) + PAST}
            # As no one may: the terms of a grant stay as they are.
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
            connection.execute(sa.update(table).where(which).values(values))


def _order(one: ModelGrant) -> tuple[int, float, int]:
    dated = one.expires_at.timestamp() if one.expires_at else float("inf")
    return one.priority, dated, one.number


def run(database: sa.Engine, examples: int, steps: int, **more: Any) -> int:
    """Tries so many sequences of at most so many steps; gives how many steps those were. Raises
    where the ledger is another's.
    """

    class Machine(LedgerMachine):
        engine = database

    slow = (HealthCheck.too_slow, HealthCheck.filter_too_much)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=slow,
            **more,
        ),
    )
    assert list(verify(database)) == []
    return Machine.steps
