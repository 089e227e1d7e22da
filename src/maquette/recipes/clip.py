"""CLIP: a text and an image tower, trained on drawn pairs with the sigmoid loss of SigLIP.

Zhai et al. 2023, https://arxiv.org/abs/2303.15343. The towers are a plain `transformers`
CLIPModel; the text tower later conditions the image model.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

from maquette.recipes.pictures import Item, batches, captioned, halve, to_tensor
from maquette.recipes.tokenizer import CONTEXT_TOKENS, train_tokenizer
from maquette.train.loop import Batch, Compute, LoopSettings, train
from maquette.world.compose import compose
from maquette.world.draw import draw

VISION_PX = 128


@dataclass(frozen=True, slots=True)
class ClipSize:
    """Width and depth of the two towers."""

    width: int
    layers: int
    patch_px: int
    batch_size: int


SIZES = {
    "tiny": ClipSize(width=64, layers=2, patch_px=32, batch_size=16),
    "starter": ClipSize(width=256, layers=4, patch_px=16, batch_size=64),
}


class SigmoidPairs(nn.Module):
    """A CLIPModel with the bias that the sigmoid loss adds to its temperature."""

    def __init__(self, clip: CLIPModel) -> None:
        super().__init__()
        self.clip = clip
        self.bias = nn.Parameter(torch.tensor(-10.0))
        clip.logit_scale.data.fill_(2.303)  # t' = log 10

    def forward(self, pixels: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Sigmoid loss and the share of pictures whose own caption ranks first.

        pixels: (B, 3, H, W) in -1 to 1; tokens: (B, T).
        """
        dtype = self.clip.visual_projection.weight.dtype
        # What follows a text's end changes nothing before it, so the batch's longest text decides.
        tokens = tokens[:, : int(tokens.argmax(1).max()) + 1]
        out = self.clip(input_ids=tokens, pixel_values=pixels.to(dtype))
        image = F.normalize(out.image_embeds.float(), dim=-1)  # (B, D)
        text = F.normalize(out.text_embeds.float(), dim=-1)
        logits = image @ text.T * self.clip.logit_scale.float().exp() + self.bias.float()
        signs = 2 * torch.eye(len(logits), device=logits.device) - 1
        hits = (logits.argmax(1) == torch.arange(len(logits), device=logits.device)).float().mean()
        return -F.logsigmoid(signs * logits).sum(1).mean(), hits


def build(size: ClipSize, tokenizer: CLIPTokenizer) -> CLIPModel:
    """The untrained model."""
    tower = {
        "hidden_size": size.width,
        "intermediate_size": size.width * 4,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.width // 64,
        "projection_dim": size.width,
    }
    text = tower | {
        "vocab_size": len(tokenizer),
        "max_position_embeddings": CONTEXT_TOKENS,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = tower | {"image_size": VISION_PX, "patch_size": size.patch_px}
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=size.width))


class _Pairs:
    """Number i: a drawn picture at half size and the tokens of one of its captions."""

    def __init__(self, tokenizer: CLIPTokenizer) -> None:
        self._tokenizer = tokenizer

    def __call__(self, number: int) -> Item:
        scene = compose(number)
        tokens = tokenize(self._tokenizer, [captioned(scene, number)])[0]
        return {"pixels": to_tensor(halve(draw(scene))), "tokens": tokens}


def tokenize(tokenizer: CLIPTokenizer, texts: list[str]) -> Tensor:
    """Token ids (B, CONTEXT_TOKENS), padded as Stable Diffusion pads them."""
    return tokenizer(
        texts, padding="max_length", max_length=CONTEXT_TOKENS, truncation=True, return_tensors="pt"
    ).input_ids


def train_clip(
    out: Path,
    settings: LoopSettings,
    size: str = "starter",
    workers: int = 1,
    seed: int = 0,
    start: Path | None = None,
) -> Path:
    """Trains tokenizer and towers, or goes on from `start`; returns the finished checkpoint."""
    torch.manual_seed(seed)
    final = out / "clip"
    if not (final / "tokenizer_config.json").exists():
        if start is None:
            train_tokenizer(final)
        else:
            CLIPTokenizer.from_pretrained(start).save_pretrained(final)
    tokenizer = CLIPTokenizer.from_pretrained(final)
    pairs = SigmoidPairs(build(SIZES[size], tokenizer))
    if start is not None:
        pairs.clip = CLIPModel.from_pretrained(start, torch_dtype=torch.float32)
    batch_size = SIZES[size].batch_size

    def loss(model: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        value, hits = model(batch["pixels"], batch["tokens"])
        return value, {"batch_r1": float(hits)}

    train(
        pairs,
        loss,
        lambda step: batches(_Pairs(tokenizer), batch_size, workers, step * batch_size),
        settings,
        Compute.choose(),
        out,
        lambda weights, step: save(pairs, weights, final),
    )
    return final


def save(pairs: SigmoidPairs, weights: dict[str, Tensor], out: Path) -> None:
    """Writes weights by parameter name of `pairs` as a CLIP checkpoint in fp16."""
    names = {n.removeprefix("clip."): w.half() for n, w in weights.items() if n != "bias"}
    pairs.clip.save_pretrained(out, state_dict=names)
    CLIPImageProcessorPil(
        size={"shortest_edge": VISION_PX},
        crop_size=VISION_PX,
        resample=Image.Resampling.BOX,  # the mean of pixels, as in training
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
    ).save_pretrained(out)
