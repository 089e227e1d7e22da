"""Settings: what beats what, and how a wrong entry is refused."""

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from maquette.core.errors import InvalidSettings
from maquette.core.settings import Settings, default_data_folder, without_secrets


def write(folder: Path, text: str) -> dict[str, str]:
    """A settings file in `folder`, and the environment that leads there."""
    (folder / "settings.toml").write_text(text, encoding="utf-8")
    return {"MAQUETTE_DATA": str(folder)}


def test_nothing_given_gives_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    settings = Settings.load({"HOME": "/nowhere", "MAQUETTE_THREADS": ""})
    assert settings == Settings(data=default_data_folder())
    assert settings.threads is None
    assert settings.device == settings.precision == "auto"
    assert list(tmp_path.iterdir()) == []  # reading settings makes no folder


def test_a_flag_beats_a_variable_beats_the_file(tmp_path: Path) -> None:
    environ = write(tmp_path, 'threads = 1\ndevice = "cpu"\nprecision = "bf16"')
    environ |= {"MAQUETTE_THREADS": "2", "MAQUETTE_DEVICE": "auto"}
    settings = Settings.load(environ, {"threads": 3, "device": None})
    assert (settings.threads, settings.device, settings.precision) == (3, "auto", "bf16")
    assert settings.data == tmp_path


def test_the_data_flag_says_which_file_is_read(tmp_path: Path) -> None:
    write(tmp_path, "threads = 5")
    elsewhere = {"MAQUETTE_DATA": str(tmp_path / "elsewhere")}
    assert Settings.load(elsewhere).threads is None
    assert Settings.load(elsewhere, {"data": tmp_path}).threads == 5


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings.load({}).threads = 2  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("environ", "flags", "message"),
    [
        (
            {"MAQUETTE_THREAD": "2"},
            {},
            "unknown variable MAQUETTE_THREAD; did you mean MAQUETTE_THREADS?",
        ),
        (
            {"MAQUETTE_THREADS": "zero"},
            {},
            "MAQUETTE_THREADS is 'zero'; it must be a whole number of at least 1",
        ),
        ({}, {"threads": 0}, "--threads is 0; it must be a whole number of at least 1"),
        ({}, {"device": "gpu"}, "--device is 'gpu'; it must be auto, cpu or cuda"),
        ({"MAQUETTE_PRECISION": "fp16"}, {}, "must be auto, fp32 or bf16"),
    ],
)
def test_a_wrong_entry_is_named(
    environ: dict[str, str], flags: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidSettings) as caught:
        Settings.load({"MAQUETTE_DATA": str(tmp_path)} | environ, flags)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("threds = 2", "did you mean threads?"),
        ("threads = 0", "threads in {path} is 0; it must be a whole number of at least 1"),
        ("threads = true", "threads in {path} is True; it must be a whole number of at least 1"),
        ('data = "/srv"', "{path} cannot name its own folder; remove data"),
        ("threads =", "{path} is not valid TOML"),
    ],
)
def test_a_wrong_file_is_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings) as caught:
        Settings.load(write(tmp_path, text))
    assert message.format(path=tmp_path / "settings.toml") in caught.value.message


def test_secrets_are_left_out_and_the_rest_is_read_back(tmp_path: Path) -> None:
    kept = {
        "threads": 2, "device": 'a "quoted" \\ 船\n', "fast": True, "some": [1, "a"],
        "database": "postgresql://me@host/studio", "nested": {"a.b": 1.5},
    }  # fmt: skip
    secret = {
        "stripe_key": "sk", "webhook_secret": "w", "admin_password": "p", "api_token": "t",
        "smtp": "smtp://me:word@host", "nested": {"a.b": 1.5, "client_secret": "s"},
    }  # fmt: skip
    assert tomllib.loads(without_secrets(kept | secret)) == kept


def test_providers_are_tables_and_reach_another_process(tmp_path: Path) -> None:
    environ = write(
        tmp_path,
        '[providers.acme]\nname = "Acme"\nissuer = "https://acme.example"\n'
        'client_id = "m"\nclient_secret = "s"\n',
    )
    settings = Settings.load(environ)
    assert settings.providers["acme"].issuer == "https://acme.example"
    assert Settings.load(settings.as_environment()) == settings
    with pytest.raises(InvalidSettings, match="it must be tables of name, issuer"):
        Settings.load(write(tmp_path, '[providers.acme]\nissuer = "http://acme.example"\n'))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("second_factor_key", "hush"),
        ("database", "mysql://me:hush@host/studio"),
        ("smtp", "smpt://me:hush@host"),
        ("public_url", "https://me:hush@host/path"),
        ("providers", '{"acme": {"name": "Acme", "client_secret": "hush"}}'),
        ("providers", '{"acme": hush}'),
    ],
)
def test_a_wrong_entry_that_may_be_secret_is_named_and_not_said(
    name: str, value: str, tmp_path: Path
) -> None:
    environ = {"MAQUETTE_DATA": str(tmp_path), f"MAQUETTE_{name.upper()}": value}
    with pytest.raises(InvalidSettings) as refused:
        Settings.load(environ)
    assert "hush" not in refused.value.message
    assert f"MAQUETTE_{name.upper()} does not fit; it must be" in refused.value.message
