"""What a text encoder says of prompts, kept while they are asked for again."""

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from maquette.core.errors import InvalidRequest
from maquette.diffusion.adapters import adapted
from maquette.diffusion.step_times import StepTimes
from maquette.engines.catalog import load_whole
from maquette.engines.lora import LoadedAdapter, Version

CACHED_TEXTS = 512

LoadedAdapters = Sequence[tuple[LoadedAdapter, float]]
TextKey = tuple[str, tuple[tuple[Version, float], ...]]


class TextReader:
    """Tokenizer and text encoder of a checkpoint in Stable Diffusion layout. For any thread; one at
    a time is let in, for a tokenizer keeps state between two calls.
    """

    def __init__(self, folder: Path, device: torch.device, dtype: torch.dtype) -> None:
        self._device = device
        self.tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
        self.encoder = load_whole(CLIPTextModel, folder / "text_encoder", torch_dtype=dtype)
        self.encoder.to(device).eval().requires_grad_(False)
        self.max_tokens: int = min(
            self.tokenizer.model_max_length, self.encoder.config.max_position_embeddings
        )
        self._states: dict[TextKey, Tensor] = {}
        self._reading = threading.Lock()
        self._times = StepTimes()

    def read(self, model: str, texts: Mapping[str, str], adapters: LoadedAdapters = ()) -> Tensor:
        """The states of some texts by what they are, for a model with adapters: (N, T, D). Raises
        InvalidRequest naming one that is too long.
        """
        with self._reading:
            for name, text in texts.items():
                tokens = len(self.tokenizer(text).input_ids)
                if tokens > self.max_tokens:
                    raise InvalidRequest(
                        f"the {name} is {tokens} tokens long; {model} reads "
                        f"{self.max_tokens}: shorten it"
                    )
            return torch.stack([self._read(text, adapters) for text in texts.values()])

    def text_ms(self) -> float | None:
        """What it takes to read a text that was not read before; on a GPU, which answers before it
        is done, nothing is known. May be asked from another thread.
        """
        return next((ms[1] for ms in self._times.known().values()), None)

    def _read(self, text: str, adapters: LoadedAdapters) -> Tensor:
        """The states (T, D) of a text, kept for the newest CACHED_TEXTS."""
        altering = tuple((one, scale) for one, scale in adapters if one.text.layers)
        key = (text, tuple((one.version, scale) for one, scale in altering))
        if key not in self._states:
            tokens = self.tokenizer(
                text, padding="max_length", max_length=self.max_tokens, return_tensors="pt"
            ).input_ids
            row = tuple((one.text, scale) for one, scale in altering)
            with adapted(self.encoder, [row], self._device):
                started = time.perf_counter()
                states = self.encoder(tokens.to(self._device)).last_hidden_state[0]
                if self._device.type == "cpu":
                    took_ms = (time.perf_counter() - started) * 1e3
                    self._times.record(("text", (self.max_tokens,), ()), 1, took_ms)
            while len(self._states) >= CACHED_TEXTS:
                del self._states[next(iter(self._states))]
            self._states[key] = states
        return self._states[key]
