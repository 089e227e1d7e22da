"""Texts in a backup: what was said, what it cost, and what is under way."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from maquette.core.ids import new_id
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.jobs.events import add_event, read_events
from maquette.jobs.store import SAID, create_job, get_job, start_job
from maquette.ledger.accounts import open_account
from maquette.ledger.grants import grant
from maquette.ledger.holds import holds_of, place_hold
from maquette.ledger.verify import verify
from maquette.library.assets import add_asset, assets_of
from maquette.library.blobs import Blobs
from maquette.service.backup import back_up
from maquette.service.endings import end
from maquette.service.restore import restore


def test_a_text_comes_back_and_one_under_way_goes_on_where_it_was(
    new_url: Callable[[], str], tmp_path: Path
) -> None:
    talk = {"messages": [{"role": "user", "content": "A tagline, 水壶."}], "model": "starter-text"}
    said = {"read": 9, "texts": [{"at": 0, "text": "It si", "tokens": [4], "finished": None}]}
    here, there = (Settings(data=tmp_path / name, database=new_url()) for name in ("a", "b"))
    blobs, restored = Blobs(here.data / "blobs"), Blobs(there.data / "blobs")
    with open_database(here) as database, database.begin() as connection:
        open_account(connection, "ada")
        grant(connection, "ada", 5, "paid")
        done, begun = (create_job(connection, "ada", "text", talk) for _ in range(2))
        place_hold(connection, "ada", 3, timedelta(days=1), done.job_id)
        content_hash = blobs.put("It sings, 水壶。".encode())
        given = {"position": 0, "media_type": "text/plain", "size_bytes": 19, "seed": 5}
        given |= {"asset_id": new_id(), "content_hash": content_hash, "account_id": "ada"}
        add_asset(connection, job_id=done.job_id, **given)
        end(connection, done.job_id, "succeeded", price=2)
        start_job(connection, begun.job_id, "worker")
        add_event(connection, begun.job_id, SAID, said)
    made = back_up(here, tmp_path / "kept", blobs)
    assert made.manifest.blobs == 1
    restore(there, tmp_path / "kept", restored)
    with open_database(there) as database:
        assert list(verify(database)) == []
        with database.connect() as connection:
            (text,) = assets_of(connection, [done.job_id])[done.job_id]
            assert get_job(connection, done.job_id).request == talk
            assert holds_of(connection, [done.job_id])[done.job_id].posted_microcredits == 2
            *_, last = read_events(connection, begun.job_id)
    assert (text.media_type, text.seed) == ("text/plain", 5)
    assert restored.get(text.content_hash).decode() == "It sings, 水壶。"
    assert (last.kind, last.data) == (SAID, said)
