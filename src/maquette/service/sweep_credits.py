"""What of credits is over: old holds, grants and answers, and the rest where money went back."""

from collections.abc import Callable

import sqlalchemy as sa

from maquette.jobs.store import which_unfinished
from maquette.ledger.grants import expire_due_grants
from maquette.ledger.holds import expire_holds
from maquette.ledger.idempotency import forget_answers
from maquette.payments.store import take_back_rest
from maquette.service.studio import HOLD_TIME


def sweep_credits(database: sa.Engine, stopping: Callable[[], bool] = lambda: False) -> None:
    """Clears it away, a part in each transaction, so that no one waits for long. Leaves off when it
    is `stopping`.
    """
    for part in (_holds, _grants, take_back_rest, forget_answers):
        while not stopping():
            with database.begin() as connection:
                if not part(connection):
                    break


def _holds(connection: sa.Connection) -> int:
    """Those of jobs that have not ended go on: they wait, or are long at work."""
    expired = expire_holds(
        connection,
        unfinished=lambda job_ids: which_unfinished(connection, [str(one) for one in job_ids]),
        renewed_for=HOLD_TIME,
    )
    return len(expired)


def _grants(connection: sa.Connection) -> int:
    return len(expire_due_grants(connection))
