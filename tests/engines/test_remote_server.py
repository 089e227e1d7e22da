"""What a server says that it has: a list of models, or what is none."""

import pytest

from maquette.core.errors import RemoteUnavailable
from maquette.engines import remote_server
from maquette.engines.remote_server import TextServer
from maquette.engines.remote_text import RemoteText
from tests.engines.text_server import say, serving


@pytest.mark.parametrize("said", ["<html>", "[]", '{"data": 5}', '{"data": [3]}', "[" * 100_000])
def test_a_list_of_models_that_is_none_is_said_so(said: str) -> None:
    with (
        serving(lambda handler, _: say(handler, said)) as (url, _),
        pytest.raises(RemoteUnavailable, match="says what is no answer"),
    ):
        RemoteText(TextServer(url)).models()


def test_a_list_of_models_without_an_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_server, "MOST_BODY_BYTES", 2000)
    with (
        serving(lambda handler, _: say(handler, "x" * 9000)) as (url, _),
        pytest.raises(RemoteUnavailable, match="bytes and no end"),
    ):
        RemoteText(TextServer(url)).models()
