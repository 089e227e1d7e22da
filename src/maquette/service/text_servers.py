"""Other servers that write texts or speak: added by operators, their keys encrypted."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maquette.core.errors import (
    InvalidRequest,
    ModelNotFound,
    NotAllowed,
    NotFound,
    RemoteUnavailable,
    did_you_mean,
)
from maquette.core.ids import new_id
from maquette.core.settings import Settings
from maquette.db.tables.texts import text_server
from maquette.engines.catalog import SHIPPED
from maquette.engines.found_servers import FoundServer, find_servers
from maquette.engines.remote_address import check_url
from maquette.engines.remote_server import MOST_NAME_CHARACTERS, RemoteServer, TextServer
from maquette.people.audit import note
from maquette.people.second_factor_key import BETWEEN, find_key
from maquette.service.queues import SLASH, TEXT
from maquette.service.server_voices import OfferedVoice, read_voices, written_voices

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
MOST_MODELS, MOST_SERVERS = 200, 100
MOST_PRICE_MICROCREDITS = 10**12
MOST_KEY_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class OfferedModel:
    """A model of a server that people may use, and its price; a local one costs nothing."""

    name: str
    thousand_tokens_microcredits: int = 0


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """A server as operators see it: whether it has a key, never which."""

    server_id: UUID
    name: str
    url: str
    has_key: bool
    models: Sequence[OfferedModel]
    created_at: datetime
    created_by: str
    disabled: bool
    speech: Sequence[OfferedVoice]


@dataclass(frozen=True, slots=True)
class CheckedServer:
    """What a server answered right now, and how long that took."""

    took_ms: float
    models: Sequence[str]


@dataclass(frozen=True, slots=True)
class ServerChange:
    """What is to be changed; None leaves it as it is, an empty key takes it away."""

    url: str | None = None
    key: str | None = None
    models: Sequence[OfferedModel] | None = None
    disabled: bool | None = None
    speech: Sequence[OfferedVoice] | None = None


class TextServers:
    """The servers of a studio. What asks one raises as `RemoteServer` does."""

    def __init__(self, database: sa.Engine, settings: Settings) -> None:
        self._database, self._settings = database, settings

    def list(self) -> Sequence[ServerEntry]:
        """All, by their names."""
        with self._database.connect() as connection:
            rows = connection.execute(sa.select(text_server).order_by(text_server.c.name))
            return [_entry(row) for row in rows]

    def get(self, server_id: UUID) -> ServerEntry:
        """Raises NotFound."""
        return _entry(self._row(text_server.c.server_id == server_id, str(server_id)))

    def named(self, name: str) -> ServerEntry:
        """Raises NotFound."""
        return _entry(self._row(text_server.c.name == name, name))

    def add(
        self,
        actor_id: str,
        name: str,
        url: str,
        key: str = "",
        models: Sequence[OfferedModel] = (),
        speech: Sequence[OfferedVoice] = (),
    ) -> ServerEntry:
        """A new server, which is not asked for that. Raises InvalidRequest, NotAllowed where there
        is nothing to encrypt its key with.
        """
        if not NAME.fullmatch(name):
            raise InvalidRequest(
                f"{name!r} is no name of a server; give up to 32 small letters, digits and hyphens"
            )
        server_id = new_id()
        row = {
            "server_id": server_id,
            "name": name,
            "url": check_url(url),
            "encrypted_key": self._encrypted(key, server_id),
            "models": _models(models),
            "speech": written_voices(speech),
            "created_by": actor_id,
        }
        with self._database.begin() as connection:
            if len(connection.execute(sa.select(text_server.c.name)).all()) >= MOST_SERVERS:
                raise InvalidRequest(f"there are {MOST_SERVERS} servers; remove one first")
            query = insert(text_server).values(row).on_conflict_do_nothing().returning(text_server)
            made = connection.execute(query).one_or_none()
            if made is None:
                raise InvalidRequest(f"there is a server {name} already; choose another name")
            said = {"url": row["url"], "has_key": bool(key), "models": row["models"]}
            said["speech"] = row["speech"]
            note(connection, actor_id, "text_server.add", _subject(name), **said)
        return _entry(made)

    def change(self, actor_id: str, server_id: UUID, change: ServerChange) -> ServerEntry:
        """Raises InvalidRequest, NotFound; what `add` does, too."""
        values, said = self._values(server_id, change)
        this = text_server.c.server_id == server_id
        with self._database.begin() as connection:
            row = connection.execute(sa.select(text_server).where(this).with_for_update())
            known = row.one_or_none()
            if known is None:
                raise NotFound(f"no server {server_id}; list them to find it")
            moves = change.url is not None and values["url"] != known.url
            if moves and known.encrypted_key and change.key is None:
                raise InvalidRequest(
                    "a key goes to no address that it was not given for; give it anew, too"
                )
            query = sa.update(text_server).where(this).values(values).returning(text_server)
            made = connection.execute(query).one() if values else known
            note(connection, actor_id, "text_server.change", _subject(known.name), **said)
        return _entry(made)

    def remove(self, actor_id: str, server_id: UUID) -> None:
        """It and its key go; what waits for it fails, and costs nothing. Raises NotFound."""
        this = text_server.c.server_id == server_id
        with self._database.begin() as connection:
            query = sa.delete(text_server).where(this).returning(text_server.c.name)
            name = connection.execute(query).scalar_one_or_none()
            if name is None:
                raise NotFound(f"no server {server_id}; list them to find it")
            note(connection, actor_id, "text_server.remove", _subject(name))

    def check(self, server_id: UUID) -> CheckedServer:
        """Asks a server for its models right now. Raises NotFound."""
        row = self._row(text_server.c.server_id == server_id, str(server_id))
        began_s = time.monotonic()
        models = RemoteServer(self._server(row)).models()
        return CheckedServer((time.monotonic() - began_s) * 1e3, models)

    def found(self) -> Sequence[FoundServer]:
        """Servers that listen on this machine where they usually do, but for those that were
        added. It asks their ports now, and nothing is used of them.
        """
        known = {one.url for one in self.list()}
        return [one for one in find_servers() if one.url not in known]

    def offered(self) -> dict[str, int]:
        """What a thousand tokens cost in microcredits, by NAME/MODEL, of all that may be used."""
        return {
            f"{one.name}{SLASH}{model.name}": model.thousand_tokens_microcredits
            for one in self.list()
            if not one.disabled
            for model in one.models
        }

    def price_of(self, model: str) -> int:
        """What a thousand tokens cost in microcredits. Raises ModelNotFound."""
        return price_in(self.offered(), model)

    def open(self, model: str) -> tuple[TextServer, str]:
        """The server of a NAME/MODEL with its key, and the model's name there. Raises
        RemoteUnavailable where an operator took it away.
        """
        name, _, its_model = model.partition(SLASH)
        return self._server(self._used(name)), its_model

    def open_voice(self, model: str) -> tuple[TextServer, OfferedVoice]:
        """The same of one that speaks, with its speakers, none where it is offered no more."""
        name, _, its_model = model.partition(SLASH)
        row = self._used(name)
        offered = {one.name: one for one in read_voices(row.speech)}
        return self._server(row), offered.get(its_model, OfferedVoice(its_model))

    def _used(self, name: str) -> sa.Row[Any]:
        try:
            row = self._row(text_server.c.name == name, name)
        except NotFound:
            row = None
        if row is None or row.disabled:
            raise RemoteUnavailable(f"the server {name} is used no more; choose another model")
        return row

    def _row(self, this: sa.ColumnElement[bool], name: str) -> sa.Row[Any]:
        with self._database.connect() as connection:
            row = connection.execute(sa.select(text_server).where(this)).one_or_none()
        if row is None:
            raise NotFound(f"no server {name}; list them to find it")
        return row

    def _server(self, row: sa.Row[Any]) -> TextServer:
        kept, key = row.encrypted_key, None
        if kept is not None:
            cipher = find_key(self._settings)
            key = cipher and cipher.decrypt(kept, _owner(row.server_id))
            if key is None:
                raise RemoteUnavailable(
                    f"the key of {row.name} cannot be read; have an admin run maquette doctor"
                )
        return TextServer(row.url, key, row.name)

    def _encrypted(self, key: str, server_id: UUID) -> str | None:
        if not key:
            return None
        if len(key) > MOST_KEY_CHARACTERS or not key.isascii() or not key.isprintable():
            raise InvalidRequest("this is no key, for a header cannot carry it; give it as it is")
        cipher = find_key(self._settings)
        if cipher is None:
            raise NotAllowed(
                "the key that encrypts others is missing; have an admin run maquette doctor"
            )
        return cipher.encrypt(key, _owner(server_id))

    def _values(
        self, server_id: UUID, change: ServerChange
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the row has from now on, and what is said of that: a key is not."""
        values: dict[str, Any] = {}
        if change.url is not None:
            values["url"] = check_url(change.url)
        if change.models is not None:
            values["models"] = _models(change.models)
        if change.speech is not None:
            values["speech"] = written_voices(change.speech)
        if change.disabled is not None:
            values["disabled"] = change.disabled
        said = dict(values)
        if change.key is not None:
            values["encrypted_key"] = self._encrypted(change.key, server_id)
            said["has_key"] = bool(change.key)
        return values, said


