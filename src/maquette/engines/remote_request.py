"""What another server is asked for a text, as OpenAI's clients say it."""

import json
from typing import Any

from maquette.core.text_requests import TextRequest
from maquette.engines.remote_answer import sent

MOST_TOKENS_NAME = "max_tokens"
OTHER_NAME = "max_completion_tokens"  # of the same, which newer models of some services want


def body_of(request: TextRequest, model: str) -> dict[str, Any]:
    """The body of a request for one text, which is to be streamed."""
    params = request.params
    body: dict[str, Any] = {
        "model": model,
        "messages": [sent(one) for one in request.messages],
        MOST_TOKENS_NAME: params.max_tokens,
        "temperature": params.temperature,
        "top_p": params.top_p,
        "seed": params.seed,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if params.stop:
        body["stop"] = list(params.stop)
    if params.schema is not None:
        schema = json.loads(params.schema)
        body["response_format"] = (
            {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
            if schema
            else {"type": "json_object"}
        )
    return body
