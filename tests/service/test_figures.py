"""What an operator watches is true, and no table is read from end to end for it."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from maquette.core.ids import least_id, new_id
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.db.tables.jobs import job
from maquette.jobs.store import create_job, end_job
from maquette.jobs.workers import report
from maquette.ledger.accounts import open_account
from maquette.ledger.grants import grant
from maquette.ledger.holds import place_hold, post_hold, void_hold
from maquette.people.audit import note
from maquette.service import figures
from maquette.service.backup import ACT
from maquette.service.figures import Figures, Reading

DAY = timedelta(days=1)


def _job(connection: sa.Connection) -> UUID:
    """A job of ada's that holds 10."""
    made = create_job(connection, "ada", "image", {})
    place_hold(connection, "ada", 10, DAY, made.job_id)
    return made.job_id


def _end(connection: sa.Connection, job_id: UUID, state: str = "succeeded") -> None:
    end_job(connection, job_id, state)  # type: ignore[arg-type]
    hold_id = connection.execute(
        sa.text("SELECT hold_id FROM hold WHERE job_id = :job_id"), {"job_id": job_id}
    ).scalar_one()
    post_hold(connection, hold_id, 7)


def _read(found: Figures) -> Reading:
    reading = found.read()
    assert reading is not None
    return reading


@pytest.fixture
def database(fresh_url: str) -> Iterator[sa.Engine]:
    with open_database(Settings(database=fresh_url)) as engine:
        with engine.begin() as connection:
            open_account(connection, "ada")
            grant(connection, "ada", 1000, "paid")
        yield engine


def test_jobs_and_credits_are_counted_once(database: sa.Engine) -> None:
    with database.begin() as connection:
        before = _job(connection)
        _end(connection, before)
    found = Figures(database)
    with database.begin() as connection:
        first, second, _ = (_job(connection) for _ in range(3))
        _end(connection, first)
    for _ in range(2):
        reading = _read(found)
        assert dict(reading.ended) == {"succeeded": 1}
        assert dict(reading.unfinished.by_state) == {"queued": 2}
        assert (reading.charged_microcredits, reading.held_microcredits) == (7, 20)
    with database.connect() as late:  # begun before the next reading, and seen after it
        _end(late, second, "failed")
        assert _read(found).ended == {"succeeded": 1}
        late.commit()
    reading = _read(found)
    assert dict(reading.ended) == {"succeeded": 1, "failed": 1}
    assert (reading.charged_microcredits, reading.held_microcredits) == (14, 10)
    assert (reading.heartbeat_age_s, reading.backup_age_s) == (None, None)
    with database.begin() as connection:
        report(connection, "worker-1")
        for act in (ACT, "another"):
            note(connection, "maquette backup", act, "/kept")
    reading = _read(found)
    assert 0 <= (reading.heartbeat_age_s or 0) < 60
    assert reading.backup_age_s is not None
    assert 0 <= reading.backup_age_s < 60


def test_drift_is_found_and_stays_found_until_it_is_mended(
    database: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "LOOK_S", 0.0)
    found = Figures(database)
    with database.begin() as connection:
        open_account(connection, "bob")
        grant(connection, "bob", 100, "free")
    reading = _read(found)
    assert (reading.drift_microcredits, reading.accounts_checked) == (0, 2)
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE balance SET posted_microcredits = 1003, "
                                   "held_microcredits = 4 WHERE account_id = 'ada'"))  # fmt: skip
    monkeypatch.setattr(figures, "moved_since", _later(figures.moved_since))
    assert _read(found).drift_microcredits == 0  # no one moved: the full check is for that
    with database.begin() as connection:
        grant(connection, "ada", 1, "free")
    monkeypatch.undo()
    monkeypatch.setattr(figures, "LOOK_S", 0.0)
    assert _read(found).drift_microcredits == 7
    monkeypatch.setattr(figures, "moved_since", _later(figures.moved_since))
    assert _read(found).drift_microcredits == 7
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE balance SET posted_microcredits = 1001, "
                                   "held_microcredits = 0 WHERE account_id = 'ada'"))  # fmt: skip
    assert _read(found).drift_microcredits == 0


def _later(look: Callable[..., Sequence[str]]) -> Callable[..., Sequence[str]]:
    """As if no account had moved within the overlap."""
    return lambda connection, moment: look(connection, moment + timedelta(hours=1))


def test_holds_alone_have_an_account_looked_at_so_many_at_a_time(
    database: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "LOOK_S", 0.0)
    monkeypatch.setattr("maquette.ledger.drift.OVERLAP", timedelta(0))
    with database.begin() as connection:
        for name in ("bob", "eve"):
            open_account(connection, name)
            grant(connection, name, 100, "free")
        given_back = place_hold(connection, "bob", 1, DAY)
    found = Figures(database)
    assert _read(found).accounts_checked == 0
    with database.begin() as connection:
        void_hold(connection, given_back.hold_id)
        connection.execute(sa.text("UPDATE balance SET held_microcredits = 3 "
                                   "WHERE account_id = 'bob'"))  # fmt: skip
        place_hold(connection, "eve", 1, DAY)
    monkeypatch.setattr(figures, "MOST_ACCOUNTS", 1)
    assert _read(found).accounts_checked == 1
    reading = _read(found)
    assert reading.drift_microcredits == 3
    assert reading.accounts_checked >= 2


def test_no_figure_reads_all_of_a_table(database: sa.Engine) -> None:
    """By PostgreSQL's own word: which tables were read from end to end, of those that grow."""
    with database.begin() as connection:
        rows = [
            {"job_id": new_id(), "account_id": "ada", "kind": "image", "queue": "image",
             "request": {},
             "state": "succeeded", "finished_at": datetime(2026, 1, 1, tzinfo=UTC)}
            for _ in range(20_000)
        ]  # fmt: skip
        connection.execute(sa.insert(job), rows)
        for number in range(200):
            open_account(connection, f"user {number}")
            grant(connection, f"user {number}", 5, "free")
            note(connection, "ada", "act", "x")
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))
    found = Figures(database)
    with database.begin() as connection:
        _end(connection, _job(connection))

    def scans() -> dict[str, int]:
        with database.connect() as connection:
            query = "SELECT relname, seq_scan FROM pg_stat_user_tables"
            return {row.relname: row.seq_scan for row in connection.execute(sa.text(query))}

    _read(found)
    database.dispose()  # a connection tells its counts when it closes
    time.sleep(0.5)
    before = scans()
    for _ in range(3):
        _read(found)
    database.dispose()
    time.sleep(0.5)
    after = scans()
    read = {name for name in after if after[name] != before[name]}
    assert not read & {"job", "entry", "transfer", "job_event", "asset"}


def test_ids_are_in_order_of_time() -> None:
    now = datetime.now(UTC)
    assert least_id(now - timedelta(seconds=1)) < new_id() < least_id(now + timedelta(minutes=1))
