"""CLIP scores: how well pictures fit words, for choosing the best and for search."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from transformers import (
    AutoModelForImageClassification,
    CLIPImageProcessorPil,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

from maquette.engines.catalog import ModelSpec, load_whole, reading


class ClipEngine:
    """Embeds texts and pictures with a dual encoder of `transformers` models.

    Folder `text` holds a CLIPTextModelWithProjection and its tokenizer; folder `vision` an image
    model whose logits lie in the same space, and its image processor.
    """

    def __init__(self, spec: ModelSpec, device: torch.device) -> None:
        self.device = device
        text, vision = spec.folder.absolute() / "text", spec.folder.absolute() / "vision"
        fp32, local = {"torch_dtype": torch.float32}, {"local_files_only": True}
        with reading(spec):
            self._text = load_whole(CLIPTextModelWithProjection, text, **fp32)
            self._tokenizer = CLIPTokenizer.from_pretrained(text, **local)
            self._vision = load_whole(AutoModelForImageClassification, vision, **fp32)
            self._processor = CLIPImageProcessorPil.from_pretrained(vision, **local)
        self._text.to(device).eval()
        self._vision.to(device).eval()

    @torch.inference_mode()
    def embed_texts(self, texts: list[str]) -> Tensor:
        """Unit vectors (B, D). Longer texts than the model reads are cut."""
        tokens = self._tokenizer(
            texts,
            padding=True,  # to the longest, for no token sees what comes after it
            max_length=self._text.config.max_position_embeddings,
            truncation=True,
            return_tensors="pt",
        ).input_ids
        return F.normalize(self._text(tokens.to(self.device)).text_embeds, dim=-1).cpu()

    @torch.inference_mode()
    def embed_pictures(self, pictures: Sequence[Image.Image]) -> Tensor:
        """Unit vectors (B, D)."""
        pixels = self._processor(images=list(pictures), return_tensors="pt").pixel_values
        return F.normalize(self._vision(pixels.to(self.device)).logits, dim=-1).cpu()

    def rank(self, text: str, pictures: Sequence[Image.Image]) -> list[int]:
        """The pictures' numbers, the best fit first."""
        scores = self.embed_pictures(pictures) @ self.embed_texts([text])[0]
        return scores.argsort(descending=True).tolist()
