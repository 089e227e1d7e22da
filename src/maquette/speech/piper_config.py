"""What the JSON file beside a voice of Piper says of it; read without loading the voice."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maquette.core.errors import InvalidRequest, WeightsDamaged, first_line
from maquette.core.requests import is_unicode

BEGIN, END, GAP = "^", "$", "_"
MOST_SPEAKERS, MOST_NAME = 10_000, 100
LEAST_RATE, MOST_RATE = 4_000, 192_000  # samples a second
USUAL_SCALES = (0.667, 1.0, 0.8)  # noise, length, noise of lengths
# What reading one raises where it is broken, in whatever way.
NOT_A_DESCRIPTION = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError),
    *(OverflowError, RecursionError),
)


def read_whole(name: str, value: object, least: int, most: int) -> int:
    """A whole number of a description. Raises ValueError naming one that is none, or out of
    bounds.
    """
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name} is {ascii(value)[:40]}")
    return value


def read_name(name: str, value: object) -> str:
    """A name of a description. Raises ValueError naming one that is none."""
    if not isinstance(value, str) or len(value) > MOST_NAME or not is_unicode(value):
        raise ValueError(f"{name} is {ascii(value)[:40]}")
    return value


@dataclass(frozen=True, slots=True)
class PiperConfig:
    """What is in the JSON file."""

    rate: int
    language: str
    espeak_voice: str | None  # None where the letters themselves are the phonemes
    ids: dict[str, list[int]]
    speakers: dict[str, int]
    speaker_count: int
    scales: tuple[float, float, float]

    @classmethod
    def read(cls, path: Path) -> "PiperConfig":
        """Raises WeightsDamaged where something is missing, InvalidRequest for phonemes of a kind
        that is not supported.
        """
        try:
            told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            kind = told.get("phoneme_type", "espeak")
            voice = read_name("voice", told["espeak"]["voice"]) if kind == "espeak" else None
            language = read_name("language", told.get("language", {}).get("code") or voice or "")
            inference = told.get("inference", {})
            names = ("noise_scale", "length_scale", "noise_w")
            scales = [
                float(inference.get(name, usual))
                for name, usual in zip(names, USUAL_SCALES, strict=True)
            ]
            if not all(map(math.isfinite, scales)):
                raise ValueError(f"its scales are {scales}")
            speakers = (told.get("speaker_id_map") or {}).items()
            read_whole("speakers", len(speakers), 0, MOST_SPEAKERS)
            config = cls(
                read_whole("sample_rate", told["audio"]["sample_rate"], LEAST_RATE, MOST_RATE),
                language.replace("_", "-"),
                voice,
                {str(one): [int(id) for id in ids] for one, ids in told["phoneme_id_map"].items()},
                {
                    read_name("speaker", name): read_whole("speaker", id, 0, MOST_SPEAKERS)
                    for name, id in speakers
                },
                read_whole("num_speakers", told.get("num_speakers", 1), 0, MOST_SPEAKERS),
                (scales[0], scales[1], scales[2]),
            )
            missing = {BEGIN, END, GAP} - config.ids.keys()
        except NOT_A_DESCRIPTION as error:
            raise WeightsDamaged(
                f"{path} does not describe a Piper voice: {first_line(error)}; get it again"
            ) from None
        if kind not in ("espeak", "text"):
            raise InvalidRequest(
                f"{path} has phonemes of the kind {kind!r}; espeak and text are supported"
            )
        if missing:
            raise WeightsDamaged(f"{path} has no id for {min(missing)!r}; get it again")
        return config
