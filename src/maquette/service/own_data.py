"""One's own data: all of it in one file, or gone."""

import json
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import IO, Any
from uuid import UUID

import sqlalchemy as sa

from maquette.core.errors import NotFound
from maquette.db.tables.jobs import job, job_event
from maquette.db.tables.ledger import idempotency
from maquette.db.tables.library import asset, upload
from maquette.db.tables.payments import payment
from maquette.db.tables.people import (
    identity,
    mail_token,
    person,
    recovery_code,
    team,
    team_member,
)
from maquette.jobs.queue import lock_account
from maquette.jobs.store import ENDS
from maquette.ledger.transfers import get_transfers
from maquette.library.blob_drops import note_drops
from maquette.payments.invoices import list_invoices
from maquette.payments.store import list_payments
from maquette.payments.subscriptions import current_subscription
from maquette.people.audit import note
from maquette.people.keys import delete_keys, list_keys
from maquette.people.persons import get_person, refuse_last_admin
from maquette.people.rate_limits import RateLimit
from maquette.people.sessions import end_sessions, list_sessions
from maquette.people.teams import Membership, list_members, remove_member, teams_of
from maquette.service.endings import end
from maquette.service.plans import end_with_account

EXPORT_OF = RateLimit("export of", 5, timedelta(hours=1))
PAGE = 1000
README = (
    "person.json: who you are, where you are signed in, your keys and teams.\n"
    "requests.json: what you asked for. transfers.json: what your credits did.\n"
    "payments.json: what you paid, your invoices and your plan.\n"
    "pictures/: what was made and put, by its hash.\n"
)


def export(
    database: sa.Engine, account_id: str, read: Callable[[str], bytes], into: IO[bytes]
) -> None:
    """Writes all that is someone's as a ZIP file; `read` gives the bytes of a hash. No transaction
    is open while they are read, for that takes as long as there are pictures.
    """
    with database.connect() as connection:
        said = {
            "person.json": _json(_about(connection, account_id)),
            "requests.json": _json(_requests(connection, account_id)),
            "transfers.json": _json(_transfers(connection, account_id)),
            "payments.json": _json(_payments(connection, account_id)),
        }
        hashes = _hashes(connection, account_id)
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("README.txt", README)
        for name, text in said.items():
            file.writestr(name, text)
        for content_hash in sorted(hashes):
            try:
                content = read(content_hash)
            except NotFound:
                continue  # deleted, or its bytes are away
            where = zipfile.ZipInfo(f"pictures/{content_hash}.png")  # which ZIP makes no smaller
            file.writestr(where, content, zipfile.ZIP_STORED)


def _json(what: Any) -> str:
    return json.dumps(what, ensure_ascii=False, indent=1, default=str)


def _about(connection: sa.Connection, account_id: str) -> dict[str, Any]:
    who = asdict(get_person(connection, account_id))
    for secret in ("password_hash", "two_factor_secret", "two_factor_step", "email_key"):
        del who[secret]
    columns = (identity.c.provider_id, identity.c.subject)
    identities = connection.execute(sa.select(*columns).where(identity.c.account_id == account_id))
    return who | {
        "sessions": [asdict(one) for one in list_sessions(connection, account_id)],
        "keys": [asdict(one) for one in list_keys(connection, account_id)],
        "teams": [asdict(one) for one in teams_of(connection, account_id)],
        "identities": [dict(row) for row in identities.mappings()],
    }


def _requests(connection: sa.Connection, account_id: str) -> list[dict[str, Any]]:
    columns = (job.c.job_id, job.c.state, job.c.request, job.c.error, job.c.created_at)
    query = sa.select(*columns, job.c.finished_at, job.c.deleted_at)
    query = query.where(job.c.account_id == account_id).order_by(job.c.job_id)
    rows = connection.execute(query).mappings()
    made: dict[UUID, list[str]] = {}
    of_assets = sa.select(asset.c.job_id, asset.c.content_hash)
    for job_id, content_hash in connection.execute(
        of_assets.where(asset.c.account_id == account_id).order_by(asset.c.position)
    ):
        made.setdefault(job_id, []).append(content_hash)
    return [{**row, "pictures": made.get(row["job_id"], [])} for row in rows]


