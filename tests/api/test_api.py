"""What a client meets: pictures, events, and one line where something does not fit."""

import io
import json
import re
import subprocess
import sys
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from tests.api.conftest import Rooms, Worker, database_away
from tests.callers import become
from tests.conftest import TinyModels
from tests.lora_files import write_diffusers

SMALL = {"prompt": "a cat", "width": 64, "height": 64, "num_inference_steps": 3}


def _ask(client: TestClient, **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/generations", json={**SMALL, **more})
    assert answer.status_code == 202, answer.text
    return answer.json()


def _events(client: TestClient, asked: dict[str, Any], after: int = 0) -> list[tuple[str, Any]]:
    """Numbered events and their data, to the end of the stream."""
    answer = client.get(asked["events_url"], headers={"Last-Event-ID": str(after)})
    assert answer.headers["content-type"].startswith("text/event-stream")
    events: list[tuple[str, Any]] = []
    for block in answer.text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "id" in lines:
            events.append((lines["event"], json.loads(lines["data"])))
    return events


def test_a_picture_is_asked_for_watched_and_fetched(client: TestClient) -> None:
    asked = _ask(client, count=2, seed=5)
    assert (asked["state"], asked["request"]["seed"], asked["assets"]) == ("queued", 5, [])
    events = _events(client, asked)
    assert [kind for kind, _ in events if kind != "progress"] == ["queued", "running", "succeeded"]
    done = client.get(f"/v1/generations/{asked['generation_id']}").json()
    assert done["state"] == "succeeded"
    assert [a["seed"] for a in done["assets"]] == [5, 6]
    assert events[-1][1]["assets"] == [a["asset_id"] for a in done["assets"]]
    picture = client.get(done["assets"][1]["url"])
    assert picture.headers["content-type"] == "image/png"
    assert "immutable" in picture.headers["cache-control"]
    with Image.open(io.BytesIO(picture.content)) as image:
        assert image.size == (64, 64)
        assert json.loads(image.text["maquette"])["seed"] == 6  # type: ignore[attr-defined]
    assert client.get("/v1/generations").json() == [done]


def test_a_picture_has_small_versions(client: TestClient) -> None:
    asked = _ask(client, width=320, height=64)
    _events(client, asked)
    url = client.get(f"/v1/generations/{asked['generation_id']}").json()["assets"][0]["url"]
    small = client.get(url, params={"width": 256})
    assert small.headers["content-type"] == "image/webp"
    assert "immutable" in small.headers["cache-control"]
    with Image.open(io.BytesIO(small.content)) as image:
        assert image.size == (256, 51)
    assert client.get(url, params={"width": 256}).content == small.content
    assert small.headers["etag"] != client.get(url).headers["etag"]
    refused = client.get(url, params={"width": 257})  # or a disk could be filled with them
    assert refused.status_code == 422
    assert "256, 384 or 768" in refused.json()["error"]
    client.delete(url)
    assert client.get(url, params={"width": 256}).status_code == 404


def test_who_comes_back_is_told_the_rest(client: TestClient) -> None:
    asked = _ask(client)
    whole = _events(client, asked)
    assert _events(client, asked, after=2)[-1] == whole[-1]
    assert "queued" not in [kind for kind, _ in _events(client, asked, after=1)]
    last = client.get(asked["events_url"], headers={"Last-Event-ID": "999"})
    assert (last.status_code, last.text) == (204, "")  # a browser would come back for ever


def test_a_seed_that_is_not_given_is_drawn_and_makes_the_picture_again(client: TestClient) -> None:
    first = _ask(client)
    _events(client, first)
    again = _ask(client, seed=first["request"]["seed"])
    _events(client, again)
    hashes = [
        client.get(f"/v1/generations/{one['generation_id']}").json()["assets"][0]["content_hash"]
        for one in (first, again)
    ]
    assert hashes[0] == hashes[1]


def test_a_picture_can_be_begun_from(client: TestClient) -> None:
    content = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(content, "PNG")
    put = client.post("/v1/pictures", files={"picture": content.getvalue()})
    assert put.status_code == 201
    asked = _ask(client, source=put.json()["content_hash"], strength=0.5)
    assert _events(client, asked)[-1][0] == "succeeded"


def test_what_cannot_be_drawn_fails_in_one_line(client: TestClient) -> None:
    asked = _ask(client, prompt="a very red boat " * 60)
    kind, data = _events(client, asked)[-1]
    assert kind == "failed"
    assert "tokens long" in data["error"]
    assert client.get(f"/v1/generations/{asked['generation_id']}").json()["error"] == data["error"]


def test_deleting_can_be_undone(client: TestClient) -> None:
    asked = _ask(client)
    _events(client, asked)
    url = client.get(f"/v1/generations/{asked['generation_id']}").json()["assets"][0]["url"]
    assert client.delete(url).status_code == 204
    assert client.get(url).status_code == 404
    assert client.delete(url).status_code == 404
    assert client.get(f"/v1/generations/{asked['generation_id']}").json()["assets"] == []
    assert client.post(f"{url}/restore").status_code == 204
    assert client.get(url).status_code == 200
    assert client.post(f"{url}/restore").status_code == 404


def test_a_request_is_deleted_with_its_pictures_and_restored(client: TestClient) -> None:
    asked = _ask(client)
    _events(client, asked)
    path = f"/v1/generations/{asked['generation_id']}"
    done = client.get(path).json()
    url = done["assets"][0]["url"]
    assert client.delete(path).status_code == 204
    assert client.get("/v1/generations").json() == []
    for gone in (path, url, f"{path}/events"):
        assert client.get(gone).status_code == 404, gone
    assert client.delete(path).status_code == 404
    assert client.post(f"{path}/restore").status_code == 204
    assert client.get(path).json() == done
    assert client.get(url).status_code == 200
    assert client.post(f"{path}/restore").status_code == 404


def test_what_is_deleted_unfinished_is_cancelled(rooms: Rooms) -> None:
    path = f"/v1/generations/{_ask(rooms.client)['generation_id']}"
    assert rooms.client.delete(path).status_code == 204
    assert rooms.client.post(f"{path}/restore").status_code == 204
    assert rooms.client.get(path).json()["state"] == "cancelled"


def test_what_was_made_can_be_begun_from_without_putting_it(client: TestClient) -> None:
    first = _ask(client)
    _events(client, first)
    made = client.get(f"/v1/generations/{first['generation_id']}").json()["assets"][0]
    picture = client.get(f"/v1/pictures/{made['content_hash']}")
    assert picture.content == client.get(made["url"]).content
    asked = _ask(client, source=made["content_hash"], strength=0.4)
    assert _events(client, asked)[-1][0] == "succeeded"


def test_the_models_say_what_they_take(rooms: Rooms) -> None:
    *models, text, speech, code = rooms.client.get("/v1/models").json()["data"]
    assert (code["id"], code["media"]) == ("starter-code", "code")
    assert (speech["id"], speech["media"]) == ("espeak-ng", "speech")
    assert (text["id"], text["media"]) == ("starter-text", "text")
    assert [model["id"] for model in models] == ["starter", "starter-turbo"]
    assert len({model["num_inference_steps"] for model in models}) == 2
    for model in models:
        usual = {n: model[n] for n in ("num_inference_steps", "guidance_scale", "sampler")}
        asked = {"prompt": "a cat", "model": model["id"], "width": model["most_side_px"]}
        for given in (asked, {**asked, "guidance_scale": 2.5}):  # what is not given is as usual
            answer = rooms.client.post("/v1/generations", json=given)
            assert answer.status_code == 202, answer.text
            assert answer.json()["request"].items() >= {**usual, **given}.items()
            rooms.client.delete(f"/v1/generations/{answer.json()['generation_id']}")


def test_each_model_draws_what_is_asked_of_it(
    rooms: Rooms, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _ask(rooms.client, model="starter-turbo")
    assert _events(rooms.client, asked)[-1][0] == "succeeded"
    made = rooms.client.get(f"/v1/generations/{asked['generation_id']}").json()
    content = rooms.client.get(made["assets"][0]["url"]).content
    with Image.open(io.BytesIO(content)) as image:
        assert json.loads(image.text["maquette"])["model"] == "starter-turbo"  # type: ignore[attr-defined]


def test_adapters_are_listed_used_and_kept_with_the_picture(
    rooms: Rooms, worker: Worker, tiny_models: TinyModels
) -> None:
    write_diffusers(rooms.adapters / "folder", tiny_models.image, 1).rename(
        rooms.adapters / "水彩.safetensors"
    )
    models = rooms.client.get("/v1/models").json()["data"]
    for model in (one for one in models if one["media"] == "image"):
        assert model["adapters"] == ["水彩"]
    used = [{"adapter": "水彩", "scale": 0.5}]
    made: list[dict[str, Any]] = []
    for adapters in ([], used):
        asked = _ask(rooms.client, seed=5, adapters=adapters)
        assert asked["request"]["adapters"] == adapters
        assert _events(rooms.client, asked)[-1][0] == "succeeded"
        made.append(rooms.client.get(f"/v1/generations/{asked['generation_id']}").json())
    contents = [rooms.client.get(one["assets"][0]["url"]).content for one in made]
    with Image.open(io.BytesIO(contents[1])) as image:
        assert json.loads(image.text["maquette"])["adapters"] == used  # type: ignore[attr-defined]
        assert image.text["parameters"].endswith("LoRA: 水彩:0.5")  # type: ignore[attr-defined]
        with Image.open(io.BytesIO(contents[0])) as plain:
            assert image.tobytes() != plain.tobytes()
    again = _ask(rooms.client, **{k: made[1]["request"][k] for k in ("seed", "adapters")})
    _events(rooms.client, again)
    again = rooms.client.get(f"/v1/generations/{again['generation_id']}").json()
    assert again["assets"][0]["content_hash"] == made[1]["assets"][0]["content_hash"]


def test_no_file_but_the_adapters_is_read_whatever_path_is_named(
    rooms: Rooms, tiny_models: TinyModels
) -> None:
    file = write_diffusers(rooms.adapters / "folder", tiny_models.image, 1)
    (rooms.adapters / "ink.safetensors").write_bytes(file.read_bytes())
    inside = "folder/pytorch_lora_weights"
    for name in (str(file), "folder", inside, "../adapters/ink", "./ink", "ink.safetensors", ""):
        answer = rooms.client.post(
            "/v1/generations", json={**SMALL, "adapters": [{"adapter": name}]}
        )
        assert answer.status_code in (400, 422), name
    assert rooms.client.get("/v1/generations").json() == []


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"prompt": " "}, 400, "the prompt is empty"),
        ({"width": 250}, 400, "nearest is 256"),
        ({"sampler": "eulr"}, 400, "did you mean euler?"),
        ({"model": "startr"}, 400, "did you mean starter?"),
        ({"source": "0" * 64}, 400, "put it first"),
        ({"mask": "0" * 64}, 400, "put it first"),
        ({"guidance_interval": [0.5, 0.1]}, 400, "the less one first"),
        ({"adapters": [{"adapter": "ink"}]}, 400, "no adapter named 'ink'; there are none"),
        ({"adapters": [{"adapter": "ink", "scale": 11}]}, 400, "scale 11 of 'ink' must be between"),
        ({"adapters": [{"adapter": "ink", "file": "x"}]}, 422, "file"),
        ({"count": 0}, 422, "greater than or equal to 1"),
        ({"seed": False}, 422, "valid integer"),
        ({"width": "256"}, 422, "valid integer"),
        ({"guidance_scale": "4"}, 422, "valid number"),
        ({"guidance_interval": [True, True]}, 422, "valid number"),
        ({"colour": "red"}, 422, "colour"),
    ],
)
def test_bad_input_is_told_and_nothing_is_kept(
    rooms: Rooms, changes: dict[str, Any], status: int, message: str
) -> None:
    answer = rooms.client.post("/v1/generations", json={**SMALL, **changes})
    assert answer.status_code == status
    assert message in answer.text
    assert rooms.client.get("/v1/generations").json() == []


