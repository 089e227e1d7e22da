"""Whatever schema a database is of, it comes to this version's with all that it had."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from maquette.core.ids import new_id
from maquette.core.settings import Settings
from maquette.db.connect import connect, migrate, open_database, revisions
from maquette.db.tables import metadata
from maquette.ledger.accounts import open_account
from maquette.ledger.grants import grant
from maquette.ledger.reversals import reverse
from maquette.ledger.transfers import get_transfers
from maquette.ledger.verify import verify
from maquette.payments.store import get_payment
from maquette.people.emails import read_email
from tests.db.rows_by_revision import ROWS, rows_until

Rows = dict[str, list[dict[str, Any]]]
OF_MIGRATIONS = "alembic_version"  # which says how far a database is, and so does change


def _all_rows(engine: sa.Engine) -> Rows:
    """Every table's rows, in any order."""
    found = sa.MetaData()
    found.reflect(engine)
    with engine.connect() as connection:
        return {
            table.name: [dict(row._mapping) for row in connection.execute(sa.select(table))]
            for table in found.sorted_tables
            if table.name != OF_MIGRATIONS
        }


def test_every_revision_has_its_rows() -> None:
    assert list(ROWS) == revisions(), "write rows of the new schema in tests/db/rows_by_revision.py"


@pytest.mark.parametrize("revision", revisions())
def test_what_a_schema_kept_is_there_in_this_one(fresh_url: str, revision: str) -> None:
    url = sa.make_url(fresh_url)
    with connect(url) as engine:
        rows_until(engine, revision)
        before = _all_rows(engine)
    with open_database(Settings(database=fresh_url)) as engine:
        after = _all_rows(engine)
        for table, rows in before.items():
            kept = (
                [{name: row.get(name) for name in rows[0]} for row in after[table]] if rows else []
            )
            assert [row for row in rows if row not in kept] == [], table
        assert sum(map(len, before.values())) > 0
        assert list(verify(engine)) == []


def test_a_payment_knows_what_was_taken_back_of_it_before(fresh_url: str) -> None:
    payment_id = new_id()
    with connect(sa.make_url(fresh_url)) as engine:
        rows_until(engine, "0011")
        with engine.begin() as connection:
            open_account(connection, "ben")
            made = grant(connection, "ben", 7, "paid")
            [given] = get_transfers(connection, "ben", 1)
            reverse(connection, given.transfer_id, "the bank has the money")
            rows = (
                "INSERT INTO payment (payment_id, account_id, provider, what, amount_microcredits, "
                "price_cents, currency, state, paid_at) VALUES "
                "(:payment_id, 'ben', 'stripe', 'a pack', 7, 1, 'eur', 'disputed', now())",
                "INSERT INTO payment_grant (grant_id, payment_id) VALUES (:grant_id, :payment_id)",
            )
            for row in rows:
                ids = {"payment_id": payment_id, "grant_id": made.grant_id}
                connection.execute(sa.text(row), {k: v for k, v in ids.items() if f":{k}" in row})
    with open_database(Settings(database=fresh_url)) as engine, engine.connect() as connection:
        assert get_payment(connection, payment_id=payment_id).taken_microcredits == 7


def test_a_payment_knows_which_refunds_came_back_before(fresh_url: str) -> None:
    """By schema 0019, from the audit log: not those that were refused, or sent once more."""
    acts = {
        new_id(): ["payments.refund_asked", "payments.refunded", "payments.refund_failed"],
        new_id(): ["payments.refund_failed", "payments.refund_asked"],
        new_id(): ["payments.refunded"],  # in Stripe's dashboard, which had refused
    }
    with connect(sa.make_url(fresh_url)) as engine:
        rows_until(engine, "0018")
        with engine.begin() as connection:
            for payment_id, noted in acts.items():
                row = (
                    "INSERT INTO payment (payment_id, account_id, provider, what, price_cents, "
                    "amount_microcredits, currency, state, refunded_cents, failed_refunds, "
                    "paid_at) VALUES (:payment_id, 'ada', 'stripe', 'a pack', 9, 9, 'eur', "
                    "'refunded', 9, 1, now())"
                )
                connection.execute(sa.text(row), {"payment_id": payment_id})
                for act in noted:
                    row = (
                        "INSERT INTO audit_entry (actor_id, act, subject, details) "
                        "VALUES ('stripe', :act, :subject, '{}')"
                    )
                    values = {"act": act, "subject": f"payment/{payment_id}"}
                    connection.execute(sa.text(row), values)
    with open_database(Settings(database=fresh_url)) as engine, engine.connect() as connection:
        found = [get_payment(connection, payment_id=one).came_back_cents for one in acts]
    assert found == [9, 0, 0]


def test_migrations_make_the_tables_that_the_code_sees(fresh_url: str) -> None:
    with open_database(Settings(database=fresh_url)) as engine, engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        inspector = sa.inspect(connection)
        for table in metadata.tables.values():  # which Alembic does not compare
            made = {check["name"] for check in inspector.get_check_constraints(table.name)}
            checks = (c for c in table.constraints if isinstance(c, sa.CheckConstraint))
            assert made == {str(check.name) for check in checks}, table.name


def test_addresses_are_compared_by_their_domains_and_identities_wait(fresh_url: str) -> None:
    """By schema 0015. Free credits that were had for an address by its key of before were had."""
    ways = {
        "bob": ("bob@straße.de", "bob@strasse.de", "bob@xn--strae-oqa.de"),
        "cy": ("Cy@EXAMPLE.org", "cy@example.org", "cy@example.org"),
    }
    hashed = (
        "sha256((SELECT value FROM pepper WHERE name = 'addresses') || convert_to(:key, 'UTF8'))"
    )
    with connect(sa.make_url(fresh_url)) as engine:
        migrate(engine, "0011")
        with engine.begin() as connection:
            for name, (email, before, _) in ways.items():
                row = {"name": name, "email": email, "key": before}
                for statement in (
                    "INSERT INTO account (account_id, kind) VALUES (:name, 'user')",
                    "INSERT INTO person (account_id, email, email_key, email_verified_at) "
                    "VALUES (:name, :email, :key, now())",
                    "INSERT INTO mail_token (token_hash, purpose, account_id, email_key, "
                    "expires_at) VALUES (convert_to(:name, 'UTF8'), 'verify', :name, :key, now())",
                    f"INSERT INTO free_credit (address_hash) VALUES ({hashed})",
                    "INSERT INTO identity (provider_id, subject, account_id) "
                    "VALUES ('acme', :name, :name)",
                ):
                    connection.execute(sa.text(statement), row)
    with open_database(Settings(database=fresh_url)) as engine, engine.connect() as connection:
        for name, (email, _, after) in ways.items():
            assert read_email(email).key == after
            for table in ("person", "mail_token"):
                query = sa.text(f"SELECT email_key FROM {table} WHERE account_id = :name")
                assert connection.execute(query, {"name": name}).scalar_one() == after
            query = sa.text(f"SELECT count(*) FROM free_credit WHERE address_hash = {hashed}")
            assert connection.execute(query, {"key": after}).scalar_one() == 1
            query = sa.text("SELECT issuer FROM identity WHERE account_id = :name")
            assert connection.execute(query, {"name": name}).scalar_one() == "acme"
