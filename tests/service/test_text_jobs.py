"""Jobs for texts: what an earlier attempt had said is not said anew."""

from pathlib import Path
from typing import Any

import torch

from maquette.batching.loop import EngineLoop
from maquette.core.settings import Settings
from maquette.core.text_requests import Message, TextParams, TextRequest
from maquette.db.connect import open_database
from maquette.engines.catalog import ModelSpec
from maquette.engines.text import TextEngine
from maquette.jobs.events import add_event, read_events
from maquette.jobs.store import SAID, create_job, get_job, let_go, start_job
from maquette.library.assets import assets_of
from maquette.library.blobs import Blobs
from maquette.service.job_runner import JobRunner
from maquette.service.submissions import of_texts
from maquette.service.text_maker import TextMaker
from maquette.service.ticks import Ticks

MODEL = "starter-text"
ASK = TextRequest(
    (Message("user", "A tagline for a kettle."),), TextParams(max_tokens=40, temperature=1.0), 2
)


def test_it_goes_on_where_a_worker_that_died_was(
    fresh_url: str, tiny_language: Path, tmp_path: Path
) -> None:
    spec = ModelSpec("tiny", tiny_language)
    engine = TextEngine(spec, torch.device("cpu"), torch.float32)
    whole = engine.answer(ASK)
    decoder = engine.decoder()
    begun: list[dict[str, Any]] = [
        {"at": 0, "tokens": [], "text": "", "finished": None} for _ in "12"
    ]
    for one in engine.prepare(ASK):
        decoder.add(one)
    for _ in range(18):
        for output in decoder.step():
            saying = begun[int(output.request.request_id.rpartition("/")[2])]
            saying["tokens"].append(output.token)
            saying["text"] += output.text
            saying["finished"] = output.finished
    rows: list[int] = []
    engine.model.register_forward_pre_hook(
        lambda _, given, named: rows.append(len(named["input_ids"])), with_kwargs=True
    )
    loop = EngineLoop(engine.decoder())
    blobs = Blobs(tmp_path / "blobs")
    with open_database(Settings(database=fresh_url)) as database, Ticks(database) as ticks:
        jobs = JobRunner(
            database, blobs, {"text": TextMaker({MODEL: engine}, {MODEL: loop})}, ticks
        )
        with database.begin() as connection:
            job = create_job(connection, "me", "text", of_texts(ASK, MODEL).request)
            assert start_job(connection, job.job_id, "worker")
            add_event(connection, job.job_id, SAID, {"read": 9, "texts": begun})
            let_go(connection, job.job_id, "worker")
        jobs.run(job.job_id)
        with database.connect() as connection:
            assert get_job(connection, job.job_id).state == "succeeded"
            made = assets_of(connection, [job.job_id])[job.job_id]
            last = read_events(connection, job.job_id)[-1].data
    loop.close()
    assert [blobs.get(one.content_hash).decode() for one in made] == [one.text for one in whole]
    assert last["answer_tokens"] == sum(one.answer_tokens for one in whole)
    said_before = sum(len(one["tokens"]) for one in begun)
    assert said_before > 20
    assert sum(rows) <= last["answer_tokens"] - said_before + 2  # and the prompts are read anew
