"""In any company and in any order of joining and leaving, a request ends as it does alone."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from maquette.diffusion.adapters import Adapter, LowRank, by_rows
from maquette.diffusion.engine import DenoisingEngine
from maquette.diffusion.guidance import guidance_scales
from maquette.diffusion.noise_schedule import NoiseSchedule
from maquette.diffusion.request import DenoisingRequest, Noise, Snapshot
from maquette.diffusion.runner import StepOutput
from maquette.diffusion.samplers import SAMPLERS, compile_table

CPU = torch.device("cpu")
SCHEDULE = NoiseSchedule(
    beta_schedule="scaled_linear", prediction_type="v_prediction", rescale_betas_zero_snr=True
)


class _Net(nn.Module):
    """A small network that sees all it is given, over a grid of any number of axes."""

    def __init__(self, axes: int) -> None:
        super().__init__()
        torch.manual_seed(axes)
        self.mix, self.words = nn.Linear(4, 4), nn.Linear(6, 4)
        self.rows: list[int] = []

    def forward(self, latents: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        self.rows.append(len(latents))
        assert len(latents) == len(timesteps) == len(context)
        mixed = self.mix(latents.movedim(1, -1)).movedim(-1, 1) + latents.roll(1, -1)
        column = (-1, 4, *(1,) * (latents.ndim - 2))
        shift = self.words(context).mean(1) + timesteps[:, None] / 1000
        return torch.tanh(mixed + shift.view(column))


NETS = {2: _Net(2), 3: _Net(3)}
NETWORKS = {axes: by_rows(net, net, net) for axes, net in NETS.items()}


def _adapter(number: int, *names: str) -> Adapter:
    """A LoRA of the layers of those names."""
    torch.manual_seed(number)
    widths = {"mix": 4, "words": 6}
    return Adapter(
        {n: LowRank(nn.Linear(widths[n], 2, False), nn.Linear(2, 4, False), 0.5) for n in names}
    )


ADAPTERS = (_adapter(1, "mix", "words"), _adapter(2, "words"), _adapter(3, "mix"))


def _request(
    number: int, sampler: str = "ddim", steps: int = 4, **more: object
) -> DenoisingRequest:
    shape = more.pop("shape", (4, 6, 5))
    assert isinstance(shape, tuple)
    generator = torch.Generator().manual_seed(number)
    table = compile_table(sampler, SCHEDULE, steps)
    made = DenoisingRequest(
        request_id=str(number),
        model_id=f"net of {len(shape) - 1} axes",
        network=NETWORKS[len(shape) - 1],
        table=table,
        guidance=(3.0,) * len(table),
        shape=shape,
        context=torch.randn(2, 3, 6, generator=generator),
        seed=number,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def _painted(number: int) -> dict[str, Tensor]:
    """A source and a mask whose left part is kept."""
    mask = torch.ones(1, 6, 5)
    mask[..., :2] = 0.0
    source = torch.randn(4, 6, 5, generator=torch.Generator().manual_seed(100 + number))
    return {"source": source, "mask": mask}


def _pool() -> list[DenoisingRequest]:
    """Every sampler, step counts, guidance, part-time guidance, shapes, masks, adapters with their
    scales, and accounts.
    """
    one, two, three = ADAPTERS
    worn = ((), ((one, 0.7),), ((two, 1.0), (one, -1.5)), (), ((three, 2.0),), ())
    pool = [
        _request(i, name, 2 + i, account="ab"[i % 2], adapters=worn[i])
        for i, name in enumerate(sorted(SAMPLERS))
    ]
    pool.append(_request(10, "euler-a", 5, guidance=guidance_scales(6.0, (0.2, 0.8), 5, 5)))
    pool.append(_request(11, "ddim", 3, guidance=(1.0,) * 3, interactive=False))
    pool.append(_request(12, "euler-a", 4, account="c", adapters=((one, 0.4),), **_painted(12)))
    pool.append(_request(13, "dpm++2m", 4, shape=(4, 2, 3, 4), account="b", adapters=((one, 1),)))
    pool.append(_request(14, "euler", 3, shape=(4, 8, 8), interactive=False))
    return pool


POOL = _pool()


def _finish(engine: DenoisingEngine) -> dict[str, StepOutput]:
    outputs: dict[str, StepOutput] = {}
    while step := engine.step():
        outputs |= {o.request.request_id: o for o in step if o.finished}
    return outputs


@cache
def _alone(number: int) -> Tensor:
    engine = DenoisingEngine(CPU)
    engine.add(POOL[number])
    (output,) = _finish(engine).values()
    return output.latents


@dataclass
class _Crowd:
    """Plays what people do to an engine, as far as it can be done at the moment."""

    engine: DenoisingEngine

    def __post_init__(self) -> None:
        self.here: set[int] = set()
        self.done: dict[int, Tensor] = {}

    def play(self, act: str, number: int) -> None:
        request_id = POOL[number].request_id
        if act == "step":
            self._collect(self.engine.step())
        elif act == "add" and number not in self.here:
            self.engine.add(POOL[number])
            self.here.add(number)
        elif act != "add" and number in self.here:
            if act == "move":  # to a new process, by way of a snapshot
                snapshot = self.engine.snapshot(request_id)
                self.engine.cancel(request_id)
                self.engine.add(POOL[number], snapshot)
            else:
                getattr(self.engine, act)(request_id)
                self.here -= {number} if act == "cancel" else set()

    def finish(self) -> None:
        for number in self.here:
            self.engine.resume(POOL[number].request_id)
        while outputs := self.engine.step():
            self._collect(outputs)

    def _collect(self, outputs: list[StepOutput]) -> None:
        for output in outputs:
            number = POOL.index(output.request)
            if output.finished:
                self.done[number] = output.latents
                self.here.discard(number)


ACTS = st.tuples(
    st.sampled_from(["add", "add", "step", "step", "cancel", "pause", "resume", "move"]),
    st.integers(0, len(POOL) - 1),
)


@given(st.lists(ACTS, max_size=40), st.sampled_from([1, 2, 5, 16]))
def test_a_request_ends_alike_in_every_order_of_joining_and_leaving(
    acts: list[tuple[str, int]], max_rows: int
) -> None:
    crowd = _Crowd(DenoisingEngine(CPU, max_rows=max_rows))
    crowd.play("add", 0)
    for act, number in acts:
        crowd.play(act, number)
    expected = set(crowd.here) | set(crowd.done)
    crowd.finish()
    assert set(crowd.done) == expected
    assert len(crowd.engine) == 0
    for number, latents in crowd.done.items():
        torch.testing.assert_close(latents, _alone(number), rtol=0.0, atol=1e-4)


@given(st.lists(ACTS, max_size=40))
def test_a_deterministic_engine_gives_the_same_bytes(acts: list[tuple[str, int]]) -> None:
    crowd = _Crowd(DenoisingEngine(CPU, deterministic=True))
    for act, number in [*(("add", n) for n in range(len(POOL))), *acts]:
        crowd.play(act, number)
    NETS[2].rows.clear()
    crowd.finish()
    assert max(NETS[2].rows, default=1) <= 2  # a pass for each
    for number, latents in crowd.done.items():
        assert torch.equal(latents, _alone(number))


def test_all_of_one_bucket_share_a_pass_and_no_pass_is_too_large() -> None:
    engine = DenoisingEngine(CPU, max_rows=8)
    for request in POOL:
        engine.add(request)
    NETS[2].rows.clear()
    outputs = engine.step()
    assert max(NETS[2].rows) <= 8
    assert len({o.request.table for o in outputs}) >= 4  # samplers and lengths share it
    assert len({o.request.adapters for o in outputs}) >= 3


def test_rows_vanish_where_guidance_is_one_or_outside_its_interval() -> None:
    assert guidance_scales(6.0, (0.2, 0.8), 5, 5) == (1.0, 6.0, 6.0, 6.0, 1.0)
    assert guidance_scales(6.0, (0.2, 0.8), 5, 2) == (6.0, 1.0)  # the last of a weak run
    assert guidance_scales(4.0, (0.0, 1.0), 3, 3) == (4.0, 4.0, 4.0)
    engine = DenoisingEngine(CPU)
    part_time, unguided = (r for r in POOL if r.request_id in ("10", "11"))
    engine.add(part_time)
    engine.add(replace(unguided, interactive=True))
    NETS[2].rows.clear()
    _finish(engine)
    assert NETS[2].rows == [2, 3, 3, 2, 1]


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_what_a_mask_spares_is_kept_and_the_rest_is_not(sampler: str) -> None:
    painted = _painted(3)
    engine = DenoisingEngine(CPU)
    request = _request(3, sampler, 6, **painted)
    engine.add(request)
    (early,) = engine.step()
    row, first = request.table.row(1), Noise(3, request.shape).draw()
    held = row.signal * painted["source"] + row.noise_level * first  # at the noise of the moment
    torch.testing.assert_close(early.latents[..., :2], held[..., :2])
    (output,) = _finish(engine).values()
    change = output.latents - painted["source"]
    assert torch.equal(output.latents[..., :2], painted["source"][..., :2])
    assert float(change[..., 2:].abs().mean()) > 0.1


@pytest.mark.parametrize("sampler", ["euler", "ddim", "flow-euler", "lcm"])
def test_a_weak_run_stays_near_its_source(sampler: str) -> None:
    source = torch.randn(4, 6, 5, generator=torch.Generator().manual_seed(2))

    def knows(latents: Tensor, timesteps: Tensor, context: Tensor, *_: object) -> Tensor:
        # The velocity that leads back to the source.
        squared = torch.from_numpy(SCHEDULE.alphas_cumprod)[timesteps.round().long()].float()
        alpha, sigma = squared.sqrt().view(-1, 1, 1, 1), (1 - squared).sqrt().view(-1, 1, 1, 1)
        return alpha * (latents - alpha * source) / sigma - sigma * source

    table = compile_table(sampler, SCHEDULE, 20, 0.3)
    assert len(table) == 6
    weak = _request(
        4, model_id="knows", network=knows, table=table, guidance=(1.0,) * 6, source=source
    )
    engine = DenoisingEngine(CPU)
    engine.add(weak)
    (output,) = _finish(engine).values()
    torch.testing.assert_close(output.predicted, source, rtol=1e-3, atol=1e-3)


def test_two_hundred_cancels_leave_nothing_behind() -> None:
    engine = DenoisingEngine(CPU)
    random = torch.Generator().manual_seed(0)
    alive: set[str] = set()
    for number in range(200):
        engine.add(replace(POOL[number % len(POOL)], request_id=f"c{number}"))
        alive.add(f"c{number}")
        alive -= {o.request.request_id for o in engine.step() if o.finished}
        chosen = (
            sorted(alive)[int(torch.randint(len(alive), (), generator=random))] if alive else ""
        )
        if chosen:
            engine.cancel(chosen)
            alive.discard(chosen)
    for request_id in alive:
        engine.cancel(request_id)
    assert len(engine) == 0
    assert engine.step() == []


def test_a_paused_request_takes_no_step_and_a_second_of_its_name_is_refused() -> None:
    engine = DenoisingEngine(CPU)
    engine.add(POOL[0])
    engine.pause("0")
    assert engine.step() == []
    engine.resume("0")
    assert len(engine.step()) == 1
    with pytest.raises(ValueError, match="request 0 is already here"):
        engine.add(POOL[0])
    with pytest.raises(KeyError):
        engine.cancel("nobody")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"guidance": (2.0,)}, "1 scales for 4 steps"),
        ({"mask": torch.ones(1, 6, 5)}, "a mask needs the source"),
        ({"context": torch.zeros(3, 6)}, r"context is \(3, 6\), not \(2, T, D\)"),
        ({"source": torch.zeros(1, 4, 6, 5)}, r"source is \(1, 4, 6, 5\), not \(4, 6, 5\)"),
        (
            {"source": torch.zeros(4, 6, 5), "mask": torch.ones(1, 1, 6, 5)},
            r"mask is \(1, 1, 6, 5\), not \(1, 6, 5\)",
        ),
    ],
)
def test_a_request_must_make_sense(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _request(1, **change)


@pytest.mark.parametrize(("step_index", "shape"), [(4, (4, 6, 5)), (-1, (4, 6, 5)), (1, (4, 6, 6))])
def test_a_snapshot_of_another_is_refused_and_its_neighbours_go_on(
    step_index: int, shape: tuple[int, ...]
) -> None:
    engine = DenoisingEngine(CPU)
    engine.add(POOL[0])
    with pytest.raises(ValueError, match="is not of request 77"):
        engine.add(_request(77), Snapshot(step_index, torch.zeros(shape), torch.zeros(shape)))
    assert set(_finish(engine)) == {"0"}


def test_who_moves_keeps_its_place() -> None:
    engine = DenoisingEngine(CPU, max_rows=2)
    engine.add(POOL[0])
    snapshot = replace(engine.snapshot("0"), waited_ms=1e6)
    engine.cancel("0")
    engine.add(_request(1, account="a", steps=2))
    engine.add(POOL[0], snapshot)
    assert [o.request.request_id for o in engine.step()] == ["0"]


def test_a_state_keeps_no_memory_of_its_neighbours() -> None:
    engine = DenoisingEngine(CPU)
    for request in POOL[:5]:
        engine.add(request)
    for output in engine.step():
        for kept in (output.latents, output.predicted):
            assert kept.untyped_storage().nbytes() == kept.numel() * 4


def test_passes_are_timed_by_bucket_and_rows() -> None:
    engine = DenoisingEngine(CPU)
    engine.add(_request(5, steps=8))
    _finish(engine)
    bucket = POOL[0].bucket
    measured_ms = engine.step_times.pass_ms(bucket, 2)
    assert 1e-3 < measured_ms < 1e3
    assert engine.step_times.best_rows(bucket, 16) == 4  # two are known, so four are worth a try


def test_passes_with_adapters_are_not_taken_for_what_plain_ones_take() -> None:
    engine = DenoisingEngine(CPU)
    engine.add(_request(1, steps=6, adapters=((ADAPTERS[0], 1.0),)))
    engine.add(_request(2, steps=6))
    while len(engine):
        engine.step()
    assert engine.step_times.known() == {}
    engine.add(_request(2, steps=6))
    while len(engine):
        engine.step()
    assert list(engine.step_times.known()) == [_request(2).bucket]
