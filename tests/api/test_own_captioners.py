"""Models of the data folder that see, named as captioners over HTTP, through a real worker."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import torch

from maquette.core.settings import Settings
from maquette.engines.catalog import ModelSpec
from maquette.engines.seeing import SeeingModel
from maquette.ledger.prices import OWN_CAPTIONERS, PRICES
from maquette.ledger.verify import verify
from maquette.service.context import MOST_CAPTION_CHARACTERS, MOST_CAPTION_TOKENS
from maquette.service.pictures import read_upload
from maquette.service.seeing import ASKS
from maquette.service.text_price import price_by_tokens
from tests.api.conftest import Rooms
from tests.api.people import SECOND_FACTOR_KEY
from tests.api.remote_scene import PRICE, RemoteScene, remote_scene
from tests.api.test_context import drawn
from tests.engines.text_server import data, piece, say, serving
from tests.engines.tiny_seers import write_blip, write_llava
from tests.waiting import wait_until

SAID = [{"role": "user", "content": "Write a tagline."}]


def ahoy(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    usage = data({"choices": [], "usage": {"prompt_tokens": 40, "completion_tokens": 3}})
    say(handler, piece("Ahoy."), piece(None, "stop"), usage, "data: [DONE]")


@pytest.fixture
def captioners(tmp_path: Path) -> Path:
    """The folder of them: one that talks, one that captions, one whose weights are cut."""
    folder = tmp_path / "data" / "captioners"
    write_llava(folder / "talks")
    write_blip(folder / "captions")
    weights = write_llava(folder / "cut") / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    return folder


Server = tuple[str, list[dict[str, Any]]]  # where it is, and what it was asked


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(ahoy) as made:
        yield made


@pytest.fixture
def scene(rooms: Rooms, captioners: Path, server: Server) -> Iterator[RemoteScene]:
    settings = Settings(
        data=captioners.parent, second_factor_key=SECOND_FACTOR_KEY, device="cpu", precision="fp32"
    )
    with remote_scene(rooms, settings) as made:
        made.add(server[0])
        yield made


def _post(scene: RemoteScene, path: str, **asked: Any) -> Any:
    return scene.client._client.post(f"{scene.client.base_url}{path}", json=asked)


def _picture(scene: RemoteScene) -> str:
    files = {"picture": ("a.png", drawn(), "image/png")}
    answer = scene.client._client.post(f"{scene.client.base_url}pictures", files=files)
    return answer.json()["content_hash"]


def _ended(scene: RemoteScene, made: Any) -> dict[str, Any]:
    assert made.status_code == 202, made.text
    url = f"{scene.client.base_url}generations/{made.json()['generation_id']}"
    http = scene.client._client
    return wait_until(lambda: (now := http.get(url).json())["finished_at"] and now)


@pytest.mark.parametrize("name", ["talks", "captions"])
def test_what_it_says_is_the_caption_at_its_price(
    scene: RemoteScene, server: Server, captioners: Path, name: str
) -> None:
    asked = {"messages": SAID, "model": "home/m", "captioner": name, "max_tokens": 8}
    done = _ended(scene, _post(scene, "texts", **asked, context=[_picture(scene)]))
    assert done["state"] == "succeeded", done["error"]
    assert done["request"]["captioner"] == name
    model = SeeingModel(ModelSpec(name, captioners / name), torch.device("cpu"), torch.float32)
    look = model.look(read_upload(drawn()), ASKS["en"], MOST_CAPTION_TOKENS)
    caption = " ".join(look.text.split())[:MOST_CAPTION_CHARACTERS]
    assert caption
    (written,) = server[1]
    assert written["messages"][-1]["content"] == f"Picture: {caption}\n\nWrite a tagline."
    own = PRICES[OWN_CAPTIONERS].microcredits
    price = price_by_tokens(own, look.prompt_tokens, look.answer_tokens)
    price += price_by_tokens(PRICE, 40, 3)
    assert done["charged_microcredits"] == price < done["price_microcredits"]
    assert list(verify(scene.rooms.database)) == []


def test_copy_and_code_are_seen_by_it_too(scene: RemoteScene) -> None:
    picture, named = _picture(scene), {"model": "home/m", "captioner": "talks"}
    told = {"template": "alt-text", "inputs": {"picture": picture}, "language": "zh"}
    quoted = _post(scene, "copy/quotes", **told, **named).json()
    made = _post(scene, "copy", **told, **named)
    assert quoted["price_microcredits"] == made.json()["price_microcredits"]
    done = _ended(scene, made)
    assert done["state"] == "succeeded", done["error"]
    code = {"prompt": "draw this", "kind": "svg", "model": "starter-code", "captioner": "talks"}
    quoted = _post(scene, "code/quotes", **code, context=[picture]).json()
    own = PRICES[OWN_CAPTIONERS].microcredits
    most = PRICES["starter-code"].microcredits + price_by_tokens(own, 4296, 200)
    assert quoted["price_microcredits"] == most


def test_people_name_what_is_in_the_folder_and_nothing_else(
    scene: RemoteScene, captioners: Path, tiny_language: Path
) -> None:
    outside = write_llava(captioners.parent / "outside")
    (captioners / "writes").symlink_to(tiny_language)  # which does not see
    names = {one["id"]: one for one in _models(scene) if one["media"] == "captions"}
    assert names.keys() == {"captions", "cut", "talks"}
    price = PRICES[OWN_CAPTIONERS].microcredits
    assert names["talks"]["thousand_tokens_microcredits"] == price
    asked = {"messages": SAID, "model": "home/m", "context": [_picture(scene)]}
    for name in ("../outside", str(outside), "captioners/talks", "writes", "starter-text", ".", ""):
        refused = _post(scene, "texts", **asked, captioner=name)
        assert refused.status_code == 400, name
        assert f"no captioner named {name!r}; " in refused.json()["error"]
    known = _post(scene, "texts", **asked, captioner="talk").json()["error"]
    assert known == "no captioner named 'talk'; did you mean talks?"
    assert scene.jobs() == []


def test_what_cannot_be_loaded_is_one_line_and_costs_nothing(
    scene: RemoteScene, captioners: Path
) -> None:
    asked = {"messages": SAID, "model": "home/m", "context": [_picture(scene)]}
    done = _ended(scene, _post(scene, "texts", **asked, captioner="cut"))
    assert (done["state"], done["charged_microcredits"]) == ("failed", 0)
    assert done["error"].startswith("cut does not hold a whole model: ")
    assert str(captioners) not in done["error"]
    assert list(verify(scene.rooms.database)) == []


def _models(scene: RemoteScene) -> list[dict[str, Any]]:
    return scene.client._client.get(f"{scene.client.base_url}models").json()["data"]
