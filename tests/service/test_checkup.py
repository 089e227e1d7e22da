"""What is broken is said with its remedy, and what is well is left as it is."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from maquette.core.settings import Settings
from maquette.db.connect import connect, migrate, open_database, revision_of, revisions
from maquette.db.tables.jobs import worker
from maquette.jobs.store import create_job
from maquette.jobs.workers import report
from maquette.people.audit import note
from maquette.service import checkup
from maquette.service.backup import ACT
from maquette.service.checkup import Check, check_up
from tests.service.test_backup import Site


@pytest.fixture
def site(fresh_url: str, tmp_path: Path) -> Site:
    made = Site(tmp_path / "data", fresh_url)
    made.fill()
    return made


def _checks(settings: Settings) -> dict[str, Check]:
    return {one.name: one for one in check_up(settings)}


def test_a_studio_that_is_well(site: Site) -> None:
    with open_database(site.settings) as database, database.begin() as connection:
        report(connection, "worker-1")
        note(connection, "maquette backup", ACT, "/kept")
    checks = _checks(site.settings)
    assert {name: one.state for name, one in checks.items()} == dict.fromkeys(
        (
            *("disk", "payments", "mails", "database", "workers", "queue", "storage", "backup"),
            *("second factors", "text servers", "sandbox"),
        ),
        "well",
    )
    assert f"schema {revisions()[-1]}" in checks["database"].found
    assert "MiB free" in checks["disk"].found


def test_what_is_broken_is_said_with_its_remedy(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (site.settings.data / "blobs").rglob("*"):
        if path.is_file():
            path.unlink()
    with open_database(site.settings) as database, database.begin() as connection:
        create_job(connection, "ada", "image", {})
        report(connection, "worker-1")
        past = worker.c.heartbeat_at - timedelta(days=3)
        connection.execute(sa.update(worker).values(heartbeat_at=past))
    no_walls = ("none", "code cannot be run safely here: no walls")
    monkeypatch.setattr(checkup, "sandbox_state", lambda data: no_walls)
    monkeypatch.setattr(checkup, "LEAST_FREE_BYTES", 2**80)
    monkeypatch.setattr(checkup, "MOST_QUEUE_AGE_S", -1.0)
    half = {"stripe_webhook_secret": "whsec_1", "public_url": "https://studio.example"}
    checks = _checks(site.settings.model_copy(update=half))
    states = {name: one.state for name, one in checks.items()}
    assert states == {
        "disk": "broken", "payments": "broken", "database": "well", "workers": "broken",
        "queue": "noticed",
        "storage": "broken", "backup": "noticed", "mails": "noticed", "second factors": "well",
        "text servers": "well", "sandbox": "noticed",
    }  # fmt: skip
    assert checks["sandbox"].found == "code cannot be run safely here: no walls"
    assert all(one.remedy for one in checks.values() if one.state != "well")
    assert checks["workers"].found == "last heard of 3.0 days ago, and 1 jobs wait"
    assert checks["backup"].found == "never"
    assert checks["mails"].remedy.startswith("set smtp")
    assert checks["payments"].found == "stripe_webhook_secret is set, stripe_key is not"


def test_a_database_of_another_version_is_left_as_it_is(fresh_url: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database=fresh_url)
    with connect(sa.make_url(fresh_url)) as engine:
        assert "schema none yet" in _checks(settings)["database"].found
        migrate(engine, "0004")
        older = _checks(settings)["database"]
        assert (older.state, revision_of(engine)) == ("noticed", "0004")
        assert "make a backup" in older.remedy
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        newer = _checks(settings)["database"]
        assert newer.state == "broken"
        assert "its schema is 9999" in newer.found
    away = settings.model_copy(update={"database": "postgresql://nobody@127.0.0.1:1/none"})
    unheard = _checks(away)["database"]
    assert unheard.state == "broken"
    assert "does not answer" in unheard.found


def test_a_storage_that_is_away_is_told_by_its_own_name(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "someone")
    away = {"storage": "s3://studio", "storage_endpoint": "http://127.0.0.1:1"}
    checks = _checks(site.settings.model_copy(update=away))
    states = {name: one.state for name, one in checks.items() if name not in ("disk", "workers")}
    assert states == {
        "payments": "well", "mails": "well", "sandbox": "well", "database": "well",
        "queue": "well",
        "storage": "broken", "backup": "noticed", "second factors": "well",
        "text servers": "well",
    }  # fmt: skip
    assert "s3://studio refuses: " in checks["storage"].found
    monkeypatch.setitem(sys.modules, "maquette.library.object_blobs", None)  # nor what it needs
    checks = _checks(site.settings.model_copy(update=away))
    assert "pip install 'maquette[s3]'" in checks["storage"].found
    assert checks["database"].state == "well"


def test_a_shop_that_no_studio_would_start_with_is_broken(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = {"stripe_key": "sk_test_1", "stripe_webhook_secret": "whsec_1"}
    settings = site.settings.model_copy(update=both)
    assert _checks(settings)["payments"].found == "by Stripe, by code and by hand"
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "stripe", None)
        without = _checks(settings)["payments"]
    assert without.state == "broken"
    assert "pip install 'maquette[stripe]'" in without.found
    (settings.data / "catalog.toml").write_text('[[packs]]\npack_id = "small"\n')
    wrong = _checks(settings)["payments"]
    assert wrong.state == "broken"
    assert "packs.0.name in" in wrong.found
