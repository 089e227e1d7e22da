"""`maquette accounts`: people are added, looked at, shut out; passwords are never arguments."""

import json
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from typer.testing import CliRunner, Result

from maquette.cli.app import app
from maquette.core.errors import InvalidRequest, NotAllowed, NotFound
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.db.tables.people import recovery_code
from maquette.jobs.queue import JobQueue
from maquette.library.blobs import Blobs
from maquette.library.uploads import add_upload
from maquette.people.audit import read_audit
from maquette.people.passwords import verify_password
from maquette.people.persons import change_person, get_person
from maquette.people.sessions import list_sessions, start_session
from maquette.service.owner import LOCAL_ACCOUNT, refuse_open_door
from maquette.service.sweep import Sweeper
from tests.letterbox import mail_server
from tests.waiting import wait_until

PASSWORD = "three kettles and a heron"


def _run(url: str, *words: str, password: str = PASSWORD) -> Result:
    return CliRunner().invoke(
        app, ["accounts", *words, "--json"], obj={"MAQUETTE_DATABASE": url}, input=f"{password}\n"
    )


def _told(result: Result) -> dict[str, object]:
    assert result.exit_code == 0, result.exception
    return json.loads(result.stdout)


def test_the_first_admin_is_the_owner_and_others_are_themselves(fresh_url: str) -> None:
    owner = _told(_run(fresh_url, "add", "ada@example.org", "--admin", "--name", "Ada"))
    assert (owner["account_id"], owner["role"]) == (LOCAL_ACCOUNT, "admin")
    second = _told(_run(fresh_url, "add", "bob@example.org", "--admin"))
    member = _told(_run(fresh_url, "add", "eve@example.org"))
    assert len({one["account_id"] for one in (owner, second, member)}) == 3
    assert _told(_run(fresh_url, "show", "EVE@example.org")) == member
    listed = _told(_run(fresh_url, "list", "--query", "example.org"))["people"]
    assert listed == [member, second, owner]
    plain = CliRunner().invoke(app, ["accounts", "list"], obj={"MAQUETTE_DATABASE": fresh_url})
    assert f"{LOCAL_ACCOUNT}  ada@example.org  admin  Ada" in plain.stdout
    with open_database(Settings(database=fresh_url)) as engine:
        refuse_open_door(engine, "0.0.0.0")  # which may be opened now
        with engine.connect() as connection:
            kept = get_person(connection, LOCAL_ACCOUNT).password_hash
            assert verify_password(kept, PASSWORD)


def test_what_is_done_is_done_and_written_down(fresh_url: str) -> None:
    _told(_run(fresh_url, "add", "ada@example.org", "--admin"))
    eve = _told(_run(fresh_url, "add", "eve@example.org"))["account_id"]
    assert _told(_run(fresh_url, "suspend", "eve@example.org"))["suspended"]
    assert not _told(_run(fresh_url, "suspend", "eve@example.org", "--restore"))["suspended"]
    assert _told(_run(fresh_url, "role", "eve@example.org", "operator"))["role"] == "operator"
    _told(_run(fresh_url, "reset-password", "eve@example.org", password="another good one"))
    with open_database(Settings(database=fresh_url)) as engine, engine.connect() as connection:
        acts = [one.act for one in read_audit(connection, 9) if one.subject == eve]
        kept = get_person(connection, str(eve)).password_hash
        assert verify_password(kept, "another good one")
        said = connection.execute(sa.text("SELECT string_agg(details::text, '') FROM audit_entry"))
        assert "another" not in str(said.scalar())
    assert acts == [
        "person.password",
        "person.role",
        "person.restore",
        "person.suspend",
        "person.add",
    ]


def test_who_lost_their_app_comes_in_again(fresh_url: str) -> None:
    eve = str(_told(_run(fresh_url, "add", "eve@example.org"))["account_id"])
    none = _run(fresh_url, "remove-second-factor", "eve@example.org")
    assert isinstance(none.exception, InvalidRequest)
    with open_database(Settings(database=fresh_url)) as engine, engine.begin() as connection:
        start_session(connection, eve)
        code = {"account_id": eve, "code_hash": b"x"}
        connection.execute(sa.insert(recovery_code).values(code))
        values = {"two_factor_secret": "S", "two_factor_confirmed_at": sa.func.now()}
        change_person(connection, eve, **values)
    assert _told(_run(fresh_url, "show", "eve@example.org"))["two_factor"] is True
    command = ["accounts", "remove-second-factor", "eve@example.org", "--json"]
    with mail_server() as (box, url):
        environ = {"MAQUETTE_DATABASE": fresh_url, "MAQUETTE_SMTP": url}
        assert _told(CliRunner().invoke(app, command, obj=environ))["two_factor"] is False
        (mail,) = box.mails
    assert (mail["To"], mail["Subject"]) == ("eve@example.org", "Your second factor was removed")
    with open_database(Settings(database=fresh_url)) as engine, engine.connect() as connection:
        assert list_sessions(connection, eve) == []
        assert connection.execute(sa.select(recovery_code)).all() == []
        done = read_audit(connection, 1)[0]
        assert (done.actor_id, done.act, done.subject) == (
            "the command line",
            "person.second_factor",
            eve,
        )


def test_what_cannot_be_is_told_and_nothing_is_done(fresh_url: str) -> None:
    _told(_run(fresh_url, "add", "ada@example.org", "--admin"))
    for words, password, kind in (
        (("add", "ada@example.org"), PASSWORD, InvalidRequest),
        (("add", "no address"), PASSWORD, InvalidRequest),
        (("add", "eve@example.org"), "short", InvalidRequest),
        (("show", "eve@example.org"), PASSWORD, NotFound),
        (("suspend", "nobody"), PASSWORD, NotFound),
        (("suspend", "ada@example.org"), PASSWORD, NotAllowed),
        (("role", "ada@example.org", "member"), PASSWORD, NotAllowed),
    ):
        result = _run(fresh_url, *words, password=password)
        assert isinstance(result.exception, kind), (words, result.exception)
    _told(_run(fresh_url, "add", "bob@example.org"))
    _told(_run(fresh_url, "delete", "bob@example.org", "--yes"))
    refused = _run(fresh_url, "delete", "ada@example.org", "--yes")
    assert isinstance(refused.exception, NotAllowed)
    (only,) = _told(_run(fresh_url, "list"))["people"]  # type: ignore[misc]
    assert only["role"] == "admin"


def test_who_is_deleted_goes_with_their_pictures(fresh_url: str, tmp_path: Path) -> None:
    """Whatever data the command line is told of: a worker has the bytes."""
    _told(_run(fresh_url, "add", "ada@example.org", "--admin"))
    eve = str(_told(_run(fresh_url, "add", "eve@example.org"))["account_id"])
    blobs = Blobs(tmp_path / "blobs")
    content_hash = blobs.put(b"a picture of Eve's")
    with open_database(Settings(database=fresh_url)) as engine, closing(JobQueue(engine)) as queue:
        with engine.begin() as connection:
            add_upload(connection, eve, content_hash, 18)
        _told(_run(fresh_url, "delete", "eve@example.org", "--yes"))
        with engine.connect() as connection:
            (entry,) = [one for one in read_audit(connection, 9) if one.act == "person.delete"]
        assert (entry.actor_id, entry.subject) == ("the command line", eve)
        assert blobs.get(content_hash)
        with Sweeper(blobs, queue, tmp_path / "snapshots", upload_days=30):
            wait_until(lambda: not blobs.path(content_hash).exists())
