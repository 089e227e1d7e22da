"""Copy over the API: written by templates, checked, kept, changed, exported, in campaigns."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import torch
from fastapi.testclient import TestClient

from maquette.batching.loop import EngineLoop
from maquette.copydesk import documents
from maquette.copydesk.tries import COPY_TRIES, seed_of_try
from maquette.db.tables.copydesk import document_version
from maquette.engines.catalog import ModelSpec
from maquette.engines.text import TextEngine
from maquette.jobs.events import add_event, read_events
from maquette.jobs.queue import working
from maquette.jobs.store import PROGRESS, create_job, get_job, let_go, start_job
from maquette.ledger.verify import verify
from maquette.service.job_runner import JobRunner
from maquette.service.queues import TEXT, abilities
from maquette.service.text_maker import TextMaker
from maquette.service.text_price import text_price
from maquette.service.ticks import Ticks
from tests.api.conftest import Rooms
from tests.waiting import wait_until

MODEL = "starter-text"
TAGLINE = {"template": "tagline", "inputs": {"product": "Alder, a kettle"}, "seed": 7}
VOICE = {"brand": "Norvik", "banned": ["cheap"], "tones": ["warm"], "facts": ["made in Bergen"]}
NEVER_MET = {"include": ["zyzzyva", "quokka", "axolotl"], "length": {"most": 2}}


@dataclass
class Scene:
    """A studio with a worker for texts."""

    rooms: Rooms
    jobs: JobRunner

    def ended(self, generation_id: str) -> dict[str, Any]:
        """A request when it has ended."""
        http, url = self.rooms.client, f"/v1/generations/{generation_id}"
        return wait_until(lambda: (now := http.get(url).json())["finished_at"] and now)

    def last(self, generation_id: str) -> dict[str, Any]:
        with self.rooms.database.connect() as connection:
            return dict(read_events(connection, generation_id)[-1].data)  # type: ignore[arg-type]


@pytest.fixture
def http(rooms: Rooms) -> TestClient:
    return rooms.client


@pytest.fixture
def scene(rooms: Rooms, tiny_language: Path) -> Iterator[Scene]:
    engine = TextEngine(ModelSpec("tiny", tiny_language), torch.device("cpu"), torch.float32)
    loop = EngineLoop(engine.decoder())
    with Ticks(rooms.database) as ticks:
        maker = TextMaker({MODEL: engine}, {MODEL: loop})
        jobs = JobRunner(rooms.database, rooms.blobs, {TEXT: maker}, ticks)
        queues = abilities([MODEL]).queues
        with working(rooms.queue, queues, "worker", 8, jobs.run, drain_s=5):
            yield Scene(rooms, jobs)
    loop.close()


def test_what_misses_something_is_written_anew_and_paid_for(scene: Scene, http: TestClient) -> None:
    asked = http.post("/v1/copy", json={**TAGLINE, **NEVER_MET, "count": 2})
    assert asked.status_code == 202, asked.text
    held = asked.json()
    assert held["request"]["template"] == "tagline"
    assert held["request"]["inputs"] == TAGLINE["inputs"]
    done = scene.ended(held["generation_id"])
    assert done["state"] == "succeeded"
    told = scene.last(held["generation_id"])
    assert told["tries"] == [COPY_TRIES, COPY_TRIES]
    assert all({"include", "length"} & {*one} for one in told["missed"])
    assert done["charged_microcredits"] == text_price(
        MODEL, told["prompt_tokens"], told["answer_tokens"]
    )
    assert done["charged_microcredits"] <= held["price_microcredits"]
    assert {one["seed"] for one in done["assets"]} <= {
        seed_of_try(7 + number, tries) for number in (0, 1) for tries in (1, 2, 3)
    }
    assert list(verify(scene.rooms.database)) == []


def test_it_is_written_until_it_meets_its_checks(scene: Scene, http: TestClient) -> None:
    plain = {"template": "rewrite", "inputs": {"text": "A kettle."}, "language": "en"}
    for seed in range(4):
        made = http.post("/v1/copy", json={**plain, "seed": seed}).json()
        (asset,) = scene.ended(made["generation_id"])["assets"]
        asked = {"text": http.get(asset["url"]).text, "template": "rewrite", "language": "en"}
        met = http.post("/v1/copy/checks", json=asked).json()["met"]
        told = scene.last(made["generation_id"])
        cut = told["finish_reasons"] == ["length"]
        assert ("cut" in told["missed"][0]) == cut
        met = met and not cut
        assert (told["missed"] == [[]]) == met
        assert met or told["tries"] == [COPY_TRIES]
        if met:  # the last try is that which met them
            assert asset["seed"] == seed_of_try(seed, told["tries"][0])


def test_an_earlier_try_is_not_written_anew_after_a_crash(scene: Scene, http: TestClient) -> None:
    made = http.post("/v1/copy", json={**TAGLINE, **NEVER_MET}).json()
    whole = scene.ended(made["generation_id"])
    kept = {"text": "zyzzyva, the kettle", "finished": "stop", "missed": [], "try": 1}
    with scene.rooms.database.begin() as connection:
        job = get_job(connection, made["generation_id"])
        again = create_job(connection, "me", "text", job.request, queue="text/none")
        assert start_job(connection, again.job_id, "worker")
        tried = {"tries": 3, "spent": 20, "best": kept | {"missed": ["include"]}}
        texts = [{"tokens": [], "text": "", "finished": None, "tried": tried}]
        add_event(connection, again.job_id, PROGRESS, {"texts": texts})
        let_go(connection, again.job_id, "worker")
    scene.jobs.run(again.job_id)
    told = scene.last(str(again.job_id))
    assert told["tries"] == [3]
    assert told["answer_tokens"] > 20
    first = whole["assets"][0]["content_hash"]
    assert first  # the first job was whole, too


def test_what_cannot_be_written_is_refused(http: TestClient) -> None:
    for change, status in (
        ({"template": "nothing"}, 404),
        ({"inputs": {}}, 400),
        ({"inputs": {"product": "x" * 600}}, 400),
        ({"voice_id": "0198c0de-0000-7000-8000-000000000001"}, 404),
        ({"model": "starter"}, 400),
        ({"count": 17}, 422),
        ({"language": "fr"}, 422),
        ({"length": {"least": 9, "most": 5}}, 400),
        ({"length": {"least": 3000, "most": 9000}}, 400),
        ({"include": ["cheap tea"], "avoid": ["Cheap"]}, 400),
    ):
        answer = http.post("/v1/copy", json={**TAGLINE, **change})
        assert answer.status_code == status, answer.text


def test_what_a_model_has_no_room_for_is_refused(http: TestClient) -> None:
    asked = {"inputs": {"product": "Alder, a kettle"}, "length": {"least": 1000, "most": 2000}}
    asked["inputs"]["facts"] = ["it boils a litre in three minutes " * 12] * 4  # type: ignore[index]
    answer = http.post("/v1/copy", json={"template": "product-description", **asked})
    assert answer.status_code == 400
    assert "has room for" in answer.json()["error"]


def test_a_voice_with_long_examples_is_read_as_far_as_there_is_room(
    rooms: Rooms, http: TestClient
) -> None:
    examples = ["It boils, and it is quiet. " * 140, "A kettle for every day. " * 8]
    voice = {"name": "Norvik", "voice": {**VOICE, "examples": [*examples, *examples]}}
    voice_id = http.post("/v1/brand-voices", json=voice).json()["voice_id"]
    made = http.post("/v1/copy", json={**TAGLINE, "voice_id": voice_id})
    assert made.status_code == 202, made.text  # though each of the long ones fills all it can read
    with rooms.database.connect() as connection:
        asked = get_job(connection, made.json()["generation_id"]).request
    said = asked["messages"][0]["content"]
    assert (examples[0].strip() in said, said.count(examples[1].strip())) == (False, 2)
    assert len(asked["copy"]["voice"]["examples"]) == 4  # the voice is kept as it was


def test_templates_are_told_in_both_languages(http: TestClient) -> None:
    found = http.get("/v1/templates").json()
    names = [one["name"] for one in found["templates"]]
    assert "xiaohongshu-note" in names
    assert found["tones"]["warm"] == ["warm", "温暖"]
    assert {one["group"] for one in found["templates"]} == set(found["groups"])


def test_a_text_is_checked_in_a_voice(http: TestClient) -> None:
    made = http.post("/v1/brand-voices", json={"name": "Norvik", "voice": VOICE}).json()
    asked = {"text": "A cheap kettle.", "template": "tagline", "voice_id": made["voice_id"]}
    found = http.post("/v1/copy/checks", json=asked).json()
    [banned] = [one for one in found["findings"] if one["check"] == "banned"]
    assert (banned["start"], banned["end"], banned["demanded"]) == (2, 7, True)
    assert banned["line"]["zh"] == "不要用“cheap”。"
    assert not found["met"]
    assert found["words"] == 3


def test_a_text_is_to_name_what_was_filled_in(http: TestClient) -> None:
    asked = {"text": "A kettle for mornings.", "template": "product-description"}
    inputs = {"product": "Alder, a kettle", "facts": ["boils fast"]}
    found = http.post("/v1/copy/checks", json={**asked, "inputs": inputs}).json()
    [name] = [one for one in found["findings"] if one["check"] == "name"]
    assert name["line"] == {"en": "“Alder” is not named.", "zh": "没有提到“Alder”。"}
    for more in ({"template": "tagline"}, {"inputs": {}}, {"avoid": ["Alder"]}):
        found = http.post("/v1/copy/checks", json={**asked, "inputs": inputs, **more}).json()
        assert "name" not in {one["check"] for one in found["findings"]}


def test_a_document_keeps_what_it_is_to_name(http: TestClient) -> None:
    about = {"title": "Alder", "text": "one", "inputs": {"product": "Alder, a kettle"}}
    made = http.post("/v1/documents", json=about).json()
    path = f"/v1/documents/{made['document_id']}"
    assert made["inputs"] == about["inputs"]
    changed = http.put(path, json={**about, "inputs": {"product": "松禾，一把水壶"}}).json()
    assert changed["inputs"] == http.get(path).json()["inputs"] == {"product": "松禾，一把水壶"}
    assert http.get("/v1/documents").json()[0]["inputs"] == changed["inputs"]
    for inputs in ({"Product": "x"}, {"product": "x" * 501}, {"product": ["x"]}):
        assert http.put(path, json={**about, "inputs": inputs}).status_code == 422


def test_voices_are_kept_changed_and_learned(http: TestClient) -> None:
    made = http.post("/v1/brand-voices", json={"name": "Norvik", "voice": VOICE})
    assert made.status_code == 201
    path = f"/v1/brand-voices/{made.json()['voice_id']}"
    assert [one["name"] for one in http.get("/v1/brand-voices").json()] == ["Norvik"]
    changed = http.put(path, json={"name": "Norvik", "voice": {**VOICE, "tones": ["dry"]}}).json()
    assert changed["voice"]["tones"] == ["dry"]
    assert http.put(path, json={"name": "N", "voice": {"tone": "dry"}}).status_code == 422
    assert http.delete(path).status_code == 204
    assert http.get(path).status_code == 404
    learned = http.post("/v1/brand-voices/learn", json={"text": "We make Alder kettles. " * 9})
    assert "Alder" in learned.json()["terms"]


def test_documents_keep_what_they_said(http: TestClient) -> None:
    about = {"title": "Alder / 壶", "language": "en", "template": "tagline"}
    made = http.post("/v1/documents", json={**about, "text": "one", "made_by": "tagline"}).json()
    path = f"/v1/documents/{made['document_id']}"
    for text in ("two", "two"):
        http.put(path, json={**about, "text": text})
    http.put(path, json={**about, "text": "three", "made_by": "rewrite"})
    versions = http.get(f"{path}/versions").json()
    assert [(one["number"], one["made_by"]) for one in versions] == [
        (3, "rewrite"),
        (2, "hand"),
        (1, "tagline"),
    ]
    assert all("text" not in one for one in versions)
    texts = [http.get(f"{path}/versions/{number}").json()["text"] for number in (3, 2, 1)]
    assert texts == ["three", "two", "one"]
    assert http.get(f"{path}/versions/4").status_code == 404
    stale = http.put(path, json={**about, "text": "four", "based_on": 2})
    assert stale.status_code == 400
    assert "version 3" in stale.json()["error"]
    back = http.post(f"{path}/versions/1/restore").json()
    assert (back["number"], back["text"]) == (4, "one")
    assert http.post(f"{path}/versions/9/restore").status_code == 404
    file = http.get(f"{path}/export", params={"format": "docx"})
    assert file.headers["content-disposition"].endswith("Alder%20%2F%20%E5%A3%B6.docx")
    with zipfile.ZipFile(io.BytesIO(file.content)) as inside:
        assert b"one" in inside.read("word/document.xml")
    assert http.get(f"{path}/export", params={"format": "pdf"}).status_code == 422
    assert http.put(path, json={**about, "text": "a\0b"}).status_code == 422
    assert http.delete(path).status_code == 204
    assert http.get("/v1/documents").json() == []


def test_what_is_typed_within_minutes_is_one_version(rooms: Rooms, http: TestClient) -> None:
    made = http.post("/v1/documents", json={"text": ""}).json()
    path = f"/v1/documents/{made['document_id']}"

    def save(text: str, based_on: int) -> int:
        return http.put(path, json={"text": text, "based_on": based_on}).json().get("number", 0)

    def said() -> list[tuple[int, str]]:
        numbers = [one["number"] for one in http.get(f"{path}/versions").json()]
        return [(n, http.get(f"{path}/versions/{n}").json()["text"]) for n in numbers]

    assert [save("a", 1), save("a kettle", 2), save("a teapot", 3)] == [2, 3, 4]
    assert said() == [(4, "a teapot"), (1, "")]
    assert save("stale", 3) == 0  # for it was changed since, if in the same version
    assert save("a", 4) == 5  # most of it is taken away
    assert said() == [(5, "a"), (4, "a teapot"), (1, "")]
    with rooms.database.begin() as connection:
        earlier = sa.func.now() - timedelta(minutes=11)
        connection.execute(sa.update(document_version).values(created_at=earlier))
    assert save("a jug", 5) == 6
    assert said() == [(6, "a jug"), (5, "a"), (4, "a teapot"), (1, "")]


def test_the_oldest_versions_go(http: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_VERSIONS", 2)
    made = http.post("/v1/documents", json={"text": "0"}).json()
    path = f"/v1/documents/{made['document_id']}"
    for n in range(1, 5):
        http.put(path, json={"text": str(n), "made_by": "rewrite"})
    assert [one["number"] for one in http.get(f"{path}/versions").json()] == [5, 4, 1]


def test_documents_have_so_much_room(http: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_MIB", 1)
    made = http.post("/v1/documents", json={"text": "水" * 150_000}).json()  # 450,000 bytes
    path = f"/v1/documents/{made['document_id']}"
    assert http.put(path, json={"text": "壶" * 150_000}).status_code == 200
    refused = http.put(path, json={"text": "茶" * 150_000, "made_by": "rewrite"})
    assert (refused.status_code, "1 MiB" in refused.json()["error"]) == (413, True)
    assert http.post("/v1/documents", json={"text": "茶" * 150_000}).status_code == 413
    (listed,) = http.get("/v1/documents").json()
    assert (listed["number"], listed["beginning"]) == (2, "壶" * 220)


def test_a_campaign_carries_one_set_of_facts(scene: Scene, http: TestClient) -> None:
    voice = http.post("/v1/brand-voices", json={"name": "Norvik", "voice": VOICE}).json()
    plan = {
        "name": "Spring",
        "inputs": {"product": "Alder, a kettle", "facts": ["boils a litre in three minutes"]},
        "templates": ["tagline", "x-post", "youtube-title"],  # whose topic is the product
        "voice_id": voice["voice_id"],
    }
    made = http.post("/v1/campaigns", json=plan)
    assert made.status_code == 201, made.text
    path = f"/v1/campaigns/{made.json()['campaign_id']}"
    assert [one["generation"] for one in made.json()["pieces"]] == [None, None, None]
    run = http.post(f"{path}/run", json={"seed": 3}).json()
    for piece in run["pieces"]:
        assert scene.ended(piece["generation"]["generation_id"])["state"] == "succeeded"
    pieces = http.get(path).json()["pieces"]
    assert [one["template"] for one in pieces] == plan["templates"]
    assert all(one["generation"]["assets"] for one in pieces)
    http.delete(f"/v1/brand-voices/{voice['voice_id']}")
    assert http.get(path).json()["voice_id"] is None
    strange = {"inputs": {"product": "x", "prodct": "y"}}
    for change in ({"templates": []}, {"templates": ["rewrite"]}, {"inputs": {}}, strange):
        assert http.put(path, json={**plan, "voice_id": None, **change}).status_code == 400
    assert http.delete(path).status_code == 204


def test_a_campaign_is_written_whole_or_not_at_all(http: TestClient) -> None:
    names = ["tagline", "headline", "x-post", "call-to-action"]  # one more than may wait
    plan = {"name": "All", "inputs": {"product": "Alder"}, "templates": names}
    made = http.post("/v1/campaigns", json=plan).json()
    path = f"/v1/campaigns/{made['campaign_id']}"
    assert http.post(f"{path}/run", json={}).status_code == 429
    assert {one["generation"] for one in http.get(path).json()["pieces"]} == {None}
    assert http.get("/v1/generations").json() == []  # none that said something and costs that


def test_a_run_that_is_asked_for_again_is_the_same_run(http: TestClient) -> None:
    plan = {"name": "All", "inputs": {"product": "Alder"}, "templates": ["tagline", "x-post"]}
    path = f"/v1/campaigns/{http.post('/v1/campaigns', json=plan).json()['campaign_id']}"
    key = {"Idempotency-Key": "spring"}
    first = http.post(f"{path}/run", json={}, headers=key)
    again = http.post(f"{path}/run", json={}, headers=key)
    assert (first.status_code, again.json()) == (202, first.json())
    assert all(one["generation"]["price_microcredits"] for one in first.json()["pieces"])
    assert len(http.get("/v1/generations").json()) == 2
    assert http.get(path).json()["pieces"] == first.json()["pieces"]


def test_campaigns_are_listed_in_pages(rooms: Rooms, http: TestClient) -> None:
    plan = {"inputs": {"product": "Alder"}, "templates": ["tagline"]}
    made = [http.post("/v1/campaigns", json={**plan, "name": name}).json() for name in "abc"]
    path = f"/v1/campaigns/{made[1]['campaign_id']}"
    http.post(f"{path}/run", json={})
    first = http.get("/v1/campaigns", params={"limit": 2}).json()
    rest = http.get("/v1/campaigns", params={"before": first[-1]["changed_at"]}).json()
    assert [one["name"] for one in first + rest] == ["c", "b", "a"]
    assert [bool(one["pieces"][0]["generation"]) for one in first + rest] == [False, True, False]


def test_all_of_it_is_exported_and_goes_with_its_account(http: TestClient) -> None:
    http.post("/v1/brand-voices", json={"name": "Norvik", "voice": VOICE})
    document = {"title": "A secret kettle", "text": "one"}
    made = http.post("/v1/documents", json=document).json()
    http.put(f"/v1/documents/{made['document_id']}", json={**document, "text": "two"})
    answer = http.get("/v1/me/export")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        kept = json.loads(file.read("copy.json"))
    assert kept["brand_voices"][0]["voice"]["brand"] == "Norvik"
    assert [one["text"] for one in kept["documents"][0]["versions"]] == ["two", "one"]
