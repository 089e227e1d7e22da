"""What a text can cost at most, which is held, and what it costs."""

import pytest
from transformers import AutoTokenizer

from maquette.core.text_requests import MOST_TOKENS, Message, Role, TextParams, TextRequest
from maquette.engines.catalog import STARTERS, context_tokens
from maquette.service.text_price import count_tokens, most_text_price, text_price

MODEL = "starter-text"
CONTEXT = context_tokens(STARTERS["text"].folder)


def _ask(content: str, most: int, count: int = 1) -> TextRequest:
    return TextRequest((Message("user", content),), TextParams(max_tokens=most), count)


def test_no_more_is_held_than_the_model_can_say() -> None:
    held = most_text_price(_ask("A tagline for a kettle.", MOST_TOKENS), MODEL)
    assert held == most_text_price(_ask("A tagline for a kettle.", CONTEXT), MODEL)
    assert held <= text_price(MODEL, 100, CONTEXT) < text_price(MODEL, 0, MOST_TOKENS) // 10
    few = most_text_price(_ask("A tagline for a kettle.", 100, 3), MODEL)
    assert text_price(MODEL, 0, 300) <= few <= text_price(MODEL, 100, 300)


@pytest.mark.parametrize("content", ["kettle", "水壶。" * 30, "A red kettle sings. " * 60])
def test_what_is_held_suffices_for_an_answer_to_the_last_token_in_sight(content: str) -> None:
    roles: tuple[Role, ...] = ("system", "user", "assistant", "user")
    talk = tuple(Message(role, content) for role in roles)
    tokenizer = AutoTokenizer.from_pretrained(STARTERS["text"].folder)
    told = [{"role": one.role, "content": one.content} for one in talk]
    given = tokenizer.apply_chat_template(told, add_generation_prompt=True, return_dict=True)
    read = len(given.input_ids)
    assert count_tokens(talk, MODEL) < read
    held = most_text_price(TextRequest(talk, TextParams(max_tokens=MOST_TOKENS)), MODEL)
    assert held >= text_price(MODEL, read, max(1, CONTEXT - read))


def test_a_talk_that_fills_the_model_holds_at_least_a_token() -> None:
    long = _ask("kettle " * 20_000, MOST_TOKENS)
    read = count_tokens(long.messages, MODEL)
    assert read > CONTEXT
    assert most_text_price(long, MODEL) >= text_price(MODEL, read, 1)
