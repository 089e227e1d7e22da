"""What lists have of requests, which may be long."""

import sqlalchemy as sa

from maquette.db.tables.jobs import job
from maquette.jobs.store import create_job, get_job, list_jobs
from tests.api.conftest import Rooms


def test_a_list_has_the_gist_of_a_talk_and_the_request_all_of_it(rooms: Rooms) -> None:
    talk = [
        {"role": "system", "content": "x" * 5000},
        {"role": "user", "content": "A tagline for a kettle, 水壶. " + "y" * 5000},
    ]
    asked = {"messages": talk, "seed": 5, "max_tokens": 30, "json_schema": {"title": "z" * 5000}}
    made = rooms.client.post("/v1/texts", json=asked).json()
    assert made["request"]["messages"] == talk
    for path in ("/v1/generations", "/v1/generations?kind=text"):
        answer = rooms.client.get(path)
        assert len(answer.content) < 1500
        (row,) = answer.json()
        assert row["generation_id"] == made["generation_id"]
        assert row["request"]["last_message"] == talk[1]["content"][:200]
        assert row["request"]["message_count"] == 2
        assert (row["request"]["seed"], row["request"]["max_tokens"]) == (5, 30)
        assert "messages" not in row["request"]
    whole = rooms.client.get(f"/v1/generations/{made['generation_id']}").json()
    assert whole["request"] == made["request"]


def test_a_list_has_no_texts_that_code_named(rooms: Rooms) -> None:
    asked = {"prompt": "a boat", "seen": [{"name": "asset:x", "text": "Oolong. " * 500}]}
    with rooms.database.begin() as connection:
        create_job(connection, "me", "code", asked)
        (listed,) = list_jobs(connection, "me", 5)
        assert listed.request == {"prompt": "a boat"}
        assert get_job(connection, listed.job_id).request == asked


def test_a_list_has_the_gist_of_copy(rooms: Rooms) -> None:
    long = ["We make kettles. " * 200] * 7  # after three that prompts have
    voice = {"brand": "Norvik", "examples": [*["We make kettles."] * 3, *long]}
    made = rooms.client.post("/v1/brand-voices", json={"name": "N", "voice": voice}).json()
    facts = ["boils a litre " * 20, *["it sings"] * 20]
    filled = {"product": "Alder, a kettle", "facts": facts, "brand": ""}
    asked = {"inputs": filled, "voice_id": made["voice_id"], "include": ["kettle"]}
    made = rooms.client.post("/v1/copy", json={"template": "product-description", **asked})
    assert made.status_code == 202, made.text
    answer = rooms.client.get("/v1/generations?kind=text")
    assert len(answer.content) < 1500
    request = answer.json()[0]["request"]
    gist = {"product": "Alder, a kettle", "facts": [facts[0][:200]], "brand": ""}
    assert (request["inputs"], request["include"]) == (gist, ["kettle"])
    with rooms.database.connect() as connection:
        account = connection.execute(sa.select(job.c.account_id)).scalar_one()
        (listed,) = list_jobs(connection, account, 5)
        whole = get_job(connection, listed.job_id)
    assert "voice" not in listed.request["copy"]
    assert whole.request["copy"]["voice"]["brand"] == "Norvik"
    path = f"/v1/generations/{listed.job_id}"
    assert rooms.client.get(path).json()["request"]["inputs"] == filled
