"""Growth: a trained U-Net becomes a deeper one that still computes the same.

Net2Net, Chen et al. 2016, https://arxiv.org/abs/1511.05641.
"""

import re

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.transformers import Transformer2DModel
from torch import nn

from maquette.core.errors import InvalidRequest

_LAYER = re.compile(r"^(down_blocks|up_blocks)\.(\d+)\.(resnets|attentions)\.(\d+)\.")


def silence_branches(unet: nn.Module) -> None:
    """Lets every residual branch begin at zero, as in Dhariwal & Nichol 2021,
    https://arxiv.org/abs/2105.05233.
    """
    for module in unet.modules():
        if isinstance(module, ResnetBlock2D):
            nn.init.zeros_(module.conv2.weight)
            nn.init.zeros_(module.conv2.bias)  # type: ignore[arg-type]
        elif isinstance(module, Transformer2DModel):
            nn.init.zeros_(module.proj_out.weight)
            nn.init.zeros_(module.proj_out.bias)


@torch.no_grad()
def deepen(unet: UNet2DConditionModel, layers: tuple[int, ...]) -> UNet2DConditionModel:
    """`unet` with `layers` at each resolution, finest first; those it had keep their weights.

    A new layer begins as the identity: its residual branches are silent, and on the way up, where
    it also sees a skip connection, its shortcut passes on all but that. Raises InvalidRequest where
    layers would be lost.
    """
    had = _layers(unet)
    if len(had) != len(layers) or any(new < old for new, old in zip(layers, had, strict=True)):
        raise InvalidRequest(
            f"a U-Net of layers {had} cannot be deepened to {layers}; name its own --size"
        )
    deep = UNet2DConditionModel(**{**unet.config, "layers_per_block": layers})
    silence_branches(deep)
    for block in deep.up_blocks:
        for resnet in block.resnets:  # type: ignore[union-attr]
            nn.init.zeros_(resnet.conv_shortcut.weight)
            nn.init.dirac_(resnet.conv_shortcut.weight)
            nn.init.zeros_(resnet.conv_shortcut.bias)

    def renamed(name: str) -> str:
        found = _LAYER.match(name)
        if not found or found[1] == "down_blocks":
            return name  # new layers come after those there are
        level = len(had) - 1 - int(found[2])
        # On the way up the last layer alone takes the skip connection from the level above.
        if int(found[4]) < had[level]:
            return name
        return f"up_blocks.{found[2]}.{found[3]}.{layers[level]}.{name[found.end() :]}"

    deep.load_state_dict(deep.state_dict() | {renamed(n): w for n, w in unet.state_dict().items()})
    return deep


def _layers(unet: UNet2DConditionModel) -> tuple[int, ...]:
    layers = unet.config.layers_per_block
    levels = len(unet.config.block_out_channels)
    return (layers,) * levels if isinstance(layers, int) else tuple(layers)
