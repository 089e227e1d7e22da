"""The autoencoder: 256 px pictures to a small latent grid and back."""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from diffusers.models.resnet import ResnetBlock2D
from PIL import Image
from torch import Tensor, nn

from maquette.recipes.linear_start import begin_as, grow_linear
from maquette.recipes.pictures import Item, batches, crop, first_number, to_tensor
from maquette.train.batch import Batch, Metrics
from maquette.train.loop import LoopSettings, train
from maquette.world.compose import Split, compose
from maquette.world.draw import draw
from maquette.world.preview import sheet

# Small: latents need not be gaussian, only bounded and a little smooth (Rombach et al. 2022).
KL_WEIGHT = 1e-5


@dataclass(frozen=True, slots=True)
class AutoencoderSize:
    """Channels from full resolution to the latent grid; each further entry halves the side."""

    channels: tuple[int, ...]
    latent_channels: int
    linear_steps: int = 2000  # of the linear model it begins as, for each halving

    @property
    def linear_channels(self) -> tuple[int, ...]:
        """Channels of the linear model after each halving: what four pixels hold, if it fits."""
        widths = [3]
        for channels in self.channels[:-2]:
            widths.append(min(4 * widths[-1], channels))
        return (*widths[1:], self.latent_channels)


SIZES = {
    "tiny": AutoencoderSize((8, 12, 16, 16, 24), 4, linear_steps=5),
    # The sweep over the down-sampling factor: the same number of latent values each.
    "f8": AutoencoderSize((16, 32, 64, 128), 8),
    "f32": AutoencoderSize((16, 32, 64, 128, 128, 272), 128),
    "starter": AutoencoderSize((16, 32, 64, 128, 192), 32),
}
_LINEAR_PICTURES = 400


def build(size: AutoencoderSize) -> AutoencoderKL:
    """The untrained model."""
    depth = len(size.channels)
    model = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * depth,
        up_block_types=("UpDecoderBlock2D",) * depth,
        block_out_channels=size.channels,
        layers_per_block=1,
        latent_channels=size.latent_channels,
        # One group: a norm over two channels would keep only the sign of a flat colour.
        norm_num_groups=1,
        sample_size=256,
        mid_block_add_attention=False,  # so that any picture size is treated alike
    )
    _initialise(model)
    return model