def price_in(offered: Mapping[str, int], model: str) -> int:
    """What a thousand tokens cost by what is `offered`. Raises ModelNotFound."""
    if model in offered:
        return offered[model]
    known = [*(spec.model_id for spec in SHIPPED[TEXT]), *offered]
    raise ModelNotFound(f"no text model named {model!r}; {did_you_mean(model, known)}")


def is_elsewhere(model: str) -> bool:
    """Whether a model's name is that of another server's."""
    return SLASH in model


def count_by_key(connection: sa.Connection) -> dict[str, int]:
    """How many keys of servers are encrypted with which key, by its id."""
    key_id = sa.func.split_part(text_server.c.encrypted_key, BETWEEN, 1)
    query = sa.select(key_id, sa.func.count()).where(text_server.c.encrypted_key.is_not(None))
    return {row[0]: row[1] for row in connection.execute(query.group_by(key_id))}


def _owner(server_id: UUID) -> str:
    """Whom a key is encrypted for: no account has such a name."""
    return f"text-server/{server_id}"


def _subject(name: str) -> str:
    return f"text-server/{name}"


def _models(models: Sequence[OfferedModel]) -> Sequence[Mapping[str, Any]]:
    """As the row has them. Raises InvalidRequest."""
    if len(models) > MOST_MODELS:
        raise InvalidRequest(f"{len(models)} models are too many; at most {MOST_MODELS}")
    names: set[str] = set()
    for one in models:
        plain = one.name.isprintable() and one.name == one.name.strip()
        if not 0 < len(one.name) <= MOST_NAME_CHARACTERS or not plain or one.name in names:
            raise InvalidRequest(
                f"{one.name[:40]!r} cannot be a model's name; give each once, as its server does"
            )
        names.add(one.name)
        if not 0 <= one.thousand_tokens_microcredits <= MOST_PRICE_MICROCREDITS:
            raise InvalidRequest(
                f"{one.thousand_tokens_microcredits} microcredits are no price; give 0 to "
                f"{MOST_PRICE_MICROCREDITS}"
            )
    return [asdict(one) for one in models]


def _entry(row: sa.Row[Any]) -> ServerEntry:
    return ServerEntry(
        row.server_id,
        row.name,
        row.url,
        row.encrypted_key is not None,
        [OfferedModel(**one) for one in row.models],
        row.created_at,
        row.created_by,
        row.disabled,
        read_voices(row.speech),
    )
