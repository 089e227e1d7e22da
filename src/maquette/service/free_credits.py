"""Free credits: given to whoever shows that an address is theirs, once for an address, ever."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maquette.db.tables.people import free_credit
from maquette.ledger.grants import grant
from maquette.people.peppered import peppered

REASON = "free credits of a new account"


def give_free_credits(
    connection: sa.Connection, account_id: str, email_key: str, credits: int
) -> None:
    """Only a hash of the address is kept, and stays when the person goes."""
    new = insert(free_credit).values(address_hash=peppered(email_key)).on_conflict_do_nothing()
    is_first = connection.execute(new.returning(free_credit.c.granted_at)).first() is not None
    if is_first and credits > 0:
        grant(connection, account_id, credits * 10**6, "free", reason=REASON)
