"""Documents as rows: a text that someone works on, with all that it said before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from maquette.copydesk.brand_voices import get_voice
from maquette.copydesk.template import Language, find_template
from maquette.core.errors import InvalidRequest, NotFound, QuotaExceeded
from maquette.core.ids import new_id
from maquette.db.tables.copydesk import document, document_version

MOST_DOCUMENTS = 5_000  # of an account
MOST_VERSIONS = 200  # of a document; the oldest go, but for the first
MOST_CHARACTERS = 200_000
MOST_MIB = 256  # of all versions of an account's documents
BEGINNING_CHARACTERS = 220  # of a document, where many are listed
MERGED_WITHIN = timedelta(minutes=10)  # what is saved by hand, for typing is saved at each pause
BY_HAND, BY_RESTORE = "hand", "restore"
ABOUT = ("title", "language", "template", "voice_id", "inputs")


@dataclass(frozen=True, slots=True)
class About:
    """What a document is: the template and the voice are those that its checks are of, and it is to
    name those of the inputs that the template has as named.
    """

    title: str
    language: Language
    template: str | None = None
    voice_id: UUID | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """What a document said once, and how that came about: by a template, by hand, restored. Where
    many are listed its text is left out.
    """

    number: int
    made_by: str
    created_at: datetime  # when it was begun
    text: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it is now; its text is that of version `number`."""

    document_id: UUID
    account_id: str
    about: About
    number: int
    text: str
    created_at: datetime
    changed_at: datetime


def add_document(
    connection: sa.Connection, account_id: str, about: About, text: str, made_by: str = BY_HAND
) -> Document:
    """A new one. Raises InvalidRequest, NotFound, QuotaExceeded."""
    _check(connection, account_id, about, text, made_by)
    count = sa.select(sa.func.count()).where(document.c.account_id == account_id)
    if (there := connection.execute(count).scalar_one()) >= MOST_DOCUMENTS:
        raise QuotaExceeded(f"{there} documents are as many as may be kept; delete one first")
    document_id = new_id()
    row = {"document_id": document_id, "account_id": account_id, **_columns(about)}
    connection.execute(sa.insert(document).values(row))
    _add_version(connection, document_id, 1, text, made_by)
    _check_room(connection, account_id)
    return get_document(connection, account_id, document_id)


def list_documents(
    connection: sa.Connection, account_id: str, limit: int, before: datetime | None = None
) -> Sequence[Document]:
    """An account's documents, those first that were changed last; `before` that moment. Of their
    texts there is but the beginning.
    """
    text = sa.func.left(document_version.c.text, BEGINNING_CHARACTERS).label("text")
    query = _select(text).where(document.c.account_id == account_id)
    if before is not None:
        query = query.where(document.c.changed_at < before)
    query = query.order_by(document.c.changed_at.desc(), document.c.document_id.desc())
    return [_document(row) for row in connection.execute(query.limit(limit))]


def get_document(connection: sa.Connection, account_id: str, document_id: UUID) -> Document:
    """Raises NotFound where there is none, or it is another's."""
    row = connection.execute(_select().where(_own(account_id, document_id))).one_or_none()
    if row is None:
        raise NotFound(f"{document_id} is not here")
    return _document(row)


def change_document(
    connection: sa.Connection,
    account_id: str,
    document_id: UUID,
    about: About,
    text: str,
    made_by: str = BY_HAND,
    based_on: int | None = None,
) -> Document:
    """Keeps what it says now, as a new version where that is new; what is saved by hand within ten
    minutes is one version, whose number goes up. Raises NotFound, QuotaExceeded, InvalidRequest
    where it was changed since version `based_on`, elsewhere.
    """
    _check(connection, account_id, about, text, made_by)
    locked = sa.select(document.c.document_id).where(_own(account_id, document_id))
    connection.execute(locked.with_for_update())
    now = get_document(connection, account_id, document_id)
    if based_on is not None and based_on != now.number:
        raise InvalidRequest(
            f"this document was changed elsewhere, and is at version {now.number}; load it anew"
        )
    values = {**_columns(about), "changed_at": sa.func.now()}
    connection.execute(sa.update(document).where(_own(account_id, document_id)).values(values))
    if text != now.text:
        if made_by != BY_HAND or not _go_on(connection, now, text):
            _add_version(connection, document_id, now.number + 1, text, made_by)
            _drop_old(connection, document_id)
        _check_room(connection, account_id)
    return get_document(connection, account_id, document_id)


def delete_document(connection: sa.Connection, account_id: str, document_id: UUID) -> None:
    """Lets it go with all its versions. Raises NotFound."""
    if not connection.execute(sa.delete(document).where(_own(account_id, document_id))).rowcount:
        raise NotFound(f"{document_id} is not here")


def list_versions(
    connection: sa.Connection, account_id: str, document_id: UUID
) -> Sequence[Version]:
    """When it was changed and how, the newest first, without its texts. Raises NotFound."""
    get_document(connection, account_id, document_id)
    table = document_version
    query = sa.select(table.c.number, table.c.made_by, table.c.created_at)
    query = query.where(table.c.document_id == document_id).order_by(table.c.number.desc())
    return [Version(**row._mapping) for row in connection.execute(query)]


