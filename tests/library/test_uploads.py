"""Whose uploads are named by a request is found by indexes."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.library.uploads import unused_uploads


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