def _initialise(model: AutoencoderKL) -> None:
    """Weights that keep the spread of a signal, no biases, quiet latents.

    PyTorch's own shrink a signal at each of a dozen convolutions, while biases keep their size; a
    model that began so still painted in grey after a thousand steps. docs/log.md has what was
    compared, and what was not.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]
    for module in model.modules():
        if isinstance(module, ResnetBlock2D):
            nn.init.zeros_(module.conv2.weight)
    moments = model.quant_conv
    assert moments is not None
    assert moments.bias is not None
    variance = slice(model.config.latent_channels, None)
    nn.init.zeros_(moments.weight[variance])
    nn.init.constant_(moments.bias[variance], -5.0)


def reconstruction_loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Metrics]:
    """Absolute and squared error of pixels, absolute error of their gradients, and the KL term."""
    dtype = model.quant_conv.weight.dtype  # type: ignore[union-attr]
    pixels = batch["pixels"].contiguous(memory_format=torch.channels_last)  # (B, 3, H, W)
    posterior = model.encode(pixels.to(dtype)).latent_dist  # type: ignore[operator]
    decoded = model.decode(posterior.sample()).sample.float()  # type: ignore[operator]
    error = decoded - pixels
    edges = error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()
    squared = error.square().mean()
    kl = posterior.kl().float().mean() / posterior.mean[0].numel()
    value = error.abs().mean() + 2.0 * squared + 0.5 * edges + KL_WEIGHT * kl
    psnr = 10 * torch.log10(4.0 / squared.detach())
    return value, {"psnr_db": psnr, "kl": kl.detach()}


class _Crops:
    def __init__(self, size_px: int) -> None:
        self._size_px = size_px

    def __call__(self, number: int) -> Item:
        return crop(number, self._size_px)


def train_autoencoder(
    out: Path,
    settings: LoopSettings,
    size: str = "starter",
    crop_px: int = 256,
    batch_size: int = 2,
    workers: int = 1,
    seed: int = 0,
    start: Path | None = None,
) -> Path:
    """Trains and writes a checkpoint with its measured scaling factor; returns its folder.

    It begins as a linear model (linear_start.py). Crops are cheaper, but the group norms measure
    all that they see, and a crop is not a picture.
    """
    torch.manual_seed(seed)
    shape = SIZES[size]
    model = build(shape) if start is None else load(start)
    compute = settings.compute
    if start is None and not (out / "checkpoint.pt").exists():
        _begin_linear(model, shape, compute.device)
    final = out / "vae"

    def save(weights: dict[str, Tensor], step: int) -> None:
        finished = AutoencoderKL.from_config(model.config)
        finished.load_state_dict(weights)
        finished.to(compute.device).eval()
        finished.register_to_config(scaling_factor=scaling_factor(finished))
        finished.half().save_pretrained(final)
        (out / "psnr.txt").write_text(f"{step} {psnr(finished.float()):.2f} dB\n")
        reconstructions(finished).save(out / "samples.png")

    train(
        model,
        reconstruction_loss,
        lambda step: batches(
            _Crops(crop_px), batch_size, workers, first_number(seed, step, batch_size)
        ),
        settings,
        out,
        save,
    )
    return final


def _begin_linear(model: AutoencoderKL, size: AutoencoderSize, device: torch.device) -> None:
    pixels = _pictures(range(_LINEAR_PICTURES), "train").to(device)
    linear = grow_linear(pixels, size.linear_channels, size.linear_steps)
    begin_as(linear.cpu(), model, pixels[:24].cpu())


def load(folder: Path) -> AutoencoderKL:
    """A finished checkpoint in fp32."""
    return AutoencoderKL.from_pretrained(folder, torch_dtype=torch.float32)


def _pictures(numbers: range, split: Split) -> Tensor:
    return torch.stack([to_tensor(draw(compose(n, split))) for n in numbers])


@torch.inference_mode()
def scaling_factor(model: AutoencoderKL, pictures: int = 32) -> float:
    """One over the spread of the latents, so that the diffusion model sees unit variance."""
    pixels = _pictures(range(pictures), "train").to(model.device)
    latents = torch.cat([model.encode(p).latent_dist.mode() for p in pixels.split(8)])
    return round(1.0 / float(latents.std()), 5)


@torch.inference_mode()
def reconstructions(model: AutoencoderKL, pictures: int = 8) -> Image.Image:
    """Held-out drawings, and below each what the model keeps of it."""
    pixels = _pictures(range(pictures), "held_out").to(model.device)
    decoded = model.decode(model.encode(pixels).latent_dist.mode()).sample.clamp(-1, 1)
    both = torch.cat([pixels, decoded]).permute(0, 2, 3, 1).cpu()
    return sheet(list(((both + 1) * 127.5).round().byte().numpy()), pictures)


@torch.inference_mode()
def psnr(model: AutoencoderKL, pictures: int = 32, first: int = 0) -> float:
    """Mean peak signal-to-noise ratio over whole held-out pictures, in dB.

    Runs watch themselves on the first numbers; a final measurement takes others.
    """
    pixels = _pictures(range(first, first + pictures), "held_out").to(model.device)
    codes = (model.encode(p.to(model.dtype)).latent_dist.mode() for p in pixels.split(8))
    decoded = torch.cat([model.decode(c).sample.float() for c in codes])
    error = F.mse_loss(decoded.clamp(-1, 1), pixels, reduction="none").mean((1, 2, 3))
    return float((10 * torch.log10(4.0 / error)).mean())