def test_what_is_no_picture_is_refused(rooms: Rooms) -> None:
    cut = io.BytesIO()
    Image.effect_noise((64, 64), 90).save(cut, "JPEG")
    drawing = io.BytesIO()
    Image.new("RGB", (64, 64)).save(drawing, "EPS")  # which Pillow would hand to Ghostscript
    for content in (b"words", cut.getvalue()[:500], drawing.getvalue()):
        answer = rooms.client.post("/v1/pictures", files={"picture": content})
        assert answer.status_code == 400
        assert "the upload" in answer.json()["error"]


def test_what_never_was_is_not_found(rooms: Rooms) -> None:
    nobody = uuid4()
    for method, path in (
        ("GET", f"/v1/generations/{nobody}"),
        ("GET", f"/v1/generations/{nobody}/events"),
        ("POST", f"/v1/generations/{nobody}/cancel"),
        ("GET", f"/v1/assets/{nobody}"),
        ("DELETE", f"/v1/assets/{nobody}"),
        ("POST", f"/v1/assets/{nobody}/restore"),
        ("DELETE", f"/v1/generations/{nobody}"),
        ("POST", f"/v1/generations/{nobody}/restore"),
    ):
        answer = rooms.client.request(method, path)
        assert answer.status_code == 404, path
        assert str(nobody) in answer.json()["error"]


