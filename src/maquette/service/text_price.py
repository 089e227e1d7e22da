"""What texts cost: by the tokens that are read and said; needs no PyTorch."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tokenizers import Tokenizer

from maquette.core.text_requests import Message, TextRequest
from maquette.engines.catalog import context_tokens, find_shipped
from maquette.ledger.prices import price_of, round_up

READ_SHARE = 4  # tokens that are read cost as much as one that is said: they are read together
TURN_TOKENS = 8  # that a chat template may put around a message


def text_price(model: str, read_tokens: int, said_tokens: int) -> int:
    """The price in microcredits. Raises ModelNotFound where the model has none."""
    return price_of(model, (said_tokens * READ_SHARE + read_tokens) * (1000 // READ_SHARE))


def price_by_tokens(thousand_tokens: int, read_tokens: int, said_tokens: int) -> int:
    """The price in microcredits of a model that has its own for a thousand tokens."""
    return round_up((said_tokens * READ_SHARE + read_tokens) * thousand_tokens, READ_SHARE * 1000)


def most_text_price(request: TextRequest, model: str, tries: int = 1) -> int:
    """What a request can cost at most, in so many tries: its answers as long as they may be, or as
    what the model keeps in sight lets them be.
    """
    inside = count_tokens(request.messages, model)
    around = TURN_TOKENS * (len(request.messages) + 1)
    room = max(1, context_tokens(find_shipped(model, "text").folder) - inside)
    longest = min(request.params.max_tokens, room)
    return text_price(model, (inside + around) * tries, longest * request.count * tries)


def count_tokens(messages: Sequence[Message], model: str) -> int:
    """The tokens of what a talk says, without those that a chat template has around it."""
    folder = find_shipped(model, "text").folder
    contents = [message.content for message in messages]
    encoded = _tokenizer(folder).encode_batch_fast(contents, add_special_tokens=False)
    return sum(len(one.ids) for one in encoded)


@cache
def _tokenizer(folder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(folder / "tokenizer.json"))
