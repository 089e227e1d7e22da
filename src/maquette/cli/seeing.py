"""Pictures that a command is given: what the starter says they show, or a model that sees."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maquette.core.errors import InvalidRequest, did_you_mean
from maquette.core.settings import Settings

if TYPE_CHECKING:  # which take a moment to import
    from PIL import Image

    from maquette.engines.catalog import ModelSpec
    from maquette.world.writing.pairs import Language

USUAL = "starter-captioner"
Picture = Annotated[
    Path | None, typer.Option(help="A picture that it is about; what it shows is said of it.")
]
Captioner = Annotated[
    str,
    typer.Option(
        help="Who says so: the starter, or a model that sees: of DATA/captioners, a checkpoint "
        "folder, or a server's NAME/MODEL."
    ),
]


def caption_of(settings: Settings, path: Path, captioner: str, language: str) -> str:
    """What a picture file shows, in "en" or "zh". Raises InvalidRequest where it cannot be read, or
    the starter knows nothing of what it shows, or the captioner cannot see; ModelNotFound, and what
    `SeeingModel` and `RemoteText` do.
    """
    from maquette.service.pictures import read_picture  # which takes seconds to import

    picture = read_picture(path)
    if captioner == USUAL:
        return _by_starter(settings, picture, path, language)
    from maquette.service.seeing import caption_in

    asked_in: Language = "zh" if language == "zh" else "en"
    if (own := _own(settings, captioner)) is not None:
        said = _by_own(settings, picture, own, asked_in)
    else:
        said = _elsewhere(settings, picture, captioner, asked_in)
    return caption_in(said, captioner)


def _by_starter(settings: Settings, picture: "Image.Image", path: Path, language: str) -> str:
    from maquette.service import wiring

    seen = wiring.captioner(settings).look(picture)
    if not seen.is_known:
        raise InvalidRequest(
            f"what {path} shows is nothing that the starter's captioner knows; say it in words, or "
            "name a captioner that sees"
        )
    return seen.caption(language)


def _own(settings: Settings, captioner: str) -> "ModelSpec | None":
    """The model that sees in a folder, or in the data folder by its name; None where it is none."""
    from maquette.engines.catalog import ModelSpec, find_folder
    from maquette.service.captioner_models import CAPTIONERS, is_captioner, own_captioners

    folder = find_folder(captioner)
    if folder is not None and is_captioner(folder):
        return ModelSpec(folder.name, folder)
    return own_captioners(settings.data / CAPTIONERS).get(captioner)


def _by_own(
    settings: Settings, picture: "Image.Image", spec: "ModelSpec", language: "Language"
) -> str:
    from maquette.service import wiring
    from maquette.service.context import MOST_CAPTION_TOKENS
    from maquette.service.seeing import ASKS, MOST_SIDE_PX

    picture.thumbnail((MOST_SIDE_PX, MOST_SIDE_PX))
    model = wiring.seeing_model(settings, spec)
    return model.look(picture, ASKS[language], MOST_CAPTION_TOKENS).text


def _elsewhere(
    settings: Settings, picture: "Image.Image", captioner: str, language: "Language"
) -> str:
    from maquette.cli.text import server_of
    from maquette.engines.remote_text import RemoteText
    from maquette.service.captioner_models import CAPTIONERS, own_captioners
    from maquette.service.seeing import ask_what_is_seen

    if (found := server_of(settings, captioner)) is None:
        known = [USUAL, *own_captioners(settings.data / CAPTIONERS)]
        raise InvalidRequest(
            f"{captioner} is no captioner that sees, no folder of a model that does, and none of a "
            f"server, as NAME/MODEL; {did_you_mean(captioner, known)}"
        )
    server, model = found
    (answer,) = RemoteText(server).answers(ask_what_is_seen(picture, language), model)
    return answer.text
