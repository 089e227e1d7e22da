"""Who asks, in a test."""

from fastapi import FastAPI

from maquette.api.dependencies import Caller, Role, _caller, _still
from maquette.core.errors import NotFound
from maquette.people.persons import add_person, get_person
from tests.credits import PLENTY_MICROCREDITS, enrich


def become(
    app: FastAPI,
    account_id: str,
    role: Role = "admin",
    amount_microcredits: int = PLENTY_MICROCREDITS,
) -> None:
    """Whoever asks from now on is someone else, who was given so many credits."""
    database = app.state.database
    enrich(database, account_id, amount_microcredits)
    with database.begin() as connection:
        try:
            get_person(connection, account_id)
        except NotFound:
            add_person(connection, account_id, role=role)
    app.dependency_overrides[_caller] = lambda: Caller(account_id, account_id, role)
    app.dependency_overrides[_still] = lambda: lambda: True
