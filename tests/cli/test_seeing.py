"""Pictures that a command is given, and who says what they show."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner, Result

from maquette.cli.app import app
from maquette.core.errors import InvalidRequest
from maquette.engines.catalog import ModelSpec
from maquette.engines.seeing import SeeingModel
from maquette.service.context import MOST_CAPTION_CHARACTERS, MOST_CAPTION_TOKENS
from maquette.service.seeing import ASKS
from tests.engines.text_server import piece, say, serving
from tests.engines.tiny_seers import write_llava

LONG = "Three red boats on the sea, " * 20


def _run(environ: dict[str, str], *words: str) -> Result:
    return CliRunner().invoke(app, [*words], obj=environ)


@pytest.fixture
def picture(tmp_path: Path) -> str:
    path = tmp_path / "boats.png"
    Image.new("RGB", (64, 48), "red").save(path)
    return str(path)


def test_a_model_of_a_server_is_shown_the_picture(
    fresh_url: str, tmp_path: Path, picture: str
) -> None:
    """What it says is cut where the studio's captions are."""
    environ = {"MAQUETTE_DATABASE": fresh_url, "MAQUETTE_DATA": str(tmp_path / "data")}

    def see(handler: Any, body: dict[str, Any]) -> None:
        shown = isinstance(body["messages"][-1]["content"], list)
        say(handler, piece(LONG if shown else "Ahoy."), piece(None, "stop"))

    with serving(see) as (url, asked):
        added = _run(environ, "text-servers", "add", "home", url, "--offer", "m")
        assert added.exit_code == 0, added.exception
        words = ("text", "A tagline", "--model", "home/m", "--picture", picture, "--json")
        told = _run(environ, *words, "--captioner", "home/m")
        assert told.exit_code == 0, told.exception
        assert json.loads(told.stdout)["text"] == "Ahoy."
    first, second = asked
    assert first["messages"][0]["content"][1]["image_url"]["url"].startswith("data:image/png;")
    line = second["messages"][0]["content"].splitlines()[0]
    assert line == f"Picture: {LONG[:MOST_CAPTION_CHARACTERS]}"


@pytest.mark.parametrize("command", [("text", "A tagline"), ("copy", "alt-text")])
def test_a_model_that_does_not_see_invents_no_caption(
    tmp_path: Path, picture: str, tiny_language: Path, command: tuple[str, ...]
) -> None:
    environ = {"MAQUETTE_DATA": str(tmp_path / "data")}
    for captioner in ("starter-text", str(tiny_language)):
        words = (*command, "--picture", picture, "--captioner", captioner)
        result = _run(environ, *words)
        assert isinstance(result.exception, InvalidRequest), result.stdout
        assert f"{captioner} is no captioner that sees" in result.exception.message


def test_a_captioner_that_is_mistyped_is_told_of_the_one_there_is(
    tmp_path: Path, picture: str
) -> None:
    write_llava(tmp_path / "data" / "captioners" / "talks")
    words = ("text", "A tagline", "--picture", picture, "--captioner", "talk")
    result = _run({"MAQUETTE_DATA": str(tmp_path / "data")}, *words)
    assert isinstance(result.exception, InvalidRequest), result.stdout
    assert result.exception.message.endswith("; did you mean talks?")


@pytest.mark.parametrize("by_name", [True, False])
def test_a_model_of_this_machine_that_sees_is_named_by_its_folder_or_name(
    tmp_path: Path, picture: str, by_name: bool
) -> None:
    data = tmp_path / "data"
    folder = write_llava(data / "captioners" / "talks" if by_name else tmp_path / "talks")
    environ = {"MAQUETTE_DATA": str(data), "MAQUETTE_PRECISION": "fp32", "MAQUETTE_DEVICE": "cpu"}
    captioner = "talks" if by_name else str(folder)
    told = _run(environ, "copy", "alt-text", "--picture", picture, "--captioner", captioner)
    assert told.exit_code == 0, told.exception
    model = SeeingModel(ModelSpec("talks", folder), torch.device("cpu"), torch.float32)
    look = model.look(Image.open(picture), ASKS["en"], MOST_CAPTION_TOKENS)
    caption = " ".join(look.text.split())[:MOST_CAPTION_CHARACTERS]
    assert told.stderr.splitlines()[0] == f"Picture: {caption}"
