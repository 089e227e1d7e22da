"""What captions of pictures cost, at most and as they came out; needs no PyTorch."""

from collections.abc import Sequence

from maquette.ledger.prices import CAPTIONS, price_of
from maquette.service.text_price import price_by_tokens


def caption_price(thousand_tokens: int | None, tokens: Sequence[tuple[int, int]]) -> int:
    """The price in microcredits of captions by the tokens that were read and said for each: the
    starter's, which have no price for a `thousand_tokens`, cost so much a piece.
    """
    if thousand_tokens is None:
        return price_of(CAPTIONS, len(tokens) * 1_000_000) if tokens else 0
    read, said = sum(one for one, _ in tokens), sum(one for _, one in tokens)
    return price_by_tokens(thousand_tokens, read, said)
