"""Pictures that a command is given: what the starter says they show, or a model that sees."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maquette.core.errors import InvalidRequest
from maquette.core.settings import Settings

if TYPE_CHECKING:  # which takes a moment to import
    from PIL import Image

USUAL = "starter-captioner"
Picture = Annotated[
    Path | None, typer.Option(help="A picture that it is about; what it shows is said of it.")
]
Captioner = Annotated[
    str, typer.Option(help="Who says so: the starter, or a server's NAME/MODEL that sees.")
]


def caption_of(settings: Settings, path: Path, captioner: str, language: str) -> str:
    """What a picture file shows, in "en" or "zh". Raises InvalidRequest where it cannot be read, or
    the starter knows nothing of what it shows, or the captioner cannot see; ModelNotFound, and what
    `RemoteText` does.
    """
    from maquette.service.pictures import read_picture  # which takes seconds to import

    picture = read_picture(path)
    if captioner != USUAL:
        return _elsewhere(settings, picture, captioner, language)
    from maquette.service import wiring

    seen = wiring.captioner(settings).look(picture)
    if not seen.is_known:
        raise InvalidRequest(
            f"what {path} shows is nothing that the starter's captioner knows; say it in words, or "
            "name a captioner that sees"
        )
    return seen.caption(language)


def _elsewhere(settings: Settings, picture: "Image.Image", captioner: str, language: str) -> str:
    from maquette.cli.text import server_of
    from maquette.engines.remote_text import RemoteText
    from maquette.service.context import MOST_CAPTION_CHARACTERS
    from maquette.service.seeing import ask_what_is_seen

    if (found := server_of(settings, captioner)) is None:
        raise InvalidRequest(
            f"{captioner} is no captioner that sees; choose {USUAL}, or a model of a server that "
            "the studio here has, as NAME/MODEL"
        )
    server, model = found
    asked = ask_what_is_seen(picture, "zh" if language == "zh" else "en")
    (answer,) = RemoteText(server).answers(asked, model)
    said = " ".join(answer.text.split())[:MOST_CAPTION_CHARACTERS]
    if not said:
        raise InvalidRequest(f"{captioner} said nothing of the picture; choose a model that sees")
    return said
