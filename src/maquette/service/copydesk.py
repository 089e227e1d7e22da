"""What people have written by templates: one text, or a campaign through many; needs no PyTorch."""

from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

import sqlalchemy as sa

from maquette.copydesk.assignment import Assignment
from maquette.copydesk.brand_voices import get_voice
from maquette.copydesk.campaigns import Campaign, assignments_of, get_campaign, note_jobs
from maquette.copydesk.voice import Voice
from maquette.jobs.store import Job
from maquette.ledger.idempotency import Once, claim, finish
from maquette.people.callers import Caller
from maquette.service.outcomes import Outcome
from maquette.service.studio import Studio
from maquette.service.submissions import of_copy

Made = tuple[Job, Outcome]  # a job, and what came of it so far


def voice_of(connection: sa.Connection, account_id: str, voice_id: UUID | None) -> Voice | None:
    """A voice by its id, none where none is named. Raises NotFound."""
    return None if voice_id is None else get_voice(connection, account_id, voice_id).voice


def run_campaign(
    studio: Studio,
    database: sa.Engine,
    elsewhere: Callable[[str], int],
    caller: Caller,
    campaign_id: UUID,
    model: str,
    count: int,
    seed: Callable[[], int],
    once: Once | None = None,
) -> tuple[Campaign, Mapping[UUID, Made]]:
    """Has all that a campaign names be written, a job a template, or nothing: where one is not let
    in, none is, and nothing is held. `elsewhere` has the prices of other servers' models, and asks
    for no connection. Gives what was begun by the jobs. Raises what `Studio.accept` does, and
    NotFound.
    """
    with database.begin() as connection:
        claim(connection, once)
        plan = get_campaign(connection, caller.account_id, campaign_id).plan
        assignments = assignments_of(connection, caller.account_id, plan)
        asked = [of_copy(one, model, count, seed(), elsewhere) for one in assignments.values()]
        begun = studio.accept_in(
            connection, caller.account_id, asked, caller.payer_id, key_id=caller.key_id
        )
        made = {job.job_id: (job, outcome) for job, outcome in begun}
        get_campaign(connection, caller.account_id, campaign_id)  # or it went meanwhile
        note_jobs(connection, campaign_id, dict(zip(assignments, made, strict=True)))
        found = get_campaign(connection, caller.account_id, campaign_id)
        finish(connection, once, found, made)
    return found, made


def quote_campaign(
    asked: Iterable[Assignment], model: str, count: int, elsewhere: Callable[[str], int]
) -> int:
    """What a campaign costs at most in microcredits: the sum of what all of it does."""
    return sum(of_copy(one, model, count, 0, elsewhere).price_microcredits for one in asked)
