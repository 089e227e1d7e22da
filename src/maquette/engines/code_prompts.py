"""What a writer of code is told, and what is taken out of its answers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from maquette.core.code_requests import CodeKind, CodeRequest
from maquette.core.text_requests import Message

MOST_FAILURE_CHARACTERS = 3000  # of what went wrong, which is told to the writer
MOST_DATA_SHOWN = 2000
_PYTHON = (
    "Python 3.11, standard library only: nothing else is installed, and there is no network. "
    "Answer with one ```python block that is the whole file main.py. "
)
_TESTS = (
    "Then a second ```python block with tests: plain assert statements that see all names of "
    'main.py, and run(*words, stdin="") that calls it and gives (exit_code, what_it_printed). '
)
SYSTEM: dict[CodeKind, str] = {
    "program": (
        f"You write small programs. {_PYTHON}What runs goes below "
        'if __name__ == "__main__": and ends by itself, without input. '
    ),
    "tool": (
        f"You write small command-line tools. {_PYTHON}Use argparse; `--help` must explain the "
        'tool. What runs goes below if __name__ == "__main__":. '
    ),
    "chart": (
        f"You write programs that draw charts. {_PYTHON}The data lie in the file {{data}}. Draw "
        "the chart as SVG yourself, with title, axes and labels, and write it to chart.svg. "
    ),
    "page": (
        "You write web pages. Answer with one ```html block that is the whole page, from "
        "<!doctype html> to </html>: style in <style>, script in <script>, pictures as inline SVG. "
        "It has a title and loads nothing from elsewhere. "
    ),
    "svg": (
        "You draw in SVG. Answer with one ```svg block that is the whole drawing: <svg> with xmlns "
        "and viewBox, plain shapes, no script, no foreignObject, nothing from elsewhere. "
    ),
}
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_FENCE = re.compile(r"[ \t]*```[ \t]*([\w+-]*)")
_WHOLE = {
    "svg": (re.compile(r"<svg[\s>]"), re.compile(r"</svg>")),
    "page": (
        re.compile(r"<!doctype html>", re.IGNORECASE),
        re.compile(r"</html>", re.IGNORECASE),
    ),
}


@dataclass(frozen=True, slots=True)
class Extract:
    """The code of an answer, the tests that came with it and what it says beside; "" where there
    is none.
    """

    code: str
    tests: str = ""
    notes: str = ""


def opening(request: CodeRequest, data_name: str) -> list[Message]:
    """What a writer is asked first."""
    tests = request.tests
    system = SYSTEM[request.kind].replace("{data}", data_name)
    if wants_tests(request):
        system += _TESTS
    said = [request.prompt.strip()]
    if request.data:
        shown = request.data[:MOST_DATA_SHOWN]
        more = "\n…" if len(shown) < len(request.data) else ""
        said.append(f"{data_name}:\n```\n{shown}{more}\n```")
    if tests.assertions:
        said.append(f"It has to pass:\n```python\n{tests.assertions.strip()}\n```")
    if tests.output is not None:
        called = " ".join(["python main.py", *tests.arguments])
        said.append(f"`{called}` has to print exactly:\n```\n{tests.output.rstrip()}\n```")
    if tests.contains:
        said.append("It has to have: " + ", ".join(tests.contains))
    return [Message("system", system.strip()), Message("user", "\n\n".join(said))]


def wants_tests(request: CodeRequest) -> bool:
    """Whether the writer is to bring tests, for the person has stated none."""
    tests = request.tests
    return request.kind in ("program", "tool") and not tests.assertions and tests.output is None


def again(first: Sequence[Message], answer: str, failure: str) -> list[Message]:
    """What a writer is asked after a failure: the same, its last answer, and what went wrong."""
    told = failure[-MOST_FAILURE_CHARACTERS:]
    return [
        *first,
        Message("assistant", answer or "(nothing)"),
        Message("user", f"That failed:\n```\n{told}\n```\nGive the whole answer again, mended."),
    ]


def extract(answer: str, kind: CodeKind) -> Extract:
    """What is in an answer."""
    blocks, notes = _blocks(answer)
    if kind in _WHOLE:
        code, tests = _marked_up(answer, blocks, kind), ""
    else:
        code, tests = _python(answer, blocks)
    return Extract(code, tests, notes if blocks or not code else "")


def _blocks(answer: str) -> tuple[list[tuple[str, str]], str]:
    """The blocks of an answer, each with its language, and what is beside them. A block that is not
    closed counts where there is no other.
    """
    blocks: list[tuple[str, str]] = []
    beside: list[str] = []
    inside: list[str] | None = None
    fence = language = ""
    for line in _LINE.findall(answer):
        if inside is None:
            if found := _FENCE.match(line):
                fence, language, inside = line, found[1], []
            else:
                beside.append(line)
        elif line.strip() == "```":
            blocks.append((language, "".join(inside)))
            inside = None
        else:
            inside.append(line)
    if inside is not None and blocks:
        beside += [fence, *inside]
    elif inside:
        blocks.append((language, "".join(inside)))
    return blocks, "".join(beside).strip()


def _python(answer: str, blocks: Sequence[tuple[str, str]]) -> tuple[str, str]:
    python = [text for language, text in blocks if language.lower() in ("python", "py", "python3")]
    python = python or [text for language, text in blocks if not language]
    if not python:
        return (answer.strip() + "\n" if not blocks and _is_code(answer) else ""), ""
    return python[0], python[1] if len(python) > 1 else ""


def _marked_up(answer: str, blocks: Sequence[tuple[str, str]], kind: CodeKind) -> str:
    languages = {"svg": ("svg", "xml", "html", ""), "page": ("html", "")}[kind]
    for language, text in blocks:
        if language.lower() in languages:
            return text.strip() + "\n"
    begins, ends = _WHOLE[kind]
    begin = begins.search(answer)
    end = max((one.end() for one in ends.finditer(answer)), default=0)
    return f"{answer[begin.start() : end]}\n" if begin and begin.start() < end else ""


def _is_code(text: str) -> bool:
    """Whether an answer without a block is Python and no talk: it has more than a name in it."""
    try:
        compile(text, "answer", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(mark in text for mark in ("=", "(", "import "))
