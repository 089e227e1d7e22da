"""Jobs on DBOS Transact: enqueued with their row in one transaction, recovered after a crash."""

import logging
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

import sqlalchemy as sa
from dbos import (
    DBOS,
    DBOSClient,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    EnqueueOptions,
    WorkflowStatusString,
)

from maquette.db.connect import DATABASE_AWAY
from maquette.db.locks import lock_name
from maquette.jobs.shares import is_shared, server_of
from maquette.jobs.store import (
    PRIORITIES,
    Job,
    accounts_waiting,
    get_job,
    let_go,
    lock_of,
    release_jobs,
    released_jobs,
    which_unfinished,
)

APPLICATION = "maquette"
WORKFLOW = "run_job"
# DBOS would hash our source and strand pending jobs at every change, for a worker takes only those
# of its own version. So it never changes; what changes is said in the request, which newer workers
# go on reading.
DBOS_VERSION = "1"
POLL_S = 0.25  # a worker has several queues, and each look takes it some milliseconds
AT_ONCE_AN_ACCOUNT = 16  # jobs of each kind and priority; a quarter of it of each other server
AT_ONCE_A_SERVER, AT_ONCE_ELSEWHERE = 16, 256  # of a queue that servers have shares of
SWEEP_PAGE = 1000
UNCLAIMED_S = 60.0  # that a job may be with a worker here, and not be the worker's in its own row
PENDING = WorkflowStatusString.PENDING.value  # a worker has it
TO_BE_RUN = {WorkflowStatusString.ENQUEUED.value, WorkflowStatusString.DELAYED.value, PENDING}

log = logging.getLogger(__name__)


