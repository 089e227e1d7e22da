"""Sessions: known by a hash, over in time, each person's own."""

from datetime import timedelta

import sqlalchemy as sa

from maquette.db.tables.people import session
from maquette.people.callers import Caller, caller_of_session
from maquette.people.sessions import (
    IDLE,
    drop_dead_sessions,
    end_session,
    end_sessions,
    list_sessions,
    start_session,
)


def _move_back(connection: sa.Connection, column: str, by: timedelta) -> None:
    connection.execute(sa.update(session).values({column: session.c[column] - by}))


def test_a_token_stands_for_who_signed_in_and_only_its_hash_is_kept(database: sa.Engine) -> None:
    with database.begin() as connection:
        token = start_session(connection, "ada", "Chromium", "203.0.113.7")
        caller = caller_of_session(connection, token)
        (kept,) = connection.execute(sa.select(session)).mappings()
        assert token.encode() not in kept["token_hash"]
        assert len(kept["token_hash"]) == 32
        assert caller == Caller("ada", "ada", "member", kept["session_id"])
        for other in ("", token[:-1], token + "x", kept["token_hash"].hex()):
            assert caller_of_session(connection, other) is None
        (told,) = list_sessions(connection, "ada")
        assert (told.browser, told.address) == ("Chromium", "203.0.113.7")


def test_a_session_that_is_idle_is_over(database: sa.Engine) -> None:
    with database.begin() as connection:
        token = start_session(connection, "ada")
        _move_back(connection, "last_used_at", IDLE - timedelta(minutes=1))
        assert caller_of_session(connection, token) is not None  # and that is noted
        _move_back(connection, "last_used_at", IDLE - timedelta(minutes=1))
        assert caller_of_session(connection, token) is not None
        _move_back(connection, "last_used_at", IDLE)
        assert caller_of_session(connection, token) is None
        assert list_sessions(connection, "ada") == []
        drop_dead_sessions(connection)
        assert connection.execute(sa.select(sa.func.count()).select_from(session)).scalar() == 0


def test_a_session_is_over_in_the_end_however_much_it_is_used(database: sa.Engine) -> None:
    with database.begin() as connection:
        token = start_session(connection, "ada")
        _move_back(connection, "expires_at", timedelta(days=60))
        assert caller_of_session(connection, token) is None


def test_one_ends_only_ones_own(database: sa.Engine) -> None:
    with database.begin() as connection:
        tokens = [start_session(connection, "ada") for _ in range(2)]
        theirs = start_session(connection, "bob")
        first, _ = list_sessions(connection, "ada")
        assert not end_session(connection, "bob", first.session_id)
        assert end_session(connection, "ada", first.session_id)
        assert len(list_sessions(connection, "ada")) == 1
        end_sessions(connection, "ada")
        assert [caller_of_session(connection, one) for one in tokens] == [None, None]
        assert caller_of_session(connection, theirs) is not None
