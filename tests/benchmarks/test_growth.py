"""What `growth` fills is a ledger that is right, and a gallery that is full."""

import sqlalchemy as sa

from benchmarks.growth import database_of, page
from maquette.ledger.verify import verify


def test_what_is_filled_is_right(postgres: sa.URL) -> None:
    uri = postgres.render_as_string(hide_password=False)
    with database_of(uri, accounts=30, pictures=0) as engine:
        assert list(verify(engine)) == []
    with database_of(uri, accounts=2, pictures=400) as engine:
        page(engine, "user/1")
