"""On a CUDA GPU: a request ends as it does alone, by every backend, and as on a CPU."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from maquette.batching.loop import EngineLoop
from maquette.core.requests import AdapterUse, GenerationRequest, SamplingParams
from maquette.core.settings import Settings
from maquette.diffusion import backends
from maquette.diffusion.engine import DenoisingEngine
from maquette.diffusion.request import DenoisingRequest
from maquette.diffusion.samplers import SAMPLERS
from maquette.engines.catalog import STARTERS
from maquette.engines.image import ImageEngine
from maquette.service.backend_choice import measure_backends
from tests.lora_files import write_diffusers

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU"),
    pytest.mark.filterwarnings("default"),  # PyTorch's advice on TF32 and the like ends no test
]

CUDA, CPU = torch.device("cuda"), torch.device("cpu")
PROMPT = "a red boat on a calm sea at night"
# The most that latents may differ from those of the same request alone, as a share of their norm:
# another number of rows may have other kernels, and guidance amplifies what they round. PyTorch
# convolves fp32 in TF32. Another seed differs by more than 1.
MOST_OFF = {torch.float32: 0.02, torch.bfloat16: 0.15}


@cache
def _image(device: torch.device = CUDA, dtype: torch.dtype = torch.bfloat16) -> ImageEngine:
    return ImageEngine(STARTERS["image"], device, dtype)


@pytest.fixture(params=["eager", "cudagraphs"])
def image(request: pytest.FixtureRequest, tmp_path: Path) -> ImageEngine:
    """The starter in bf16, by the backends that need no compiler."""
    engine = _image()
    engine.use(request.param, tmp_path)
    return engine


def _requests(image: ImageEngine) -> list[DenoisingRequest]:
    """Of all samplers, with guidance of their own and steps of their own, in two sizes."""
    made: list[DenoisingRequest] = []
    for number, sampler in enumerate([*sorted(SAMPLERS), "dpm++2m", "ddim"]):
        params = SamplingParams(
            f"{PROMPT}, {number}",
            seed=number,
            num_inference_steps=5 + number,
            guidance_scale=(1.0, 3.0, 6.0)[number % 3],
            sampler=sampler,
            width=192 if number >= len(SAMPLERS) else 256,
        )
        made += image.prepare(GenerationRequest(params), str(number))
    return made


def _finish(engine: DenoisingEngine) -> dict[str, Tensor]:
    done: dict[str, Tensor] = {}
    while outputs := engine.step():
        done |= {o.request.request_id: o.latents for o in outputs if o.finished}
    return done


def _alone(request: DenoisingRequest) -> Tensor:
    engine = DenoisingEngine(CUDA)
    engine.add(request)
    return _finish(engine)[request.request_id]


def _off(ours: Tensor, wanted: Tensor) -> float:
    return float((ours - wanted).norm() / wanted.norm())


@torch.inference_mode()
@pytest.mark.parametrize("dtype", MOST_OFF)
@pytest.mark.parametrize("backend", ["eager", "cudagraphs"])
def test_a_request_ends_as_alone_whoever_joins_and_leaves(
    backend: str, dtype: torch.dtype, tmp_path: Path
) -> None:
    image = _image(CUDA, dtype)
    image.use(backend, tmp_path)
    requests = _requests(image)
    engine, done = DenoisingEngine(CUDA), {}
    for request in requests:  # one joins at each step
        engine.add(request)
        done |= {o.request.request_id: o.latents for o in engine.step() if o.finished}
    engine.cancel(requests[-1].request_id)
    done |= _finish(engine)
    assert len(done) == len(requests) - 1
    for request in requests[:-1]:
        off = _off(done[request.request_id], _alone(request))
        assert off < MOST_OFF[dtype], (request.request_id, off)


def test_a_deterministic_engine_gives_the_same_bytes(image: ImageEngine) -> None:
    requests = _requests(image)
    engine = DenoisingEngine(CUDA, deterministic=True)
    for request in requests:
        engine.add(request)
    for name, latents in _finish(engine).items():
        assert torch.equal(latents, _alone(next(r for r in requests if r.request_id == name)))


def test_one_that_moves_house_goes_on_to_the_byte(image: ImageEngine) -> None:
    params = SamplingParams(PROMPT, seed=5, num_inference_steps=8, sampler="euler-a")
    (request,) = image.prepare(GenerationRequest(params))
    first, second = DenoisingEngine(CUDA), DenoisingEngine(CUDA)
    first.add(request)
    for _ in range(3):
        first.step()
    snapshot = first.snapshot(request.request_id)
    first.cancel(request.request_id)
    assert first.step() == []
    assert snapshot.latents.device == snapshot.previous.device == CPU
    second.add(request, snapshot)
    assert torch.equal(_finish(second)[request.request_id], _alone(request))


def _passes(
    image: ImageEngine, rows: Sequence[int], sizes: Sequence[tuple[int, int]]
) -> list[tuple[Tensor, Tensor, Tensor]]:
    """What the U-Net is given: of each size so many rows, and the first of all once more."""
    given: list[tuple[Tensor, Tensor, Tensor]] = []
    for height, width in (*sizes, sizes[0]):
        for count in rows:
            latents, timesteps, context = image.example(count)
            channels = latents.shape[1]
            latents = torch.randn(count, channels, height, width, device=CUDA)
            given.append((latents, timesteps, context.to(image.dtype)))
    return given


@torch.inference_mode()
@pytest.mark.parametrize("name", ["cudagraphs", "compile"])
def test_graphs_compute_what_pytorch_does_in_any_thread(name: str, tmp_path: Path) -> None:
    image = _image()
    network = backends.build(name, image.unet, tmp_path, image.example(2))
    eager = backends.build("eager", image.unet, tmp_path, ())
    given = _passes(image, (1, 2, 3, 8), ((16, 16), (8, 12)))
    with ThreadPoolExecutor(1) as other_thread:
        for turn in range(3):  # as it comes, recorded, replayed
            outputs = [network(*one) for one in given]
            if turn == 2:  # by graphs that this thread recorded
                outputs = list(other_thread.map(lambda one: network(*one), given))
            for one, output in zip(given, outputs, strict=True):  # none was written over
                off = _off(output, eager(*one))
                assert off < 0.03, (turn, tuple(one[0].shape), off)


def test_many_threads_decode_while_passes_are_recorded(tmp_path: Path) -> None:
    image = _image()
    image.use("cudagraphs", tmp_path)
    requests = _requests(image)
    latents = torch.randn(1, *requests[0].shape, device=CUDA)
    wanted = image.codec.decode(latents)[0].tobytes()
    loop = EngineLoop(DenoisingEngine(CUDA))
    try:
        with ThreadPoolExecutor(4) as pool:
            futures = [loop.add(request) for request in requests]
            decoded = [pool.submit(image.codec.decode, latents) for _ in range(40)]
            done = [future.result(timeout=120).latents for future in futures]
            assert {one.result()[0].tobytes() for one in decoded} == {wanted}
    finally:
        loop.close()
    for request, ours in zip(requests, done, strict=True):
        assert _off(ours, _alone(request)) < MOST_OFF[torch.bfloat16]


def test_rows_with_a_lora_go_beside_plain_ones(image: ImageEngine, tmp_path: Path) -> None:
    file = write_diffusers(tmp_path / "lora", STARTERS["image"].folder, seed=1)
    requests: list[DenoisingRequest] = []
    for number, scale in enumerate((0.0, 4.0, 0.0, -4.0)):
        uses = (AdapterUse(str(file), scale),) if scale else ()
        params = SamplingParams(PROMPT, seed=3, num_inference_steps=6, adapters=uses)
        requests += image.prepare(GenerationRequest(params), str(number))
    engine = DenoisingEngine(CUDA)
    for request in requests:
        engine.add(request)
    done = _finish(engine)
    for request in requests:
        off = _off(done[request.request_id], _alone(request))
        assert off < MOST_OFF[torch.bfloat16], (request.request_id, off)
    plain, worn, _, other = (done[request.request_id] for request in requests)
    assert min(_off(worn, plain), _off(other, plain), _off(worn, other)) > 0.15


def test_passes_take_what_the_device_needed(image: ImageEngine) -> None:
    params = SamplingParams(PROMPT, num_inference_steps=40)
    (request,) = image.prepare(GenerationRequest(params))
    _alone(request)
    engine = DenoisingEngine(CUDA)
    engine.add(request)
    torch.cuda.synchronize()
    started = time.perf_counter()
    _finish(engine)
    torch.cuda.synchronize()
    wall_ms = (time.perf_counter() - started) * 1e3 / 40
    pass_ms = engine.step_times.pass_ms(request.bucket, 2)
    assert engine.step_times.known()
    assert wall_ms / 4 < pass_ms < wall_ms * 2


def test_a_picture_is_that_of_a_cpu(tmp_path: Path) -> None:
    """From the same noise, so the same picture but for rounding."""
    params = SamplingParams(PROMPT, seed=7, num_inference_steps=12)
    pictures, previews = [], []
    for device in (CPU, CUDA):
        image = _image(device, torch.float32)
        image.use("eager", tmp_path)
        pictures.append(np.asarray(image.generate(GenerationRequest(params))[0], float))
        (request,) = image.prepare(GenerationRequest(params))
        clean = torch.linspace(-1, 1, 2**13).view(request.shape).to(device)
        previews.append(np.asarray(image.codec.preview(clean), float))
    for cpu, cuda in (pictures, previews):
        psnr_db = 10 * np.log10(255**2 / (np.square(cpu - cuda).mean() + 1e-9))
        assert psnr_db > 30, psnr_db


def test_the_backends_are_measured(tmp_path: Path) -> None:
    measured = measure_backends(Settings(data=tmp_path), _image())
    print(measured)
    assert set(measured.pass_ms) == set(backends.available(CUDA))
    assert measured.peak_flop_s > 1e12
    assert 0 < measured.share_of_peak < 1
