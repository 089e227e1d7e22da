"""Queues whose jobs other servers do: each server has a share of its own there.

So one that is slow keeps no place of the others'. A server is what stands before the first stroke
in the name of a job's model.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from maquette.db.tables.jobs import job

SHARED = "/remote"  # ends the names of such queues; the migrations know it, too
_server = sa.func.split_part(job.c.request["model"].astext, "/", 1)
# What a job waits in line with: those of its kind that are done here, or those of its server.
line = sa.case(
    (job.c.queue.endswith(SHARED), job.c.queue.op("||")("/").op("||")(_server)), else_=job.c.kind
)


def is_shared(queue: str) -> bool:
    """Whether the servers have shares of a queue."""
    return queue.endswith(SHARED)


def server_of(queue: str, request: Mapping[str, Any]) -> str | None:
    """Whose share of its queue a job takes; None where its queue has none."""
    return str(request["model"]).partition("/")[0] if is_shared(queue) else None


def line_of(kind: str, queue: str, request: Mapping[str, Any]) -> str:
    """The `line` of a job that is to be."""
    server = server_of(queue, request)
    return kind if server is None else f"{queue}/{server}"
