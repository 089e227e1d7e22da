"""The log: one line a message, as text or as JSON, with the request, job and account it is of."""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from maquette.core.settings import Settings

OF_THE_QUEUE = "dbos"  # which would write in a form of its own if it had no handler
FIELDS = "fields"  # what a message says beside its words, given to it as `extra`

# Shared by all that a request or a job sets going, so that whoever finds out more can add it.
_about: ContextVar[dict[str, str] | None] = ContextVar("about", default=None)


def begin(**about: str) -> None:
    """From here on, in this context, each line says what it is about: `request_id`, `job_id`."""
    _about.set(about)


def add(**about: str) -> None:
    """Says more of it, such as the `account_id`. Outside a request or a job it does nothing."""
    if (known := _about.get()) is not None:
        known.update(about)


def about() -> dict[str, str]:
    """What lines are about here."""
    return dict(_about.get() or {})


def configure(settings: Settings) -> None:
    """Has all of this process write to standard error in the form that the settings ask for."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if settings.log_format == "json" else _Text())
    root, queue = logging.getLogger(), logging.getLogger(OF_THE_QUEUE)
    root.handlers = [handler]
    queue.handlers, queue.propagate = [logging.NullHandler()], True
    root.setLevel(settings.log_level.upper())
    logging.captureWarnings(True)


class _Json(logging.Formatter):
    """One object a line; an exception is text in it."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **about(),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False, default=str)


class _Text(logging.Formatter):
    """For people: the time, how bad it is, the words, and what it is about."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        said = {**about(), **getattr(record, FIELDS, {})}
        more = "".join(f" {name}={value}" for name, value in said.items())
        return super().formatMessage(record) + more
