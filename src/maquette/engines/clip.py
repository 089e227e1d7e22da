"""CLIP scores: how well pictures fit words, for choosing the best and for search."""

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from transformers import CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

from maquette.core.errors import WeightsDamaged
from maquette.engines.catalog import ModelSpec, verify_weights


class ClipEngine:
    """Embeds texts and pictures with any CLIP checkpoint of `transformers`."""

    def __init__(self, spec: ModelSpec, device: torch.device) -> None:
        verify_weights(spec)
        self.device = device
        try:
            self._model = CLIPModel.from_pretrained(spec.folder, torch_dtype=torch.float32)
            self._tokenizer = CLIPTokenizer.from_pretrained(spec.folder)
            self._processor = CLIPImageProcessorPil.from_pretrained(spec.folder)
        except (OSError, ValueError, RuntimeError) as error:
            first_line = str(error).strip().splitlines()[0]
            raise WeightsDamaged(f"{spec.folder} does not hold a CLIP: {first_line}") from error
        self._model.to(device).eval()

    @torch.inference_mode()
    def embed_texts(self, texts: list[str]) -> Tensor:
        """Unit vectors (B, D). Longer texts than the model reads are cut."""
        tokens = self._tokenizer(
            texts,
            padding="max_length",
            max_length=self._model.config.text_config.max_position_embeddings,
            truncation=True,
            return_tensors="pt",
        ).input_ids
        pooled = self._model.text_model(tokens.to(self.device)).pooler_output
        return F.normalize(self._model.text_projection(pooled), dim=-1).cpu()

    @torch.inference_mode()
    def embed_pictures(self, pictures: list[Image.Image]) -> Tensor:
        """Unit vectors (B, D)."""
        pixels = self._processor(images=pictures, return_tensors="pt").pixel_values
        pooled = self._model.vision_model(pixels.to(self.device)).pooler_output
        return F.normalize(self._model.visual_projection(pooled), dim=-1).cpu()

    def rank(self, text: str, pictures: list[Image.Image]) -> list[int]:
        """The pictures' numbers, the best fit first."""
        scores = self.embed_pictures(pictures) @ self.embed_texts([text])[0]
        return scores.argsort(descending=True).tolist()
