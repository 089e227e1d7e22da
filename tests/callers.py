"""Who asks, in a test."""

from fastapi import FastAPI

from maquette.api.dependencies import Caller, Role, _caller
from tests.credits import PLENTY_MICROCREDITS, enrich


def become(
    app: FastAPI,
    account_id: str,
    role: Role = "admin",
    amount_microcredits: int = PLENTY_MICROCREDITS,
) -> None:
    """Whoever asks from now on is someone else, who was given so many credits."""
    enrich(app.state.database, account_id, amount_microcredits)
    app.dependency_overrides[_caller] = lambda: Caller(account_id, account_id, role)
