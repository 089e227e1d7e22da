"""Holds a text to a JSON Schema while it is sampled, by llguidance."""

import json
import threading
from collections.abc import Callable
from typing import Any

import llguidance
import llguidance.hf
import torch
from torch import Tensor

from maquette.core.errors import InvalidRequest

ANY_JSON = "{}"
_OBJECT = json.dumps({"type": "object"})  # what "any JSON" is by the wire format that has it


class JsonConstraints:
    """Makes constraints for one tokenizer, in any thread. To read that takes a second: once, at the
    first.
    """

    def __init__(self, tokenizer: Any, vocabulary: int, ends: list[int]) -> None:
        self._tokenizer, self._vocabulary, self._ends = tokenizer, vocabulary, ends
        self._read: llguidance.LLTokenizer | None = None
        self._reading = threading.Lock()

    def make(self, schema: str) -> Callable[[], "JsonConstraint"]:
        """Makes what holds a text to a schema. Raises InvalidRequest where that cannot be."""
        with self._reading:
            self._read = self._read or llguidance.hf.from_tokenizer(
                self._tokenizer, n_vocab=self._vocabulary, eos_token=self._ends
            )
        try:
            asked = _OBJECT if json.loads(schema) == {} else schema
            grammar = llguidance.LLMatcher.grammar_from_json_schema(asked)
        except ValueError as error:
            raise InvalidRequest(f"the JSON Schema cannot be held to: {error}") from None
        matcher = llguidance.LLMatcher(self._read, grammar, log_level=0)
        if matcher.is_error():
            raise InvalidRequest(f"the JSON Schema cannot be held to: {matcher.get_error()}")
        return lambda: JsonConstraint(matcher.deep_copy())


class JsonConstraint:
    """What may come next in one text."""

    def __init__(self, matcher: "llguidance.LLMatcher") -> None:
        self._matcher = matcher

    def mask(self, logits: Tensor) -> None:
        """Sets the logits (V,) of what may not come next to -inf, in place. Raises InvalidRequest
        where what may come cannot be told.
        """
        if self._matcher.is_error():
            raise InvalidRequest(f"the JSON Schema cannot be held to: {self._matcher.get_error()}")
        allowed = torch.frombuffer(bytearray(self._matcher.compute_logit_bias()), dtype=torch.uint8)
        allowed = allowed[: len(logits)].to(logits.device)
        logits[: len(allowed)].masked_fill_(allowed == 0, -torch.inf)
        logits[len(allowed) :] = -torch.inf

    def accept(self, token: int) -> None:
        """Goes on by a token. Raises InvalidRequest where what may come then cannot be told."""
        if not self._matcher.consume_token(token):
            raise InvalidRequest(f"the JSON Schema cannot be held to: {self._matcher.get_error()}")

    @property
    def ended(self) -> bool:
        """Whether nothing more may come."""
        return self._matcher.is_stopped()
