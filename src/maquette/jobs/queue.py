"""Jobs on DBOS Transact: enqueued with their row in one transaction, recovered after a crash."""

from collections.abc import Callable, Generator
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

from maquette.db.locks import number_of
from maquette.jobs.store import Job, unfinished_jobs, which_unfinished

APPLICATION = "maquette"
WORKFLOW = "run_job"
# DBOS would hash our source and strand pending jobs at every change, for a worker takes only those
# of its own version. So it never changes; what changes is said in the request, which newer workers
# go on reading.
DBOS_VERSION = "1"
POLL_S = 0.05
SWEEP_PAGE = 1000
TO_BE_RUN = {
    state.value
    for state in (
        WorkflowStatusString.ENQUEUED,
        WorkflowStatusString.DELAYED,
        WorkflowStatusString.PENDING,
    )
}


class JobQueue:
    """The side that asks for work. Holds no thread."""

    def __init__(self, engine: sa.Engine) -> None:
        DBOS.migrate(engine.url.render_as_string(hide_password=False))
        self._engine = engine
        self._client = DBOSClient(
            system_database_engine=engine,
            application_name=APPLICATION,
            serializer=DBOSPortableJSONSerializer(),
            retry_connection_errors=False,  # or a sweep could not be stopped meanwhile
        )

    def enqueue(self, connection: sa.Connection, job: Job) -> None:
        """Hands a job to the workers when the caller's transaction commits, and only then."""
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": job.kind,
            "workflow_id": str(job.job_id),
            "app_version": DBOS_VERSION,
        }
        self._client.enqueue_in_transaction(connection, options, str(job.job_id))

    def reconcile(self, kind: str) -> int:
        """Hands over anew what no worker would ever run: unfinished jobs whose entry here has ended
        without them, or is missing. Gives how many. Only while no worker of this kind is at work.
        """
        with self._engine.connect() as connection:
            jobs = unfinished_jobs(connection, kind)
        ids = [str(job.job_id) for job in jobs]
        entries = self._client.list_workflows(workflow_ids=ids) if ids else []
        states = {entry.workflow_id: entry.status for entry in entries}
        lost = [job for job in jobs if states.get(str(job.job_id)) not in TO_BE_RUN]
        for job in lost:
            if str(job.job_id) in states:
                self._client.rewind_workflow(str(job.job_id), queue_name=kind)
            else:
                with self._engine.begin() as connection:
                    self.enqueue(connection, job)
        return len(lost)

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
            with self._engine.connect() as connection:
                unfinished = {str(job_id) for job_id in which_unfinished(connection, ids)}
            self._client.delete_workflows([one for one in ids if one not in unfinished])
            swept, kept = swept + len(ids) - len(unfinished), kept + len(unfinished)
            if stopping():
                break
        return swept

    def close(self) -> None:
        self._client.destroy()


@contextmanager
def alone(engine: sa.Engine, worker_id: str) -> Generator[None]:
    """Waits until no other worker of that name is at work; two would run each job twice."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.select(sa.func.pg_advisory_lock(number_of(worker_id))))
        yield


@contextmanager
def working(
    engine: sa.Engine,
    kind: str,
    worker_id: str,
    at_once: int,
    run: Callable[[UUID], None],
    drain_s: int,
) -> Generator[None]:
    """While this is open, jobs of a kind are run in threads of this process, `at_once` together.

    `run` is called at least once for each job: again, where a worker of this name died in it, so
    its effects must bear that. At the end no new job is begun, and those under way have `drain_s`.
    One a process, as DBOS is.
    """

    # Attempts are counted by whoever runs the job: DBOS would count those of a worker that was
    # told to stop, too, and give the job up without a word.
    @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
    def run_job(job_id: str) -> None:
        run(UUID(job_id))

    config: DBOSConfig = {
        "name": APPLICATION,
        "system_database_url": engine.url.render_as_string(hide_password=False),
        "system_database_engine": engine,
        "application_version": DBOS_VERSION,
        "executor_id": worker_id,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "max_executor_threads": at_once + 8,
    }
    DBOS(config=config)
    DBOS.launch()
    try:
        DBOS.register_queue(kind, worker_concurrency=at_once, polling_interval_sec=POLL_S)
        yield
    finally:
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=drain_s)
