"""`maquette payments` and `maquette plans` give credits for what was paid, and take them back."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from maquette.cli.app import app
from maquette.core.errors import InvalidRequest
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.ledger.accounts import get_balance, open_account
from maquette.service.payments import open_payments, open_shop


@pytest.fixture
def environ(fresh_url: str) -> dict[str, str]:
    with open_database(Settings(database=fresh_url)) as engine, engine.begin() as connection:
        open_account(connection, "local")
    return {"MAQUETTE_DATABASE": fresh_url}


def run(environ: dict[str, str], *words: str, group: str = "payments") -> Any:
    """What a command says as JSON."""
    result = CliRunner().invoke(app, [group, *words, "--json"], obj=environ)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_credits_are_given_listed_and_taken_back(environ: dict[str, str]) -> None:
    topped = run(environ, "top-up", "local", "--credits", "2.5", "--reason", "a gift")
    assert (topped["amount_microcredits"], topped["state"]) == (2_500_000, "paid")
    said = CliRunner().invoke(app, ["payments", "list"], obj=environ).stdout
    assert "local  paid  2.5 credits  free  a gift" in said
    back = run(environ, "refund", topped["payment_id"], "--reason", "by mistake")
    assert run(environ, "list")["payments"] == [back]
    assert back["state"] == "refunded"
    with (
        open_database(Settings(database=environ["MAQUETTE_DATABASE"])) as engine,
        engine.connect() as connection,
    ):
        assert get_balance(connection, "local").posted_microcredits == 0


def test_a_command_leaves_who_sells_as_the_studio_said(environ: dict[str, str]) -> None:
    settings = Settings(database=environ["MAQUETTE_DATABASE"], invoice_seller="Maquette Ltd")
    with open_database(settings) as engine:
        open_shop(settings, engine)
    run(environ, "list", group="plans")
    words = ("top-up", "local", "--credits", "5", "--reason", "a transfer", "--price-cents", "100")
    run(environ, *words)
    with open_database(settings) as engine:
        [one] = open_payments(settings, engine).invoices("local")
    assert one.seller == "Maquette Ltd"


def test_codes_are_made_and_shown_once(environ: dict[str, str]) -> None:
    made = run(environ, "codes", "--credits", "10", "--count", "3", "--until", "2999-12-31")
    assert len(set(made["codes"])) == 3


@pytest.mark.parametrize("credits", ["0", "-1", "many", "0.0000001", "1e99", "nan"])
def test_what_is_no_amount_is_refused(environ: dict[str, str], credits: str) -> None:
    words = ["payments", "top-up", "local", f"--credits={credits}", "--reason", "x"]
    result = CliRunner().invoke(app, words, obj=environ)
    assert isinstance(result.exception, InvalidRequest)
    assert credits in result.exception.message


def test_a_plan_is_begun_renewed_and_upgraded(environ: dict[str, str]) -> None:
    plans = run(environ, "list", group="plans")["plans"]
    assert [one["plan_id"] for one in plans] == ["sketch", "studio", "atelier"]
    assert run(environ, "show", "local", group="plans") is None
    run(environ, "start", "local", "sketch", "--reason", "a transfer", group="plans")
    run(environ, "renew", "local", "--reason", "the next", group="plans")
    one = run(environ, "upgrade", "local", "studio", "--reason", "the rest", group="plans")
    said = CliRunner().invoke(app, ["plans", "show", "local"], obj=environ).stdout
    assert said == f"studio  active  renews {one['period_end'][:10]}\n"
    assert len(run(environ, "list")["payments"]) == 3
    listed = CliRunner().invoke(app, ["plans", "list"], obj=environ).stdout
    assert "studio  Studio  3000 credits a month, rolls over  2400 usd cents" in listed
