"""What an operator sees of the work: all that waits or runs, and who does it."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from maquette.jobs.store import Job, unfinished_jobs
from maquette.jobs.workers import Worker, list_workers

MOST_JOBS = 500  # that are shown


@dataclass(frozen=True, slots=True)
class Overview:
    """Jobs that have not ended, the oldest first, at most five hundred; and all workers."""

    jobs: Sequence[Job]
    workers: Sequence[Worker]

    def waits_for_worker(self, job: Job) -> bool:
        """Whether no worker that lives can do it."""
        return not any(one.lives and job.queue in one.queues for one in self.workers)


def overview(connection: sa.Connection) -> Overview:
    """The work as it is now."""
    return Overview(unfinished_jobs(connection, MOST_JOBS), list_workers(connection))
