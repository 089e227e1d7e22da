"""A worker whose device breaks ends, and the next one goes on with what was under way.

What its own settings say of others' business counts for nothing.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from maquette.core.requests import SamplingParams
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.jobs.queue import JobQueue
from maquette.library.blobs import Blobs
from maquette.service.studio import Studio
from tests.conftest import TinyModels
from tests.credits import settle
from tests.service.cluster import Cluster
from tests.waiting import wait_until

# A worker on a tiny model, whose device breaks once: on a CPU it does not by itself. It ends when
# its standard input does.
WORKER = """
import sys, threading
from pathlib import Path
import torch
from maquette.core.settings import Settings
from maquette.engines.catalog import ModelSpec
from maquette.engines.image import ImageEngine
from maquette.service import wiring, worker

url, data, model, part = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
image = ImageEngine(ModelSpec("starter", model), torch.device("cpu"), torch.float32)
wiring.image_engine = lambda *_, **__: image
ready, passes = threading.Event(), []

def break_once(*_):
    passes.extend([1] * ready.is_set())
    if len(passes) == (1 if part == "decoder" else 5) and not (data / "broke").exists():
        (data / "broke").touch()
        raise torch.AcceleratorError("CUDA error: device-side assert triggered")

broken = image.codec.autoencoder.decoder if part == "decoder" else image.unet
broken.register_forward_pre_hook(break_once)
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
worker.work(Settings(data=data, database=url), stop, ready.set)
"""


@pytest.mark.slow
@pytest.mark.parametrize("part", ["unet", "decoder"])
def test_a_broken_device_ends_the_worker_and_no_job(
    fresh_url: str, tiny_models: TinyModels, tmp_path: Path, part: str
) -> None:
    words = [sys.executable, "-c", WORKER, fresh_url, str(tmp_path), str(tiny_models.image), part]
    pipes = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with open_database(Settings(database=fresh_url)) as database:
        queue = JobQueue(database)
        settle(database, "me")
        studio = Studio(database, Blobs(tmp_path / "blobs"), queue)
        params = SamplingParams("a cat", width=64, height=64, num_inference_steps=12)
        job, _ = studio.submit("me", params, count=2)
        with subprocess.Popen(words, **pipes) as first:
            assert first.stderr is not None
            said = first.stderr.read()
        assert first.returncode == 1, said
        assert "the engine is broken, so this worker ends" in said
        assert studio.job("me", job.job_id).state == "running"
        with subprocess.Popen(words, **pipes) as second:
            wait_until(lambda: second.poll() is not None or studio.job("me", job.job_id).ended)
            _, said = second.communicate()
        ended = studio.job("me", job.job_id)
        queue.close()
    assert (ended.state, ended.attempts) == ("succeeded", 2), said
    assert second.returncode == 0, said


@pytest.mark.slow
def test_a_worker_leaves_who_sells_as_the_studio_said(fresh_url: str, tmp_path: Path) -> None:
    paid = {"amount_microcredits": 5, "reason": "a transfer", "price_cents": 9, "currency": "eur"}
    with Cluster(fresh_url, tmp_path) as cluster:
        cluster.start_api(MAQUETTE_INVOICE_SELLER="Maquette Ltd")
        wait_until(cluster.answers)
        cluster.start_worker("elsewhere")
        wait_until(cluster.ready)
        cluster.http.post("/v1/operator/accounts/local/top-up", json=paid).raise_for_status()
        [one] = cluster.http.get("/v1/invoices").json()
        page = cluster.http.get(f"/v1/invoices/{one['invoice_id']}/pdf").content
    assert b"Maquette Ltd" in page
