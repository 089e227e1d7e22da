"""What a picture or a token costs to make, from what a worker measured."""

import pytest
import sqlalchemy as sa

from maquette.jobs.events import add_event
from maquette.jobs.store import create_job, end_job
from maquette.jobs.workers import StepTime, report
from maquette.service.running_costs import running_costs

PIXELS = 256 * 256


def test_a_picture_costs_less_the_more_share_its_passes(database: sa.Engine) -> None:
    measured = StepTime(PIXELS, 10.0, 4.0, [(2, 10.0), (8, 32.0)], decode_ms=8.0, text_ms=12.0)
    other_size = StepTime(4 * PIXELS, 50.0, 20.0, [(2, 50.0)])
    with database.begin() as connection:
        report(connection, "worker-1", {"starter": [measured, other_size]})
    one, *_ = running_costs(database, machine_cents_hour=3600.0)  # a cent a second
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


def test_a_thousand_tokens_cost_what_those_of_the_last_day_took(database: sa.Engine) -> None:
    def text(said: int, read: int, finished_at: str = "now()", **told: float) -> None:
        with database.begin() as connection:
            job = create_job(connection, "me", "text", {"model": "starter-text"})
            end_job(connection, job.job_id, "succeeded")
            told |= {"answer_tokens": said, "prompt_tokens": read}
            add_event(connection, job.job_id, "succeeded", told)
            given = {"id": job.job_id}
            late = f"UPDATE job SET finished_at = {finished_at} WHERE job_id = :id"
            connection.execute(sa.text(late), given)

    text(150, 200, engine_s=0.5)  # four tokens that are read count as one
    text(250, 200, engine_s=0.5)
    text(10**6, 0)  # of an attempt that went on where another was
    text(10, 0, "now() - interval '25 hours'", engine_s=100.0)
    *_, one = running_costs(database, machine_cents_hour=3600.0)  # a cent a second
    assert (one.model, one.kind, one.units) == ("starter-text", "text", 1.0)
    assert one.cost_cents == pytest.approx(1000 / (400 + 100))
    assert one.price_cents == pytest.approx(0.1)
    assert one.margin == pytest.approx(1 - 2 / 0.1)
