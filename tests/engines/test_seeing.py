"""Models of transformers that see, by tiny random checkpoints of the real architectures."""

import json
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    AutoModelForImageTextToText,
    AutoProcessor,
    BlipForConditionalGeneration,
    CLIPConfig,
    GPT2Config,
    VisionEncoderDecoderConfig,
    ViTConfig,
)
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from maquette.core.errors import InvalidRequest, MaquetteError, WeightsDamaged
from maquette.engines.catalog import ModelSpec
from maquette.engines.remote_answer import USUAL_PICTURE_TOKENS
from maquette.engines.seeing import SeeingModel
from tests.engines.tiny_seers import PICTURE_TOKENS, write_blip, write_llava

ASK = "What is it?"
CPU = torch.device("cpu")


def load(folder: Path, dtype: torch.dtype = torch.float32) -> SeeingModel:
    return SeeingModel(ModelSpec(folder.name, folder), CPU, dtype)


@pytest.fixture(scope="module")
def llava(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llava(tmp_path_factory.mktemp("seers") / "talks")


@pytest.fixture(scope="module")
def blip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_blip(tmp_path_factory.mktemp("seers") / "captions")


def noise(seed: int) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_one_that_talks_says_what_transformers_does(llava: Path, dtype: torch.dtype) -> None:
    """The picture is put into the talk by hand, as its own documentation does."""
    processor: Any = AutoProcessor.from_pretrained(llava)
    model: Any = AutoModelForImageTextToText.from_pretrained(llava, dtype=dtype).eval()
    ours, said = load(llava, dtype), set[str]()
    for seed in range(3):
        prompt = f"user: <image>{ASK}\nassistant: "
        given = processor(images=noise(seed), text=prompt, return_tensors="pt").to(dtype)
        read = given["input_ids"].shape[1]
        theirs = model.generate(**given, max_new_tokens=12, do_sample=False)[0][read:]
        look = ours.look(noise(seed), ASK, 12)
        assert look.text == processor.decode(theirs, skip_special_tokens=True)
        assert look.prompt_tokens == read == PICTURE_TOKENS + len(prompt) - len("<image>")
        assert look.answer_tokens == len(theirs) == 12
        said.add(look.text)
    assert len(said) == 3  # it looks at them


def test_one_that_captions_says_what_transformers_does(blip: Path) -> None:
    """Unasked; where a picture is not read as tokens, it counts as it usually does."""
    processor: Any = AutoProcessor.from_pretrained(blip)
    model: Any = BlipForConditionalGeneration.from_pretrained(blip).eval()
    given = processor(images=noise(0), return_tensors="pt")
    theirs = model.generate(**given, max_new_tokens=12, do_sample=False)[0]
    look = load(blip).look(noise(0), ASK, 12)
    assert look.text == processor.decode(theirs, skip_special_tokens=True) != ""
    assert look.prompt_tokens == USUAL_PICTURE_TOKENS
    assert look.answer_tokens == 12


def test_it_ends_between_two_tokens(llava: Path) -> None:
    asked: list[bool] = []

    def goes_on() -> bool:
        asked.append(len(asked) < 4)
        return asked[-1]

    with pytest.raises(CancelledError):
        load(llava).look(noise(0), ASK, 100, goes_on)
    assert asked == [True, True, True, True, False]


def test_what_it_keeps_in_sight_is_not_left(tmp_path: Path, blip: Path) -> None:
    """Neither by the picture nor by what is said of it, which BLIP has no place for."""
    small = load(write_llava(tmp_path / "small", context_tokens=60))
    look = small.look(noise(0), ASK, 100)
    assert look.prompt_tokens + look.answer_tokens == 60
    with pytest.raises(InvalidRequest) as error:
        small.look(noise(0), ASK * 9, 100)
    assert "tokens, and small reads 60, its answer included; choose another" in str(error.value)
    assert load(blip).look(noise(0), ASK, 200).answer_tokens == 64


def no_checkpoint(folder: Path) -> None:
    (folder / "config.json").write_text("[]")


def no_kind(folder: Path) -> None:
    CLIPConfig().save_pretrained(folder)


def no_values(folder: Path) -> None:
    change(folder / "config.json", image_token_index="many")


def by_its_own_code(folder: Path) -> None:
    change(
        folder / "config.json",
        model_type="seer",
        auto_map={"AutoModelForImageTextToText": "seer.Seer"},
    )
    (folder / "seer.py").write_text("raise SystemExit('this was run')")


def no_processor(folder: Path) -> None:
    """As those have it whose encoder and decoder were put together."""
    (folder / "processor_config.json").unlink()
    change(folder / "tokenizer_config.json", processor_class=None)
    parts = ViTConfig(), GPT2Config()
    VisionEncoderDecoderConfig.from_encoder_decoder_configs(*parts).save_pretrained(folder)


def no_package(folder: Path) -> None:
    (folder / "processor_config.json").write_text('{"processor_class": "SmolVLMProcessor"}')
    Qwen2VLImageProcessorPil().save_pretrained(folder)


def no_safetensors(folder: Path) -> None:
    model = AutoModelForImageTextToText.from_pretrained(folder)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def cut(folder: Path) -> None:
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])


def an_adapter(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{}")


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.parametrize(
    ("harm", "kind", "line"),
    [
        (no_checkpoint, WeightsDamaged, "does not hold a whole model"),
        (no_values, WeightsDamaged, "does not hold a whole model"),
        (no_kind, InvalidRequest, "models of the kind 'clip' do not see; choose one that does"),
        (by_its_own_code, InvalidRequest, "models of the kind 'seer' do not see"),
        (no_processor, InvalidRequest, "its processor reads no pictures; choose another model"),
        (no_package, InvalidRequest, "requires the Torchvision library but it was not found"),
        (no_safetensors, WeightsDamaged, "no file named model.safetensors"),
        (cut, WeightsDamaged, "does not hold a whole model"),
        (an_adapter, InvalidRequest, "it is an adapter of another model; merge the two"),
    ],
)
def test_what_cannot_see_is_one_line(
    tmp_path: Path, harm: Callable[[Path], None], kind: type[MaquetteError], line: str
) -> None:
    folder = write_llava(tmp_path / "harmed")
    harm(folder)
    with pytest.raises(kind) as error:
        load(folder)
    assert line in error.value.message
    assert "harmed" in error.value.message
    assert str(folder) not in error.value.message
    assert "\n" not in error.value.message


@pytest.mark.parametrize("template", [None, "{{ messages[0].nothing.at_all }}", "no picture"])
def test_what_reads_no_picture_is_one_line(tmp_path: Path, template: str | None) -> None:
    """One that wants words where it is not asked, a broken template, one that loses the picture."""
    model = load(write_llava(tmp_path / "blind", template=template))
    with pytest.raises(InvalidRequest, match=r"blind cannot read this picture: .*; choose another"):
        model.look(noise(0), ASK, 8)
