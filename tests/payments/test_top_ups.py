"""What operators give by hand, take back, and what is kept of it."""

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from maquette.core.errors import InvalidRequest, NotFound
from maquette.core.ids import new_id
from maquette.ledger.grants import get_grants
from maquette.ledger.holds import place_hold, post_hold
from maquette.payments.manual import TopUp
from maquette.people.audit import read_audit
from maquette.service.payments import Payments
from tests.payments.conftest import at_once, posted


def test_credits_for_money_are_paid_and_those_for_nothing_are_given(
    database: sa.Engine, payments: Payments
) -> None:
    bought = payments.top_up(TopUp("boss", "ada", 3, "a transfer of May", 1000, "eur"))
    given = payments.top_up(TopUp("boss", "ada", 4, "sorry for the wait"))
    assert posted(database, "ada") == 7
    with database.connect() as connection:
        grants = get_grants(connection, "ada")
        noted = read_audit(connection, 10)
    assert [(one.category, one.left_microcredits) for one in grants] == [
        ("promotion", 4),
        ("paid", 3),
    ]
    assert [one.details["reason"] for one in noted] == ["sorry for the wait", "a transfer of May"]
    assert payments.payments(10) == [given, bought]
    assert payments.payments(10, before=given.payment_id) == [bought]


def test_what_does_not_fit_changes_nothing(database: sa.Engine, payments: Payments) -> None:
    with pytest.raises(NotFound, match="no account adda"):
        payments.top_up(TopUp("boss", "adda", 3, "mistyped"))
    with pytest.raises(InvalidRequest, match="needs a currency"):
        payments.top_up(TopUp("boss", "ada", 3, "no money named", 1000))
    with pytest.raises(NotFound):
        payments.refund("boss", uuid4(), "never was")
    assert payments.payments(10) == []
    with database.connect() as connection:
        assert read_audit(connection, 10) == []


def test_a_refund_takes_whole_credits_back_once(database: sa.Engine, payments: Payments) -> None:
    made = payments.top_up(TopUp("boss", "ada", 3, "a transfer", 1000, "eur"))

    def refund(_: int) -> str:
        try:
            return payments.refund("boss", made.payment_id, "bought twice").state
        except InvalidRequest as error:
            return error.message

    told = at_once(refund, 8, 8)
    assert "refunded" in told
    assert all(one == "refunded" or "is refunded; nothing" in one for one in told)
    [now] = payments.payments(10)
    assert (now.state, now.refunded_cents, posted(database, "ada")) == ("refunded", 1000, 0)
    with database.connect() as connection:
        taken = [one.details.get("taken_back_microcredits") for one in read_audit(connection, 20)]
    assert taken.count(3) == 1


def test_what_is_left_of_a_refunded_payment_goes_and_what_is_spent_is_noted(
    database: sa.Engine, payments: Payments
) -> None:
    made = payments.top_up(TopUp("boss", "ada", 10, "a transfer", 1000, "eur"))
    with database.begin() as connection:
        held = place_hold(connection, "ada", 4, timedelta(hours=1), new_id())
        post_hold(connection, held.hold_id, 4)
    assert payments.refund("boss", made.payment_id, "asked for").state == "refunded"
    assert posted(database, "ada") == 0
    with database.connect() as connection:
        noted = read_audit(connection, 1)[0]
    assert noted.act == "payments.refunded"
    assert noted.details["taken_back_microcredits"] == 6
    assert noted.details["kept_microcredits"] == 4
