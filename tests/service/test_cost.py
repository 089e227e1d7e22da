"""What a request costs grows as it should, and decides whether it is let in."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maquette.core.errors import InvalidRequest, QueueFull
from maquette.core.requests import SamplingParams
from maquette.jobs.store import Backlog
from maquette.jobs.workers import StepTime
from maquette.service.admission import QueueLimits, admit
from maquette.service.cost import Cost, cost_of

CAT = SamplingParams("a cat", width=128, height=128, num_inference_steps=10)
MEASURED = [StepTime(128 * 128, pass_ms=30.0, row_ms=10.0)]

sides = st.integers(4, 64).map(lambda n: 16 * n)
some_params = st.builds(
    SamplingParams,
    prompt=st.just("a cat"),
    num_inference_steps=st.integers(1, 999),
    guidance_scale=st.sampled_from([1.0, 4.0]),
    guidance_interval=st.sampled_from([(0.0, 1.0), (0.2, 0.8)]),
    strength=st.sampled_from([0.3, 1.0]),
    width=sides,
    height=sides,
)
some_measured = st.lists(
    st.builds(
        StepTime,
        pixels=st.integers(64, 2**20),
        pass_ms=st.floats(0.1, 1e5),
        row_ms=st.floats(0.01, 1e5),
    ),
    min_size=1,
    max_size=5,
)


def _cost(params: SamplingParams, count: int, measured: Sequence[StepTime] = MEASURED) -> Cost:
    cost = cost_of(params, count, measured)
    assert cost is not None
    return cost


@given(some_params, st.integers(1, 63), some_measured)
def test_more_of_anything_never_costs_less(
    params: SamplingParams, count: int, measured: list[StepTime]
) -> None:
    cost = _cost(params, count, measured)
    assert 0 < cost.work_ms <= cost.alone_ms
    larger = [
        (params, count + 1),
        (replace(params, width=min(1024, params.width + 16)), count),
        (replace(params, height=min(1024, params.height + 16)), count),
        (replace(params, guidance_scale=7.0, guidance_interval=(0.0, 1.0)), count),
        (replace(params, strength=1.0), count),
    ]
    if params.guidance_interval == (0.0, 1.0):  # of one more step, fewer can be in another
        larger.append((replace(params, num_inference_steps=params.num_inference_steps + 1), count))
    for other in larger:
        more = _cost(*other, measured)
        assert more.work_ms >= cost.work_ms * (1 - 1e-9)
        assert more.alone_ms >= cost.alone_ms * (1 - 1e-9)


def test_it_is_rows_times_steps_times_what_was_measured() -> None:
    assert _cost(CAT, 3) == Cost(work_ms=600.0, alone_ms=600.0)  # guided: two rows a picture
    unguided = replace(CAT, guidance_scale=1.0)
    assert _cost(unguided, 1) == Cost(work_ms=100.0, alone_ms=300.0)  # ten passes all the same
    assert _cost(replace(CAT, guidance_interval=(0.0, 0.5)), 1).work_ms == 150.0
    assert _cost(replace(CAT, strength=0.5), 1).work_ms == 100.0


def test_a_size_that_was_not_drawn_follows_from_those_that_were() -> None:
    two = [*MEASURED, StepTime(256 * 256, pass_ms=50.0, row_ms=50.0)]
    assert _cost(replace(CAT, width=64), 1).work_ms == pytest.approx(100.0)
    assert _cost(replace(CAT, width=256), 1).work_ms == pytest.approx(400.0)
    assert _cost(replace(CAT, width=192, height=256), 1, two).work_ms == pytest.approx(
        20 * (10.0 + 40.0 * 2 / 3)
    )
    assert _cost(replace(CAT, width=512, height=512), 1, two).work_ms == pytest.approx(4000.0)
    assert cost_of(CAT, 1, []) is None


def test_a_small_size_that_had_a_bad_moment_makes_no_larger_one_dear() -> None:
    bad = [StepTime(64 * 64, pass_ms=9e5, row_ms=9e5), *MEASURED]
    assert _cost(CAT, 3, bad) == _cost(CAT, 3)
    assert _cost(replace(CAT, width=64, height=64), 3, bad).work_ms == 600.0  # no more than that


LIMITS = QueueLimits(most_jobs=5, most_s=60.0)


def test_what_fits_is_let_in_behind_what_waits() -> None:
    assert admit(Cost(1000.0, 3000.0), Backlog(4, 20_000.0), LIMITS) == 23_000.0
    assert admit(None, Backlog(4, 20_000.0), LIMITS) is None


def test_what_does_not_fit_is_told_when_it_will() -> None:
    with pytest.raises(
        QueueFull, match=r"4 requests wait, about 58 s of work; try again in 3 s"
    ) as e:
        admit(Cost(3200.0, 3200.0), Backlog(4, 58_000.0), LIMITS)
    assert e.value.retry_after_s == 3
    with pytest.raises(QueueFull, match=r"5 requests wait, about 20 s of work; try again in 4 s"):
        admit(Cost(1.0, 1.0), Backlog(5, 20_000.0), LIMITS)
    with pytest.raises(QueueFull, match=r"5 requests wait; try again in 5 s"):
        admit(None, Backlog(5, 0.0), LIMITS)


def test_what_would_never_fit_is_told_what_to_do() -> None:
    with pytest.raises(InvalidRequest, match=r"about 3 min, and no more than 60 s .* fewer steps"):
        admit(Cost(100_000.0, 170_000.0), Backlog(0, 0.0), LIMITS)
