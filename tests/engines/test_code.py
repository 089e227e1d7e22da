"""Code is run before it is handed over, and written again where that fails."""

import json
import time
from collections.abc import Callable, Sequence

import pytest

from maquette.core.code_requests import CodeKind, CodeRequest, CodeTests
from maquette.core.errors import CodeFailed, InvalidRequest
from maquette.core.text_requests import Message, TextRequest
from maquette.engines.code import (
    MOST_ANSWER_CHARACTERS,
    Attempt,
    CodeMade,
    Told,
    Written,
    log_file,
    make_code,
)
from maquette.engines.code_prompts import extract
from maquette.engines.starter_code import StarterWriter, read_wish, split_story, story_fault
from maquette.engines.svg_check import check_svg
from maquette.sandbox.choice import choose_sandbox
from maquette.sandbox.runs import Sandbox

SOON_S = 5.0  # on a machine that is busy; what is quadratic takes minutes
WRONG = "def add(a, b):\n    return a - b\n"
RIGHT = WRONG.replace("-", "+")
SUM = CodeTests("assert add(2, 3) == 5")
TOOL = """
import argparse
def main():
    parser = argparse.ArgumentParser(description="Doubles a number.")
    parser.add_argument("number", type=int)
    print(parser.parse_args().number * 2)
if __name__ == "__main__":
    main()
"""
CHART = """
import csv
(name, height), = csv.reader(open("data.csv"))
with open("chart.svg", "w") as file:
    file.write("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'>")
    file.write(f"<rect width='1' height='{height}'/><text>{name}</text></svg>")
"""
STORY = "Bebe tries again\n\nA red boat called Bebe was at sea. It was late, and all was well.\n"


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return choose_sandbox()


def _python(*blocks: str) -> str:
    return "Here it is.\n" + "\n".join(f"```python\n{one}\n```" for one in blocks)


