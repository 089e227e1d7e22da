"""Whose uploads are named by a request is found by indexes."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.library.uploads import drop_unused, has_rows, unused_uploads


def _explained(*given: Any) -> tuple[str, Any]:
    _, _, statement, parameters, *_ = given
    return f"EXPLAIN {statement}", parameters


def test_what_no_request_names_is_found_by_indexes(fresh_url: str) -> None:
    with open_database(Settings(database=fresh_url)) as database, database.connect() as connection:
        connection.execute(sa.text("SET enable_seqscan = off"))
        event.listen(connection, "before_cursor_execute", _explained, retval=True)
        plan = "\n".join(unused_uploads(connection, timedelta(days=1), 10))
    assert "ix_job_source" in plan
    assert "ix_job_mask" in plan


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
