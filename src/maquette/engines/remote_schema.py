"""Whether what another server wrote is the JSON that was asked for."""

import json
from typing import Any

import jsonschema_rs

from maquette.core.errors import InvalidRequest, first_line

_OBJECT: dict[str, Any] = {"type": "object"}  # what "any JSON" is by the wire format that has it
MOST_SAID = 200  # characters of why it does not fit


def check_schema(schema: str) -> None:
    """Raises InvalidRequest where no answer could be compared with it."""
    _validator(schema)


def misfit(text: str, schema: str) -> str | None:
    """What in a text does not satisfy a JSON Schema; None where all does."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return "it is no JSON"
    try:
        _validator(schema).validate(answer)
    except (jsonschema_rs.ValidationError, ValueError) as error:
        return first_line(error)[:MOST_SAID]
    return None


def _validator(schema: str) -> Any:
    """What a schema names is fetched from nowhere, and no pattern takes for ever."""
    try:
        return jsonschema_rs.validator_for(
            json.loads(schema) or _OBJECT,
            offline=True,
            pattern_options=jsonschema_rs.RegexOptions(),
        )
    except (jsonschema_rs.ValidationError, ValueError, RecursionError) as error:
        raise InvalidRequest(
            f"the JSON Schema cannot be held to: {first_line(error)[:MOST_SAID]}"
        ) from None
