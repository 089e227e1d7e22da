"""What is in the folder of a Kokoro voice: its ONNX file, its vocabulary, its speakers.

The layout is that of onnx-community/Kokoro-82M-v1.0-ONNX; of hexgrad/Kokoro-82M the `config.json`,
which has the vocabulary, too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maquette.core.errors import WeightsDamaged, first_line
from maquette.speech.piper_config import (
    MOST_SPEAKERS,
    NOT_A_DESCRIPTION,
    read_name,
    read_whole,
)

MODEL_TYPE = "style_text_to_speech_2"
STYLE, POSITIONS = 256, 510  # of a speaker's file: (510, 1, 256), float32, a style for each length
MOST_ID = 10_000
# By the first letter of a speaker's name, as in af_heart.
LANGUAGES = {
    "a": "en-us",
    "b": "en-gb",
    "e": "es",
    "f": "fr-fr",
    "h": "hi",
    "i": "it",
    "j": "ja",
    "p": "pt-br",
    "z": "zh",
}
# Of those of one language these speak where none is named, if they are there: the best by its card.
USUAL = ("af_heart", "bf_emma", "zf_xiaoxiao", "ff_siwis")
SPEAKER_SUFFIX = ".bin"


@dataclass(frozen=True, slots=True)
class KokoroConfig:
    """The file of the network, the ids of phonemes, and the languages of speakers by their names,
    the usual ones first.
    """

    network: Path
    ids: Mapping[str, int]
    languages: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> "KokoroConfig":
        """Raises WeightsDamaged where something is missing or broken."""
        try:
            return cls(_network(folder), _vocabulary(folder), _speakers(folder))
        except NOT_A_DESCRIPTION as error:
            raise WeightsDamaged(
                f"{folder} does not describe a Kokoro voice: {first_line(error)}; get it again"
            ) from None

    def style_file(self, speaker: str) -> Path:
        """Where the styles of a speaker are."""
        folder = self.network.parent
        folder = folder.parent if folder.name == "onnx" else folder
        return folder / "voices" / f"{speaker}{SPEAKER_SUFFIX}"


def is_kokoro(config: Mapping[str, Any]) -> bool:
    """Whether a `config.json` is that of one."""
    return config.get("model_type") == MODEL_TYPE or {"vocab", "istftnet"} <= config.keys()


def _network(folder: Path) -> Path:
    """The whole one where there are several, as they are: smaller ones are of less precision."""
    found = [*sorted((folder / "onnx").glob("*.onnx")), *sorted(folder.glob("*.onnx"))]
    whole = [one for one in found if one.name == "model.onnx"]
    if not found:
        raise ValueError("there is no onnx/model.onnx")
    return (whole or found)[0]


def _vocabulary(folder: Path) -> dict[str, int]:
    tokenizer = folder / "tokenizer.json"
    if tokenizer.is_file():
        told = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
    else:
        told = json.loads((folder / "config.json").read_text(encoding="utf-8"))["vocab"]
    ids = {str(one): read_whole(f"the id of {one!a}", id_, 0, MOST_ID) for one, id_ in told.items()}
    if not ids:
        raise ValueError("it knows no phoneme")
    return ids


def _speakers(folder: Path) -> dict[str, str]:
    names = sorted(one.stem for one in (folder / "voices").glob(f"*{SPEAKER_SUFFIX}"))
    read_whole("speakers", len(names), 1, MOST_SPEAKERS)
    ordered = [*(one for one in USUAL if one in names), *(one for one in names if one not in USUAL)]
    return {read_name("speaker", one): LANGUAGES.get(one[:1], LANGUAGES["a"]) for one in ordered}
