"""What of credits is over goes with the sweep, and what a job still needs stays."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from maquette.core.ids import new_id
from maquette.db.tables.ledger import credit_grant, hold, idempotency
from maquette.jobs.store import create_job, end_job
from maquette.ledger.accounts import Balance, get_balance, open_account
from maquette.ledger.grants import expire_due_grants, grant, lock
from maquette.ledger.holds import get_hold, place_hold
from maquette.ledger.verify import verify
from maquette.service.sweep_credits import sweep_credits

HOUR, OVER = timedelta(hours=1), timedelta(minutes=-1)
PAST = datetime.now(UTC) + OVER


def _account(connection: sa.Connection, account_id: str) -> None:
    open_account(connection, account_id)
    grant(connection, account_id, 100, "free", expires_at=datetime.now(UTC) + timedelta(days=1))
    grant(connection, account_id, 10, "paid")


def _end_grants(database: sa.Engine) -> None:
    with database.begin() as connection:
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        dated = credit_grant.c.expires_at.is_not(None)
        connection.execute(sa.update(credit_grant).where(dated).values(expires_at=PAST))


def _balances(database: sa.Engine, accounts: list[str]) -> list[Balance]:
    with database.connect() as connection:
        return [get_balance(connection, one) for one in accounts]


def test_the_hold_of_a_job_that_has_not_ended_goes_on(database: sa.Engine) -> None:
    with database.begin() as connection:
        _account(connection, "ada")
        running, ended = (create_job(connection, "ada", "image", {}).job_id for _ in range(2))
        end_job(connection, ended, "failed")
        jobs = [running, ended, new_id(), None]
        holds = [place_hold(connection, "ada", 1, OVER, one).hold_id for one in jobs]
        young = place_hold(connection, "ada", 1, HOUR).hold_id
    sweep_credits(database)
    with database.connect() as connection:
        now = [get_hold(connection, one) for one in [*holds, young]]
        states = [one.state for one in now]
        assert states == ["held", "expired", "expired", "expired", "held"]
        assert now[0].expires_at > datetime.now(UTC) + timedelta(hours=23)
    assert _balances(database, ["ada"]) == [Balance(110, 2)]
    assert list(verify(database)) == []


def test_grants_go_though_nothing_is_held(database: sa.Engine) -> None:
    names = [f"user {number}" for number in range(7)]
    with database.begin() as connection:
        for name in names:
            _account(connection, name)
        place_hold(connection, names[0], 30, HOUR)
    sweep_credits(database)
    assert {one.posted_microcredits for one in _balances(database, names)} == {110}
    _end_grants(database)
    with database.begin() as other:
        lock(other, names[1])
        with database.begin() as connection:
            assert set(expire_due_grants(connection)) == {*names} - {names[1]}
        sweep_credits(database)
    assert _balances(database, names[:3]) == [Balance(40, 30), Balance(110, 0), Balance(10, 0)]
    sweep_credits(database)
    assert _balances(database, names[:2]) == [Balance(40, 30), Balance(10, 0)]
    assert list(verify(database)) == []


def test_so_many_grants_go_at_a_time(database: sa.Engine) -> None:
    with database.begin() as connection:
        for number in range(5):
            _account(connection, f"user {number}")
    _end_grants(database)
    counts: list[int] = []
    while not counts or counts[-1]:
        with database.begin() as connection:
            counts.append(len(expire_due_grants(connection, limit=2)))
    assert counts == [2, 2, 1, 0]


def test_old_answers_go_and_it_leaves_off_when_told(database: sa.Engine) -> None:
    with database.begin() as connection:
        _account(connection, "ada")
        made = place_hold(connection, "ada", 1, OVER)
        row = {"account_id": "ada", "key": "one", "request_hash": b"", "status": 202, "body": b""}
        old = datetime.now(UTC) - timedelta(hours=25)
        connection.execute(sa.insert(idempotency).values(**row, created_at=old))
    sweep_credits(database, lambda: True)
    with database.connect() as connection:
        assert get_hold(connection, made.hold_id).state == "held"
        assert connection.execute(sa.select(idempotency)).all()
    sweep_credits(database)
    with database.connect() as connection:
        assert connection.execute(sa.select(hold.c.state)).scalars().all() == ["expired"]
        assert not connection.execute(sa.select(idempotency)).all()
