"""What was done is written down with it, newest first, and stays as it was written."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from maquette.db.tables.people import audit_entry
from maquette.people.audit import note, read_audit


def test_acts_are_told_a_page_at_a_time_the_newest_first(database: sa.Engine) -> None:
    with database.begin() as connection:
        made = [
            note(connection, "ada", "credits.refund", f"job/{n}", reason="旧") for n in range(3)
        ]
    with database.connect() as connection:
        page = read_audit(connection, 2)
        rest = read_audit(connection, 2, page[-1].number)
    assert [*page, *rest] == made[::-1]


def test_what_did_not_happen_is_not_written_down(database: sa.Engine) -> None:
    with database.connect() as connection:
        note(connection, "ada", "credits.refund", "job/1")
        connection.rollback()
    with database.connect() as connection:
        assert read_audit(connection, 1) == []


@pytest.mark.parametrize("change", [sa.delete(audit_entry), sa.update(audit_entry).values(act="")])
def test_no_one_changes_what_was_written(database: sa.Engine, change: sa.Executable) -> None:
    with database.begin() as connection:
        note(connection, "ada", "credits.refund", "job/1")
    with pytest.raises(DBAPIError, match="never changed"), database.begin() as connection:
        connection.execute(change)
