"""A second real server: `transformers serve` with the starter model writes for our clients."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import openai
import pytest
import torch
from fastapi.testclient import TestClient
from openai.types.chat import ChatCompletionUserMessageParam

from maquette.core.errors import RemoteUnavailable
from maquette.core.text_requests import Message, TextParams, TextRequest
from maquette.engines.catalog import STARTERS
from maquette.engines.remote_server import TextServer
from maquette.engines.remote_text import RemoteText
from maquette.engines.text import TextEngine
from maquette.jobs.events import read_events
from maquette.ledger.verify import verify
from maquette.service.text_servers import OfferedModel
from tests.api.conftest import Rooms
from tests.api.remote_scene import RemoteScene, remote_scene
from tests.waiting import PATIENCE_S, wait_until

pytestmark = pytest.mark.slow

SPEC = STARTERS["text"]
SAID = "Write a warm tagline for Alder, a kettle by Norvik."
ASK: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": SAID}]
RUN = "from transformers.cli.transformers import main; main()"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one that has the starter model, by the name of its folder."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["serve", SPEC.folder.name, "--port", str(port), "--device", "cpu"]
    words += ["--dtype", "float32", "--host", "127.0.0.1"]
    home = tmp_path_factory.mktemp("transformers")
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(home), "OMP_NUM_THREADS": "1"}
    with (home / "log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, *words],
            cwd=SPEC.folder.parent,
            env={**os.environ, **offline},
            stdout=log,
            stderr=log,
        )
        url = f"http://127.0.0.1:{port}/v1"
        try:
            wait_until(lambda: _answers(process, url, home / "log"))
            yield url
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _answers(process: subprocess.Popen[bytes], url: str, log: Path) -> bool:
    assert process.poll() is None, f"transformers serve does not start: {log.read_text()[-2000:]}"
    try:
        RemoteText(TextServer(url)).models()
    except RemoteUnavailable:
        return False
    return True


@pytest.fixture
def scene(rooms: Rooms, server: str) -> Iterator[RemoteScene]:
    with remote_scene(rooms) as made:
        made.servers.add("boss", "second", server, "", [OfferedModel(SPEC.folder.name, 10**6)])
        yield made


def _ask(scene: RemoteScene, **more: Any) -> Any:
    asked = {"model": f"second/{SPEC.folder.name}", "messages": ASK, "max_tokens": 40}
    return scene.client.chat.completions.create(**asked | more)


def test_it_says_what_our_engine_says_whole_and_piece_by_piece(scene: RemoteScene) -> None:
    params = TextParams(max_tokens=40, temperature=0.0)
    ours = TextEngine(SPEC, torch.device("cpu"), torch.float32)
    (expected,) = ours.answer(TextRequest((Message("user", SAID),), params))
    whole = _ask(scene, temperature=0.0)
    assert whole.choices[0].message.content == expected.text
    said, usage = list[str](), None
    streamed = {"stream": True, "stream_options": {"include_usage": True}}
    for chunk in _ask(scene, temperature=0.0, **streamed):
        said += [one.delta.content for one in chunk.choices if one.delta.content]
        usage = chunk.usage or usage
    assert "".join(said) == expected.text
    assert usage == whole.usage
    assert 0 < whole.usage.completion_tokens <= 40
    assert list(verify(scene.rooms.database)) == []


def test_several_answers_are_several(scene: RemoteScene) -> None:
    answer = _ask(scene, n=3, seed=5, temperature=1.0)
    assert len({one.message.content for one in answer.choices}) == 3


def test_what_it_cannot_hold_to_a_schema_costs_nothing(scene: RemoteScene) -> None:
    """It passes a schema over, so what comes back is compared with it, and is no JSON."""
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "integer"}}}
    with pytest.raises(openai.APIError, match="second wrote what does not fit the JSON Schema"):
        _ask(scene, response_format=form, max_tokens=200)
    hold = scene.hold()
    assert hold is not None
    assert hold.state == "voided"


def test_a_model_that_it_has_not_is_told_in_its_words(scene: RemoteScene, server: str) -> None:
    scene.servers.add("boss", "third", server, "", [OfferedModel("no-such-model")])
    with pytest.raises(openai.APIError, match="third answers 4"):
        _ask(scene, model="third/no-such-model")


def test_copy_is_written_there_until_it_fits_or_was_tried_thrice(scene: RemoteScene) -> None:
    """The word that it is to have is none, so that each variant is tried as often as may be."""
    asked = {"template": "tagline", "inputs": {"product": "Alder, a kettle"}, "seed": 7, "count": 2}
    asked |= {"model": f"second/{SPEC.folder.name}", "include": ["zyzzyva"]}
    with TestClient(scene.app) as http:
        begun = http.post("/v1/copy", json=asked).json()
        own = f"/v1/generations/{begun['generation_id']}"
        made = wait_until(lambda: (now := http.get(own).json())["assets"] and now)
        texts = [http.get(one["url"]).text for one in made["assets"]]
    assert all(texts)
    with scene.rooms.database.connect() as connection:
        told = read_events(connection, UUID(begun["generation_id"]))[-1].data
    assert told["tries"] == [3, 3]
    assert all("include" in one for one in told["missed"])
    assert 0 < made["charged_microcredits"] < begun["price_microcredits"]
    assert list(verify(scene.rooms.database)) == []
