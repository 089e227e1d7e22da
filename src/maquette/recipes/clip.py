"""CLIP: a text and an image tower that meet in one space, by the sigmoid loss of SigLIP.

Zhai et al. 2023, https://arxiv.org/abs/2303.15343. The text tower learns first, from captions
alone: two captions of one scene, in two languages, belong together. It is then locked, so that the
image model can lean on it from the start, and the image tower learns to meet it (the mirror of
locked-image tuning, Zhai et al. 2022, https://arxiv.org/abs/2111.07991). Both are plain
`transformers` models: CLIPTextModelWithProjection and, as in CLIP's own convolutional variants, a
ResNet.
"""

import random
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from transformers import (
    CLIPImageProcessorPil,
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    ResNetConfig,
    ResNetForImageClassification,
)

from maquette.recipes.contrast import altered
from maquette.recipes.labels import NOT_ASKED, SAID, said
from maquette.recipes.pictures import Item, batches, first_number, halve, to_tensor
from maquette.recipes.statistics import settle_statistics
from maquette.recipes.tokenizer import CONTEXT_TOKENS, train_tokenizer
from maquette.train.batch import Batch, Metrics
from maquette.train.loop import LoopSettings, train
from maquette.world.captions import LANGUAGES, VALUES, Caption, caption
from maquette.world.compose import compose
from maquette.world.draw import draw
from maquette.world.scene import Scene

VISION_PX = 128
BATCH_SIZE = 64
WRONG = 4  # captions a picture that are wrong in one attribute
CHOICE_SCALE = 40.0


@dataclass(frozen=True, slots=True)
class ClipSize:
    """Width and depth of the text tower; channels and blocks of the image tower's stages."""

    text_width: int
    text_layers: int
    stem: int
    channels: tuple[int, ...]
    blocks: tuple[int, ...]


SIZES = {
    "tiny": ClipSize(64, 2, 8, (8, 16), (1, 1)),
    "starter": ClipSize(256, 4, 48, (48, 96, 192, 320), (1, 2, 2, 2)),
}


class SigmoidLoss(nn.Module):
    """The loss of all pairs of a batch, with its learned temperature and bias."""

    def __init__(self) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(2.303))  # t' = log 10
        self.bias = nn.Parameter(torch.tensor(-10.0))

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Loss, and the share of `first` whose own partner ranks first; both (B, D)."""
        first, second = (F.normalize(x.float(), dim=-1) for x in (first, second))
        logits = first @ second.T * self.log_scale.float().exp() + self.bias.float()
        here = torch.arange(len(logits), device=logits.device)
        signs = 2 * torch.eye(len(logits), device=logits.device) - 1
        hits = (logits.argmax(1) == here).float().mean()
        return -F.logsigmoid(signs * logits).sum(1).mean(), hits


def choice_loss(first: Tensor, choices: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy of choosing for each of (B, D) the first of its own (B, K, D), by their
    cosines at a fixed scale, and the share chosen right.

    Captions that differ in a word lie close: at the scale that the sigmoid loss settles on, for
    pairs that are mostly far apart, it would hardly feel the difference.
    """
    cosines = F.cosine_similarity(first[:, None].float(), choices.float(), dim=-1)
    truth = torch.zeros(len(first), dtype=torch.long, device=first.device)
    right = (cosines.argmax(1) == 0).float().mean()
    return F.cross_entropy(CHOICE_SCALE * cosines, truth), right


class TextPairs(nn.Module):
    """The text tower with its loss, and heads that name what a text says of each attribute.

    Telling chance pairs apart takes no more than subject, colour and hour; without the heads, and
    captions that are wrong in one attribute, the rest (place, weather, style) hardly shows in what
    a text becomes. See `PicturePairs`.
    """

    def __init__(self, text: CLIPTextModelWithProjection) -> None:
        super().__init__()
        self.text = text
        self.loss = SigmoidLoss()
        width = text.config.projection_dim
        self.heads = nn.ModuleDict({name: nn.Linear(width, len(v)) for name, v in SAID.items()})

    def forward(self, tokens: Tensor, truths: Tensor) -> tuple[Tensor, Metrics]:
        """tokens: (B, 4, T), two captions of each scene and two that are wrong about it; truths:
        (B, 2, len(SAID)), what the true ones say.

        The loss, and the shares right: of partners found, and of each attribute where it is said.
        """
        every = self.text(shorten(tokens.flatten(0, 1))).text_embeds.unflatten(0, (len(tokens), 4))
        value, hits = self.loss(every[:, 0], every[:, 1])
        figures = {"batch_r1": hits}
        for one, partner in ((0, 1), (1, 0)):
            choice, right = choice_loss(every[:, one], every[:, [partner, 2, 3]])
            value = value + choice
            figures[f"own_r1_{LANGUAGES[one]}"] = right
        embeds = every[:, :2].flatten(0, 1)
        unit = F.normalize(embeds, dim=-1) * embeds.shape[-1] ** 0.5
        for (name, head), truth in zip(
            self.heads.items(), truths.flatten(0, 1).unbind(1), strict=True
        ):
            asked = truth != NOT_ASKED
            if bool(asked.any()):
                logits = head(unit[asked]).float()
                value = value + F.cross_entropy(logits, truth[asked])
                figures[name] = (logits.argmax(1) == truth[asked]).float().mean()
            else:
                figures[name] = value.new_tensor(float("nan"))
        return value, figures


