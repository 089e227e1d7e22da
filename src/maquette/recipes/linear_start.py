"""The best linear autoencoder, grown level by level, and a convolutional one that begins as it.

`AutoencoderKL` goes up by repeating pixels before a 3 × 3 convolution, so a cell's four pixels
differ only by what their neighbours lend; a deep model needs hours to find out how to place detail
with that. Without its norms and activations it is a chain of linear maps, which learns the same
within two minutes, one level at a time: a lapped transform (Malvar 1992), built of wavelet-like
functions that reach over cell borders. docs/log.md has the figures.
"""

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from diffusers.models.resnet import ResnetBlock2D
from torch import Tensor, nn

# In two spare channels, of both signs and times the root of the channel count: a norm over all
# channels then divides every picture by nearly the same.
CONSTANT = 2.0


class LinearAutoencoder(nn.Module):
    """Levels of one convolution each way, of the shapes that AutoencoderKL has on its main path."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList()
        self.up = nn.ModuleList()

    def encode(self, pixels: Tensor, levels: int | None = None) -> Tensor:
        """(B, 3, H, W) to (B, C, H / 2^levels, W / 2^levels)."""
        features = pixels
        for level in list(self.down)[:levels]:
            features = level(F.pad(features, (0, 1, 0, 1)))
        return features

    def decode(self, features: Tensor, to_level: int = 0) -> Tensor:
        """Back to pixels, or to the features that `to_level` levels of encoding give."""
        for level in reversed(list(self.up)[to_level:]):
            features = level(F.interpolate(features, scale_factor=2.0, mode="nearest"))
        return features

    @torch.no_grad()
    def grow(self, pixels: Tensor, channels: int) -> None:
        """Adds a level: principal components of 2 × 2 blocks, and the way back by least squares."""
        features = self.encode(pixels)
        before = features.shape[1]
        blocks = F.pixel_unshuffle(features, 2)
        mean, _, axes = _principal(blocks)
        used = min(channels, axes.shape[1])
        down = nn.Conv2d(before, channels, 3, stride=2).to(pixels.device)
        nn.init.normal_(down.weight, std=1e-3)
        nn.init.zeros_(down.bias)  # type: ignore[arg-type]
        down.weight[:used, :, :2, :2] = axes[:, :used].T.reshape(used, before, 2, 2)
        down.bias[:used] = -mean @ axes[:, :used]  # type: ignore[index]
        self.down.append(down)
        up = nn.Conv2d(channels, before, 3, padding=1).to(pixels.device)
        wide = F.interpolate(self.encode(pixels), scale_factor=2.0, mode="nearest")
        _fit(up, wide, features)
        self.up.append(up)


def _principal(features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean (C,), spreads (C,) and axes (C, C) as columns of (B, C, H, W), widest first."""
    rows = features.permute(0, 2, 3, 1).flatten(0, 2).double()
    mean = rows.mean(0)
    variances, axes = torch.linalg.eigh(torch.cov(rows.T))
    spreads = variances.flip(0).clamp(min=1e-9).sqrt()
    return mean.float(), spreads.float(), axes.flip(1).float()


@torch.no_grad()
def _fit(conv: nn.Conv2d, features: Tensor, target: Tensor, ridge: float = 1e-4) -> None:
    """Sets a 3 × 3 convolution so that it maps features to target with the least squared error."""
    inputs = 9 * features.shape[1] + 1
    gram = torch.zeros(inputs, inputs, dtype=torch.double, device=features.device)
    cross = gram.new_zeros(inputs, target.shape[1])
    for some, wanted in zip(features.split(2), target.split(2), strict=True):
        windows = F.unfold(some, 3, padding=1).transpose(1, 2).flatten(0, 1).double()
        windows = torch.cat([windows, windows.new_ones(len(windows), 1)], 1)
        gram += windows.T @ windows
        cross += windows.T @ wanted.permute(0, 2, 3, 1).flatten(0, 2).double()
    gram += torch.eye(inputs, dtype=torch.double, device=gram.device) * ridge * gram.diag().mean()
    solution = torch.linalg.solve(gram, cross).float()
    conv.weight.copy_(solution[:-1].T.reshape(conv.weight.shape))
    assert conv.bias is not None
    conv.bias.copy_(solution[-1])


def grow_linear(pixels: Tensor, channels: tuple[int, ...], steps: int) -> LinearAutoencoder:
    """Grows a level for each entry of `channels`, training all levels for `steps` after each.

    pixels: (N, 3, H, W) in -1 to 1, H and W multiples of 128.
    """
    model = LinearAutoencoder().to(pixels.device)
    for width in channels:
        model.grow(pixels[:32], width)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.0, betas=(0.9, 0.98))
        for step in range(steps):
            rate = min(1.0, (step + 1) / 50, 2 * (1 - step / steps))
            optimizer.param_groups[0]["lr"] = 2e-3 * rate
            side = 128
            y, x = (int(torch.randint(0, n - side + 1, ())) for n in pixels.shape[2:])
            rows = torch.randint(0, len(pixels), (4,))
            crop = pixels[rows, :, y : y + side, x : x + side]
            loss = F.mse_loss(model.decode(model.encode(crop)), crop)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model


