"""What of other servers speaks: the models that operators offer, as whom, and at what price."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from maquette.core.errors import InvalidRequest, did_you_mean
from maquette.core.speech_requests import DEFAULT_VOICE
from maquette.db.tables.texts import text_server
from maquette.engines.remote_server import MOST_NAME_CHARACTERS
from maquette.service.queues import SLASH
from maquette.speech.languages import guess_language
from maquette.speech.script import Delivery

MOST_MODELS, MOST_VOICES, MOST_VOICE_CHARACTERS = 200, 200, 100
MOST_PRICE_MICROCREDITS = 10**12


@dataclass(frozen=True, slots=True)
class OfferedVoice:
    """A model of a server that people may have speak; its speakers as the server calls them, the
    usual one first, none where it alone knows them; and its price.
    """

    name: str
    voices: Sequence[str] = ()
    thousand_characters_microcredits: int = 0
    tells_words: ClassVar[bool] = False

    @property
    def speakers(self) -> Sequence[str]:
        """As people choose them."""
        return DEFAULT_VOICE, *(one for one in self.voices if one != DEFAULT_VOICE)

    def usual_language(self, text: str, speaker: str) -> str:
        """By its letters; the server goes by the text in any case."""
        return guess_language(text)

    def check(self, delivery: Delivery) -> None:
        """Raises InvalidRequest for a speaker that was not named, where some were."""
        if self.voices and delivery.voice not in self.speakers:
            hint = did_you_mean(delivery.voice, self.speakers)
            raise InvalidRequest(f"unknown voice {delivery.voice!r} of {self.name}; {hint}")


def offered_voices(database: sa.Engine) -> Mapping[str, OfferedVoice]:
    """All that may be used, by NAME/MODEL, in the order of their names."""
    query = sa.select(text_server.c.name, text_server.c.speech).where(~text_server.c.disabled)
    with database.connect() as connection:
        rows = connection.execute(query.order_by(text_server.c.name)).all()
    return {f"{row.name}{SLASH}{one.name}": one for row in rows for one in read_voices(row.speech)}


def read_voices(speech: Sequence[Mapping[str, Any]]) -> list[OfferedVoice]:
    """As a row has them."""
    return [
        OfferedVoice(one["name"], tuple(one["voices"]), one["thousand_characters_microcredits"])
        for one in speech
    ]


def written_voices(speech: Sequence[OfferedVoice]) -> list[dict[str, Any]]:
    """As the row is to have them. Raises InvalidRequest."""
    if len(speech) > MOST_MODELS:
        raise InvalidRequest(f"{len(speech)} models are too many; at most {MOST_MODELS}")
    for place, one in enumerate(speech):
        if not _fits(one.name, MOST_NAME_CHARACTERS) or one.name in (
            m.name for m in speech[:place]
        ):
            raise InvalidRequest(
                f"{one.name[:40]!r} cannot be a model's name; give each once, as its server does"
            )
        if len(one.voices) > MOST_VOICES:
            raise InvalidRequest(f"{len(one.voices)} voices are too many; at most {MOST_VOICES}")
        for at, voice in enumerate(one.voices):
            if not _fits(voice, MOST_VOICE_CHARACTERS) or voice in one.voices[:at]:
                raise InvalidRequest(
                    f"{voice[:40]!r} cannot be a voice of {one.name}; give each once, as its "
                    "server does"
                )
        price = one.thousand_characters_microcredits
        if not 0 <= price <= MOST_PRICE_MICROCREDITS:
            raise InvalidRequest(
                f"{price} microcredits are no price; give 0 to {MOST_PRICE_MICROCREDITS}"
            )
    return [{**asdict(one), "voices": [*one.voices]} for one in speech]


def _fits(name: str, most: int) -> bool:
    return 0 < len(name) <= most and name.isprintable() and name == name.strip()
