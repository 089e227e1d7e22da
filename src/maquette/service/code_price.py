"""What code costs: the starter's a piece, other models' the tokens of all attempts."""

from maquette.core.code_requests import CodeRequest
from maquette.engines.code_prompts import MOST_FAILURE_CHARACTERS, opening
from maquette.engines.code_runs import data_name
from maquette.engines.remote_answer import most_prompt_tokens
from maquette.engines.starter_code import STARTER_CODE
from maquette.ledger.prices import price_of
from maquette.service.text_price import price_by_tokens

# Around a failure that is told, and a code that is told again: at most four bytes a character.
MOST_AROUND_TOKENS = 4 * MOST_FAILURE_CHARACTERS + 500
MOST_TOKEN_BYTES = 16  # of what a token said, when it is read again by the byte


def starter_code_price() -> int:
    """What a drawing or a page of the starter costs, in microcredits."""
    return price_of(STARTER_CODE, 1_000_000)


def most_code_price(request: CodeRequest, thousand_tokens: int) -> int:
    """What a request can cost at most in microcredits: each attempt as long as it may be, and read
    again by the next. A failure costs nothing at all, for the whole of it is given back.
    """
    first = most_prompt_tokens(opening(request, data_name(request.data)))
    more = MOST_AROUND_TOKENS + MOST_TOKEN_BYTES * request.max_tokens
    read = request.attempts * first + (request.attempts - 1) * more
    return price_by_tokens(thousand_tokens, read, request.attempts * request.max_tokens)