@torch.no_grad()
def begin_as(linear: LinearAutoencoder, model: AutoencoderKL, pixels: Tensor) -> None:
    """Sets `model`, its residual branches being silent, to compute what `linear` does, nearly.

    Channels beyond those of `linear` keep their own weights for training to use.
    """
    _balance(linear, pixels)
    encoder, decoder = model.encoder, model.decoder
    levels = len(linear.down)
    widths = [3, *(level.out_channels for level in linear.down)]
    _pass_on(encoder.conv_in, 3)
    for i, block in enumerate(encoder.down_blocks):
        _pass_on(block.resnets[0].conv_shortcut, widths[i])  # type: ignore[union-attr,index]
        if i < levels:
            _place(block.downsamplers[0].conv, linear.down[i])  # type: ignore[union-attr,index]
    _pass_on(decoder.conv_in, widths[-1])
    for i, block in enumerate(decoder.up_blocks):
        _pass_on(block.resnets[0].conv_shortcut, widths[levels - i])  # type: ignore[union-attr,index]
        if i < levels:
            _place(block.upsamplers[0].conv, linear.up[levels - 1 - i])  # type: ignore[union-attr,index]
    latents = linear.encode(pixels)
    channels = widths[-1]
    assert model.quant_conv is not None
    assert model.post_quant_conv is not None
    for conv in (model.quant_conv, model.post_quant_conv):
        conv.weight.zero_()
        conv.weight[:channels, :channels, 0, 0] = torch.eye(channels)
    # The variances stand still at first: exp(-6) of what the means spread.
    assert model.quant_conv.bias is not None
    model.quant_conv.bias[channels:] = -6.0
    moments = torch.cat([latents, torch.zeros_like(latents)], 1)
    _read_out(encoder, encoder.down_blocks[-1].resnets[0], channels, pixels, moments)  # type: ignore[union-attr,index,arg-type]
    _read_out(decoder, decoder.up_blocks[-1].resnets[0], 3, latents, pixels)  # type: ignore[union-attr,index,arg-type]


def _balance(linear: LinearAutoencoder, pixels: Tensor) -> None:
    """Turns the features between levels so that channels carry alike; latents so that their
    spreads lie nearer to each other, for the diffusion model's sake.
    """
    for level in range(1, len(linear.down) + 1):
        features = linear.encode(pixels, level)
        last = level == len(linear.down)
        turn, back = _turn(features, last)
        _recast(linear.down[level - 1], turn, None)  # type: ignore[arg-type]
        if last:
            _recast(linear.up[level - 1], None, back)  # type: ignore[arg-type]
        else:
            _recast(linear.down[level], None, back)  # type: ignore[arg-type]
    for level in range(len(linear.up) - 1, 0, -1):
        features = linear.decode(linear.encode(pixels), level)
        turn, back = _turn(features, last=False)
        _recast(linear.up[level], turn, None)  # type: ignore[arg-type]
        _recast(linear.up[level - 1], None, back)  # type: ignore[arg-type]


def _turn(features: Tensor, last: bool) -> tuple[Tensor, Tensor]:
    """A random rotation of the principal axes, with their spreads evened where `last`; and its
    inverse.
    """
    _, spreads, axes = _principal(features)
    generator = torch.Generator().manual_seed(features.shape[1])
    mixed = torch.randn(len(spreads), len(spreads), generator=generator).to(features.device)
    rotation, _ = torch.linalg.qr(mixed)
    scales = (
        spreads.clamp(min=1e-3 * float(spreads[0])).rsqrt() if last else torch.ones_like(spreads)
    )
    scales = scales / (spreads * scales).square().mean().sqrt()
    turn = rotation @ torch.diag(scales) @ axes.T
    back = axes @ torch.diag(1 / scales) @ rotation.T
    return turn, back


def _recast(conv: nn.Conv2d, outputs: Tensor | None, inputs: Tensor | None) -> None:
    """Applies a matrix to a convolution's outputs, or to the inputs it expects."""
    assert conv.bias is not None
    if outputs is not None:
        conv.weight.copy_(torch.einsum("po,oikl->pikl", outputs, conv.weight))
        conv.bias.copy_(outputs @ conv.bias)
    if inputs is not None:
        conv.weight.copy_(torch.einsum("oikl,ip->opkl", conv.weight, inputs))


def _pass_on(conv: nn.Conv2d | None, channels: int) -> None:
    """Lets the first channels through unchanged; no convolution does that by itself."""
    if conv is not None:
        conv.weight[:channels] = 0.0
        middle = conv.kernel_size[0] // 2
        conv.weight[:channels, :channels, middle, middle] = torch.eye(channels)


def _place(conv: nn.Conv2d, part: nn.Conv2d) -> None:
    """Puts a smaller convolution into the first channels of a larger one."""
    rows, columns = part.weight.shape[:2]
    conv.weight[:rows] = 0.0
    conv.weight[:rows, :columns] = part.weight
    assert conv.bias is not None
    assert part.bias is not None
    conv.bias[:rows] = part.bias


def _read_out(
    half: nn.Module, last: ResnetBlock2D, channels: int, given: Tensor, wanted: Tensor
) -> None:
    """Makes a half's final norm and SiLU harmless and fits its last convolution to what is wanted.

    Each of the first channels comes with its negative, for SiLU(x) - SiLU(-x) = x.
    """
    shortcut = last.conv_shortcut
    assert shortcut is not None
    assert shortcut.bias is not None
    shortcut.weight[channels : 2 * channels] = -shortcut.weight[:channels]
    shortcut.weight[-2:] = 0.0
    constant = CONSTANT * shortcut.out_channels**0.5
    shortcut.bias[-2], shortcut.bias[-1] = constant, -constant
    seen: list[Tensor] = []
    hook = half.conv_out.register_forward_pre_hook(lambda _, args: seen.append(args[0]))  # type: ignore[union-attr]
    for some in given.split(2):
        half(some)
    hook.remove()
    _fit(half.conv_out, torch.cat(seen), wanted)  # type: ignore[arg-type]
