"""The few-step LoRA: what it is taught, and that what is saved is what was taught."""

from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel
from peft import set_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file

from maquette.diffusion.samplers import compile_table
from maquette.engines.catalog import ADAPTER_FILE, UNET_FILE, ModelSpec, sha256
from maquette.engines.image import ImageEngine
from maquette.recipes import turbo
from maquette.recipes.captioned_latents import CaptionReader
from maquette.recipes.turbo import (
    Student,
    Ways,
    save_adapter,
    teacher_of,
    train_turbo,
    with_adapter,
)
from maquette.train.batch import Batch
from maquette.train.loop import Compute, LoopSettings
from maquette.world.compose import Split, compose
from maquette.world.scene import Scene
from tests.conftest import TinyModels

CPU = torch.device("cpu")
COMPUTE = Compute(CPU, torch.float32)
NAMES = {"noisy", "clean", "timesteps", "context"}


@pytest.fixture
def few_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turbo, "WAYS", 4)


def _unet(models: TinyModels) -> UNet2DConditionModel:
    return UNet2DConditionModel.from_pretrained(models.image / "unet")


def _ways(models: TinyModels, seed: int = 0) -> Ways:
    return Ways(_unet(models), CaptionReader(models.clip / "text", COMPUTE), seed)


def _disturb(unet: UNet2DConditionModel) -> None:
    """Makes of the untrained LoRA one that does something."""
    torch.manual_seed(1)
    for layer in unet.modules():
        if isinstance(layer, LoraLayer):
            for weight in layer.lora_B.parameters():
                torch.nn.init.normal_(weight, std=0.1)


@pytest.mark.usefixtures("few_ways")
@torch.no_grad()
def test_a_way_begins_in_noise_and_ends_where_the_guided_teacher_ends(
    tiny_models: TinyModels,
) -> None:
    ways, teacher = _ways(tiny_models), _unet(tiny_models)
    points = ways.block(0)
    assert points.keys() == NAMES
    assert all(len(tensor) == 4 * turbo.STEPS for tensor in points.values())
    first, last = points["noisy"][:4].float(), points["noisy"][-4:].float()
    assert 0.95 < float(first.std()) < 1.05
    torch.testing.assert_close(points["clean"][:4], points["clean"][-4:])
    timesteps, context = points["timesteps"][-4:], points["context"][-4:].float()
    empty = ways._empty.float().expand_as(context)
    conditional, unconditional = (teacher(last, timesteps, c).sample for c in (context, empty))
    guided = unconditional + turbo.GUIDANCE * (conditional - unconditional)
    alpha, sigma = (
        torch.from_numpy(levels).float()[timesteps].view(-1, 1, 1, 1)
        for levels in (ways._schedule.alphas, ways._schedule.sigmas)
    )
    expected = alpha * last - sigma * guided
    torch.testing.assert_close(points["clean"][-4:].float(), expected, rtol=0.01, atol=0.01)
    assert float((context[0] - context[1]).abs().max()) > 0.01  # each its own caption


@pytest.mark.usefixtures("few_ways")
def test_the_timesteps_are_those_that_the_student_is_asked_at(tiny_models: TinyModels) -> None:
    ways = _ways(tiny_models)
    own = ways.block(0)["timesteps"].view(turbo.STEPS, 4).T.tolist()
    assert len({tuple(one) for one in own}) == 4
    for one in own:
        assert one == sorted(set(one), reverse=True)
        assert one[0] == 999
    known = {int(row.timestep) for row in compile_table("lcm", ways._schedule, 50).rows}
    assert {timestep for one in own for timestep in one} <= known


@pytest.mark.usefixtures("few_ways")
def test_all_points_are_seen_once_and_a_resumed_run_sees_the_same(tiny_models: TinyModels) -> None:
    whole, resumed = _ways(tiny_models).batches(8, 0), _ways(tiny_models).batches(8, 9)
    seen = [next(whole) for _ in range(10)]
    block = torch.cat([batch["noisy"] for batch in seen[:8]]).flatten(1)
    assert len(block) == 4 * turbo.STEPS == len(block.unique(dim=0))
    for name, tensor in next(resumed).items():
        torch.testing.assert_close(tensor, seen[9][name], msg=name)
    other = next(_ways(tiny_models, seed=1).batches(8, 0))
    assert not torch.equal(other["noisy"], seen[0]["noisy"])


@pytest.mark.usefixtures("few_ways")
def test_no_held_out_scene_is_told(
    tiny_models: TinyModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    splits: list[str] = []

    def spy(number: int, split: Split = "train") -> Scene:
        splits.append(split)
        return compose(number, split)

    monkeypatch.setattr(turbo, "compose", spy)
    _ways(tiny_models).block(0)
    assert splits == ["train"] * 4


@pytest.mark.usefixtures("few_ways")
def test_the_lora_alone_learns(tiny_models: TinyModels) -> None:
    student = Student(with_adapter(_unet(tiny_models), 4), torch.eye(4))
    student(_ways(tiny_models).block(0))[0].backward()
    taught = {n for n, p in student.named_parameters() if p.grad is not None}
    assert len(taught) > 50
    assert all("lora_" in name for name in taught)


def test_what_is_saved_is_what_was_taught(tiny_models: TinyModels, tmp_path: Path) -> None:
    unet = with_adapter(_unet(tiny_models), 4)
    _disturb(unet)
    assert save_adapter(unet, tmp_path, "abc") == tmp_path / ADAPTER_FILE
    assert teacher_of(tmp_path / ADAPTER_FILE) == "abc"
    plain, turbo_engine = (
        ImageEngine(ModelSpec("any", tiny_models.image, adapter=folder), CPU, torch.float32)
        for folder in (None, tmp_path)
    )
    given = plain.example(3)
    with torch.inference_mode():
        expected = unet(*given).sample
        error = (turbo_engine.unet(*given).sample - expected).abs().max()
        far = (plain.unet(*given).sample - expected).abs().max()
    assert float(error) < 0.02 * float(far)  # the file is in fp16


@pytest.mark.slow
@pytest.mark.usefixtures("few_ways")
def test_a_distilled_network_comes_nearer_to_where_its_teacher_ends(
    tiny_models: TinyModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turbo, "read_latents", lambda *_: torch.randn(8, 4, 16, 16).half())
    settings = LoopSettings(40, 3e-3, warmup_steps=5, ema_decay=0.9, compute=COMPUTE)
    text = tiny_models.clip / "text"
    path = train_turbo(tmp_path, settings, tiny_models.image, text, tmp_path, batch_size=8)
    assert teacher_of(path) == sha256(tiny_models.image / UNET_FILE)
    student = Student(with_adapter(_unet(tiny_models)), torch.eye(4))
    unseen: Batch = _ways(tiny_models, seed=5).block(0)

    def error() -> float:
        return float(student(unseen)[1]["pixels"])

    before = error()
    taught = {n.removeprefix("unet."): w for n, w in load_file(path).items()}
    set_peft_model_state_dict(student.unet, taught, turbo.ADAPTER)
    assert error() < 0.8 * before
