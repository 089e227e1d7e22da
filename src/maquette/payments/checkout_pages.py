"""Pages of Stripe's that may still be open, so that they are closed when an account goes."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from maquette.db.tables.payments import checkout_page
from maquette.people.teams import is_anyones

OPEN_FOR = timedelta(days=1)  # at most, where Stripe is asked for nothing else


def add_page(connection: sa.Connection, session_id: str, account_id: str) -> None:
    """Writes down that something can be paid there for an account."""
    row = {"session_id": session_id, "account_id": account_id}
    connection.execute(sa.insert(checkout_page).values(row))


def pages_of_no_one(connection: sa.Connection) -> Sequence[str]:
    """Those for accounts that have neither person nor team; what is over by itself is forgotten."""
    over = checkout_page.c.created_at < sa.func.now() - OPEN_FOR
    connection.execute(sa.delete(checkout_page).where(over))
    query = sa.select(checkout_page.c.session_id).where(~is_anyones(checkout_page.c.account_id))
    return connection.execute(query.order_by(checkout_page.c.session_id)).scalars().all()


def forget_page(connection: sa.Connection, session_id: str) -> None:
    """Nothing can be paid there any more."""
    this = checkout_page.c.session_id == session_id
    connection.execute(sa.delete(checkout_page).where(this))
