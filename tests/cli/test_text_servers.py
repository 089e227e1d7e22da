"""`maquette text-servers`, and texts that another server writes for the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from maquette.cli.app import app
from maquette.copydesk.tries import seed_of_try
from maquette.core.errors import InvalidRequest, ModelNotFound, NotFound, RemoteUnavailable
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.engines import found_servers
from maquette.people.audit import read_audit
from maquette.service.text_servers import TextServers
from maquette.speech.espeak import EspeakVoice
from tests.engines.text_server import good, piece, say, serving
from tests.engines.voice_server import speaks

KEY = "sk-very-secret-7"


@pytest.fixture
def environ(fresh_url: str, tmp_path: Path) -> dict[str, str]:
    return {"MAQUETTE_DATABASE": fresh_url, "MAQUETTE_DATA": str(tmp_path / "data")}


def _run(environ: dict[str, str], *words: str, key: str = "") -> Result:
    return CliRunner().invoke(app, [*words], obj=environ, input=f"{key}\n")


def _told(result: Result) -> Any:
    assert result.exit_code == 0, result.exception
    return json.loads(result.stdout)


def _servers(environ: dict[str, str], *words: str, key: str = "") -> Any:
    return _told(_run(environ, "text-servers", *words, "--json", key=key))


def test_a_server_is_added_looked_at_changed_and_removed(environ: dict[str, str]) -> None:
    def models(handler: Any, _: dict[str, Any]) -> None:
        say(handler, json.dumps({"data": [{"id": "llama"}]}))

    with serving(models) as (url, asked):
        words = ("add", "home", url, "--offer", "llama", "--offer", "qwen=0.5", "--with-key")
        made = _servers(environ, *words, key=KEY)
        assert made["has_key"]
        assert [one["thousand_tokens_microcredits"] for one in made["models"]] == [0, 500_000]
        assert _servers(environ, "list")["servers"] == [made]
        assert asked == []  # unasked
        assert _servers(environ, "check", "home")["models"] == ["llama"]
        plain = _run(environ, "text-servers", "list").stdout
        assert plain == f"home  {url}  with a key  home/llama 0, home/qwen 0.5\n"
        plain = _run(environ, "text-servers", "check", "home").stdout
        assert plain.startswith("answers in ")
    changed = _servers(environ, "change", "home", "--offer", "qwen", "--disable")
    assert (changed["disabled"], [one["name"] for one in changed["models"]]) == (True, ["qwen"])
    refused = _run(environ, "text-servers", "change", "home", "--url", "http://127.0.0.1:9/v1")
    assert isinstance(refused.exception, InvalidRequest)
    assert "give it anew" in refused.exception.message
    assert _servers(environ, "remove", "home") == {"removed": "home"}
    assert _servers(environ, "list")["servers"] == []
    missing = _run(environ, "text-servers", "check", "home")
    assert isinstance(missing.exception, NotFound)
    with (
        open_database(Settings(database=environ["MAQUETTE_DATABASE"])) as database,
        database.connect() as connection,
    ):
        noted = read_audit(connection, 10)
    assert [one.act for one in noted] == [
        f"text_server.{act}" for act in ("remove", "change", "add")
    ]
    assert KEY not in str(noted)


def test_those_that_listen_here_are_found_unless_they_were_added(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def models(handler: Any, _: dict[str, Any]) -> None:
        say(handler, json.dumps({"data": [{"id": "llama"}]}))

    with serving(models) as (url, _):
        port = int(url.rsplit(":", 1)[1].removesuffix("/v1"))
        monkeypatch.setattr(found_servers, "USUAL_PORTS", {"Ollama": port})
        (there,) = _servers(environ, "found")["servers"]
        assert there == {"program": "Ollama", "url": url, "models": ["llama"]}
        assert _run(environ, "text-servers", "found").stdout == f"{url}  Ollama  llama\n"
        _servers(environ, "add", "home", url)
        assert _servers(environ, "found")["servers"] == []
        told = _run(environ, "text-servers", "found")
        assert (told.stdout, "no other server listens" in told.stderr) == ("", True)


def test_models_that_speak_are_offered_with_their_voices(environ: dict[str, str]) -> None:
    words = ("add", "home", "http://127.0.0.1:9/v1", "--offer", "llama", "--speech", "tts-1=0.3")
    made = _servers(environ, *words, "--speech", "kokoro", "--voices", "kokoro=af_heart, nova")
    assert made["speech"] == [
        {"name": "tts-1", "voices": [], "thousand_characters_microcredits": 300_000},
        {"name": "kokoro", "voices": ["af_heart", "nova"], "thousand_characters_microcredits": 0},
    ]
    told = _run(environ, "text-servers", "list").stdout
    assert "home/llama 0, home/tts-1 0.3 spoken, home/kokoro 0 spoken as af_heart, nova" in told
    changed = _servers(environ, "change", "home", "--speech", "kokoro=1")
    assert [one["name"] for one in changed["models"]] == ["llama"]
    assert [one["thousand_characters_microcredits"] for one in changed["speech"]] == [1_000_000]
    refused = _run(environ, "text-servers", "change", "home", "--voices", "kokoro=nova")
    assert isinstance(refused.exception, InvalidRequest)
    assert "with --speech MODEL" in refused.exception.message


def test_a_text_is_said_by_a_server_that_was_added(environ: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "boat.wav"
    with EspeakVoice() as espeak, serving(speaks(espeak)) as (url, asked):
        words = ("add", "home", url, "--speech", "tts", "--voices", "tts=nova", "--with-key")
        _servers(environ, *words, key=KEY)
        words = ("speech", "Good morning.", "-o", str(out), "--model", "home/tts", "--json")
        assert _told(_run(environ, *words))["sentences"] == 1
    assert out.read_bytes().startswith(b"RIFF")
    assert [(one["voice"], one["key"]) for one in asked] == [("nova", f"Bearer {KEY}")]
    result = _run(environ, "speech", "Hi.", "-o", str(out), "--model", "home/other")
    assert isinstance(result.exception, ModelNotFound)
    assert "did you mean home/tts?" in result.exception.message


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("Home", "http://127.0.0.1:9/v1"), "'Home' is no name of a server"),
        (("home", "127.0.0.1"), "is no address"),
        (("home", "http://127.0.0.1:9/v1", "--offer", "a=many"), "'many' is no price of a"),
        (("home", "http://127.0.0.1:9/v1", "--offer", "a=-1"), "microcredits are no price"),
        (("home", "http://127.0.0.1:9/v1", "--offer", "a", "--offer", "a"), "each once"),
        (("home", "http://127.0.0.1:9/v1", "--offer", " "), "cannot be a model's name"),
        (("home", "http://127.0.0.1:9/v1", "--speech", "a=many"), "'many' is no price of a"),
        (("home", "http://127.0.0.1:9/v1", "--voices", "a=b"), "of a model that is not offered"),
        (
            ("home", "http://127.0.0.1:9/v1", "--speech", "a", "--voices", "a=b,b"),
            "'b' cannot be a voice of a; give each once",
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    environ: dict[str, str], words: tuple[str, ...], line: str
) -> None:
    result = _run(environ, "text-servers", "add", *words)
    assert isinstance(result.exception, InvalidRequest)
    assert line in result.exception.message


def test_a_key_that_no_header_can_carry_is_refused_and_not_said(environ: dict[str, str]) -> None:
    words = ("text-servers", "add", "home", "http://127.0.0.1:9/v1", "--with-key")
    result = _run(environ, *words, key="钥匙 secret")
    assert isinstance(result.exception, InvalidRequest)
    assert "secret" not in result.exception.message


def test_a_key_of_a_lost_key_is_told_of(environ: dict[str, str]) -> None:
    words = ("add", "home", "http://127.0.0.1:9/v1", "--offer", "m", "--with-key")
    _servers(environ, *words, key=KEY)
    (Path(environ["MAQUETTE_DATA"]) / "second-factor.key").unlink()
    settings = Settings(data=Path(environ["MAQUETTE_DATA"]), database=environ["MAQUETTE_DATABASE"])
    with open_database(settings) as database, pytest.raises(RemoteUnavailable, match="doctor"):
        TextServers(database, settings).open("home/m")
    told = json.loads(_run(environ, "doctor", "--json").stdout)
    assert "the keys of 1 cannot be read" in json.dumps(told)


def test_a_text_is_written_by_a_server_that_was_added(environ: dict[str, str]) -> None:
    with serving(good) as (url, asked):
        _servers(environ, "add", "home", url, "--offer", "m", "--with-key", key=KEY)
        said = _told(_run(environ, "text", "A tagline", "--model", "home/m", "--json"))
        assert (said["text"], said["answer_tokens"]) == ("Tea, 水", 3)
        assert _run(environ, "text", "A tagline", "--model", "home/m").stdout == "Tea, 水\n"
    assert asked[0]["key"] == f"Bearer {KEY}"
    result = _run(environ, "text", "A tagline", "--model", "home/other")
    assert isinstance(result.exception, ModelNotFound)
    assert "did you mean home/m?" in result.exception.message


def test_copy_is_written_there_until_it_meets_its_checks(environ: dict[str, str]) -> None:
    said = iter(["Tea.", "Alder, and all is calm.", "Alder, at last."])

    def answer(handler: Any, _: dict[str, Any]) -> None:
        say(handler, piece(next(said)), piece(None, "stop"))

    words = ("copy", "tagline", "--set", "product=Alder, a kettle", "--include", "Alder", "--json")
    with serving(answer) as (url, asked):
        _servers(environ, "add", "home", url, "--offer", "m")
        told = _told(_run(environ, *words, "--model", "home/m", "--seed", "7"))
    assert told["texts"] == [{"text": "Alder, and all is calm.", "findings": []}]
    assert [one["seed"] for one in asked] == [7, seed_of_try(7, 2)]
    assert "“Alder” is missing." in asked[1]["messages"][-1]["content"]
    result = _run(environ, *words, "--model", "home/other")
    assert isinstance(result.exception, ModelNotFound)
