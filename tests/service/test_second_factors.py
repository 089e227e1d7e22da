"""The key of second factors: made once, for its owner's eyes, never in place of a lost one."""

from base64 import b64encode
from pathlib import Path

import pytest
import sqlalchemy as sa

from maquette.core.errors import InvalidSettings, OutputNotWritable
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.db.tables.people import person
from maquette.ledger.accounts import open_account
from maquette.people.persons import add_person, change_person
from maquette.people.second_factor_key import FILE_NAME, find_key
from maquette.service.backup import back_up
from maquette.service.checkup import Check, check_up
from maquette.service.second_factors import prepare_key
from tests.service.test_backup import Site

SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def site(fresh_url: str, tmp_path: Path) -> Site:
    made = Site(tmp_path / "data", fresh_url)
    made.fill()
    return made


def _check(settings: Settings) -> Check:
    (found,) = (one for one in check_up(settings) if one.name == "second factors")
    return found


def test_it_is_made_once_and_told_of_where_it_is_lost(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    settings, path = site.settings, site.settings.data / FILE_NAME
    with open_database(settings) as database:
        assert (_check(settings).state, find_key(settings)) == ("well", None)
        prepare_key(database, settings)
        assert path.stat().st_mode & 0o777 == 0o600
        kept = path.read_bytes()
        prepare_key(database, settings)
        assert path.read_bytes() == kept
        key = find_key(settings)
        assert key is not None
        with database.begin() as connection:
            for name, secret in (("eva", key.encrypt(SECRET, "eva")), ("noa", SECRET)):
                open_account(connection, name)
                add_person(connection, name)
                change_person(connection, name, two_factor_secret=secret)
        assert (_check(settings).state, _check(settings).found) == (
            "well",
            "1 encrypted, 1 not yet: each is when a code of it is next taken",
        )
        path.unlink()
        prepare_key(database, settings)
        assert "maquette doctor" in caplog.text
        assert not path.exists()  # for the old one is to come back
        assert (_check(settings).state, _check(settings).found) == (
            "broken",
            "the key of 1 is missing",
        )
        other = settings.model_copy(update={"second_factor_key": b64encode(b"x" * 32).decode()})
        assert _check(other).found == "1 are of another key than the one here"
        assert FILE_NAME in _check(other).remedy
        path.write_text("no key")
        assert (_check(settings).state, "holds no key" in _check(settings).found) == (
            "broken",
            True,
        )
        with pytest.raises(InvalidSettings, match="holds no key"):
            prepare_key(database, settings)
        with database.begin() as connection:  # where nothing needs the old one, a new one is made
            connection.execute(sa.update(person).values(two_factor_secret=None))
        path.unlink()
        prepare_key(database, settings)
        assert find_key(settings) is not None


def test_it_is_made_where_there_is_no_data_folder_yet(fresh_url: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new" / "data", database=fresh_url)
    with open_database(settings) as database:
        prepare_key(database, settings)
    assert find_key(settings) is not None
    (tmp_path / "file").write_text("")
    with (
        open_database(settings) as database,
        pytest.raises(OutputNotWritable, match="cannot be written"),
    ):
        prepare_key(database, settings.model_copy(update={"data": tmp_path / "file" / "data"}))


def test_it_is_in_no_backup(site: Site, tmp_path: Path) -> None:
    with open_database(site.settings) as database:
        prepare_key(database, site.settings)
    key = (site.settings.data / FILE_NAME).read_bytes().strip()
    back_up(site.settings, tmp_path / "backup", site.blobs, with_secrets=True)
    kept = [path for path in (tmp_path / "backup").rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if key in path.read_bytes()]
