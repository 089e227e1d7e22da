"""Fields of what goes over the wire."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticKnownError


def told(**limits: Any) -> Any:
    """Limits for the document alone: what is made of it checks them, and names the remedy."""
    return Field(json_schema_extra=limits)


def _no_other(kind: Literal["int_type", "float_type"]) -> BeforeValidator:
    """Refuses what JSON does not call a number, for Pydantic takes `true` for 1 and "5" for 5."""

    def check(value: object) -> object:
        if isinstance(value, (bool, str)):
            raise PydanticKnownError(kind)
        return value

    return BeforeValidator(check)


Int = Annotated[int, _no_other("int_type")]
Float = Annotated[float, _no_other("float_type")]
