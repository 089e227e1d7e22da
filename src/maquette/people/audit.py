"""The audit log: what someone did that others may ask about later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from maquette.db.tables.people import audit_entry


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act: of whom, on what."""

    number: int
    actor_id: str
    act: str
    subject: str
    details: Mapping[str, Any]
    created_at: datetime


def note(
    connection: sa.Connection, actor_id: str, act: str, subject: str, **details: Any
) -> AuditEntry:
    """Writes down an act such as "credits.refund" in the caller's transaction, so that what was
    done and what is said of it come to be together. The details are what JSON can hold.
    """
    row = {"actor_id": actor_id, "act": act, "subject": subject, "details": details}
    made = connection.execute(sa.insert(audit_entry).values(row).returning(audit_entry)).one()
    return AuditEntry(**made._mapping)


def age_s(connection: sa.Connection, act: str) -> float | None:
    """How long ago such an act was last done; None where it never was."""
    age = sa.func.extract("epoch", sa.func.now() - audit_entry.c.created_at)
    query = sa.select(age).where(audit_entry.c.act == act)
    found = connection.execute(query.order_by(audit_entry.c.number.desc()).limit(1)).scalar()
    return None if found is None else float(found)


def read_audit(
    connection: sa.Connection, limit: int, before: int | None = None
) -> Sequence[AuditEntry]:
    """The newest first; only those of a number below `before`."""
    query = sa.select(audit_entry)
    if before is not None:
        query = query.where(audit_entry.c.number < before)
    rows = connection.execute(query.order_by(audit_entry.c.number.desc()).limit(limit))
    return [AuditEntry(**row._mapping) for row in rows]
