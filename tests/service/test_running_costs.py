"""What a picture costs to make, from what a worker measured."""

import pytest
import sqlalchemy as sa

from maquette.jobs.workers import StepTime, report
from maquette.service.running_costs import running_costs

PIXELS = 256 * 256


def test_a_picture_costs_less_the_more_share_its_passes(database: sa.Engine) -> None:
    measured = StepTime(PIXELS, 10.0, 4.0, [(2, 10.0), (8, 32.0)], decode_ms=8.0, text_ms=12.0)
    other_size = StepTime(4 * PIXELS, 50.0, 20.0, [(2, 50.0)])
    with database.begin() as connection:
        report(connection, "worker-1", {"starter": [measured, other_size]})
    one, _ = running_costs(database, machine_cents_hour=3600.0)  # a cent a second
    assert one.model == "starter"
    alone, shared = one.shared
    steps = 48  # rows: the starter has 24 guided steps
    assert alone.rows == 2
    assert alone.cents == pytest.approx((steps * 10.0 / 2 + 8.0) / 1e3)
    assert alone.new_text_cents == pytest.approx(alone.cents + 0.012)
    assert shared.cents == pytest.approx((steps * 4.0 + 8.0) / 1e3)
    assert one.cost_cents == shared.cents
    assert one.price_cents == pytest.approx(0.07)
    assert one.margin == pytest.approx(1 - shared.cents / 0.07)


def test_what_was_not_measured_is_not_known(database: sa.Engine) -> None:
    for one in running_costs(database, 8.0):
        assert (one.cost_cents, one.margin, list(one.shared)) == (None, None, [])
        assert one.price_cents > 0