class JobQueue:
    """The side that asks for work. Holds no thread.

    All jobs wait as rows. Of each account `at_once` of each kind and priority are handed to DBOS,
    where the workers take them, interactive ones first; the next follow as those end. Of those that
    another server does they are a quarter of it, so that no account takes all of a server's share.
    """

    def __init__(self, engine: sa.Engine, at_once: int = AT_ONCE_AN_ACCOUNT) -> None:
        DBOS.migrate(engine.url.render_as_string(hide_password=False))
        self.engine, self._at_once = engine, at_once
        self._unclaimed: dict[tuple[UUID, str], float] = {}  # since when, by job and worker
        self._client = DBOSClient(
            system_database_engine=engine,
            application_name=APPLICATION,
            serializer=DBOSPortableJSONSerializer(),
            retry_connection_errors=False,  # or a sweep could not be stopped meanwhile
        )

    def enqueue(self, connection: sa.Connection, job: Job) -> None:
        """Hands a new job to the workers when the caller's transaction commits, and only then;
        where its account has as many with them as it may, when its turn comes.
        """
        self.release(connection, job.account_id)

    def release(self, connection: sa.Connection, account_id: str) -> int:
        """Hands those jobs of an account to the workers whose turn it is; gives how many. For a
        transaction that holds no job's row: another may hold the account and wait for that.
        """
        released = release_jobs(connection, account_id, self._at_once)
        for job in released:
            self._hand_over(connection, job)
        return len(released)

    def release_after(self, job_id: UUID) -> None:
        """Hands over what waited for a job that has ended. Where that cannot be now, `reconcile`
        does it.
        """
        try:
            with self.engine.begin() as connection:
                self.release(connection, get_job(connection, job_id).account_id)
        except DATABASE_AWAY:
            log.warning("the database is away, so what waits for job %s waits longer", job_id)

    def give_back(self, worker_id: str) -> None:
        """Gives all that a worker is at to the others, for it was told to stop."""
        try:
            for job_id, holder in self.under_way().items():
                if holder == worker_id:
                    self.take_from(worker_id, job_id, counts=False)
        except DATABASE_AWAY:
            log.exception("the attempts of %s count, though none broke", worker_id)

    def _hand_over(self, connection: sa.Connection, job: Job) -> None:
        queue, server = _place(job)
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": queue,
            "workflow_id": str(job.job_id),
            "app_version": DBOS_VERSION,
            "priority": 1 + PRIORITIES.index(job.priority),
        }
        if server is not None:
            options["queue_partition_key"] = server
        self._client.enqueue_in_transaction(connection, options, str(job.job_id))

    def reconcile(self) -> int:
        """Hands over anew what no worker would ever run: unfinished jobs whose entry here has ended
        without them, is missing, waits in a queue of another name, or is with a worker that does
        not know of it, and those whose turn came unnoticed. Gives how many. Whoever is at work
        meanwhile is not disturbed.
        """
        with self.engine.connect() as connection:
            waiting, jobs = accounts_waiting(connection), released_jobs(connection)
        anew = 0
        for account_id in waiting:
            with self.engine.begin() as connection:
                anew += self.release(connection, account_id)
        ids = [str(job.job_id) for job in jobs]
        entries = self._client.list_workflows(workflow_ids=ids) if ids else []
        found = {entry.workflow_id: entry for entry in entries}
        before, self._unclaimed = self._unclaimed, {}
        for job in jobs:
            entry = found.get(str(job.job_id))
            if entry is None:
                self._free(job)
                with self.engine.begin() as connection:
                    self._hand_over(connection, job)
            elif entry.status not in TO_BE_RUN:
                self._free(job)
                self._rewind(job)
            elif entry.status == PENDING:
                worker_id = entry.executor_id or ""
                if worker_id == job.worker_id or not self._is_stuck(job, worker_id, before):
                    continue
                log.warning(
                    "%s does not know of its job %s, so others do it", worker_id, job.job_id
                )
                self._free(job)
                self.take_from(worker_id, str(job.job_id))
            elif (entry.queue_name, entry.queue_partition_key) != _place(job):
                self._client.cancel_workflow(entry.workflow_id)
                self._rewind(job)
            else:
                continue
            anew += 1
        return anew

    def _is_stuck(self, job: Job, worker_id: str, before: Mapping[tuple[UUID, str], float]) -> bool:
        """Whether a worker has had a job here for so long and did not claim it: the answer that
        gave it the job was lost, and DBOS does not ask again.
        """
        now = time.monotonic()
        since = self._unclaimed[job.job_id, worker_id] = before.get((job.job_id, worker_id), now)
        return now - since >= UNCLAIMED_S

    def _rewind(self, job: Job) -> None:
        name, server = _place(job)
        self._client.rewind_workflow(str(job.job_id), queue_name=name, queue_partition_key=server)

    def _free(self, job: Job) -> None:
        """Takes a job from whoever its row says has it, so that the next who is given it may."""
        if job.worker_id is not None:
            with self.engine.begin() as connection:
                let_go(connection, job.job_id, job.worker_id)

    def under_way(self) -> dict[str, str]:
        """Which worker has which job, by the job's id."""
        entries = self._client.list_workflows(
            name=WORKFLOW, status=PENDING, load_input=False, load_output=False
        )
        return {entry.workflow_id: entry.executor_id or "" for entry in entries}

    def take_from(self, worker_id: str, job_id: str, counts: bool = True) -> bool:
        """Gives a job that a worker has to the others; False where it has it no more. The attempt
        counts unless the worker was told to stop. Of DBOS this is private, and there is no other
        way: it moves what is under way for a fee alone.
        """
        with self.engine.begin() as connection:
            let_go(connection, UUID(job_id), worker_id, counts)
        with self.engine.connect() as connection:
            queue = get_job(connection, UUID(job_id)).queue
        return self._client._sys_db.reenqueue_for_recovery(job_id, [worker_id], queue)

    def sweep(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Deletes the entries of jobs that have ended, which nothing asks for; gives how many.

        An entry that ended without its job stays for `reconcile`. Leaves off when it is `stopping`.
        """
        swept = kept = 0
        ended = [state.value for state in WorkflowStatusString if state.value not in TO_BE_RUN]
        while entries := self._client.list_workflows(
            name=WORKFLOW,
            status=ended,
            limit=SWEEP_PAGE,
            offset=kept,
            load_input=False,
            load_output=False,
        ):
            ids = [entry.workflow_id for entry in entries]
            with self.engine.connect() as connection:
                unfinished = {str(job_id) for job_id in which_unfinished(connection, ids)}
            self._client.delete_workflows([one for one in ids if one not in unfinished])
            swept, kept = swept + len(ids) - len(unfinished), kept + len(unfinished)
            if stopping():
                break
        return swept

    def close(self) -> None:
        self._client.destroy()


def _place(job: Job) -> tuple[str, str | None]:
    """The queue that a job waits in, and whose share of it."""
    return job.queue, server_of(job.queue, job.request)


def lock_account(connection: sa.Connection, account_id: str) -> None:
    """Waits for an account; until the caller's transaction ends, no one else asks or releases for
    it.
    """
    lock_name(connection, lock_of(account_id))


@contextmanager
def working(
    queue: JobQueue,
    names: Sequence[str],
    worker_id: str,
    at_once: int,
    run: Callable[[UUID], None],
    drain_s: int,
) -> Generator[None]:
    """While this is open, jobs of queues of these names are run in threads of this process,
    `at_once` of each together; of those that other servers do as many of each server, but no more
    than AT_ONCE_A_SERVER.

    `run` is called at least once for each job: again, where a worker died in it, so its effects
    must bear that. At the end no new job is begun, and those under way have `drain_s`. One a
    process, as DBOS is.
    """

    # Attempts are counted by whoever runs the job: DBOS would count those of a worker that was
    # told to stop, too, and give the job up without a word.
    @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
    def run_job(job_id: str) -> None:
        run(UUID(job_id))
        queue.release_after(UUID(job_id))

    url = queue.engine.url.render_as_string(hide_password=False)
    config: DBOSConfig = {
        "name": APPLICATION,
        "system_database_url": url,
        "system_database_engine": queue.engine,
        "application_version": DBOS_VERSION,
        "executor_id": worker_id,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "max_executor_threads": sum(
            AT_ONCE_ELSEWHERE if is_shared(name) else at_once for name in names
        )
        + 8,
    }
    DBOS(config=config)
    DBOS.listen_queues(names)
    DBOS.launch()
    try:
        for name in names:
            shared = is_shared(name)
            DBOS.register_queue(
                name,
                worker_concurrency=AT_ONCE_ELSEWHERE if shared else at_once,
                partition_worker_concurrency=min(at_once, AT_ONCE_A_SERVER) if shared else None,
                polling_interval_sec=POLL_S,
            )
        yield
    finally:
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=drain_s)
