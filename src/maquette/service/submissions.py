"""What is asked for, as a job will keep it: its price, its queue, what it takes; no PyTorch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from maquette.copydesk.assignment import Assignment
from maquette.copydesk.tries import AGAIN_TOKENS, COPY_TRIES, in_sight, tokens_of
from maquette.core.code_requests import CodeRequest
from maquette.core.errors import InvalidRequest, ModelNotFound, did_you_mean
from maquette.core.requests import GenerationRequest
from maquette.core.speech_requests import By, SpeechRequest
from maquette.core.text_requests import Message, TextParams, TextRequest
from maquette.engines.catalog import context_tokens, find_shipped
from maquette.engines.remote_answer import most_prompt_tokens
from maquette.engines.remote_schema import check_schema
from maquette.engines.starter_code import STARTER_CODE, read_wish
from maquette.jobs.shares import line_of
from maquette.jobs.workers import StepTime
from maquette.service.code_price import most_code_price, starter_code_price
from maquette.service.cost import Cost, cost_of
from maquette.service.queues import (
    CODE,
    CODE_ELSEWHERE,
    ELSEWHERE,
    IMAGE,
    SPEECH,
    TEXT,
    code_queue_of,
    queue_of,
    speech_queue_of,
    text_queue_of,
)
from maquette.service.quotes import quote
from maquette.service.speech_price import charged_characters, speech_price
from maquette.service.text_price import count_tokens, most_text_price, price_by_tokens
from maquette.service.text_servers import is_elsewhere
from maquette.service.voices import Voices

COPY = "copy"  # what a request for copy has beside that for texts: the filled-in template

StepTimes = Mapping[str, Sequence[StepTime]]  # by model


@dataclass(frozen=True, slots=True)
class Submission:
    """A request of any medium that was found to be in order. The price is what it costs at most;
    `begins_from` are hashes of what the account put or had made.
    """

    kind: str
    request: Mapping[str, Any]
    price_microcredits: int
    queue: str
    cost: Callable[[StepTimes], Cost | None]
    begins_from: Sequence[str] = ()

    @property
    def line(self) -> str:
        """Who waits for the same."""
        return line_of(self.kind, self.queue, self.request)


def of_pictures(
    request: GenerationRequest, model: str, source: str | None = None, mask: str | None = None
) -> Submission:
    """A request for pictures, of which `source` and `mask` are the hashes."""
    params, count = request.params, request.count
    asked = {
        "params": asdict(params),
        "count": count,
        "model": model,
        "source": source,
        "mask": mask,
    }
    return Submission(
        IMAGE,
        asked,
        quote(params, count, model).price_microcredits,
        queue_of(model, params.width, params.height),
        lambda step_times: cost_of(params, count, step_times.get(model, ())),
        sorted({one for one in (source, mask) if one}),
    )


def of_texts(
    request: TextRequest,
    model: str,
    elsewhere: Callable[[str], int] | None = None,
    tries: int = 1,
) -> Submission:
    """A request for texts, each in so many `tries` at most, of a model that is here or `elsewhere`,
    which gives what a thousand tokens of it cost. Raises ModelNotFound, and InvalidRequest where no
    answer of another server could be compared with its JSON Schema.
    """
    asked: dict[str, Any] = {
        "messages": [asdict(message) for message in request.messages],
        "params": asdict(request.params),
        "count": request.count,
        "model": model,
    }
    if elsewhere is not None and is_elsewhere(model):
        return _of_texts_elsewhere(request, asked, elsewhere(model), tries)
    find_shipped(model, TEXT)
    price = most_text_price(request, model, tries)
    return Submission(TEXT, asked, price, text_queue_of(model), lambda step_times: None)


def of_code(request: CodeRequest, model: str, elsewhere: Mapping[str, int]) -> Submission:
    """A request for code, of the starter or a model `elsewhere`, where they are by name with what a
    thousand tokens of each cost. Raises ModelNotFound, and InvalidRequest where the starter cannot.
    """
    asked: dict[str, Any] = {**asdict(request), "model": model}
    if model == STARTER_CODE:
        read_wish(request, [*elsewhere])
        price, queue = starter_code_price(), code_queue_of(model)
        return Submission(CODE, asked, price, queue, lambda step_times: None)
    if model not in elsewhere:
        hint = did_you_mean(model, [STARTER_CODE, *elsewhere])
        raise ModelNotFound(f"no model named {model!r} writes code; {hint}")
    thousand_tokens = elsewhere[model]
    asked["thousand_tokens_microcredits"] = thousand_tokens
    price = most_code_price(request, thousand_tokens)
    return Submission(CODE, asked, price, CODE_ELSEWHERE, lambda step_times: None)


def _of_texts_elsewhere(
    request: TextRequest, asked: Mapping[str, Any], thousand_tokens: int, tries: int
) -> Submission:
    """The price goes along, for an operator may change it meanwhile."""
    if request.params.schema is not None:
        check_schema(request.params.schema)
    # Each text is asked for by itself, so the talk is read as often; a further try reads the last.
    said, texts = request.params.max_tokens, request.count
    read = most_prompt_tokens(request.messages) * tries + (said + AGAIN_TOKENS) * (tries - 1)
    price = price_by_tokens(thousand_tokens, read * texts, said * tries * texts)
    asked = {**asked, "thousand_tokens_microcredits": thousand_tokens}
    return Submission(TEXT, asked, price, ELSEWHERE, lambda step_times: None)


def of_copy(
    asked: Assignment,
    model: str,
    count: int,
    seed: int,
    elsewhere: Callable[[str], int] | None = None,
) -> Submission:
    """A request for copy: texts that are checked, and written anew where they miss something, so
    that it costs as much as all tries at most. Raises InvalidRequest, NotFound, and what `of_texts`
    does.
    """
    request = TextRequest(messages_of(asked, model), TextParams(tokens_of(asked), seed=seed), count)
    submission = of_texts(request, model, elsewhere, COPY_TRIES)
    whole = {**submission.request, COPY: asked.model_dump(mode="json")}
    return replace(submission, request=whole)


def messages_of(asked: Assignment, model: str) -> Sequence[Message]:
    """What a model is asked for copy, wherever it is. Raises InvalidRequest where it has no room
    for the words, ModelNotFound.
    """
    return asked.messages(larger=True) if is_elsewhere(model) else _messages_here(asked, model)


def _messages_here(asked: Assignment, model: str) -> Sequence[Message]:
    """What a model that is here is asked, with what examples of the voice it has room for."""
    most = context_tokens(find_shipped(model, TEXT).folder)

    def count(messages: Sequence[Message]) -> int:
        return count_tokens(messages, model)

    messages = in_sight(asked, most, count).messages()
    room = most - count(messages)
    if (least := asked.least_words()) > room:  # a word is a token at least
        raise InvalidRequest(
            f"{model} has room for {max(0, room)} tokens after what it reads here, and {least} "
            "words have more; shorten what it reads or choose another model"
        )
    return messages


def of_speech(
    request: SpeechRequest, model: str, voices: Voices, captions: By = "sentence"
) -> Submission:
    """A request for speech. Raises ModelNotFound, InvalidRequest."""
    script, thousand_characters = voices.read(request, model, captions)
    characters = charged_characters(request, script)
    asked = {
        "text": request.text,
        "params": asdict(request.params),
        "captions": captions,
        "model": model,
        "characters": characters,
    }
    price = speech_price(characters, thousand_characters)
    return Submission(SPEECH, asked, price, speech_queue_of(model), lambda step_times: None)