def test_what_is_anothers_is_not_there(client: TestClient) -> None:
    asked = _ask(client)
    _events(client, asked)
    path = f"/v1/generations/{asked['generation_id']}"
    made = client.get(path).json()["assets"][0]
    url, content_hash = made["url"], made["content_hash"]
    assert isinstance(client.app, FastAPI)
    become(client.app, "another")
    assert client.get("/v1/generations").json() == []
    for method, other in (
        ("GET", path),
        ("GET", f"{path}/events"),
        ("POST", f"{path}/cancel"),
        ("GET", url),
        ("DELETE", url),
        ("POST", f"{url}/restore"),
        ("DELETE", path),
        ("POST", f"{path}/restore"),
        ("GET", f"/v1/pictures/{content_hash}"),
    ):
        assert client.request(method, other).status_code == 404, other
    stolen = client.post("/v1/generations", json={**SMALL, "source": content_hash})
    assert stolen.status_code == 400
    client.app.dependency_overrides.clear()
    assert client.get(url).status_code == 200


def test_other_pages_and_other_names_are_refused(rooms: Rooms) -> None:
    for origin, status in (("http://evil.example", 403), ("http://testserver", 202)):
        headers = {"Origin": origin}
        answer = rooms.client.post("/v1/generations", json=SMALL, headers=headers)
        assert answer.status_code == status
    assert rooms.client.get("/livez", headers={"Origin": "http://evil.example"}).status_code == 200


