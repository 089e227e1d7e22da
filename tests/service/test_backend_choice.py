"""The fastest backend is found once; a picture is the same with any, alone or in company."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.core.settings import Settings
from maquette.diffusion.backends import available
from maquette.engines.catalog import ModelSpec
from maquette.engines.image import ImageEngine
from maquette.service import backend_choice
from maquette.service.backend_choice import choose_backend, measure_backends, remembered
from tests.conftest import TinyModels


@pytest.fixture
def image(tiny_models: TinyModels) -> ImageEngine:
    return ImageEngine(ModelSpec("starter", tiny_models.image), torch.device("cpu"), torch.float32)


def test_it_is_measured_once_and_remembered(
    image: ImageEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(backend_choice.PEAK_SIDES, "cpu", (64,))
    settings = Settings(data=tmp_path)
    assert choose_backend(settings, image, measure=False) == "eager"
    assert not tmp_path.joinpath("backends").exists()
    chosen = choose_backend(settings, image, measure=True)
    measured = remembered(settings, image)
    assert measured is not None
    assert measured.backend == chosen
    assert set(measured.pass_ms) == set(available(image.device))
    fastest = min(measured.pass_ms, key=lambda name: np.prod(list(measured.pass_ms[name].values())))
    assert chosen == fastest
    assert measured.share_of_peak > 0
    monkeypatch.setattr(backend_choice, "measure_backends", pytest.fail)
    assert choose_backend(settings, image, measure=True) == chosen
    assert choose_backend(Settings(data=tmp_path, backend="compile"), image, True) == "compile"


def test_a_backend_that_fails_here_is_left_out(
    image: ImageEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(backend_choice.PEAK_SIDES, "cpu", (64,))
    monkeypatch.setattr(backend_choice, "available", lambda _: ["eager", "cudagraphs"])
    assert measure_backends(Settings(data=tmp_path), image).backend == "eager"
    assert "cudagraphs is left out" in caplog.text


def test_a_file_that_cannot_be_read_is_measured_anew(
    image: ImageEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(backend_choice.PEAK_SIDES, "cpu", (64,))
    path = tmp_path / "backends" / "measured.json"
    path.parent.mkdir()
    path.write_text("{half")
    settings = Settings(data=tmp_path)
    assert remembered(settings, image) is None
    measure_backends(settings, image)
    assert len(json.loads(path.read_text())) == 1


def test_operations_are_counted_in_full(image: ImageEngine) -> None:
    linear = sum(
        2 * m.in_channels * m.out_channels * m.kernel_size[0] ** 2
        for m in image.unet.modules()
        if isinstance(m, torch.nn.Conv2d)
    )
    assert backend_choice._flop_a_row(image) > linear  # each at one place at least


def test_with_openvino_a_picture_is_the_same_alone_and_in_company(
    image: ImageEngine, tmp_path: Path
) -> None:
    params = SamplingParams("a cat", seed=3, width=64, height=64, num_inference_steps=4)
    by_torch = image.generate(GenerationRequest(params))[0]
    image.use("openvino", tmp_path)
    alone = image.generate(GenerationRequest(params))[0]
    crowd = image.generate(GenerationRequest(params, count=5))[0]
    for other in (by_torch, crowd):
        assert np.abs(np.asarray(alone, int) - np.asarray(other, int)).max() <= 1


def test_with_openvino_jobs_decode_in_threads_of_their_own(
    image: ImageEngine, tmp_path: Path
) -> None:
    image.use("openvino", tmp_path)
    latents = [image.example(1)[0] for _ in range(12)]
    in_turn = [image.codec.decode(one)[0] for one in latents]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(lambda one: image.codec.decode(one)[0], latents))
    for one, other in zip(in_turn, at_once, strict=True):
        assert one.tobytes() == other.tobytes()
