"""Whose uploads are named by a request is found by indexes."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.jobs.store import create_job
from maquette.library.uploads import add_upload, drop_unused, has_rows, unused_uploads

# Or all jobs of an account would be as soon looked at.
_MANY_JOBS = (
    "INSERT INTO job (job_id, account_id, kind, queue, request) "
    "SELECT gen_random_uuid(), 'ada', 'text', 'text', '{}' FROM generate_series(1, 5000)",
    "ANALYZE job",
)


def _explained(*given: Any) -> tuple[str, Any]:
    _, _, statement, parameters, *_ = given
    return f"EXPLAIN {statement}", parameters


def test_what_no_request_names_is_found_by_indexes(fresh_url: str) -> None:
    with open_database(Settings(database=fresh_url)) as database, database.connect() as connection:
        connection.execute(sa.text("SET enable_seqscan = off"))
        for statement in _MANY_JOBS:
            connection.execute(sa.text(statement))
        event.listen(connection, "before_cursor_execute", _explained, retval=True)
        plan = "\n".join(unused_uploads(connection, timedelta(days=1), 10))
    assert "ix_job_source" in plan
    assert "ix_job_mask" in plan
    assert "ix_job_seen" in plan


def test_what_a_request_names_as_context_is_in_use(fresh_url: str) -> None:
    shown, left = "1" * 64, "2" * 64
    pieces = [{"name": "asset:x", "text": "a"}, {"name": shown, "picture": shown}]
    with (
        open_database(Settings(database=fresh_url)) as database,
        database.begin() as connection,
    ):
        for one in (shown, left):
            add_upload(connection, "ada", one, 10)
            add_upload(connection, "eve", one, 10)
        create_job(connection, "ada", "text", {"messages": [], "seen": pieces})
        assert add_upload(connection, "ada", left, 10) == 10  # of what no request names
        assert add_upload(connection, "eve", left, 10) == 20
        old = sa.text("UPDATE upload SET created_at = now() - interval '2 days'")
        connection.execute(old)
        assert not drop_unused(connection, shown, timedelta(days=1))  # ada's request names it
        rows = sa.text("SELECT account_id FROM upload WHERE content_hash = :shown")
        assert connection.execute(rows, {"shown": shown}).scalars().all() == ["ada"]
        assert drop_unused(connection, left, timedelta(days=1))


def test_whose_a_picture_is_is_found_by_its_hash(fresh_url: str) -> None:
    asked: list[tuple[str, Any]] = []

    def note(*given: Any) -> None:
        asked.append((given[2], given[3]))

    with open_database(Settings(database=fresh_url)) as database, database.connect() as connection:
        connection.execute(sa.text("SET enable_seqscan = off"))
        event.listen(connection, "before_cursor_execute", note)
        assert not has_rows(connection, "0" * 64)
        assert drop_unused(connection, "0" * 64, timedelta(days=1))
        event.remove(connection, "before_cursor_execute", note)
        plans = [
            "\n".join(connection.exec_driver_sql(f"EXPLAIN {query}", given).scalars())
            for query, given in asked
        ]
    assert len(plans) == 3
    for plan in plans:
        assert "ix_upload_content_hash" in plan
        assert "DELETE" in plan.upper() or "ix_asset_content_hash" in plan
