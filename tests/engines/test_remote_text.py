"""Other servers: what they say is told as it comes, and each way to fail is one line."""

import contextlib
import json
import logging
import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import CancelledError
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from maquette.core.errors import InvalidRequest, RemoteUnavailable
from maquette.core.text_requests import Message, TextParams, TextRequest, one_by_one
from maquette.engines.remote_answer import RemoteAnswer, most_prompt_tokens
from maquette.engines.remote_schema import check_schema
from maquette.engines.remote_server import Patience, TextServer
from maquette.engines.remote_text import RemoteText
from tests.engines.text_server import Answer, data, good, piece, say, serving

ASK = TextRequest((Message("user", "A tagline for a kettle."),), TextParams(seed=4, stop=("#",)))
KEY = "sk-very-secret-7"


def ask(url: str, request: TextRequest = ASK, **patience: float) -> RemoteAnswer:
    server = TextServer(url, KEY, "home")
    return RemoteText(server, Patience(**patience)).answers(request, "m")[0]


def test_answers_are_told_as_they_come_and_asked_for_as_the_wire_has_it() -> None:
    told = [list[str](), list[str]()]
    with serving(good) as (url, asked):
        request = TextRequest(ASK.messages, ASK.params, 2)
        answers = RemoteText(TextServer(url, KEY)).answers(
            request, "some-model", lambda number, more: told[number].append(more)
        )
    assert answers == [RemoteAnswer("Tea, 水", "length", 9, 3)] * 2
    assert told == [["Tea, ", "水"]] * 2
    assert {one["seed"] for one in asked} == {4, 5}
    for one in asked:
        assert (one["path"], one["key"]) == ("/v1/chat/completions", f"Bearer {KEY}")
        assert (one["model"], one["stop"], one["stream"]) == ("some-model", ["#"], True)


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 3}, (9, 3)),
        (None, (6, 3)),  # four bytes a token
        ({"prompt_tokens": 10**9, "completion_tokens": 10**9}, (6, 3)),
        ({"prompt_tokens": 9, "completion_tokens": 400}, (9, 3)),  # of nine bytes, and eight more
        ({"prompt_tokens": -9, "completion_tokens": -1}, (6, 3)),
        ({"prompt_tokens": True, "completion_tokens": "3"}, (6, 3)),
        ([3], (6, 3)),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 400,
                "completion_tokens_details": {"reasoning_tokens": 395},
            },
            (9, 400),
        ),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 4000,  # and 512 were asked for
                "completion_tokens_details": {"reasoning_tokens": 3995},
            },
            (9, 3),
        ),
    ],
)
def test_a_server_is_believed_as_far_as_it_can_be_so(usage: Any, counted: tuple[int, int]) -> None:
    def answer(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        end = data({"choices": [], "usage": usage})
        say(handler, piece("Tea, "), piece("water"), piece(None, "stop"), end, "data: [DONE]")

    with serving(answer) as (url, _):
        said = ask(url)
    assert (said.prompt_tokens, said.answer_tokens) == counted
    assert said.prompt_tokens <= most_prompt_tokens(ASK.messages)


def test_a_schema_goes_along_and_what_comes_back_is_compared_with_it() -> None:
    schema = '{"type": "array", "items": {"type": "integer"}}'
    request = TextRequest(ASK.messages, TextParams(schema=schema))

    def saying(text: str, finish: str = "stop") -> Answer:
        return lambda handler, _: say(handler, piece(text), piece(None, finish), "data: [DONE]")

    with serving(saying("[1, 2]")) as (url, asked):
        assert ask(url, request).text == "[1, 2]"
    assert asked[0]["response_format"]["json_schema"]["schema"] == json.loads(schema)
    with (
        serving(saying('["x"]')) as (url, _),
        pytest.raises(RemoteUnavailable, match=r'home wrote what does not fit .* "x" is not of'),
    ):
        ask(url, request)
    for no_json in ("one, two", "[" * 100_000):
        with (
            serving(saying(no_json)) as (url, _),
            pytest.raises(RemoteUnavailable, match="it is no JSON"),
        ):
            ask(url, TextRequest(ASK.messages, TextParams(10_000, schema=schema)))
    with serving(saying("[1, 2", "length")) as (url, _):
        assert ask(url, request).finish_reason == "length"  # as with a model of ours
    with (
        serving(saying("[]")) as (url, asked),
        pytest.raises(RemoteUnavailable, match="does not fit the JSON Schema"),
    ):
        ask(url, TextRequest(ASK.messages, TextParams(schema="{}")))
    assert asked[0]["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize(
    "schema", ['{"type": 5}', '{"$ref": "http://127.0.0.1:9/x"}', '{"pattern": "(?=x)"}']
)
def test_a_schema_that_nothing_can_be_compared_with_is_refused(schema: str) -> None:
    with pytest.raises(InvalidRequest, match="the JSON Schema cannot be held to"):
        check_schema(schema)


@pytest.mark.parametrize("slow", [False, True])
def test_of_several_talks_each_goes_on_by_itself_and_keeps_what_was_answered(slow: bool) -> None:
    def answer(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        say(handler, piece(f"{body['seed']} "))
        if body["seed"] == 11 and slow:
            handler.connection.recv(1)
        elif body["seed"] != 11:  # which is broken off
            with contextlib.suppress(OSError):
                handler.wfile.write(f"{piece('', 'stop')}\n\n".encode())

    def again(number: int, said: Sequence[RemoteAnswer]) -> TextRequest | None:
        params = replace(ASK.params, seed=10 * len(said) + number)
        return replace(ASK, params=params) if len(said) <= number else None

    told: list[str] = ["", "", ""]

    def tell(number: int, more: str) -> None:
        told[number] += more

    firsts = one_by_one(replace(ASK, count=3))  # seeds from 4 on
    with serving(answer) as (url, asked):
        remote = RemoteText(TextServer(url), Patience(silent_s=4.0))
        talks = remote.talks(firsts, "m", again, tell)
    assert [[one.text for one in talk] for talk in talks] == [["4 "], ["5 "], ["6 ", "12 ", "22 "]]
    assert told == ["4 ", "5 11 ", "6 12 22 "]
    assert sorted(one["seed"] for one in asked) == [4, 5, 6, 11, 12, 22]


def test_what_is_not_to_go_on_ends_at_once_even_while_nothing_comes() -> None:
    def silent(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        say(handler, piece("on "))
        begun.set()
        if handler.connection.recv(1) == b"":
            gone.set()

    begun, gone = threading.Event(), threading.Event()
    with serving(silent) as (url, _):
        began_s = time.monotonic()
        with pytest.raises(CancelledError):
            RemoteText(TextServer(url)).answers(ASK, "m", look=lambda: not begun.is_set())
        assert gone.wait(5)
    assert time.monotonic() - began_s < 5


def test_an_answer_counts_that_is_whole_though_its_server_says_no_more() -> None:
    def hangs(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        say(handler, piece("Tea"), piece(None, "stop"))
        if body["seed"] == 4:
            handler.connection.recv(1)

    with serving(hangs) as (url, _):
        began_s = time.monotonic()
        said = RemoteText(TextServer(url)).answers(TextRequest(ASK.messages, ASK.params, 2), "m")
        assert time.monotonic() - began_s < 10
    assert [one.text for one in said] == ["Tea", "Tea"]


def test_what_no_database_and_no_file_can_hold_is_replaced() -> None:
    lines = (piece("a\0b\ud800"), piece(None, "stop"))
    with serving(lambda handler, _: say(handler, *lines)) as (url, _):
        assert ask(url).text == "ab?"


def _choices(*choices: Any) -> str:
    return data({"choices": [*choices]})


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (["data: no JSON"], "says what is no answer \\('no JSON'\\)"),
        (["data: []"], "says what is no answer"),
        (["data: " + "[" * 100_000], "says what is no answer"),
        ([], "broke off in the middle of its answer"),
        (["data: [DONE]"], "an end, and nothing before it"),
        ([data({"choices": []}), "data: [DONE]"], "an end, and nothing before it"),
        ([": nothing to say"], "broke off in the middle"),
        ([piece("Tea, ")], "broke off in the middle"),
        (['data: {"error": {"message": "out of memory"}}'], "broke off: out of memory"),
        ([data({"error": f"Bearer {KEY} is\nwrong"})], "broke off: Bearer … is wrong"),
        ([data({"choices": {"a": 1}})], "choices that are no list"),
        ([_choices("x")], "a choice that is no object"),
        ([_choices({"delta": "x"})], "a choice that is no object"),
        ([_choices({"delta": {"content": [1]}})], "content that is no text"),
        ([_choices({"delta": {"reasoning": {"a": 1}}})], "content that is no text"),
        ([piece("x" * 17_000)], "17000 characters where 512 tokens were asked for"),
        ([piece("x" * 1_100_000)], "bytes and no end"),
        ([": " + "x" * 9000] * 400, "bytes and no end"),
    ],
)
def test_what_is_no_answer_is_said_so(lines: list[str], line: str) -> None:
    def answer(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            say(handler, *lines)

    with serving(answer) as (url, _), pytest.raises(RemoteUnavailable, match=line) as told:
        ask(url)
    assert KEY not in told.value.message
    assert len(told.value.message) < 400


@pytest.mark.parametrize(
    ("kind", "body"), [("text/html", "<p>Hi"), ("application/json", '{"error": "no stream"}')]
)
def test_what_is_no_stream_is_said_so(kind: str, body: str) -> None:
    with (
        serving(lambda handler, _: say(handler, body, content_type=kind)) as (url, _),
        pytest.raises(RemoteUnavailable, match=f"says what is no answer .'{kind}: "),
    ):
        ask(url)


def test_what_is_packed_is_not_unpacked() -> None:
    with (
        serving(lambda handler, _: say(handler, "x", content_encoding="gzip")) as (url, _),
        pytest.raises(RemoteUnavailable, match="what is packed"),
    ):
        ask(url)


def test_a_connection_that_is_cut_is_said_so() -> None:
    def cut(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        say(handler, piece("Tea, "), transfer_encoding="chunked")

    with serving(cut) as (url, _), pytest.raises(RemoteUnavailable, match="home does not answer"):
        ask(url)


def test_a_server_that_never_ends_is_left() -> None:
    def endless(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            say(handler, *[piece("")] * 500, pause_s=0.02)

    with serving(endless) as (url, _), pytest.raises(RemoteUnavailable, match="was not done after"):
        ask(url, most_s=0.5)
    with serving(endless) as (url, _), pytest.raises(RemoteUnavailable, match="was not done after"):
        ask(url, begin_s=0.2, token_s=0.001)  # of 512 tokens
    assert Patience().whole_s(512) < Patience().whole_s(10_000) == Patience().most_s


def test_to_say_that_one_is_there_is_to_say_nothing() -> None:
    def pinging(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            say(handler, *[": still there"] * 500, pause_s=0.02)

    with serving(pinging) as (url, _), pytest.raises(RemoteUnavailable, match="said nothing for"):
        ask(url, silent_s=0.4)


@pytest.mark.parametrize(
    ("status", "kind", "line"),
    [
        (400, InvalidRequest, "home answers 400: no such model"),
        (404, InvalidRequest, "answers 404"),
        (401, RemoteUnavailable, "answers 401, for its key is refused"),
        (429, RemoteUnavailable, "answers 429"),
        (500, RemoteUnavailable, "answers 500"),
        (302, RemoteUnavailable, "answers 302, for it is elsewhere"),
    ],
)
def test_a_refusal_is_told_in_the_servers_words(
    status: int, kind: type[Exception], line: str
) -> None:
    reason = json.dumps({"error": {"message": f"no such model, Bearer {KEY} " + "x" * 9000}})
    with (
        serving(
            lambda handler, _: say(handler, reason, status=status, location="/v1/elsewhere")
        ) as (url, asked),
        pytest.raises(kind, match=line) as told,
    ):
        ask(url)
    assert KEY not in str(told.value)
    assert len(str(told.value)) < 400
    assert len(asked) == 1  # and no redirect is followed


def test_what_a_service_says_of_a_key_is_for_operators() -> None:
    reason = json.dumps({"error": {"message": f"Incorrect API key: {KEY[:9]}***{KEY[-4:]}"}})
    with serving(lambda handler, _: say(handler, reason, status=401)) as (url, _):
        with pytest.raises(RemoteUnavailable, match="its key is refused") as told:
            ask(url)
        with pytest.raises(RemoteUnavailable, match=r"Incorrect API key.* see that its key"):
            RemoteText(TextServer(url, KEY)).models()
    assert KEY[:9] not in told.value.message


def test_a_key_that_a_server_says_is_masked_however_it_is_cut() -> None:
    told: list[str] = []
    lines = [piece(f"Say {KEY[:5]}"), piece(KEY[5:9]), piece(f"{KEY[9:]}, sk"), piece(None, "stop")]
    with serving(lambda handler, _: say(handler, *lines)) as (url, _):
        answers = RemoteText(TextServer(url, KEY)).answers(
            ASK, "m", lambda _, more: told.append(more)
        )
    assert answers[0].text == "Say …, sk"
    assert answers[0].text.startswith("".join(told))
    names = json.dumps({"data": [{"id": "m"}, {"id": f"m-{KEY}"}]})
    with serving(lambda handler, _: say(handler, names)) as (url, _):
        assert RemoteText(TextServer(url, KEY)).models() == ["m"]


def test_a_service_that_wants_the_other_name_is_asked_by_it_once() -> None:
    def newer(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        if "max_tokens" in body:
            why = "'max_tokens' is not supported here. Use 'max_completion_tokens' instead."
            say(handler, json.dumps({"error": {"message": why}}), status=400)
        else:
            good(handler, body)

    with serving(newer) as (url, asked):
        assert ask(url).text == "Tea, 水"
    assert [one.get("max_completion_tokens") for one in asked] == [None, ASK.params.max_tokens]

    def never(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        say(handler, "max_completion_tokens is too large", status=400)

    with serving(never) as (url, asked), pytest.raises(InvalidRequest, match="answers 400"):
        ask(url)
    assert len(asked) == 2


def test_one_refusal_ends_all_answers() -> None:
    def one(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        if body["seed"] == 5:
            say(handler, "no", status=500)
        else:
            handler.connection.recv(1)

    with serving(one) as (url, _), pytest.raises(RemoteUnavailable, match="answers 500"):
        RemoteText(TextServer(url)).answers(TextRequest(ASK.messages, ASK.params, 3), "m")


def test_a_slow_server_is_not_waited_for_for_ever() -> None:
    with (
        serving(lambda handler, _: time.sleep(3)) as (url, _),
        pytest.raises(RemoteUnavailable, match="home said nothing for"),
    ):
        ask(url, silent_s=0.3)


def test_a_server_that_is_away_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(RemoteUnavailable, match=r"home does not answer .* see that it runs"):
        ask(f"http://127.0.0.1:{port}/v1")
    with pytest.raises(RemoteUnavailable, match="no one knows the name nowhere"):
        ask("http://nowhere.invalid/v1")


def test_a_key_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert KEY not in repr(TextServer("http://somewhere/v1", KEY))
    with serving(good) as (url, asked):
        ask(url)
    assert asked[0]["key"] == f"Bearer {KEY}"
    assert "127.0.0.1" in caplog.text  # so that something was logged
    assert KEY not in caplog.text
