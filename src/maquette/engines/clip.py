"""CLIP scores: how well pictures fit words, for choosing the best and for search."""

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

from maquette.core.errors import WeightsDamaged
from maquette.engines.catalog import ModelSpec, verify_weights


class ClipEngine:
    """Embeds texts and pictures with a dual encoder of `transformers` models.

    Folder `text` holds a CLIPTextModelWithProjection and its tokenizer; folder `vision` an image
    model whose logits lie in the same space, and its image processor.
    """

    def __init__(self, spec: ModelSpec, device: torch.device) -> None:
        verify_weights(spec)
        self.device = device
        fp32 = torch.float32
        try:
            text, vision = spec.folder / "text", spec.folder / "vision"
            self._text = CLIPTextModelWithProjection.from_pretrained(text, torch_dtype=fp32)
            self._tokenizer = CLIPTokenizer.from_pretrained(text)
            self._vision = AutoModelForImageClassification.from_pretrained(vision, torch_dtype=fp32)
            self._processor = CLIPImageProcessorPil.from_pretrained(vision)
        except (OSError, ValueError, RuntimeError) as error:
            first_line = str(error).strip().splitlines()[0]
            raise WeightsDamaged(f"{spec.folder} does not hold a CLIP: {first_line}") from error
        self._text.to(device).eval()
        self._vision.to(device).eval()

    @torch.inference_mode()
    def embed_texts(self, texts: list[str]) -> Tensor:
        """Unit vectors (B, D). Longer texts than the model reads are cut."""
        tokens = self._tokenizer(
            texts,
            padding="max_length",
            max_length=self._text.config.max_position_embeddings,
            truncation=True,
            return_tensors="pt",
        ).input_ids
        return F.normalize(self._text(tokens.to(self.device)).text_embeds, dim=-1).cpu()

    @torch.inference_mode()
    def embed_pictures(self, pictures: list[Image.Image]) -> Tensor:
        """Unit vectors (B, D)."""
        pixels = self._processor(images=pictures, return_tensors="pt").pixel_values
        return F.normalize(self._vision(pixels.to(self.device)).logits, dim=-1).cpu()

    def rank(self, text: str, pictures: list[Image.Image]) -> list[int]:
        """The pictures' numbers, the best fit first."""
        scores = self.embed_pictures(pictures) @ self.embed_texts([text])[0]
        return scores.argsort(descending=True).tolist()
