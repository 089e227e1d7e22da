"""The proof of the ledger that operators ask for, made beside all else; its result is kept."""

import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from queue import SimpleQueue
from threading import Lock
from typing import Any, Literal

import sqlalchemy as sa

from maquette.core.errors import NotNow
from maquette.db.connect import DATABASE_AWAY
from maquette.db.locks import Lease, is_taken, lock_name
from maquette.db.tables.ledger import ledger_check, transfer
from maquette.ledger.verify import Finding, verify
from maquette.service.background import Background

MOST_FINDINGS = 100  # after which a check ends
LEASE = "ledger check"  # whoever has it proves the ledger, and no one else
LASTS_S = 300.0  # longer than the sum of all entries takes, before any account is done
PATIENCE_S, PAUSE_S = 2.0, 0.05  # for a lease that is about to go
TELL_S = 1.0  # between two times that it says how far it is

CheckState = Literal["running", "ended", "broken_off"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """A proof: how far it is, or what it found. One whose process died was broken off."""

    number: int
    state: CheckState
    begun_at: datetime
    ended_at: datetime | None
    accounts: int
    accounts_done: int
    transfers: int | None
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class LedgerChecks:
    """What is known: the check that began last, and the last that ended."""

    newest: LedgerCheck | None
    result: LedgerCheck | None


class _BrokenOff(Exception):
    """This process ends, or another proves the ledger by now."""


class LedgerChecker(Background):
    """A thread that proves the ledger when it is asked to, once at a time over all processes. What
    is under way when this closes is broken off.
    """

    def __init__(self, database: sa.Engine) -> None:
        self._database, self._tells_s = database, 0.0
        self._turn = Lock()  # to begin one
        self._begun: SimpleQueue[tuple[Lease, int] | None] = SimpleQueue()
        super().__init__("ledger check")

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._begun.put(None)
        super().__exit__()

    def checks(self) -> LedgerChecks:
        """What is known at this moment."""
        with self._database.connect() as connection:
            return _read(connection)

    def begin(self) -> LedgerCheck:
        """Has the ledger be proved from now on; gives the check, where one runs already that.
        Raises NotNow where one has ended and its lease has not.
        """
        lease = Lease(self._database, LEASE, LASTS_S)
        until_s = time.monotonic() + PATIENCE_S
        # Whoever waits has no connection: else many at once would have all that one of them needs.
        while time.monotonic() < until_s and self._turn.acquire(timeout=PATIENCE_S):
            try:
                if (found := self._begin(lease)) is not None:
                    return found
            finally:
                self._turn.release()
            time.sleep(PAUSE_S)
        raise NotNow("a check ends; try again in a minute", 60)

    def _begin(self, lease: Lease) -> LedgerCheck | None:
        """As `begin`; None where one has ended and has the lease a moment longer, if its machine is
        there.
        """
        with ExitStack() as undo:
            undo.callback(lease.give_up)
            with self._database.begin() as connection:
                lock_name(connection, f"{LEASE} begins")  # so that whoever has the lease has a row
                if not lease.take():
                    there = _read(connection).newest
                    return there if there and there.state == "running" else None
                made = _add(connection)
            undo.pop_all()
        self._begun.put((lease, made.number))
        return made

    def _keep_on(self) -> None:
        while (one := self._begun.get()) is not None:
            self._prove(*one)

    def _prove(self, lease: Lease, number: int) -> None:
        try:
            self._tells_s = 0.0
            rules = verify(self._database, partial(self._tell, lease, number))
            found = list(islice(rules, MOST_FINDINGS))
            with self._database.begin() as connection:
                _end(connection, number, found)
        except _BrokenOff:
            log.warning("the check of the ledger was broken off; ask for another one")
        except DATABASE_AWAY:
            log.warning("the check of the ledger was broken off, for the database is away")
        except Exception:
            log.exception("the check of the ledger was broken off")
        finally:
            lease.give_up()

    def _tell(self, lease: Lease, number: int, done: int, accounts: int) -> None:
        """Writes down how far it is, once a second. Raises _BrokenOff where it is to leave off."""
        if self._stopping.is_set():
            raise _BrokenOff
        if done < accounts and time.monotonic() < self._tells_s:
            return
        self._tells_s = time.monotonic() + TELL_S
        this = sa.update(ledger_check).where(ledger_check.c.number == number)
        with self._database.begin() as connection:
            told = connection.execute(this.values(accounts_done=done, accounts=accounts))
        if not told.rowcount or not lease.take():
            raise _BrokenOff


def _add(connection: sa.Connection) -> LedgerCheck:
    """Writes a new one down. Of those before, the last that ended stays."""
    last = sa.select(sa.func.max(ledger_check.c.number)).where(ledger_check.c.ended_at.is_not(None))
    others = ledger_check.c.number.is_distinct_from(last.scalar_subquery())
    connection.execute(sa.delete(ledger_check).where(others))
    made = sa.insert(ledger_check).returning(ledger_check)
    return _check(connection.execute(made).mappings().one(), goes_on=True)


def _end(connection: sa.Connection, number: int, found: Sequence[Finding]) -> None:
    transfers = sa.select(sa.func.count()).select_from(transfer)
    values = {
        "findings": [asdict(one) for one in found],
        "transfers": connection.execute(transfers).scalar_one(),
        "ended_at": sa.func.clock_timestamp(),
    }
    this = ledger_check.c.number == number
    connection.execute(sa.update(ledger_check).where(this).values(values))


def _read(connection: sa.Connection) -> LedgerChecks:
    query = sa.select(ledger_check).order_by(ledger_check.c.number.desc())
    # Whoever begins or ends while the rows are read has the lease before or after that.
    goes_on = is_taken(connection, LEASE)
    rows = connection.execute(query).mappings().all()
    goes_on = goes_on or is_taken(connection, LEASE)
    known = [_check(row, goes_on) for row in rows]
    ended = (one for one in known if one.state == "ended")
    return LedgerChecks(next(iter(known), None), next(ended, None))


def _check(row: sa.RowMapping, goes_on: bool) -> LedgerCheck:
    values: dict[str, Any] = {**row}
    unfinished: CheckState = "running" if goes_on else "broken_off"
    values["state"] = "ended" if values["ended_at"] else unfinished
    values["findings"] = tuple(Finding(**one) for one in values["findings"])
    return LedgerCheck(**values)
