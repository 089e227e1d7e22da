"""`maquette ledger verify` says that all is well, or what is not."""

import json
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa
from typer.testing import CliRunner, Result

from maquette.cli.app import app
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.ledger.accounts import open_account
from maquette.ledger.grants import grant


def test_a_ledger_is_proven_or_what_is_wrong_is_said(fresh_url: str) -> None:
    environ = {"MAQUETTE_DATABASE": fresh_url}
    with open_database(Settings(database=fresh_url)) as engine, engine.begin() as connection:
        open_account(connection, "ada")
        grant(connection, "ada", 5, "paid")
    well = CliRunner().invoke(app, ["ledger", "verify"], obj=environ)
    assert (well.exit_code, well.stdout) == (0, "every credit is accounted for\n")
    with open_database(Settings(database=fresh_url)) as engine, engine.begin() as connection:
        connection.execute(sa.text("UPDATE balance SET posted_microcredits = 6"))
    wrong = CliRunner().invoke(app, ["ledger", "verify"], obj=environ)
    assert wrong.exit_code == 1
    assert "account ada has 6, its entries say 5" in wrong.stdout
    flag = CliRunner().invoke(app, ["ledger", "verify", "--database", fresh_url], obj={})
    assert flag.stdout == wrong.stdout
    told = CliRunner().invoke(app, ["ledger", "verify", "--json"], obj=environ)
    assert told.exit_code == 1
    findings = json.loads(told.stdout)["findings"]
    assert {one["rule"] for one in findings} == {
        "a balance is the sum of its entries",
        "an account has what its grants have left",
    }


def test_a_head_is_published_and_proven(fresh_url: str, tmp_path: Path) -> None:
    def run(*words: str) -> Result:
        environ = {"MAQUETTE_DATABASE": fresh_url}
        return CliRunner().invoke(app, ["ledger", *words], obj=environ)

    def give() -> None:
        with open_database(Settings(database=fresh_url)) as engine, engine.begin() as connection:
            open_account(connection, "ada")
            grant(connection, "ada", 5, "paid")

    give()
    file = tmp_path / "head.txt"
    published = run("head", "-o", str(file)).stdout
    digest = sha256(file.read_bytes()).hexdigest()
    assert published == f"{digest}  1 transfers of 1 accounts\n"
    assert json.loads(run("head", "--json").stdout)["hash"] == digest
    give()
    well = run("verify", "--head", str(file))
    assert well.stdout == f"the head in {file} is {digest}\nevery credit is accounted for\n"
    file.write_text(file.read_text().replace(" 1 ", " 2 "))
    wrong = run("verify", "--head", str(file), "--json")
    assert wrong.exit_code == 1
    said = json.loads(wrong.stdout)
    assert said["head"] == sha256(file.read_bytes()).hexdigest()
    assert [one["line"] for one in said["findings"]] == [
        "transfer 2 of account ada is not what was published"
    ]
