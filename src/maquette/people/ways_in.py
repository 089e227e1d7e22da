"""Ways into an account, closed at once: sessions, keys, identities and the second factor."""

import sqlalchemy as sa

from maquette.people.identities import drop_identities
from maquette.people.keys import delete_keys
from maquette.people.sessions import end_sessions
from maquette.people.two_factor import remove_two_factor


def close_ways_in(connection: sa.Connection, account_id: str) -> None:
    """From now on only its password lets someone in. An account that someone else prepared is
    handed over like that, or they could still come in after its new owner.
    """
    end_sessions(connection, account_id)
    delete_keys(connection, account_id)
    drop_identities(connection, account_id)
    remove_two_factor(connection, account_id)
