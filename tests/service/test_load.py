"""The load is read once a second, counts what was accepted since, and is read anew on demand."""

import sqlalchemy as sa

from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.jobs.shares import line_of
from maquette.jobs.store import Backlog, create_job, end_job
from maquette.jobs.workers import Abilities, StepTime, report
from maquette.service.load import LoadMeter


def _job(connection: sa.Connection) -> None:
    create_job(connection, "me", "image", {}, 20.0, 20.0, "image/starter/512")


def test_the_load_is_as_of_a_moment_ago_and_what_came_since(fresh_url: str) -> None:
    meter = LoadMeter(fresh_s=3600)
    with open_database(Settings(database=fresh_url)) as database, database.begin() as connection:
        can = Abilities(("image/starter/512", "image/starter/1024"), ("starter",))
        report(connection, "a", {"starter": [StepTime(4096, 20.0, 10.0)]}, can)
        report(connection, "b", {}, Abilities(("image/starter/512",), ("starter",)))
        _job(connection)
        first = meter.read(connection)
        assert (first.backlog("image").jobs, first.backlog("image").left_ms) == (1, 20.0)
        assert first.living == {"image/starter/512": 2, "image/starter/1024": 1}
        assert [one.pass_ms for one in first.step_times["starter"]] == [20.0]
        meter.add("image", 30.0)
        meter.add("image", None)  # of unknown work
        _job(connection)  # of another process
        meter.add("text", None)
        assert meter.read(connection).backlogs == {"image": Backlog(3, 50.0), "text": Backlog(1, 0)}
        assert meter.read(connection, anew=True).backlogs == {"image": Backlog(2, 40.0)}


def test_an_old_load_is_read_anew(fresh_url: str) -> None:
    meter = LoadMeter(fresh_s=0.0)
    with open_database(Settings(database=fresh_url)) as database, database.begin() as connection:
        job = create_job(connection, "me", "image", {})
        assert meter.read(connection).backlog("image").jobs == 1
        end_job(connection, job.job_id, "cancelled")
        assert meter.read(connection).backlog("image").jobs == 0


def test_what_waits_for_another_server_is_a_line_of_its_own(fresh_url: str) -> None:
    meter = LoadMeter(fresh_s=0.0)
    with open_database(Settings(database=fresh_url)) as database, database.begin() as connection:
        for model, queue in (
            ("a/m", "text/remote"),
            ("a/n", "text/remote"),
            ("b/m", "text/remote"),
        ):
            create_job(connection, "me", "text", {"model": model}, queue=queue)
        create_job(connection, "me", "text", {"model": "starter-text"}, queue="text/starter-text")
        backlogs = meter.read(connection).backlogs
    jobs = {line: one.jobs for line, one in backlogs.items()}
    assert jobs == {"text": 1, "text/remote/a": 2, "text/remote/b": 1}
    assert line_of("text", "text/remote", {"model": "a/m"}) == "text/remote/a"
    assert line_of("text", "text/starter-text", {"model": "starter-text"}) == "text"
