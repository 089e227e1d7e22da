"""What speech costs: by the characters of its text; needs no PyTorch."""

from maquette.core.speech_requests import SpeechRequest
from maquette.engines.catalog import ESPEAK
from maquette.ledger.prices import OWN_VOICES, PRICES, round_up
from maquette.speech.script import Script


def charged_characters(request: SpeechRequest, script: Script) -> int:
    """As they were typed; as they are said where pronunciations or abbreviations make more."""
    return max(request.characters, script.characters)


def thousand_characters_of(model: str) -> int:
    """What a thousand characters cost that are said here, in microcredits."""
    return PRICES[model if model == ESPEAK.model_id else OWN_VOICES].microcredits


def speech_price(characters: int, thousand_characters: int) -> int:
    """The price in microcredits: exact, for what is said follows from the text."""
    return round_up(thousand_characters * characters, 1000)
