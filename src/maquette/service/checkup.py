"""Whether all that a studio needs is well, and what to do where it is not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from maquette.core.errors import InvalidSettings, MaquetteError
from maquette.core.settings import Settings
from maquette.db.connect import FOLDER, open_database, revision_of, revisions
from maquette.db.dump import server_version
from maquette.db.tables.library import asset
from maquette.jobs.store import count_unfinished
from maquette.jobs.workers import heartbeat_age_s
from maquette.payments.catalog import load_catalog
from maquette.payments.stripe_client import StripeApi
from maquette.people.audit import age_s
from maquette.people.second_factor_key import FILE_NAME, find_key
from maquette.people.two_factor import count_by_key
from maquette.sandbox.choice import sandbox_state
from maquette.service import text_servers
from maquette.service.backup import ACT
from maquette.service.readiness import LEAST_FREE_BYTES, free_at
from maquette.service.storage import open_blobs

MOST_QUEUE_AGE_S = 600.0
MOST_SILENCE_S = 60.0
MOST_BACKUP_AGE_S = 2 * 86400.0
LOOKED_AT = 20  # of the newest pictures
MIB, DAY_S = 2**20, 86400.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. What is to be `noticed` stops no one; what is broken does."""

    name: str
    state: Literal["well", "noticed", "broken"]
    found: str
    remedy: str = ""


def check_up(settings: Settings) -> Iterator[Check]:
    """Looks, and changes nothing: a database of an older version is not brought to this one."""
    yield _disk(settings.data)
    yield _payments(settings)
    yield _mails(settings)
    yield _sandbox(settings)
    if not settings.database and not (settings.data / FOLDER).exists():
        yield Check("database", "well", "none yet; the studio makes one when it first starts")
        return
    try:
        with open_database(settings, migrated=False) as database:
            revision = revision_of(database)
            with database.connect() as connection:
                yield _database(connection, revision)
                if revision != revisions()[-1]:  # what follows may not be there to be read
                    return
                yield from _work(connection)
                yield _second_factors(connection, settings)
                yield _text_servers(connection, settings)
                backup, pictures = _backup(connection), _newest_pictures(connection)
        yield _storage(settings, pictures)  # which may take its time, and needs no database
        yield backup
    except MaquetteError as error:
        yield Check("database", "broken", error.message)


def _disk(data: Path) -> Check:
    free_bytes = free_at(data)
    found = f"{free_bytes / MIB:,.0f} MiB free for {data}"
    if free_bytes >= LEAST_FREE_BYTES:
        return Check("disk", "well", found)
    return Check("disk", "broken", found, "free some space; a full disk stops the database")


def _payments(settings: Settings) -> Check:
    """What stops a studio when it starts, in the order in which it would."""
    key, secret = settings.stripe_key, settings.stripe_webhook_secret
    if bool(key) != bool(secret):
        here, missing = ("stripe_key", "stripe_webhook_secret")[:: 1 if key else -1]
        found = f"{here} is set, {missing} is not"
        return Check("payments", "broken", found, f"set {missing}, too")
    try:
        if key:
            StripeApi(key)
        load_catalog(settings.data)
    except InvalidSettings as error:
        return Check("payments", "broken", error.message)
    return Check("payments", "well", f"{'by Stripe, ' if key else ''}by code and by hand")


def _mails(settings: Settings) -> Check:
    if settings.smtp:
        return Check("mails", "well", "by the server that smtp names")
    if not settings.public_url:
        return Check("mails", "well", "in the log alone, for no smtp is set")
    found = "public_url is set and smtp is not, so what mails say is in the log alone"
    return Check("mails", "noticed", found, "set smtp, too, or no one gets their links")


def _sandbox(settings: Settings) -> Check:
    """Where code that models write is run, and why there; without one, programs are refused."""
    name, why = sandbox_state(settings.data)
    if name == "none":
        return Check("sandbox", "noticed", why, "until then only drawings and pages are made")
    return Check("sandbox", "well", why)


def _database(connection: sa.Connection, revision: str | None) -> Check:
    version = server_version(connection)
    query = sa.text("SELECT pg_database_size(current_database())")
    size_bytes = connection.execute(query).scalar_one()
    commit = connection.execute(sa.text("SHOW synchronous_commit")).scalar_one()
    found = (
        f"PostgreSQL {version}, {size_bytes / MIB:,.0f} MiB, schema {revision or 'none yet'}, "
        f"synchronous_commit {commit}"
    )
    if revision in (None, newest := revisions()[-1]):
        return Check("database", "well", found)
    remedy = f"make a backup; the next start of the studio brings it to {newest}"
    return Check("database", "noticed", found, remedy)