class Script:
    """A writer that gives its answers in turn, and keeps what it was asked."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = answers, list[Sequence[Message]]()

    def __call__(self, messages: Sequence[Message], attempt: int) -> Written:
        self.asked.append(messages)
        return Written(self.answers[attempt], 10, 5)


def _none() -> Sandbox:
    raise AssertionError("nothing is to be run")


def test_what_failed_is_told_and_what_passed_is_handed_over(sandbox: Sandbox) -> None:
    script, told, kept = Script(_python(WRONG), _python(RIGHT)), list[Told](), list[int]()
    made = make_code(
        CodeRequest("Add two numbers.", "program", SUM),
        script,
        lambda: sandbox,
        on_attempt=lambda attempts: kept.append(len(attempts)),
        on_doing=told.append,
    )
    assert [file.content.decode() for file in made.files] == [RIGHT + "\n"]
    first, second = made.attempts
    assert "AssertionError" in first.failure
    assert first.exit_code == 1
    assert (second.failure, second.exit_code) == ("", 0)
    assert first.notes == "Here it is."
    assert kept == [1, 2]
    assert told == [Told(n, doing) for n in (1, 2) for doing in ("writing", "running")]
    assert (made.read_tokens, made.said_tokens) == (20, 10)
    system, user, answer, failure = script.asked[1]
    assert [system, user] == script.asked[0]
    assert "assert add(2, 3) == 5" in user.content
    assert WRONG in answer.content
    assert "AssertionError" in failure.content
    log = json.loads(log_file(CodeRequest("x", "program", SUM), made.attempts, "m").content)
    assert [one["number"] for one in log["attempts"]] == [1, 2]


def test_it_goes_on_after_attempts_of_before(sandbox: Sandbox) -> None:
    begun = Attempt(1, WRONG, "", 1, None, "", "it was wrong", 0.1, 10, 5)
    script = Script("never asked for", _python(RIGHT))
    made = make_code(CodeRequest("Add.", "program", SUM), script, lambda: sandbox, [begun])
    assert len(script.asked) == 1
    assert "it was wrong" in script.asked[0][-1].content
    assert made.attempts[0] == begun


@pytest.mark.parametrize("attempts", [1, 3])
def test_what_passed_before_is_run_again_and_not_written_again(
    sandbox: Sandbox, attempts: int
) -> None:
    begun = Attempt(1, RIGHT, "", 0, None, "", "", 0.1, 10, 5, "Here.")
    script, told = Script(), list[Told]()
    request = CodeRequest("Add.", "program", SUM, attempts=attempts)
    made = make_code(request, script, lambda: sandbox, [begun], on_doing=told.append)
    assert [file.content.decode() for file in made.files] == [RIGHT]
    (again,) = made.attempts
    assert (again.number, again.failure, again.notes) == (1, "", "Here.")
    assert (made.read_tokens, made.said_tokens) == (10, 5)
    assert told == [Told(1, "running")]


def test_what_passed_before_and_fails_now_is_written_again(sandbox: Sandbox) -> None:
    begun = Attempt(1, WRONG, "", 0, None, "", "", 0.1, 10, 5)
    script = Script("never asked for", _python(RIGHT))
    made = make_code(CodeRequest("Add.", "program", SUM), script, lambda: sandbox, [begun])
    assert "AssertionError" in script.asked[0][-1].content
    assert [one.number for one in made.attempts] == [1, 2]


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ("I would rather not.", "no code was found"),
        (_python("print('ok'"), "SyntaxError"),
        (_python("import sys\nsys.exit(0)"), "the program left before its tests had run"),
        (_python("import numpy"), "No module named 'numpy'"),
        (_python("while True: pass"), "was ended after"),
        (_python("open('/etc/passwd').read()"), "FileNotFoundError"),
        (
            _python("import socket\nsocket.create_connection(('127.0.0.1', 80), 2)"),
            "Error",
        ),
        (_python("print('x' * 3_000_000)"), "was ended for its output"),
    ],
)
def test_each_way_to_fail_is_named(sandbox: Sandbox, answer: str, failure: str) -> None:
    attempts: list[Attempt] = []
    with pytest.raises(CodeFailed, match="no code passed within 1 attempts"):
        make_code(
            CodeRequest("Add.", "program", SUM, attempts=1),
            Script(answer),
            lambda: sandbox,
            on_attempt=attempts.extend,
        )
    assert failure in attempts[0].failure
    assert len(attempts[0].output) < 9000


def test_a_program_prints_what_it_was_to_print(sandbox: Sandbox) -> None:
    tests = CodeTests(output="ho a b\n", arguments=("a", "b"))
    good = "import sys\nprint('ho', *sys.argv[1:], '')"
    made = make_code(
        CodeRequest("Say ho.", "program", tests),
        Script(_python("print('hi')"), _python(good)),
        lambda: sandbox,
    )
    assert "it was to print\nho a b" in made.attempts[0].failure


def test_a_writer_brings_tests_where_the_person_states_none(sandbox: Sandbox) -> None:
    tests = "assert run(4) == (0, '8\\n')\nassert run('x')[0] == 2"
    script = Script(_python(TOOL), _python(TOOL, tests.replace("8", "9")), _python(TOOL, tests))
    made = make_code(CodeRequest("Double.", "tool"), script, lambda: sandbox)
    assert "no tests came with it" in made.attempts[0].failure
    assert "AssertionError" in made.attempts[1].failure
    assert made.attempts[2].tests.strip() == tests


def test_a_chart_is_drawn_from_the_data(sandbox: Sandbox) -> None:
    request = CodeRequest("Bars.", "chart", CodeTests(contains=("tea", "<rect>")), "tea,4\n")
    script = Script(_python("x = 1"), _python(CHART.replace("<text>", "<foreignObject/><text>")))
    script.answers = (*script.answers, _python(CHART))
    made = make_code(request, script, lambda: sandbox)
    assert [(file.name, file.media_type) for file in made.files] == [
        ("chart.svg", "image/svg+xml"),
        ("main.py", "text/x-python"),
    ]
    assert b"<text>tea</text>" in made.files[0].content
    assert [one.failure for one in made.attempts[:2]] == [
        "no chart.svg was written",
        "chart.svg: <foreignObject> may not be in a drawing; leave it out",
    ]
    assert "data.csv" in script.asked[0][1].content


@pytest.mark.parametrize(
    ("write", "failure"),
    [
        ("b'no PNG'", "no whole PNG"),
        ("__import__('base64').b64decode(PNG)", "shows nothing"),
    ],
)
def test_a_chart_as_png_is_looked_at(sandbox: Sandbox, write: str, failure: str) -> None:
    one_pixel = (
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5E"
        "rkJggg=="
    )
    code = f"PNG = '{one_pixel}'\nopen('chart.png', 'wb').write({write})"
    with pytest.raises(CodeFailed, match=failure):
        make_code(
            CodeRequest("Bars.", "chart", data="tea,4", attempts=1),
            Script(_python(code)),
            lambda: sandbox,
        )


def test_pages_and_drawings_are_looked_through_and_not_run() -> None:
    bad, good = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'>",
        "<circle r='3'/></svg>",
    )
    script = Script(f"```svg\n{bad}```", f"So: {bad}{good}")
    made = make_code(CodeRequest("A dot.", "svg", CodeTests(contains=("<circle>",))), script, _none)
    assert "no well-formed XML" in made.attempts[0].failure
    assert made.files[0].media_type == "image/svg+xml"
    page = "<!doctype html><title>T</title><body><p>Tea</p></body></html>"
    wanted = CodeTests(contains=("Tea", "<button>"))
    asked = CodeRequest("Tea.", "page", wanted, attempts=1)
    with pytest.raises(CodeFailed, match="these are not in it: <button>"):
        make_code(asked, Script(page), _none)


@pytest.mark.parametrize(
    ("kind", "answer", "code"),
    [
        ("program", "Here:\n```python\nx = 1\n```\nand\n```\nno\n```", "x = 1\n"),
        ("program", "```\nx = 1\n```", "x = 1\n"),
        ("program", "```bash\nls\n```", ""),
        ("program", "print('x')", "print('x')\n"),
        ("program", "Sorry", ""),
        ("program", "```py\nx = '''\n  ```\n'''", "x = '''\n"),
        ("program", "```python\nx = 1  # cut off", "x = 1  # cut off"),
        ("program", "```python\nx = 1\n```\n```python\ny = (", "x = 1\n"),
        ("svg", "```xml\n<svg/>\n```", "<svg/>\n"),
        ("svg", "It is <svg><g/></svg>.", "<svg><g/></svg>\n"),
        ("page", "<!DOCTYPE html><p></p></html> done", "<!DOCTYPE html><p></p></html>\n"),
    ],
)
def test_code_is_found_in_an_answer(kind: CodeKind, answer: str, code: str) -> None:
    assert extract(answer, kind).code == code


@pytest.mark.parametrize("text", ["```x\n", "<svg ", "<!doctype html>", "```", " ", "```\n", "\n"])
@pytest.mark.parametrize("kind", ["program", "page", "svg"])
def test_an_answer_that_is_long_and_hostile_is_soon_read(kind: CodeKind, text: str) -> None:
    began = time.monotonic()
    extract(text * (MOST_ANSWER_CHARACTERS // len(text)), kind)
    assert time.monotonic() - began < SOON_S


def test_an_answer_that_is_too_long_is_not_looked_through() -> None:
    with pytest.raises(CodeFailed, match="the answer is longer than 500000 characters"):
        make_code(CodeRequest("A dot.", "svg", attempts=1), Script("x" * 500_001), _none)


def _no_story(request: TextRequest) -> Written:
    raise AssertionError("a drawing needs no words")


def _starter(request: CodeRequest, tell: Callable[[TextRequest], Written]) -> CodeMade:
    return make_code(request, StarterWriter(request, tell), _none)


def test_the_starter_draws_what_the_prompt_says() -> None:
    request = CodeRequest("a red boat and a dragon at night", "svg", seed=4)
    made = _starter(request, _no_story)
    assert made.attempts[0].notes == "passed over: dragon"
    root, fault = check_svg(made.files[0].content.decode())
    assert root is not None
    assert fault == ""
    assert root[0].text == "a red boat and a dragon at night"
    assert _starter(request, _no_story).files == made.files


def test_the_starter_lays_out_a_page_with_a_story_that_fits() -> None:
    drafts = iter(["No title.", "A cat\n\n" + "It was a cat. " * 9, STORY])
    made = _starter(
        CodeRequest("a page about a red boat", "page", CodeTests(contains=("<svg>", "Bebe"))),
        lambda request: Written(next(drafts), 12, 40),
    )
    page = made.files[0].content.decode()
    assert "<h1>Bebe tries again</h1>" in page
    assert '<html lang="en">' in page
    assert made.said_tokens == 120
    assert "draft 1: it has no title" in made.attempts[0].notes
    assert "draft 2: it names no boat" in made.attempts[0].notes


def test_no_story_that_fits_is_a_failure() -> None:
    with pytest.raises(CodeFailed, match="within 2 attempts"):
        _starter(CodeRequest("a boat", "page", attempts=2), lambda request: Written("Once", 1, 1))


@pytest.mark.parametrize(
    ("prompt", "kind", "line"),
    [
        ("a program that sorts", "program", "cannot write a program; choose some-model"),
        ("a dragon", "svg", "finds nothing that it can draw in 'a dragon'; name one of boat"),
        ("一条龙", "svg", "name one of 船"),
        ("five ducks", "svg", "room for at most 4 figures"),
    ],
)
def test_what_the_starter_cannot_do_it_says(prompt: str, kind: CodeKind, line: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_wish(CodeRequest(prompt, kind, data=""), ["some-model"])
    assert line in caught.value.message


def test_a_story_is_split_and_looked_at() -> None:
    story = split_story(STORY)
    assert story[0] == "Bebe tries again"
    assert story_fault(story, "boat", "en") == ""
    assert story_fault(story, "boat", "zh") == "it is in the other language"
    assert story_fault(split_story(STORY.rstrip(".\n")), "boat", "en") == "it breaks off"


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({"prompt": " "}, "the prompt is empty"),
        ({"prompt": "x" * 20_001}, "at most 20000 are read"),
        ({"prompt": "\udcff"}, "is not valid UTF-8"),
        ({"kind": "game"}, "unknown kind of code 'game'"),
        ({"attempts": 9}, "attempts 9 must be between 1 and 8"),
        ({"attempts": 0}, "attempts 0 must be between 1 and 8"),
        ({"max_tokens": 0}, "max_tokens 0 must be between"),
        ({"seed": -1}, "seed -1 must be between"),
        ({"kind": "chart"}, "a chart needs data"),
        ({"data": "a,1"}, "a program takes no data"),
        ({"kind": "svg", "tests": CodeTests("assert x")}, "cannot be tested by assertions"),
        ({"tests": CodeTests(contains=("x",))}, "a program cannot be tested by contains"),
    ],
)
def test_what_cannot_be_asked_for_is_told(asked: dict[str, object], line: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        CodeRequest(**{"prompt": "Add.", "kind": "program", **asked})  # type: ignore[arg-type]
    assert line in caught.value.message


@pytest.mark.parametrize(
    ("tests", "line"),
    [
        ({"assertions": "assert ("}, "the tests are no Python: line 1"),
        ({"assertions": "x" * 50_001}, "at most 50000 are read"),
        ({"contains": (" ",)}, "an empty text is in everything"),
        ({"contains": ("x",) * 51}, "at most 50 texts and words"),
        ({"arguments": ("x" * 1001,)}, "has 1001 characters"),
        ({"output": "\udcff"}, "is not valid UTF-8"),
    ],
)
def test_tests_that_cannot_be_are_told(tests: dict[str, object], line: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        CodeTests(**tests)  # type: ignore[arg-type]
    assert line in caught.value.message
