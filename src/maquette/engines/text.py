"""The text engine: any causal language model of `transformers`, from a talk to its answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from maquette.core.errors import InvalidRequest
from maquette.core.machine import look_at_machine
from maquette.core.text_requests import Bounds, Message, TextParams, TextRequest
from maquette.decoding.attention import use_slots
from maquette.decoding.bounds import BoundedTexts
from maquette.decoding.constraint import JsonConstraints
from maquette.decoding.engine import MAX_ROWS, DecodingEngine
from maquette.decoding.learned import learned_of
from maquette.decoding.request import Constraint, DecodingRequest
from maquette.engines.catalog import ModelSpec, load_whole, reading

CPU_PASS_ROWS = 8  # a pass of 32 lasts twice as long, and who comes waits for its end


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished text: why it ended, and how many tokens were read and said for it."""

    text: str
    finish_reason: str
    prompt_tokens: int
    answer_tokens: int


class TextEngine:
    """Loads a checkpoint once and answers with it.

    Raises WeightsDamaged if the weights are not whole, InvalidRequest where the model is of a kind
    that is not supported.
    """

    def __init__(self, spec: ModelSpec, device: torch.device, dtype: torch.dtype) -> None:
        self.spec, self.device, self.dtype = spec, device, dtype
        folder = spec.folder.absolute()
        with reading(spec):
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self.model: Any = load_whole(AutoModelForCausalLM, folder, dtype=dtype)
            learned = learned_of(folder)
        self.model.to(device).eval()
        self._ends = self._end_tokens()
        use_slots(self.model)
        text_config = self.model.config.get_text_config(decoder=True)
        self.context_tokens = int(text_config.max_position_embeddings)
        vocabulary = int(text_config.vocab_size)
        self._constraints = JsonConstraints(self._tokenizer, vocabulary, list(self._ends))
        self._bounded = BoundedTexts(self._decode, self._encode, vocabulary, self._ends, learned)

    def decoder(self, max_rows: int = MAX_ROWS, pass_rows: int | None = None) -> DecodingEngine:
        """A batching engine of this model, whose passes are as short as people who come wait for,
        unless it is told how many rows are to say something in one.
        """
        if pass_rows is None:
            pass_rows = CPU_PASS_ROWS if self.device.type == "cpu" else max_rows
        most_bytes = _most_bytes(self.device)
        return DecodingEngine(self.model, self._decode, self._ends, max_rows, pass_rows, most_bytes)

    def prepare(
        self,
        request: TextRequest,
        name: str = "text",
        account: str = "",
        interactive: bool = True,
        bounds: Bounds | None = None,
    ) -> list[DecodingRequest]:
        """The request as the engine takes it, one for each answer; texts are held to a schema, or
        else to bounds.

        Raises InvalidRequest where the talk does not fit the model with a token left to answer, or
        its schema cannot be held to.
        """
        prompt = self.read(request.messages)
        room = self.context_tokens - len(prompt)
        if room < 1:
            raise InvalidRequest(
                f"the prompt has {len(prompt)} tokens, and {self.spec.model_id} reads "
                f"{self.context_tokens}, its answer included; shorten it or choose another model"
            )
        constrain: Callable[[], Constraint] | None = None
        if (schema := request.params.schema) is not None:
            constrain = self._constraints.make(schema)
        elif bounds is not None:
            self._bounded.read_vocabulary()  # not while others wait for the engine
            constrain = partial(self._bounded.make, bounds)
        return [
            DecodingRequest(
                f"{name}/{number}",
                prompt,
                _seeded(request.params, number),
                account,
                interactive,
                constrain,
            )
            for number in range(request.count)
        ]

    def answer(
        self,
        request: TextRequest,
        on_text: Callable[[int, str], None] = lambda number, text: None,
        bounds: Bounds | None = None,
    ) -> list[Answer]:
        """All answers, by an engine of their own. `on_text` is told each as it comes."""
        engine, ones = self.decoder(), self.prepare(request, bounds=bounds)
        numbers = {one.request_id: number for number, one in enumerate(ones)}
        said = [""] * len(ones)
        tokens, last = [0] * len(ones), ["length"] * len(ones)
        for one in ones:
            engine.add(one)
        while len(engine):
            for output in engine.step():
                if output.error is not None:
                    raise output.error
                number = numbers[output.request.request_id]
                said[number] += output.text
                tokens[number] += 1
                last[number] = output.finished or last[number]
                if output.text:
                    on_text(number, output.text)
        read = len(ones[0].prompt)
        return [Answer(*one) for one in zip(said, last, [read] * len(ones), tokens, strict=True)]

    def read(self, messages: Sequence[Message]) -> list[int]:
        """The tokens of a talk, up to where the answer begins: by the model's chat template, or,
        where it has none, as a plain text that is to go on.
        """
        if self._tokenizer.chat_template is None:
            text = "\n\n".join(message.content for message in messages)
            return list(self._tokenizer(text).input_ids)
        talk = [{"role": one.role, "content": one.content} for one in messages]
        try:
            return list(
                self._tokenizer.apply_chat_template(
                    talk, add_generation_prompt=True, return_dict=True
                ).input_ids
            )
        except Exception as error:  # templates are programs, and say no in ways of their own
            raise InvalidRequest(f"{self.spec.model_id} cannot read this talk: {error}") from None

    def _decode(self, tokens: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(tokens, skip_special_tokens=True)
        return text.replace("\0", "")  # which no database keeps

    def _encode(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False).input_ids)

    def _end_tokens(self) -> Sequence[int]:
        """The tokens that end an answer, as the checkpoint has them."""
        told = self.model.generation_config.eos_token_id
        ends = told if isinstance(told, list) else [told]
        return tuple({one for one in (*ends, self._tokenizer.eos_token_id) if one is not None})


def _most_bytes(device: torch.device) -> int:
    """What keys and values may take: a quarter of the memory that there is."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory // 4
    return look_at_machine().memory_bytes // 4


def _seeded(params: TextParams, number: int) -> TextParams:
    return replace(params, seed=params.seed + number)