def _work(connection: sa.Connection) -> Iterator[Check]:
    unfinished, beat_s = count_unfinished(connection), heartbeat_age_s(connection)
    waiting = unfinished.by_state.get("queued", 0)
    silent = beat_s is None or beat_s > MOST_SILENCE_S
    found = "none was ever heard of" if beat_s is None else f"last heard of {_ago(beat_s)}"
    if silent and waiting:
        remedy = "start one: maquette studio, or maquette worker"
        yield Check("workers", "broken", f"{found}, and {waiting} jobs wait", remedy)
    else:
        yield Check("workers", "well", found)
    age = unfinished.queue_age_s
    found = f"{waiting} jobs wait, the first for {age:,.0f} s" if waiting else "no job waits"
    if age <= MOST_QUEUE_AGE_S:
        yield Check("queue", "well", found)
    else:
        yield Check("queue", "noticed", found, "start another worker, or let less in: queue_s")


def _newest_pictures(connection: sa.Connection) -> Sequence[str]:
    newest = sa.select(asset.c.content_hash).order_by(asset.c.asset_id.desc()).limit(LOOKED_AT)
    return connection.execute(newest).scalars().all()


def _storage(settings: Settings, hashes: Sequence[str]) -> Check:
    """Pictures, read by their hashes."""
    lost: list[str] = []
    try:
        blobs = open_blobs(settings)
        for content_hash in hashes:
            try:
                blobs.get(content_hash)
            except KeyError:
                lost.append(content_hash)
    except MaquetteError as error:
        return Check("storage", "broken", error.message)
    if not lost:
        return Check("storage", "well", f"the newest {len(hashes)} pictures are there")
    found = f"of the newest {len(hashes)} pictures {len(lost)} are lost, such as {lost[0]}"
    return Check("storage", "broken", found, "restore a backup: maquette restore")


def _backup(connection: sa.Connection) -> Check:
    made_s = age_s(connection, ACT)
    found = "never" if made_s is None else f"last {_ago(made_s)}"
    if made_s is not None and made_s <= MOST_BACKUP_AGE_S:
        return Check("backup", "well", found)
    return Check("backup", "noticed", found, "run, each day: maquette backup DIR")


def _second_factors(connection: sa.Connection, settings: Settings) -> Check:
    name, remedy = (
        "second factors",
        f"put {settings.data / FILE_NAME} or second_factor_key back as it was; until then codes "
        "to recover by work, and maquette accounts remove-second-factor",
    )
    try:
        key = find_key(settings)
    except InvalidSettings as error:
        return Check(name, "broken", error.message, remedy)
    counts = count_by_key(connection)
    here = key.key_id if key is not None else ""
    lost = sum(count for key_id, count in counts.items() if key_id not in ("", here))
    if lost and key is None:
        return Check(name, "broken", f"the key of {lost} is missing", remedy)
    if lost:
        return Check(name, "broken", f"{lost} are of another key than the one here", remedy)
    if key is None:
        return Check(name, "well", "no key yet; the studio makes one when it first starts")
    found = f"{counts.get(here, 0)} encrypted"
    bare = counts.get("", 0)
    soon = f", {bare} not yet: each is when a code of it is next taken" if bare else ""
    return Check(name, "well", found + soon)


def _text_servers(connection: sa.Connection, settings: Settings) -> Check:
    """Whether the keys of other servers can be read; the servers are not asked."""
    name = "text servers"
    servers = connection.execute(
        sa.select(sa.func.count()).select_from(text_servers.text_server)
    ).scalar_one()
    counts = text_servers.count_by_key(connection)
    try:
        key = find_key(settings)
    except InvalidSettings as error:
        return Check(name, "broken", error.message) if counts else Check(name, "well", "none")
    lost = sum(count for key_id, count in counts.items() if key is None or key_id != key.key_id)
    if lost:
        remedy = f"put {settings.data / FILE_NAME} or second_factor_key back, or give each its key"
        return Check(name, "broken", f"the keys of {lost} cannot be read", remedy)
    found = f"{servers} added, {sum(counts.values())} with a key" if servers else "none"
    return Check(name, "well", found)


def _ago(seconds: float) -> str:
    return f"{seconds / DAY_S:,.1f} days ago" if seconds > DAY_S else f"{seconds:,.0f} s ago"
