"""Whatever is killed or stands still, what was accepted is done, once."""

import signal
import time
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from maquette.db.tables.jobs import job
from maquette.db.tables.ledger import hold
from maquette.jobs.events import read_events
from maquette.jobs.workers import list_workers
from maquette.ledger.verify import verify
from maquette.service.admission import USUAL_LIMITS
from tests.service.cluster import Cluster, Killer, check_all, unfinished
from tests.service.instant_worker import POISON
from tests.waiting import wait_until

WORKERS = ("a", "b", "c")
BUSY_S = 120.0  # where other tests run beside it, and each start of a process takes longer
RECOVERED_S = 30.0  # as the gates measure it, which have the machine to themselves
RESUMED_S = 60.0
# No more waits than a studio lets wait, or to recover would be to do what waited all along.
WAITING = str(USUAL_LIMITS.most_jobs)


def _start(cluster: Cluster) -> None:
    cluster.start_api()
    for name in WORKERS:
        cluster.start_worker(name)
    wait_until(cluster.ready)


def _kill_at_random(
    cluster: Cluster, database: sa.Engine, count: int, pause_s: float, recovered_s: float
) -> int:
    """Gives how many were killed."""
    _start(cluster)
    with Killer(cluster, seed=count, pause_s=pause_s) as killer:
        accepted = cluster.ask_for(count)
        wait_until(lambda: killer.kills >= 5)
    wait_until(lambda: not unfinished(database), recovered_s)
    check_all(database, cluster.data, accepted)
    return killer.kills


@pytest.mark.slow
def test_of_300_jobs_none_is_lost_whatever_is_killed(
    fresh_url: str, database: sa.Engine, tmp_path: Path
) -> None:
    with Cluster(fresh_url, tmp_path, seconds=0.5, MAQUETTE_QUEUE_JOBS=WAITING) as cluster:
        assert _kill_at_random(cluster, database, 300, 4.0, BUSY_S) >= 5


@pytest.mark.gate
def test_of_10000_jobs_none_is_lost_whatever_is_killed(
    fresh_url: str, database: sa.Engine, tmp_path: Path
) -> None:
    with Cluster(fresh_url, tmp_path, seconds=0.2, MAQUETTE_QUEUE_JOBS=WAITING) as cluster:
        assert _kill_at_random(cluster, database, 10_000, 8.0, RECOVERED_S) >= 20


@pytest.mark.slow
def test_what_kills_its_worker_takes_no_other_job_with_it(
    fresh_url: str, database: sa.Engine, tmp_path: Path
) -> None:
    """All jobs of an account are with one worker at once, the poison among them."""
    with Cluster(fresh_url, tmp_path, seconds=0.5) as cluster:
        cluster.start_api()
        poison = wait_until(lambda: cluster.ask(seed=POISON))
        others = cluster.ask_for(12)
        cluster.start_worker("a")

        def all_ended() -> bool:
            if cluster.processes["a"].poll() is not None:
                cluster.kill("a")  # which only closes what is left of it
                cluster.start_worker("a")
            return not unfinished(database)

        wait_until(all_ended)
    with database.connect() as connection:
        jobs = {one.job_id: one for one in connection.execute(sa.select(job))}
        states = Counter(connection.execute(sa.select(hold.c.state)).scalars())
    given_up = jobs.pop(poison)
    assert (given_up.state, given_up.error) == ("failed", "this broke 3 times; ask for less")
    assert {*jobs} == others
    assert {one.state for one in jobs.values()} == {"succeeded"}
    assert 1 < max(one.attempts for one in jobs.values()) <= 3  # of which two with the poison
    assert states == Counter(posted=len(others), voided=1)
    assert list(verify(database)) == []


def _running(database: sa.Engine) -> dict[str, int]:
    with database.connect() as connection:
        return {one.worker_id: one.running for one in list_workers(connection)}


def _leader(database: sa.Engine) -> str | None:
    with database.connect() as connection:
        return next((one.worker_id for one in list_workers(connection) if one.leads), None)


@pytest.mark.slow
@pytest.mark.parametrize("leads", [True, False])
def test_what_a_killed_worker_had_others_do(
    fresh_url: str, database: sa.Engine, tmp_path: Path, leads: bool
) -> None:
    with Cluster(fresh_url, tmp_path, seconds=1.0) as cluster:
        _start(cluster)
        leader = wait_until(lambda: _leader(database))
        victim = leader if leads else next(name for name in WORKERS if name != leader)
        accepted = cluster.ask_for(40)
        while not _running(database)[victim]:  # more, until it has some
            accepted |= cluster.ask_for(4)
        cluster.kill(victim)
        wait_until(lambda: not unfinished(database), RESUMED_S)
        check_all(database, tmp_path, accepted)
        if leads:
            assert wait_until(lambda: (now := _leader(database)) != leader and now)


def _stop_and_wake(cluster: Cluster, database: sa.Engine, stopped_s: float) -> None:
    _start(cluster)
    victim = wait_until(lambda: _leader(database))  # whose part others have to take as well
    accepted = cluster.ask_for(40)
    while not _running(database)[victim]:
        accepted |= cluster.ask_for(4)
    cluster.signal(victim, signal.SIGSTOP)
    begun = time.monotonic()
    wait_until(lambda: not unfinished(database), RESUMED_S)
    time.sleep(max(0.0, stopped_s - (time.monotonic() - begun)))
    check_all(database, cluster.data, accepted)
    before = _ends(database)
    cluster.signal(victim, signal.SIGCONT)
    accepted |= cluster.ask_for(40)  # which the woken one may do again
    wait_until(lambda: not unfinished(database), RESUMED_S)
    check_all(database, cluster.data, accepted)
    assert before.items() <= _ends(database).items()
    assert wait_until(lambda: _lives(database, victim))


def _ends(database: sa.Engine) -> dict[object, object]:
    """When each job ended, by whom, and what was said of it."""
    with database.connect() as connection:
        return {
            one.job_id: (
                *(one.state, one.finished_at, one.worker_id, one.attempts),
                tuple(event.kind for event in read_events(connection, one.job_id)),
            )
            for one in connection.execute(sa.select(job))
            if one.finished_at
        }


def _lives(database: sa.Engine, worker_id: str) -> bool:
    with database.connect() as connection:
        return any(one.lives and one.worker_id == worker_id for one in list_workers(connection))


@pytest.mark.slow
def test_a_worker_that_stood_still_lets_go_of_what_is_anothers(
    fresh_url: str, database: sa.Engine, tmp_path: Path
) -> None:
    with Cluster(fresh_url, tmp_path, seconds=1.0) as cluster:
        _stop_and_wake(cluster, database, stopped_s=0.0)


@pytest.mark.gate
def test_a_worker_that_stood_still_for_two_minutes_lets_go(
    fresh_url: str, database: sa.Engine, tmp_path: Path
) -> None:
    with Cluster(fresh_url, tmp_path, seconds=1.0, silent_s=20.0) as cluster:
        _stop_and_wake(cluster, database, stopped_s=120.0)