class PicturePairs(nn.Module):
    """The image tower with its loss and the text tower, locked but for its last projection.

    The image model reads the text tower's states and not the projection, so that may still turn:
    what the text tower hardly shows (weather, style) it can bring to the fore.

    Beside its own caption and those of the other pictures, a picture meets captions that are wrong
    about it in one attribute: chance alone hardly ever brings two that differ in so little, and
    what is not needed to tell captions apart is not learned (Yuksekgonul et al. 2023,
    https://arxiv.org/abs/2210.01936).
    """

    def __init__(
        self, vision: ResNetForImageClassification, text: CLIPTextModelWithProjection
    ) -> None:
        super().__init__()
        self.vision = vision
        self.loss = SigmoidLoss()
        self.text = text.requires_grad_(False)
        self.text.text_projection.requires_grad_(True)

    def forward(self, pixels: Tensor, tokens: Tensor) -> tuple[Tensor, Metrics]:
        """pixels: (B, 3, H, W) in -1 to 1; tokens: (B, 1 + WRONG, T), the true caption first.

        The loss, and how often the true caption ranks first: in the batch, and of a picture's own.
        """
        with torch.no_grad():
            states = self.text.text_model(shorten(tokens.flatten(0, 1))).pooler_output
        words = self.text.text_projection(states).unflatten(0, (len(tokens), -1))
        pixels = pixels.to(words.dtype).contiguous(memory_format=torch.channels_last)
        seen = self.vision(pixels).logits
        value, hits = self.loss(seen, words[:, 0])
        choice, right = choice_loss(seen, words)
        return value + choice, {"batch_r1": hits, "own_r1": right}


def shorten(tokens: Tensor) -> Tensor:
    """Cuts (B, T) after the batch's longest text: what follows a text's end changes nothing
    before it.
    """
    return tokens[:, : int(tokens.argmax(1).max()) + 1]


