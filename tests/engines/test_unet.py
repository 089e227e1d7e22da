"""A U-Net's weights come back as they were, or not at all."""

import os
import shutil
from pathlib import Path

import pytest
import torch

from maquette.core.errors import WeightsDamaged
from maquette.engines.catalog import UNET_FILE, ModelSpec
from maquette.engines.unet import HeldUNet
from tests.conftest import TinyModels


@pytest.fixture
def model(tiny_models: TinyModels, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_models.image, tmp_path / "model")


def _held(model: Path) -> HeldUNet:
    return HeldUNet(ModelSpec("tiny", model), torch.device("cpu"), torch.float32)


def test_weights_that_were_let_go_of_come_back(model: Path) -> None:
    held = _held(model)
    before = {name: weight.clone() for name, weight in held.network.state_dict().items()}
    network = held.network
    held.let_go()
    assert {weight.device.type for weight in network.parameters()} == {"meta"}
    held.hold()
    assert held.network is network
    for name, weight in network.state_dict().items():
        torch.testing.assert_close(weight, before[name], rtol=0.0, atol=0.0)


def test_others_are_not_taken_for_those_that_were_let_go_of(model: Path) -> None:
    held = _held(model)
    held.let_go()
    os.utime(model / UNET_FILE, (0, 0))
    with pytest.raises(WeightsDamaged, match="has changed since it was loaded; restart"):
        held.hold()
