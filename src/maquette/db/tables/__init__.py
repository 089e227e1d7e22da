"""The tables, as SQLAlchemy Core sees them, a file a room; migrations make them."""

from maquette.db.tables import jobs, ledger, library, payments, people
from maquette.db.tables.metadata import metadata

__all__ = ["jobs", "ledger", "library", "metadata", "payments", "people"]
