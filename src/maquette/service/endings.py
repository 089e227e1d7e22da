"""How a job ends: once, with what becomes of the credits that it held, in one transaction."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from maquette.db.tables.ledger import hold, transfer
from maquette.jobs.events import add_event, read_events
from maquette.jobs.store import PROGRESS, SAID, Job, JobState, end_job, get_job
from maquette.ledger.grants import lock
from maquette.ledger.holds import resolve_hold_of
from maquette.ledger.reversals import reverse
from maquette.people.budgets import settle_budgets
from maquette.service.caption_price import caption_price
from maquette.service.said import used_tokens
from maquette.service.text_price import price_by_tokens, text_price

OTHERWISE = "what was told of it before did not hold"


def end(
    connection: sa.Connection,
    job_id: UUID,
    state: JobState,
    error: str | None = None,
    data: Mapping[str, Any] | None = None,
    attempt: Job | None = None,
    price: int | None = None,
) -> bool:
    """Ends a job: where it succeeded what it held is charged, or of that the `price` in
    microcredits; where it is cancelled, what was seen of its pictures and said of its texts, unless
    the price is 0; else all is given back. Its watchers are told. False where it has already ended,
    and then nothing is changed, but that what is cancelled at a price of 0 after it succeeded has
    its charge reversed; so it is for an `attempt` that is held no more.

    The job's row is locked first, then its payer's balance, as everywhere.
    """
    if not end_job(connection, job_id, state, error, attempt):
        if state == "cancelled" and price == 0:
            _take_back(connection, job_id)
        return False
    if state == "cancelled" and price is None:
        price = _price_of_said(connection, job_id)
    charged = price != 0 and state in ("succeeded", "cancelled")
    credits = resolve_hold_of(connection, job_id, charged, price)
    if credits is not None:  # jobs of before have none
        settle_budgets(connection, job_id, credits.posted_microcredits)
    said = {} if error is None else {"error": error}
    add_event(connection, job_id, state, {**said, **(data or {})})
    return True


def _take_back(connection: sa.Connection, job_id: UUID) -> None:
    """Reverses what a job was charged, once."""
    charge = sa.select(transfer.c.transfer_id, hold.c.account_id).join(hold)
    charge = charge.where(hold.c.job_id == job_id, transfer.c.kind == "charge")
    if (found := connection.execute(charge).one_or_none()) is None:
        return
    lock(connection, found.account_id)
    again = sa.select(transfer.c.number).where(transfer.c.reverses == found.transfer_id)
    if connection.execute(again).one_or_none() is None:
        reverse(connection, found.transfer_id, OTHERWISE)


def _price_of_said(connection: sa.Connection, job_id: UUID) -> int:
    """What a job that is cancelled has cost: the captions of its pictures, and the tokens of its
    texts that were read and said, by what is kept of them, which its watchers were told.

    The worker has counted some more by then, those of a quarter of a second. To ask it would take
    two transactions, between which one of both might die: so it is charged and ended in one, with
    what is there. The job's row is locked, so nothing is added meanwhile.
    """
    events, asked = read_events(connection, job_id), get_job(connection, job_id).request
    kept = [event.data for event in events if event.kind == PROGRESS]
    captions = kept[-1].get("seen", ()) if kept else ()
    seen = [(one["prompt_tokens"], one["answer_tokens"]) for one in captions]
    price = caption_price(asked.get("captions_microcredits"), seen)
    parts = [event.data for event in events if event.kind == SAID]
    if not parts:
        return price
    read, said = used_tokens(parts)
    if "thousand_tokens_microcredits" in asked:  # of another server's model, as it was then
        return price + price_by_tokens(asked["thousand_tokens_microcredits"], read, said)
    return price + text_price(asked["model"], read, said)
