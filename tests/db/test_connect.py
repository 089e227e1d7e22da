"""The database opens where it should, is of this version, and says what is wrong in one line."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from maquette.core.errors import DatabaseUnavailable
from maquette.core.ids import new_id
from maquette.core.settings import Settings
from maquette.db import connect
from maquette.db.connect import open_database
from maquette.db.locks import lock_name
from maquette.db.tables.jobs import job
from maquette.db.tables.library import asset


def _job() -> dict[str, object]:
    return {
        "job_id": new_id(),
        "account_id": "me",
        "kind": "image",
        "queue": "image",
        "request": {"prompt": "一只猫"},
    }


def test_the_database_in_the_data_folder_keeps_what_it_was_given(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    row = _job()
    with open_database(settings) as engine, engine.begin() as connection:
        connection.execute(sa.insert(job), row)
    with open_database(settings) as engine, engine.connect() as connection:
        kept = connection.execute(sa.select(job)).one()
    assert (kept.job_id, kept.state, kept.request) == (row["job_id"], "queued", row["request"])
    assert kept.created_at.tzinfo is not None


def test_many_that_open_it_at_once_migrate_it_once(fresh_url: str) -> None:
    def opened(_: int) -> int:
        with open_database(Settings(database=fresh_url)) as engine, engine.connect() as connection:
            return len(connection.execute(sa.text("SELECT * FROM alembic_version")).all())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(opened, range(8))) == [1] * 8


def test_the_tables_refuse_what_makes_no_sense(fresh_url: str) -> None:
    with open_database(Settings(database=fresh_url)) as engine:
        with pytest.raises(IntegrityError), engine.begin() as connection:
            connection.execute(sa.insert(job), _job() | {"state": "lost"})
        orphan = {
            "asset_id": new_id(), "job_id": new_id(), "account_id": "me", "position": 0,
            "media_type": "image/png", "content_hash": "0" * 64, "size_bytes": 1,
        }  # fmt: skip
        with pytest.raises(IntegrityError), engine.begin() as connection:
            connection.execute(sa.insert(asset), orphan)


def test_a_newer_database_is_left_alone(fresh_url: str) -> None:
    with open_database(Settings(database=fresh_url)) as engine, engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with (
        pytest.raises(
            DatabaseUnavailable, match=r"of another version of Maquette: its schema is 9999"
        ),
        open_database(Settings(database=fresh_url)),
    ):
        pass


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"database": "nowhere"}, 'database "nowhere" does not exist'),
        ({"username": "nobody"}, 'role "nobody" does not exist'),
    ],
)
def test_a_database_that_is_not_there_is_told_at_once(
    postgres: sa.URL, change: dict[str, str], said: str
) -> None:
    url = postgres.set(**change, password="secret").render_as_string(hide_password=False)  # type: ignore[arg-type]
    with (
        pytest.raises(DatabaseUnavailable, match=said) as caught,
        open_database(Settings(database=url)),
    ):
        pass
    assert "secret" not in caught.value.message
    assert "\n" not in caught.value.message


def test_who_stands_still_in_a_transaction_keeps_no_one_waiting(
    fresh_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "STANDSTILL_S", 1)
    with (
        open_database(Settings(database=fresh_url)) as engine,
        engine.connect() as still,
        engine.connect() as reads,
    ):
        lock_name(still, "a job")
        connect.stand_still(reads)
        with engine.begin() as connection:
            lock_name(connection, "a job")  # or it waited for ever
        with pytest.raises(connect.DATABASE_AWAY):
            still.execute(sa.text("SELECT 1"))
        still.rollback()  # and so it can be used again
        assert still.execute(sa.text("SELECT 1")).scalar_one() == 1
        assert reads.execute(sa.text("SELECT 1")).scalar_one() == 1


def test_a_connection_that_was_idle_is_asked_whether_it_is_one(
    fresh_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = sa.text("SELECT pg_backend_pid()")
    ended = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ANY(:pids)")

    def two() -> list[int]:
        with engine.connect() as first, engine.connect() as second:
            return [one.execute(backend).scalar_one() for one in (first, second)]

    def two_that_end() -> list[int]:
        pids = two()
        with others.begin() as connection:
            connection.execute(ended, {"pids": pids})
        return pids

    with open_database(Settings(database=fresh_url)) as engine:
        others = sa.create_engine(engine.url)
        gone = two_that_end()
        monkeypatch.setattr(connect, "IDLE_S", 0.0)
        assert not {*gone} & {*two()}
        monkeypatch.setattr(connect, "IDLE_S", 60.0)
        gone = two_that_end()
        with pytest.raises(connect.DATABASE_AWAY):
            two()
        assert not {*gone} & {*two()}  # after one error all are made anew
        others.dispose()


def test_what_is_committed_is_on_the_disk_whatever_the_server_is_set_to(fresh_url: str) -> None:
    def found(engine: sa.Engine) -> str:
        with engine.connect() as connection:
            return connection.execute(sa.text("SHOW synchronous_commit")).scalar_one()

    for set_to, expected in (("off", "on"), ("remote_apply", "remote_apply")):
        with open_database(Settings(database=fresh_url)) as engine, engine.begin() as connection:
            name = connection.execute(sa.text("SELECT current_database()")).scalar_one()
            connection.execute(sa.text(f"ALTER DATABASE {name} SET synchronous_commit = {set_to}"))
        with open_database(Settings(database=fresh_url)) as engine:
            assert found(engine) == expected


def test_who_answers_requests_does_not_wait_long_for_a_lock(fresh_url: str) -> None:
    with (
        open_database(Settings(database=fresh_url)) as worker,
        open_database(Settings(database=fresh_url), lock_s=0.3) as api,
        worker.begin() as still,
    ):
        lock_name(still, "a balance")
        with pytest.raises(connect.DATABASE_AWAY), api.begin() as connection:
            lock_name(connection, "a balance")
        with worker.begin() as connection:
            limit = connection.execute(sa.text("SHOW lock_timeout")).scalar_one()
        assert limit == "0"
