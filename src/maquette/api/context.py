"""How requests name what they use: assets and documents of one's own, pictures in a talk."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import sqlalchemy as sa
from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field

from maquette.api.dependencies import CallerDep, CaptionersDep, PeopleDep, StudioDep
from maquette.copydesk.assignment import Assignment
from maquette.core.errors import InvalidRequest
from maquette.ledger.prices import CAPTIONS
from maquette.service.captioner_models import CaptionerModels
from maquette.service.context import (
    ASSET,
    MOST_CONTEXT,
    Context,
    Piece,
    find_context,
    with_pictures,
)
from maquette.service.pictures import shrunk_upload
from maquette.service.studio import Studio

MOST_SHOWN_BYTES = 8 * 2**20  # of a talk with its pictures
MOST_URL_TOLD = 40


class TextPartIn(BaseModel):
    """Words in a message."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["text"]
    text: str


class ImageUrlIn(BaseModel):
    """Where a picture is: its bytes as a data URL, or asset:ID of one's own."""

    model_config = ConfigDict(extra="ignore")

    url: Annotated[str, Field(max_length=MOST_SHOWN_BYTES)]


class ImagePartIn(BaseModel):
    """A picture in a message."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["image_url"]
    image_url: ImageUrlIn


PartIn = Annotated[TextPartIn | ImagePartIn, Field(discriminator="type")]


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds what someone names, where it is their own. Raises as `find_context` does, and
    ModelNotFound where no captioner is called so.
    """

    studio: Studio
    database: sa.Engine
    account_id: str
    captioners: CaptionerModels

    def named(self, names: Sequence[str], captioner: str, at: int = 0) -> Context:
        """What belongs to the message of a number."""
        found = find_context(self.studio, self.database, self.account_id, names, at)
        return self._context(found, captioner)

    def filled_in(self, asked: Assignment, names: Sequence[str], captioner: str) -> Context:
        """What a template is given: pictures in its fields, and what else is named."""
        own = self.studio, self.database, self.account_id
        found = [*with_pictures(asked, *own), *find_context(*own, names)]
        return self._context(found, captioner)

    def shown(self, urls: Mapping[int, Sequence[str]]) -> Context:
        """The pictures of messages, by their numbers."""
        if (count := sum(map(len, urls.values()))) > MOST_CONTEXT:
            raise InvalidRequest(
                f"{count} pictures are too many for one request; show at most {MOST_CONTEXT}"
            )
        found: list[Piece] = []
        for at, some in urls.items():
            names = [self._name_of(url) for url in some]
            found += find_context(self.studio, self.database, self.account_id, names, at)
        for piece in found:
            if piece.picture is None:
                raise InvalidRequest(f"{piece.name} is no picture; name one")
        return self._context(found, CAPTIONS)

    def _context(self, found: Sequence[Piece], captioner: str) -> Context:
        return Context(found, captioner, self.captioners.price_of(captioner))

    def _name_of(self, url: str) -> str:
        """The name of a picture, which is put where its bytes came along."""
        if url.startswith(ASSET):
            return url
        if not url.startswith("data:"):
            raise InvalidRequest(
                f"the picture at {url[:MOST_URL_TOLD]!r} is not fetched; send it as a data URL, or "
                "name asset:ID"
            )
        kind, comma, content = url.partition(",")
        if not comma or not kind.endswith(";base64"):
            raise InvalidRequest(
                f"the data URL {url[:MOST_URL_TOLD]!r} is not in base64; write "
                "data:image/png;base64,…"
            )
        try:
            picture = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidRequest(
                f"the data URL {url[:MOST_URL_TOLD]!r} has no whole base64; encode it anew"
            ) from None
        return self.studio.put_picture(self.account_id, shrunk_upload(picture))


async def _finder(
    studio: StudioDep, people: PeopleDep, caller: CallerDep, captioners: CaptionersDep
) -> Finder:
    return Finder(studio, people.database, caller.account_id, captioners)


FinderDep = Annotated[Finder, Depends(_finder)]


def shown_in(contents: Sequence[str | Sequence[PartIn]]) -> Mapping[int, Sequence[str]]:
    """Where the pictures of each message are, by its number."""
    found = {
        number: [one.image_url.url for one in content if isinstance(one, ImagePartIn)]
        for number, content in enumerate(contents)
        if not isinstance(content, str)
    }
    return {number: urls for number, urls in found.items() if urls}


def words_of(content: str | Sequence[PartIn]) -> str:
    """What a message says, without its pictures."""
    if isinstance(content, str):
        return content
    return "\n".join(one.text for one in content if isinstance(one, TextPartIn))