def build_text(size: ClipSize, tokenizer: CLIPTokenizer) -> CLIPTextModelWithProjection:
    """The untrained text tower."""
    return CLIPTextModelWithProjection(
        CLIPTextConfig(
            hidden_size=size.text_width,
            intermediate_size=size.text_width * 4,
            num_hidden_layers=size.text_layers,
            num_attention_heads=size.text_width // 64,
            projection_dim=size.text_width,
            vocab_size=len(tokenizer),
            max_position_embeddings=CONTEXT_TOKENS,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def build_vision(size: ClipSize) -> ResNetForImageClassification:
    """The untrained image tower: its logits are the picture's embedding."""
    return ResNetForImageClassification(
        ResNetConfig(
            embedding_size=size.stem,
            hidden_sizes=list(size.channels),
            depths=list(size.blocks),
            layer_type="basic",
            num_labels=size.text_width,
        )
    )


class _Captions:
    """Number i: the tokens of two captions of scene i, one in each language, and of as many that
    are wrong about it; what the two true ones say.
    """

    def __init__(self, tokenizer: CLIPTokenizer) -> None:
        self._tokenizer = tokenizer

    def __call__(self, number: int) -> Item:
        scene, rng = compose(number), random.Random(f"caption/{number}")
        told = [_tell(scene, language, 1, rng) for language in LANGUAGES]
        texts = [true.text for true, _ in told] + [text for _, wrong in told for text in wrong]
        return {
            "tokens": tokenize(self._tokenizer, texts),
            "truths": torch.stack([said(scene, true.mentions) for true, _ in told]),
        }


class _Pairs:
    """Number i: a drawn picture at half size, and the tokens of one of its captions and of WRONG
    others that are wrong about it.
    """

    def __init__(self, tokenizer: CLIPTokenizer) -> None:
        self._tokenizer = tokenizer

    def __call__(self, number: int) -> Item:
        scene, rng = compose(number), random.Random(f"pair/{number}")
        true, wrong = _tell(scene, rng.choice(LANGUAGES), WRONG, rng)
        tokens = tokenize(self._tokenizer, [true.text, *wrong])
        return {"pixels": to_tensor(halve(draw(scene))), "tokens": tokens}


def _tell(scene: Scene, language: str, wrong: int, rng: random.Random) -> tuple[Caption, list[str]]:
    """A caption of the scene, and others in much the same words that are wrong in one attribute
    which they state.
    """
    words = rng.getrandbits(32)
    true = caption(scene, language, random.Random(words))
    stated = sorted(true.mentions & VALUES.keys())
    texts: list[str] = []
    while len(texts) < wrong:
        attribute = rng.choice(stated)
        other = caption(altered(scene, attribute, rng), language, random.Random(words))
        if attribute in other.mentions and other.text != true.text:
            texts.append(other.text)
    return true, texts


def tokenize(tokenizer: CLIPTokenizer, texts: list[str]) -> Tensor:
    """Token ids (B, CONTEXT_TOKENS), padded as Stable Diffusion pads them."""
    return tokenizer(
        texts, padding="max_length", max_length=CONTEXT_TOKENS, truncation=True, return_tensors="pt"
    ).input_ids


def train_text(
    out: Path,
    settings: LoopSettings,
    size: str = "starter",
    workers: int = 1,
    seed: int = 0,
    start: Path | None = None,
    batch_size: int = BATCH_SIZE,
) -> Path:
    """Trains tokenizer and text tower, or goes on from `start`; returns their folder."""
    torch.manual_seed(seed)
    final = out / "text"
    if not (final / "tokenizer_config.json").exists():
        if start is None:
            train_tokenizer(final)
        else:
            CLIPTokenizer.from_pretrained(start).save_pretrained(final)
    tokenizer = CLIPTokenizer.from_pretrained(final)
    text = build_text(SIZES[size], tokenizer) if start is None else load_text(start)
    model = TextPairs(text)

    def loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Metrics]:
        return model(batch["tokens"], batch["truths"])

    def save(weights: dict[str, Tensor], step: int) -> None:
        text.save_pretrained(final, state_dict=_part(weights, "text."))

    train(
        model,
        loss,
        lambda step: batches(
            _Captions(tokenizer), batch_size, workers, first_number(seed, step, batch_size)
        ),
        settings,
        out,
        save,
    )
    return final


def train_clip(
    out: Path,
    settings: LoopSettings,
    text: Path,
    size: str = "starter",
    workers: int = 1,
    seed: int = 0,
    start: Path | None = None,
    batch_size: int = BATCH_SIZE,
) -> Path:
    """Trains the image tower to meet the text tower in folder `text`, or goes on from the image
    tower in `start`; returns the folder of both.
    """
    torch.manual_seed(seed)
    final = out / "clip"
    tokenizer = CLIPTokenizer.from_pretrained(text)
    locked = load_text(text)
    vision = build_vision(SIZES[size]) if start is None else load_vision(start)

    def feed(step: int):
        number = first_number(seed, step, batch_size)
        return batches(_Pairs(tokenizer), batch_size, workers, number)

    def loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Metrics]:
        return model(batch["pixels"], batch["tokens"])

    def save(weights: dict[str, Tensor], step: int) -> None:
        finished_text = load_text(text)
        finished_text.load_state_dict(_part(weights, "text."), strict=False)
        save_text(finished_text, tokenizer, final / "text")
        finished = ResNetForImageClassification(vision.config)
        finished.load_state_dict(_part(weights, "vision."), strict=False)
        settle_statistics(finished.to(settings.compute.device), (b["pixels"] for b in feed(step)))
        save_vision(finished, final / "vision")

    train(PicturePairs(vision, locked), loss, feed, settings, out, save)
    return final


def _part(weights: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): w.half() for n, w in weights.items() if n.startswith(prefix)}


def load_text(folder: Path) -> CLIPTextModelWithProjection:
    """A finished text tower in fp32."""
    return CLIPTextModelWithProjection.from_pretrained(folder, torch_dtype=torch.float32)


def load_vision(folder: Path) -> ResNetForImageClassification:
    """A finished image tower in fp32."""
    return ResNetForImageClassification.from_pretrained(folder, torch_dtype=torch.float32)


def save_text(text: CLIPTextModelWithProjection, tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Writes a text tower (fp16) and its tokenizer."""
    halves = {n: w.half() for n, w in text.state_dict().items()}
    text.save_pretrained(folder, state_dict=halves)
    tokenizer.save_pretrained(folder)


def save_vision(vision: ResNetForImageClassification, folder: Path) -> None:
    """Writes an image tower (fp16) and how pictures are made ready for it."""
    vision.half().save_pretrained(folder)
    CLIPImageProcessorPil(
        size={"shortest_edge": VISION_PX},
        crop_size=VISION_PX,
        resample=Image.Resampling.BOX,  # the mean of pixels, as in training
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
    ).save_pretrained(folder)
