"""Who takes the next step: fair in time between accounts, the short before the long."""

import math
from collections import Counter

import pytest
import torch

from maquette.diffusion.request import DenoisingRequest, RequestState
from maquette.diffusion.samplers import SamplerTable, StepRow
from maquette.diffusion.scheduler import Scheduler
from maquette.diffusion.step_times import RETRY_PASSES, StepTimes

CPU = torch.device("cpu")
ROW = StepRow(0.0, *(1.0,) * 9)


def _network(latents: torch.Tensor, *_: object) -> torch.Tensor:
    return latents


def _state(
    name: str,
    steps: int,
    account: str = "",
    side: int = 4,
    guidance: float = 1.0,
    interactive: bool = True,
    arrival_ms: float = 0.0,
) -> RequestState:
    request = DenoisingRequest(
        request_id=name,
        model_id="net",
        network=_network,
        table=SamplerTable((ROW,) * steps, 1.0),
        guidance=(guidance,) * steps,
        shape=(1, side, side),
        context=torch.zeros(2, 1, 1),
        account=account,
        interactive=interactive,
    )
    return RequestState(request, CPU, arrival_ms)


def _times(*states: RequestState) -> StepTimes:
    """A millisecond for every 16 values of a row, and half as much for each row beside it."""
    times = StepTimes()
    for bucket in {state.request.bucket for state in states}:
        row_ms = math.prod(bucket[1]) / 16
        for rows in (1, 2, 4, 8, 16):
            for _ in range(4):
                times.record(bucket, rows, row_ms * (1 + rows) / 2)
    return times


def _play(
    states: list[RequestState], passes: int, max_rows: int = 1, times: StepTimes | None = None
) -> list[list[str]]:
    """The names that took a step in each pass; who has taken all leaves."""
    scheduler, waiting = Scheduler(times or _times(*states), max_rows), list(states)
    history: list[list[str]] = []
    for _ in range(passes):
        batch = scheduler.schedule(waiting)
        for state in batch:
            state.step_index += 1
        waiting = [s for s in waiting if s.step_index < len(s.request.table)]
        history.append([state.request.request_id for state in batch])
    return history


def test_accounts_have_equal_time_however_much_they_ask_for() -> None:
    greedy = [_state(f"a{i}", 100, "a") for i in range(8)]
    passes = _play([*greedy, _state("b", 100, "b")], 60)
    assert Counter(name[0] for (name,) in passes) == {"a": 30, "b": 30}


def test_room_in_a_pass_is_shared_out_between_accounts() -> None:
    states = [_state(f"{a}{i}", 100, a) for a in "abc" for i in range(20)]
    for batch in _play(states, 6, max_rows=12):
        assert Counter(name[0] for name in batch) == {"a": 4, "b": 4, "c": 4}
    guided = [_state(f"g{i}", 100, "g", guidance=2.0) for i in range(9)]
    rows = Counter(name[0] for b in _play([*guided, *states], 9, max_rows=12) for name in b)
    assert 2 * rows["g"] == pytest.approx(rows["a"], rel=0.35)


def test_a_full_pass_costs_its_account_all_of_it() -> None:
    greedy = [_state(f"a{i}", 1000, "a") for i in range(16)]
    scheduler, times = Scheduler(_times(*greedy), 16), {"a": 0.0, "b": 0.0}
    other = _state("b", 1000, "b", side=8)
    table = _times(*greedy, other)
    for _ in range(300):
        batch = scheduler.schedule([*greedy, other])
        times[batch[0].request.account] += table.pass_ms(batch[0].request.bucket, len(batch))
    assert times["a"] == pytest.approx(times["b"], rel=0.1)


def test_a_step_takes_no_more_rows_than_are_worth_it() -> None:
    states = [_state(f"a{i}", 10) for i in range(16)]
    times = StepTimes()
    for rows in (2, 4, 8):
        for _ in range(4):
            times.record(states[0].request.bucket, rows, 10.0 * max(rows, 4))
    assert len(Scheduler(times, 16).schedule(states)) == 4


def test_time_counts_not_steps() -> None:
    large, small = _state("large", 400, "a", side=16), _state("small", 400, "b", side=4)
    passes = _play([large, small], 170)  # a step of the large one takes sixteen of the small one
    count = Counter(name for (name,) in passes)
    assert count["small"] == pytest.approx(16 * count["large"], abs=17)


def test_a_guided_request_pays_for_two_rows() -> None:
    guided, plain = _state("guided", 100, "a", guidance=2.0), _state("plain", 100, "b")
    count = Counter(name for (name,) in _play([guided, plain], 60))
    assert count["plain"] == pytest.approx(1.5 * count["guided"], abs=3)  # two rows cost 1.5 ms


def test_interactive_requests_lead_and_a_batch_rides_along() -> None:
    batch = [_state(f"b{i}", 10, "b", interactive=False) for i in range(3)]
    other = _state("other", 5, "c", side=8, interactive=False)
    person = _state("person", 4, "a")
    times = _times(person)
    for rows in (1, 2, 4, 8, 16):
        for _ in range(9):
            times.record(person.request.bucket, rows, 10 + rows)  # rows cost little
    passes = _play([*batch, other, person], 6, max_rows=2, times=times)
    assert [p[0] for p in passes[:4]] == ["person"] * 4
    assert all(p[1].startswith("b") for p in passes[:4])
    assert "person" not in passes[4]


