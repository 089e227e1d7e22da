"""Vision-language models of `transformers`, which say in words what a picture shows."""

import json
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor, StoppingCriteria
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

from maquette.batching.failures import is_lasting, lacks_memory
from maquette.core.errors import InvalidRequest, first_line
from maquette.engines.catalog import ModelSpec, load_whole, reading
from maquette.engines.remote_answer import USUAL_PICTURE_TOKENS

# Of a model whose processor and weights do not fit.
MISFITS = (ValueError, RuntimeError, IndexError, KeyError, TypeError)


@dataclass(frozen=True, slots=True)
class Look:
    """What a model said of a picture, and how many tokens it read and said for that."""

    text: str
    prompt_tokens: int
    answer_tokens: int


class SeeingModel:
    """Loads a checkpoint once and says what pictures show, one at a time, the likeliest word each
    time. One that talks is asked; one without a chat template captions, in its own language.

    Raises WeightsDamaged if the weights are not whole, InvalidRequest for one that does not see, or
    that needs a package which is not here.
    """

    def __init__(self, spec: ModelSpec, device: torch.device, dtype: torch.dtype) -> None:
        self.spec, self._dtype = spec, dtype
        folder = spec.folder.absolute()
        with reading(spec):
            try:
                self._processor, self._model = _load(folder, dtype)
            except ImportError as error:
                missing, _, _ = first_line(error).partition(". ")  # what follows is advice
                raise InvalidRequest(
                    f"a package is missing: {missing}; install it or choose another model"
                ) from None
        self._model.to(device).eval()
        config = self._model.config.get_text_config(decoder=True)
        self._context_tokens: int | None = getattr(config, "max_position_embeddings", None)

    @torch.inference_mode()
    def look(
        self,
        picture: Image.Image,
        ask: str,
        most_tokens: int,
        goes_on: Callable[[], bool] = lambda: True,
    ) -> Look:
        """What it says, asked so, in `most_tokens` at most; `goes_on` is asked at each. Raises
        InvalidRequest where it cannot read the picture, CancelledError where it is not to go on.
        """
        given = self._given(picture, ask)
        prompt: list[int] = given["input_ids"][0].tolist() if "input_ids" in given else []
        if self._context_tokens is not None:
            most_tokens = min(most_tokens, self._context_tokens - len(prompt))
        if most_tokens < 1:
            raise InvalidRequest(
                f"the picture takes {len(prompt)} tokens, and {self.spec.model_id} reads "
                f"{self._context_tokens}, its answer included; choose another model"
            )
        greedy = {
            "do_sample": False,
            "num_beams": 1,
            "num_return_sequences": 1,
            "return_dict_in_generate": False,
            "max_new_tokens": most_tokens,
        }
        try:
            told = self._model.generate(**given, **greedy, stopping_criteria=[_Asking(goes_on)])
        except MISFITS as error:
            raise self._cannot_read(error) from None
        said: list[int] = told[0].tolist()
        if said[: len(prompt)] == prompt:
            said = said[len(prompt) :]
        text: str = self._processor.decode(said, skip_special_tokens=True)
        # Where a picture is not read as tokens, it counts as it usually does.
        read = len(prompt) or USUAL_PICTURE_TOKENS
        return Look(text.replace("\0", ""), read, min(len(said), most_tokens))

    def _given(self, picture: Image.Image, ask: str) -> Any:
        shown = [{"type": "image", "image": picture}, {"type": "text", "text": ask}]
        talk = [{"role": "user", "content": shown}]
        try:
            if self._processor.chat_template is None:
                given = self._processor(images=picture, return_tensors="pt")
            else:
                given = self._processor.apply_chat_template(
                    talk,
                    add_generation_prompt=True,
                    tokenize=True,
                    return_dict=True,
                    return_tensors="pt",
                )
        except Exception as error:  # templates are programs, and say no in ways of their own
            raise self._cannot_read(error) from None
        return given.to(self._model.device, self._dtype)

    def _cannot_read(self, error: Exception) -> InvalidRequest:
        """Raises the error itself where it is of the device."""
        if is_lasting(error) or lacks_memory(error):
            raise error
        return InvalidRequest(
            f"{self.spec.model_id} cannot read this picture: {first_line(error)}; "
            "choose another model"
        )


class _Asking(StoppingCriteria):
    """Asks at each token whether to go on."""

    def __init__(self, goes_on: Callable[[], bool]) -> None:
        self._goes_on = goes_on

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        if not self._goes_on():
            raise CancelledError
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)


def _load(folder: Path, dtype: torch.dtype) -> tuple[Any, Any]:
    """The processor and the model of a folder, neither by code that is in it."""
    kind = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
    if kind not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
        raise InvalidRequest(f"models of the kind {kind!r} do not see; choose one that does")
    here: Any = {"local_files_only": True, "trust_remote_code": False}
    if (folder / "adapter_config.json").exists():  # whose weights may be no safetensors
        raise InvalidRequest("it is an adapter of another model; merge the two")
    processor = AutoProcessor.from_pretrained(folder, **here)
    if not hasattr(processor, "image_processor"):
        raise InvalidRequest("its processor reads no pictures; choose another model")
    model = load_whole(
        AutoModelForImageTextToText,
        folder,
        dtype=dtype,
        use_safetensors=True,
        trust_remote_code=False,
    )
    return processor, model