def _transfers(connection: sa.Connection, account_id: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    before = None
    while page := get_transfers(connection, account_id, PAGE, before):
        told += [asdict(one) for one in page]
        before = page[-1].number
    return told


def _payments(connection: sa.Connection, account_id: str) -> dict[str, Any]:
    paid: list[dict[str, Any]] = []
    before = None
    while page := list_payments(connection, PAGE, before, account_id=account_id):
        paid += [asdict(one) for one in page]
        before = page[-1].payment_id
    invoices = list_invoices(connection, account_id)
    plan = current_subscription(connection, account_id, lock=False)
    return {
        "payments": paid,
        "invoices": [{"number": one.number, **asdict(one)} for one in invoices],
        "plan": plan and asdict(plan),
    }


def _hashes(connection: sa.Connection, account_id: str) -> set[str]:
    """Of what was made for someone, and what they put."""
    queries = [
        sa.select(table.c.content_hash).where(table.c.account_id == account_id)
        for table in (asset, upload)
    ]
    return {one for query in queries for one in connection.execute(query).scalars()}


def delete(connection: sa.Connection, account_id: str, actor_id: str) -> None:
    """Takes away all that names someone, and what they asked for; `actor_id` is who says so. What
    the ledger has stays, under an account that names no one, and the bytes of pictures go once this
    is committed (`drop_blobs`). Raises NotAllowed for the last admin, or the last owner of a team
    that has others, and InvalidRequest where Stripe would go on charging.
    """
    # And those of teams that go with them: nothing is asked or paid for meanwhile, nor later.
    alone = [one for one in teams_of(connection, account_id) if _is_alone(connection, one)]
    for going in sorted({account_id, *(one.account_id for one in alone)}):
        lock_account(connection, going)
    get_person(connection, account_id)
    refuse_last_admin(connection, account_id)
    end_with_account(connection, account_id, "this account")
    mine = job.c.account_id == account_id
    # All rows of jobs before the first balance, as everywhere, or a worker that ends one waits for
    # this and this for the worker.
    unfinished = sa.select(job.c.job_id).where(mine & job.c.state.not_in(ENDS))
    locked = unfinished.order_by(job.c.job_id).with_for_update()
    for job_id in connection.execute(locked).scalars().all():
        end(connection, job_id, "cancelled")
    for one in teams_of(connection, account_id):
        _leave(connection, one, account_id)
    note_drops(connection, account_id)
    jobs = sa.select(job.c.job_id).where(mine)
    connection.execute(sa.delete(job_event).where(job_event.c.job_id.in_(jobs)))
    for table in (asset, upload):
        connection.execute(sa.delete(table).where(table.c.account_id == account_id))
    # That there was a job stays, for what it cost is in the ledger; not what was asked.
    blank: dict[str, Any] = {"request": {}, "error": None, "deleted_at": sa.func.now()}
    connection.execute(sa.update(job).where(mine).values(blank))
    connection.execute(sa.delete(idempotency).where(idempotency.c.account_id == account_id))
    _forget_buyer(connection, account_id)
    end_sessions(connection, account_id)
    delete_keys(connection, account_id)
    for table in (mail_token, identity, recovery_code, person):
        connection.execute(sa.delete(table).where(table.c.account_id == account_id))
    note(connection, actor_id, "person.delete", account_id)


def _forget_buyer(connection: sa.Connection, account_id: str) -> None:
    """What was paid stays; who paid it stands on its invoice alone, which the law has us keep."""
    theirs = payment.c.account_id == account_id
    connection.execute(sa.update(payment).where(theirs).values(buyer=None))


def _is_alone(connection: sa.Connection, one: Membership) -> bool:
    return len(list_members(connection, one.team_id)) == 1


def _leave(connection: sa.Connection, one: Membership, account_id: str) -> None:
    """A team that no one is of any more goes; its account stays, with what is on it."""
    if not _is_alone(connection, one):
        remove_member(connection, one.team_id, account_id)
        return
    end_with_account(connection, one.account_id, one.name)
    _forget_buyer(connection, one.account_id)
    for table in (team_member, mail_token, team):
        connection.execute(sa.delete(table).where(table.c.team_id == one.team_id))
