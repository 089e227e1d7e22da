"""What is sold: as it ships, or as the operator's own file has it."""

from pathlib import Path

import pytest

from maquette.core.errors import InvalidRequest, InvalidSettings
from maquette.payments.catalog import USUAL_CATALOG, load_catalog

PACK = """
[[packs]]
pack_id = "small"
name = "500 credits"
credits_microcredits = 500_000_000
price_cents = 600
currency = "eur"
"""


def test_an_operators_file_takes_the_place_of_the_usual_one(tmp_path: Path) -> None:
    assert load_catalog(tmp_path) == load_catalog(tmp_path / "nowhere") == USUAL_CATALOG
    (tmp_path / "catalog.toml").write_text(PACK)
    catalog = load_catalog(tmp_path)
    assert (catalog.pack("small").currency, catalog.plans) == ("eur", ())
    with pytest.raises(InvalidRequest, match=r"no pack 'smal'; did you mean small\?"):
        catalog.pack("smal")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("packs =", "is not valid TOML"),
        (PACK.replace("600", "0"), r"packs\.0\.price_cents in .+: .*greater than 0"),
        (PACK + "gift = true", r"packs\.0\.gift in .+: extra inputs are not permitted"),
        (PACK.replace("eur", "EURO"), r"packs\.0\.currency in"),
        (PACK + PACK, r"toml: small is there twice"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "catalog.toml").write_text(text)
    with pytest.raises(InvalidSettings, match=said):
        load_catalog(tmp_path)


def test_a_thousand_credits_cost_ten_dollars() -> None:
    for pack in USUAL_CATALOG.packs:
        assert (pack.credits_microcredits // pack.price_cents, pack.currency) == (10**6, "usd")
    ids = [one.pack_id for one in USUAL_CATALOG.packs] + [p.plan_id for p in USUAL_CATALOG.plans]
    assert len(set(ids)) == len(ids)
