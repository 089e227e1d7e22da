"""Codes bring credits once an account, and no one guesses on for long."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from maquette.core.errors import InvalidRequest, NotFound, RateLimited
from maquette.db.tables.payments import payment_grant, redeem_code, wrong_code
from maquette.ledger.accounts import open_account
from maquette.ledger.grants import get_grants
from maquette.payments.codes import ALPHABET, MOST_WRONG, hash_of
from maquette.people.audit import read_audit
from maquette.service.payments import Payments
from tests.payments.conftest import at_once, posted


def test_a_code_brings_its_credits_in_any_case_and_form(
    database: sa.Engine, payments: Payments
) -> None:
    [code] = payments.make_codes("boss", 5_000_000, 1)
    made = payments.redeem("ada", f" {code.lower().replace('-', ' ')} ")
    assert (made.state, made.provider, made.amount_microcredits) == ("paid", "codes", 5_000_000)
    assert posted(database, "ada") == 5_000_000
    with database.connect() as connection:
        [grant] = get_grants(connection, "ada")
        linked = connection.execute(sa.select(payment_grant)).one()
        [noted] = read_audit(connection, 10)
        kept = connection.execute(sa.select(redeem_code.c.code_hash)).scalar_one()
    assert (grant.category, linked) == ("promotion", (grant.grant_id, made.payment_id))
    assert (noted.actor_id, noted.act) == ("boss", "payments.codes")
    assert code not in str(noted)
    assert code.encode() not in kept
    with pytest.raises(InvalidRequest, match="used up"):
        payments.redeem("ben", code)


def test_fifty_at_once_redeem_a_code_once(database: sa.Engine, payments: Payments) -> None:
    accounts = [f"account-{n % 25}" for n in range(50)]
    with database.begin() as connection:
        for account_id in accounts:
            open_account(connection, account_id)
    [once], [thrice] = payments.make_codes("boss", 7, 1), payments.make_codes("boss", 7, 1, 3)

    def redeem(code: str, account_id: str) -> bool:
        try:
            payments.redeem(account_id, code)
        except InvalidRequest:
            return False
        return True

    assert sum(at_once(lambda n: redeem(once, accounts[n]), 50, 50)) == 1
    assert sum(at_once(lambda n: redeem(thrice, accounts[n]), 50, 50)) == 3
    assert sum(posted(database, account_id) for account_id in set(accounts)) == 4 * 7


def test_an_account_redeems_a_code_of_many_uses_once(
    database: sa.Engine, payments: Payments
) -> None:
    [code] = payments.make_codes("boss", 7, 1, most_uses=50)

    def redeem(_: int) -> str:
        try:
            payments.redeem("ada", code)
        except InvalidRequest as error:
            return error.message
        return "done"

    told = at_once(redeem, 50, 50)
    assert told.count("done") == 1
    assert sum("redeemed by you before" in line for line in told) == 49
    payments.redeem("ben", code)
    assert (posted(database, "ada"), posted(database, "ben")) == (7, 7)


def test_a_code_is_good_until_its_time(database: sa.Engine, payments: Payments) -> None:
    past, soon = (datetime.now(UTC) + timedelta(hours=n) for n in (-1, 1))
    with pytest.raises(InvalidRequest, match="would be over"):
        payments.make_codes("boss", 7, 1, 1, past)
    first, second = payments.make_codes("boss", 7, 2, 1, soon)
    payments.redeem("ada", first)
    with database.begin() as connection:
        connection.execute(sa.update(redeem_code).values(expires_at=past))
    with pytest.raises(InvalidRequest, match="time is over"):
        payments.redeem("ada", second)
    assert posted(database, "ada") == 7


def test_guessing_stops_for_an_hour_even_for_many_at_once(
    database: sa.Engine, payments: Payments
) -> None:
    def guess(n: int) -> type[Exception]:
        with pytest.raises((NotFound, RateLimited)) as caught:
            payments.redeem("ada", f"0000-{n}")
        return caught.type

    [code] = payments.make_codes("boss", 7, 1)
    told = at_once(guess, 40, 20)
    assert told.count(NotFound) == MOST_WRONG
    with pytest.raises(RateLimited, match="try again in 60 min") as caught:
        payments.redeem("ada", code)  # though it is right
    assert 3500 < caught.value.retry_after_s <= 3600
    payments.redeem("ben", code)
    with database.begin() as connection:
        an_hour_ago = wrong_code.c.given_at - timedelta(minutes=61)
        connection.execute(sa.update(wrong_code).values(given_at=an_hour_ago))
    assert guess(0) is NotFound
    with database.connect() as connection:
        assert connection.execute(sa.select(sa.func.count(wrong_code.c.number))).scalar_one() == 1


@given(st.text(ALPHABET, min_size=20, max_size=20), st.data())
def test_what_is_misread_is_meant(code: str, data: st.DataObject) -> None:
    misread = {"0": "0Oo", "1": "1IiLl"}
    typed = [data.draw(st.sampled_from(misread.get(one, one + one.lower()))) for one in code]
    assert hash_of("- ".join(typed)) == hash_of(code)