def test_room_goes_to_persons_before_batches() -> None:
    leader, person = _state("leader", 4, "a"), _state("person", 400, "b")
    batch = _state("batch", 1, "c", interactive=False)
    scheduler = Scheduler(_times(leader), 2)
    scheduler._deficit_ms["c"] = 9.0  # even if it is owed more
    assert scheduler.schedule([leader, batch, person]) == [leader, person]


def test_what_rides_along_does_not_slow_a_person_down() -> None:
    batch = [_state(f"b{i}", 10, "b", interactive=False) for i in range(9)]
    person = _state("person", 4, "a")
    assert _play([*batch, person], 4, max_rows=16) == [["person"]] * 4  # rows cost half as much


def test_a_batch_has_its_turn_however_many_persons_there_are() -> None:
    persons = [_state(f"p{i}", 500, f"a{i}") for i in range(3)]
    other = _state("other", 500, "c", side=8, interactive=False)
    passes = _play([*persons, other], 100, max_rows=16)
    assert passes.count(["other"]) == 10


def test_interactive_requests_lead_within_an_account_too() -> None:
    batch, person = _state("batch", 2, interactive=False), _state("person", 12)
    names = [name for (name,) in _play([batch, person], 11)]
    assert names == ["person"] * 9 + ["batch", "person"]


def test_room_in_a_pass_is_filled_and_never_overfilled() -> None:
    states = [_state(f"g{i}", 4, guidance=2.0) for i in range(3)] + [_state("plain", 9)]
    scheduler = Scheduler(StepTimes(), 7)
    batch = scheduler.schedule(states)
    assert sum(state.row_count for state in batch) == 7
    assert Scheduler(StepTimes(), 1).schedule(states[:1]) == states[:1]  # a pair is never split


def test_a_short_request_overtakes_long_ones_and_no_one_starves() -> None:
    long = _state("long", 50)
    short = _state("short", 4, arrival_ms=10.0)
    assert _play([long, short], 4) == [["short"]] * 4
    crowd = [_state(f"long{i}", 50) for i in range(8)]
    short = _state("short", 4, arrival_ms=300.0)  # the long ones are done by 450 at best
    assert _play([*crowd, short], 4) == [["short"]] * 4
    late = _state("late", 4, arrival_ms=100.0)
    assert _play([_state("long", 50), late], 50) == [["long"]] * 50


def test_an_account_that_comes_later_is_not_made_to_wait_for_what_others_had() -> None:
    states = [_state("a", 200, "a")]
    scheduler = Scheduler(_times(*states), 1)
    for _ in range(100):
        scheduler.schedule(states)
    states.append(_state("b", 200, "b"))
    names = [scheduler.schedule(states)[0].request.request_id for _ in range(20)]
    assert Counter(names) == {"a": 10, "b": 10}


def test_who_used_spare_room_does_not_owe_for_ever() -> None:
    riders = [_state(f"r{i}", 500, "r") for i in range(7)]
    alone = _state("alone", 500, "s")
    other = _state("other", 500, "o", side=8)
    scheduler = Scheduler(_times(alone, other), 8)
    for _ in range(100):
        assert len(scheduler.schedule([*riders, alone])) == 8
    leaders = [scheduler.schedule([riders[0], other])[0] for _ in range(60)]
    assert leaders.count(riders[0]) >= 40  # its step takes a quarter of the other's


def test_who_rode_along_pays_for_it() -> None:
    alone, rider = _state("alone", 500, "s"), _state("rider", 501, "r")
    scheduler = Scheduler(_times(alone), 4)
    assert scheduler.schedule([alone, rider]) == [alone, rider]
    assert scheduler._deficit_ms["r"] == pytest.approx(1.0 - 1.5 / 2)  # half of a pass for two


def test_a_debt_outlives_a_short_absence_and_no_long_one() -> None:
    greedy = [_state(f"a{i}", 500, "a") for i in range(16)]
    other = _state("other", 500, "o")
    scheduler = Scheduler(_times(other), 16)
    scheduler.schedule(greedy)
    owed_ms = scheduler._deficit_ms["a"]
    assert owed_ms == pytest.approx(1.0 - 8.5)  # a pass of sixteen rows
    scheduler.schedule([other])
    assert scheduler._deficit_ms["a"] == pytest.approx(owed_ms + 1.0)
    for _ in range(10):
        scheduler.schedule([other])
    assert "a" not in scheduler._deficit_ms


def test_nothing_waits_where_all_are_paused() -> None:
    state = _state("paused", 3)
    state.paused = True
    assert Scheduler(StepTimes(), 4).schedule([state]) == []
    assert Scheduler(StepTimes(), 4).schedule([]) == []


def test_where_memory_was_lacking_passes_are_smaller_for_long_but_not_for_ever() -> None:
    small, large = ([_state(f"{side}/{n}", 4, side=side) for n in range(8)] for side in (4, 8))
    scheduler = Scheduler(StepTimes(), max_rows=8)
    assert len(scheduler.schedule(small)) == 8
    scheduler.shrink(small[0].request.bucket, 8)
    assert len(scheduler.schedule(large)) == 8  # another bucket is not concerned
    sizes = [len(scheduler.schedule(small)) for _ in range(RETRY_PASSES)]
    assert sizes[:-2] == [4] * (RETRY_PASSES - 2)
    assert sizes[-1] == 8
