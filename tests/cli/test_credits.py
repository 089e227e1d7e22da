"""`maquette credits` shows, gives and gives back, and writes down who did it."""

import json
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from maquette.cli.app import app
from maquette.core.errors import NotFound
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.ledger.accounts import open_account
from maquette.people.audit import read_audit


@pytest.fixture
def environ(fresh_url: str) -> dict[str, str]:
    with open_database(Settings(database=fresh_url)) as engine, engine.begin() as connection:
        open_account(connection, "ada")
    return {"MAQUETTE_DATABASE": fresh_url}


def run(environ: dict[str, str], *words: str) -> str:
    result = CliRunner().invoke(app, ["credits", *words], obj=environ, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def told(environ: dict[str, str], *words: str) -> dict[str, Any]:
    return json.loads(run(environ, *words, "--json"))


def test_credits_are_given_shown_and_taken_back(environ: dict[str, str]) -> None:
    given = told(environ, "grant", "ada", "--credits", "2.5", "--reason", "for the trouble")
    assert (given["category"], given["left_microcredits"]) == ("free", 2_500_000)
    more = ["--category", "promotion", "--days", "30"]
    said = run(environ, "grant", "ada", "--credits", "1", "--reason", "a start", *more)
    assert said == "given to ada: 1 credits\n"
    shown = run(environ, "show", "ada")
    assert shown.startswith("3.5 credits, and 0 held\n  free: 2.5 of 2.5, without end\n")
    assert "promotion: 1 of 1, until 2" in shown
    assert told(environ, "show", "ada")["available_microcredits"] == 3_500_000
    assert run(environ, "reverse", "ada", "1", "--reason", "by mistake").endswith("3 of ada\n")
    whole = run(environ, "statement", "ada").splitlines()
    assert (whole[0], whole[-1]) == ("before: 0 credits", "after: 1 credits")
    assert [" ".join(line.split()[3:]) for line in whole[1:-1]] == [
        "grant 2.5 then 2.5 for the trouble",
        "grant 1 then 3.5 a start",
        "reversal -2.5 then 1 by mistake",
    ]
    later = told(environ, "statement", "ada", "--since", "2099-01-01", "--until", "2100-01-01")
    assert (later["opening_microcredits"], later["lines"]) == (1_000_000, [])
    with (
        open_database(Settings(database=environ["MAQUETTE_DATABASE"])) as engine,
        engine.connect() as connection,
    ):
        acts = [(one.actor_id, one.act) for one in read_audit(connection, 10)]
    assert acts == [
        ("local", "credits.reverse"),
        ("local", "credits.grant"),
        ("local", "credits.grant"),
    ]


def test_a_statement_comes_whole_however_long(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maquette.cli.credits.PAGE", 2)
    with (
        open_database(Settings(database=environ["MAQUETTE_DATABASE"])) as engine,
        engine.begin() as connection,
    ):
        for _ in range(5):
            sides = (
                "ARRAY['system/issued', 'ada'], ARRAY[-1, 1]::bigint[], ARRAY[NULL, NULL]::uuid[]"
            )
            connection.execute(sa.text(f"SELECT record_transfer('ada', 'grant', {sides})"))
    lines = told(environ, "statement", "ada")["lines"]
    assert [one["balance_after_microcredits"] for one in lines] == [1, 2, 3, 4, 5]


def test_what_is_not_there_is_said(environ: dict[str, str]) -> None:
    for words in (
        ["show", "bob"],
        ["statement", "bob"],
        ["reverse", "ada", "7", "--reason", "x y"],
    ):
        with pytest.raises(NotFound, match=r"no account bob|account ada has no transfer 7"):
            run(environ, *words)
