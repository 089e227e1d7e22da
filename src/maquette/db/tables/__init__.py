"""The tables, as SQLAlchemy Core sees them, a file a room; migrations make them."""

from maquette.db.tables import copydesk, jobs, ledger, library, payments, people, texts
from maquette.db.tables.metadata import metadata

__all__ = ["copydesk", "jobs", "ledger", "library", "metadata", "payments", "people", "texts"]
