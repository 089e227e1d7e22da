"""Fields by which a request names what it uses."""

from typing import Annotated

from pydantic import Field

from maquette.service.context import MOST_CONTEXT, MOST_NAME_CHARACTERS

Names = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=MOST_NAME_CHARACTERS)]],
    Field(
        max_length=MOST_CONTEXT,
        description="What it is to use: asset:ID, document:ID, or the hash of a picture.",
    ),
]
CaptionerName = Annotated[
    str,
    Field(
        max_length=300,
        description="Who says what pictures show: the starter, which knows its own world, or a "
        "model that sees, by its name here or as NAME/MODEL of another server.",
    ),
]