def test_too_many_are_asked_to_come_back(rooms: Rooms) -> None:
    waiting = [_ask(rooms.client) for _ in range(3)]
    full = rooms.client.post("/v1/generations", json=SMALL)
    assert full.status_code == 429
    assert int(full.headers["retry-after"]) >= 5
    assert "3 requests wait; try again in" in full.json()["error"]
    cancelled = rooms.client.post(f"/v1/generations/{waiting[0]['generation_id']}/cancel").json()
    assert cancelled["state"] == "cancelled"
    assert _events(rooms.client, waiting[0])[-1][0] == "cancelled"
    _ask(rooms.client)


def test_health_and_figures(rooms: Rooms) -> None:
    assert rooms.client.get("/livez").json() == {"status": "alive"}
    ready = rooms.client.get("/readyz").json()
    assert ready.pop("free_bytes") > 0
    said = {"database": True, "worker": True, "disk": True}
    assert ready == said | {"queue_age_s": 0.0, "heartbeat_age_s": None}
    rooms.client.app.state.worker_ready = lambda: False  # type: ignore[attr-defined]
    assert rooms.client.get("/readyz").status_code == 503
    _ask(rooms.client)
    figures = rooms.client.get("/metrics").text
    assert "maquette_database_up 1.0" in figures
    assert "maquette_jobs_unfinished 1.0" in figures
    assert 'maquette_jobs{state="queued"} 1.0' in figures
    assert "maquette_worker_restarts_total 0.0" in figures
    assert float(re.findall(r"^maquette_queue_age_seconds (.+)$", figures, re.M)[0]) > 0


def test_ends_are_counted_and_stay_counted(client: TestClient) -> None:
    for prompt in ("a cat", "a very red boat " * 60):
        asked = _ask(client, prompt=prompt)
        _events(client, asked)
        client.delete(f"/v1/generations/{asked['generation_id']}")
    figures = client.get("/metrics").text
    for state, count in (("succeeded", 1), ("failed", 1), ("cancelled", 0)):
        assert f'maquette_jobs_ended_total{{state="{state}"}} {count}.0' in figures
    assert "maquette_queue_age_seconds 0.0" in figures


def test_while_the_database_is_away_it_is_said_and_nothing_breaks(rooms: Rooms) -> None:
    with database_away(rooms.database):
        away = rooms.client.get("/readyz")
        assert away.status_code == 503
        assert away.json().items() >= {("database", False), ("worker", True), ("queue_age_s", None)}
        figures = rooms.client.get("/metrics")
        assert figures.status_code == 200
        assert "maquette_database_up 0.0" in figures.text
        assert "maquette_jobs" not in figures.text
        answer = rooms.client.post("/v1/generations", json=SMALL)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "the database does not answer" in answer.json()["error"]
    assert rooms.client.get("/readyz").status_code == 200
    assert rooms.client.get("/v1/generations").json() == []


def test_the_document_of_the_api_has_an_example(rooms: Rooms) -> None:
    document = rooms.client.get("/openapi.json").json()
    examples = document["components"]["schemas"]["GenerationIn"]["examples"]
    assert rooms.client.post("/v1/generations", json=examples[0]).status_code == 202


def test_the_api_imports_no_torch() -> None:
    code = "import sys, maquette.api.app; print(*{'torch', 'diffusers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
