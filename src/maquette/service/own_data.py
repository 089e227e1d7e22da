"""One's own data: all of it in one file, or gone."""

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import IO, Any
from uuid import UUID

import sqlalchemy as sa

from maquette.copydesk.brand_voices import list_voices
from maquette.copydesk.campaigns import list_campaigns
from maquette.copydesk.documents import MOST_DOCUMENTS, each_version, list_documents
from maquette.core.errors import NotFound
from maquette.db.tables.copydesk import brand_voice, campaign, document
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
    "copy.json: your brand voices, campaigns and documents, with all that those said before.\n"
    "pictures/, texts/, code/, speech/: what was made and put, by its hash.\n"
)
# Where the bytes of a media type lie in the file; what ZIP makes no smaller costs it little.
PLACES = {
    "image/png": ("pictures", ".png"),
    "text/plain": ("texts", ".txt"),
    "application/json": ("texts", ".json"),
    "application/x-subrip": ("texts", ".srt"),
    "text/vtt": ("texts", ".vtt"),
    "audio/wav": ("speech", ".wav"),
    "audio/mpeg": ("speech", ".mp3"),
    "audio/ogg": ("speech", ".opus"),
    "audio/flac": ("speech", ".flac"),
    "audio/aac": ("speech", ".aac"),
    "audio/pcm": ("speech", ".pcm"),
    "text/x-python": ("code", ".py"),
    "text/html": ("code", ".html"),
    "image/svg+xml": ("code", ".svg"),
}


def export(
    database: sa.Engine, account_id: str, read: Callable[[str], bytes], into: IO[bytes]
) -> None:
    """Writes all that is someone's as a ZIP file; `read` gives the bytes of a hash. No transaction
    is open while those are read, for that takes as long as there are pictures.
    """
    with database.connect() as connection:
        said = {
            "person.json": _json(_about(connection, account_id)),
            "requests.json": _json(_requests(connection, account_id)),
            "transfers.json": _json(_transfers(connection, account_id)),
            "payments.json": _json(_payments(connection, account_id)),
        }
        kept = _kept(connection, account_id)
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("README.txt", README)
        for name, text in said.items():
            file.writestr(name, text)
        with database.connect() as connection, file.open("copy.json", "w") as copy:
            for part in _copy(connection, account_id):
                copy.write(part.encode())
        for content_hash, media_type in sorted(kept.items()):
            try:
                content = read(content_hash)
            except NotFound:
                continue  # deleted, or its bytes are away
            folder, suffix = PLACES.get(media_type, ("other", ".bin"))
            file.writestr(zipfile.ZipInfo(f"{folder}/{content_hash}{suffix}"), content)


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


def _copy(connection: sa.Connection, account_id: str) -> Iterator[str]:
    """A JSON object, part after part, for all that documents said is too much to hold at once."""
    voices = [
        {**asdict(one), "voice": one.voice.model_dump()}
        for one in list_voices(connection, account_id)
    ]
    campaigns = [asdict(one) for one in list_campaigns(connection, account_id)]
    whole = _json({"brand_voices": voices, "campaigns": campaigns})
    yield whole.removesuffix("\n}") + ',\n "documents": ['
    for number, one in enumerate(list_documents(connection, account_id, MOST_DOCUMENTS)):
        told = asdict(one)
        del told["text"]  # of which this is the beginning: the first of the versions has all of it
        yield ",\n" * (number > 0) + _json(told).removesuffix("\n}") + ',\n "versions": ['
        for at, version in enumerate(each_version(connection, one.document_id)):
            yield ",\n" * (at > 0) + _json(asdict(version))
        yield "]}"
    yield "]}"


def _kept(connection: sa.Connection, account_id: str) -> dict[str, str]:
    """Of what was made for someone, and the pictures they put: the media types by the hashes."""
    put = sa.select(upload.c.content_hash, sa.literal("image/png"))
    made = sa.select(asset.c.content_hash, asset.c.media_type)
    own = (
        put.where(upload.c.account_id == account_id),
        made.where(asset.c.account_id == account_id),
    )
    return {row[0]: row[1] for query in own for row in connection.execute(query)}


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
    for table in (asset, upload, document, campaign, brand_voice):  # with what belongs to them
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