def each_version(connection: sa.Connection, document_id: UUID) -> Iterator[Version]:
    """All that a document said, the newest first, a few at a time: together they may be large."""
    query = _versions(document_id).order_by(document_version.c.number.desc())
    for row in connection.execute(query, execution_options={"yield_per": 10}):
        yield Version(**row._mapping)


def get_version(
    connection: sa.Connection, account_id: str, document_id: UUID, number: int
) -> Version:
    """What it said once. Raises NotFound."""
    get_document(connection, account_id, document_id)
    query = _versions(document_id).where(document_version.c.number == number)
    if (row := connection.execute(query).one_or_none()) is None:
        raise NotFound(f"version {number} of {document_id} is not here")
    return Version(**row._mapping)


def restore_version(
    connection: sa.Connection, account_id: str, document_id: UUID, number: int
) -> Document:
    """Has it say again what it said then, as its newest version. Raises NotFound, QuotaExceeded."""
    text = get_version(connection, account_id, document_id, number).text
    about = get_document(connection, account_id, document_id).about
    return change_document(connection, account_id, document_id, about, text, BY_RESTORE)


def _check(
    connection: sa.Connection, account_id: str, about: About, text: str, made_by: str
) -> None:
    if len(text) > MOST_CHARACTERS:
        raise InvalidRequest(
            f"the document has {len(text)} characters, and at most {MOST_CHARACTERS} are kept; "
            "make two of it"
        )
    for name in {about.template, made_by} - {None, BY_HAND, BY_RESTORE}:
        find_template(str(name))
    if about.voice_id is not None:
        get_voice(connection, account_id, about.voice_id)


def _add_version(
    connection: sa.Connection, document_id: UUID, number: int, text: str, made_by: str
) -> None:
    row = {"document_id": document_id, "number": number, "text": text, "made_by": made_by}
    connection.execute(sa.insert(document_version).values(row))


def _go_on(connection: sa.Connection, now: Document, text: str) -> bool:
    """Puts a text into the last version, where that was begun by hand a moment ago; the first one
    stays as it is, and so does one of which more than half was taken away.
    """
    if now.number == 1 or 2 * len(text) < len(now.text):
        return False
    table = document_version
    fresh = (
        (table.c.document_id == now.document_id)
        & (table.c.number == now.number)
        & (table.c.made_by == BY_HAND)
        & (table.c.created_at > sa.func.now() - MERGED_WITHIN)
    )
    values = {"text": text, "number": now.number + 1}  # which who has it open elsewhere notices
    return connection.execute(sa.update(table).where(fresh).values(values)).rowcount == 1


def _drop_old(connection: sa.Connection, document_id: UUID) -> None:
    """Versions beyond the newest, but for the first."""
    table, of_it = document_version, document_version.c.document_id == document_id
    newest = sa.select(table.c.number).where(of_it).order_by(table.c.number.desc())
    last = newest.offset(MOST_VERSIONS).limit(1).scalar_subquery()
    old = of_it & (table.c.number > 1) & (table.c.number <= last)
    connection.execute(sa.delete(table).where(old))


def _check_room(connection: sa.Connection, account_id: str) -> None:
    """Raises QuotaExceeded where what was just written is too much."""
    size = sa.select(sa.func.sum(sa.func.octet_length(document_version.c.text)))
    size = size.select_from(document.join(document_version))
    size = size.where(document.c.account_id == account_id)
    if (connection.execute(size).scalar_one() or 0) > MOST_MIB * 2**20:
        raise QuotaExceeded(
            f"documents and what they said before may have {MOST_MIB} MiB; delete one first"
        )


def _versions(document_id: UUID) -> sa.Select[Any]:
    table = document_version
    columns = [table.c[name] for name in ("number", "made_by", "created_at", "text")]
    return sa.select(*columns).where(table.c.document_id == document_id)


def _columns(about: About) -> dict[str, Any]:
    return {name: getattr(about, name) for name in ABOUT}


def _select(
    text: sa.ColumnElement[str] = document_version.c.text,
) -> sa.Select[Any]:
    """Documents with their last versions, of which `text` is what is read."""
    versions = document_version.alias()
    of_it = versions.c.document_id == document.c.document_id
    last = sa.select(sa.func.max(versions.c.number)).where(of_it).correlate(document)
    joined = document.join(
        document_version,
        (document_version.c.document_id == document.c.document_id)
        & (document_version.c.number == last.scalar_subquery()),
    )
    return sa.select(document, document_version.c.number, text).select_from(joined)


def _own(account_id: str, document_id: UUID) -> sa.ColumnElement[bool]:
    return (document.c.document_id == document_id) & (document.c.account_id == account_id)


def _document(row: sa.Row[Any]) -> Document:
    told = dict(row._mapping)
    about = About(**{name: told.pop(name) for name in ABOUT})
    return Document(about=about, **told)
