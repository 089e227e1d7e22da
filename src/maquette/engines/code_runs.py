"""Runs what a writer wrote, in the sandbox, with its tests; and looks through what is not run."""

import io
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from PIL import Image

from maquette.core.code_requests import CodeRequest
from maquette.core.errors import InvalidRequest
from maquette.engines.code_prompts import Extract, wants_tests
from maquette.engines.page_check import check_page, page_shows
from maquette.engines.svg_check import check_svg, svg_shows
from maquette.sandbox.runs import Limits, Run, Sandbox

LIMITS = Limits(seconds=20.0, cpu_seconds=20)
MOST_OUTPUT_CHARACTERS = 8000  # of a run, in the log: its beginning and its end
MOST_CODE_BYTES = 200_000
MOST_CHART_SIDE_PX = 8192
MODULE_SUFFIXES = ("py", "pyc", "so")
CHARTS = ("chart.svg", "chart.png")
PYTHON, SVG, PNG, HTML = "text/x-python", "image/svg+xml", "image/png", "text/html"
# The tests see the program's names, and are known to have run to their end: a program that leaves
# by itself, as `sys.exit()` at its top does, would otherwise pass whatever it is.
CHECK = """
import importlib, sys
token = sys.argv.pop()
importlib.import_module("tests_" + token)
print(token)
"""
TEST_HEAD = "from main import *; import main; from checking_{token} import run\n"
# Calls the program as a command line does, in this process: one of the sandboxes has no others.
CHECKING = '''
import contextlib, io, runpy, sys

def run(*words, stdin=""):
    """Calls main.py with words: its exit code, and what it printed, errors included."""
    said, before = io.StringIO(), (sys.argv, sys.stdin)
    sys.argv, sys.stdin = ["main.py", *map(str, words)], io.StringIO(stdin)
    code = 0
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            runpy.run_path("main.py", run_name="__main__")
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        if isinstance(error.code, str):
            said.write(error.code + "\\n")
    finally:
        sys.argv, sys.stdin = before
    return code, said.getvalue()
'''


@dataclass(frozen=True, slots=True)
class CodeFile:
    """One thing that is handed over."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of code: the `files` to hand over where nothing failed, else the `failure`. The
    exit code, output and seconds are those of the last run, None and "" where nothing was run.
    """

    failure: str = ""
    files: Sequence[CodeFile] = ()
    exit_code: int | None = None
    stopped_by: str | None = None
    output: str = ""
    seconds: float = 0.0


def data_name(data: str) -> str:
    """What the data of a chart are called in its folder."""
    return "data.json" if data.lstrip().startswith(("{", "[")) else "data.csv"


def try_page_or_drawing(request: CodeRequest, code: str) -> Outcome:
    """Looks through a page or a drawing, and for what it has to have."""
    if request.kind == "svg":
        drawing, failure = check_svg(code)
        failure = failure or _missing(request, drawing, svg_shows)
        file = CodeFile("drawing.svg", SVG, code.encode())
    else:
        page, failure = check_page(code)
        failure = failure or _missing(request, page, page_shows)
        file = CodeFile("page.html", HTML, code.encode())
    return Outcome(failure, () if failure else (file,))


Shown = TypeVar("Shown")


def _missing(request: CodeRequest, made: Shown | None, shows: Callable[[Shown, str], bool]) -> str:
    """What it was to have and has not."""
    missing = [one for one in request.tests.contains if made is None or not shows(made, one)]
    return f"these are not in it: {', '.join(missing)}" if missing else ""


def try_python(request: CodeRequest, extract: Extract, sandbox: Sandbox) -> Outcome:
    """Runs a program, tool or chart with its tests. Raises SandboxUnavailable."""
    files = {"main.py": extract.code.encode()}
    if request.data:
        files[data_name(request.data)] = request.data.encode()
    words = list(request.tests.arguments)
    if request.kind == "tool" and not words and request.tests.output is None:
        words = ["--help"]
    run = sandbox.run(files, ["python", "main.py", *words], LIMITS)
    called = " ".join(["python main.py", *words])
    if failure := _ended_badly(run, called) or _output_fault(request, run):
        return _failed(failure, run)
    made = [CodeFile("main.py", PYTHON, extract.code.encode())]
    if request.kind == "chart":
        chart, failure = _chart(request, run)
        if chart is None:
            return _failed(failure, run)
        made.insert(0, chart)
    tests = request.tests.assertions or extract.tests
    if not tests and wants_tests(request):
        return _failed("no tests came with it: a second ```python block with asserts", run)
    if tests:
        try:
            run, failure = _tested(files | _results(run, files), tests, sandbox)
        except InvalidRequest as error:
            failure = f"its tests cannot be run beside what {called} left: {error.message}"
        if failure:
            return _failed(failure, run)
    return Outcome("", made, run.exit_code, None, _cut(run.output), run.seconds)


def _tested(files: dict[str, bytes], tests: str, sandbox: Sandbox) -> tuple[Run, str]:
    token = secrets.token_hex(8)  # no run before could leave files of these names
    more = {
        f"check_{token}.py": CHECK.encode(),
        f"checking_{token}.py": CHECKING.encode(),
        f"tests_{token}.py": (TEST_HEAD.format(token=token) + tests).encode(),
    }
    # The folder of the program comes first, so that `main` is the one beside it.
    run = sandbox.run(files | more, ["python", f"check_{token}.py", token], LIMITS)
    if failure := _ended_badly(run, "the tests"):
        return run, failure
    *said, last = run.output.rstrip("\n").split("\n")
    if last != token:
        return run, "the program left before its tests had run; it must not exit when imported"
    shown = "".join(f"{line}\n" for line in said if line)
    return Run(0, None, shown, run.files, run.seconds), ""


def _results(run: Run, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What a run left, for tests to look at: nothing that would be in the way of `files`, or be
    imported in place of the program or of Python's library.
    """
    left: dict[str, bytes] = {}
    for name, data in run.files.items():
        root, _, inner = name.partition("/")
        module, _, suffix = root.partition(".")
        is_imported = inner.startswith("__init__.") if inner else suffix.endswith(MODULE_SUFFIXES)
        is_taken = is_imported and (module == "main" or module in sys.stdlib_module_names)
        if not is_taken and not (inner and root in files):
            left[name] = data
    return left


def _ended_badly(run: Run, called: str) -> str:
    if run.stopped_by is not None:
        limit = {"time": f"after {LIMITS.seconds:g} s", "memory": "for its memory"}
        why = limit.get(run.stopped_by, f"for its {run.stopped_by}")
        return f"{called} was ended {why}\n{_cut(run.output)}".strip()
    if run.exit_code != 0:
        return f"{called} ended with exit code {run.exit_code}\n{_cut(run.output)}".strip()
    return ""


def _output_fault(request: CodeRequest, run: Run) -> str:
    wanted = request.tests.output
    if wanted is None or _lines(run.output) == _lines(wanted):
        return ""
    return f"it was to print\n{_cut(wanted)}\nand printed\n{_cut(run.output)}"


def _lines(text: str) -> list[str]:
    """Blanks at the ends of lines and of the whole say nothing."""
    return [line.rstrip() for line in text.rstrip().splitlines()]


def _chart(request: CodeRequest, run: Run) -> tuple[CodeFile | None, str]:
    name = next((one for one in CHARTS if one in run.files), None)
    if name is None:
        return None, "no chart.svg was written"
    content = run.files[name]
    if name.endswith(".png"):
        failure = _png_fault(content)
        if not failure and request.tests.contains:
            failure = "texts cannot be found in a PNG; write chart.svg"
        return (None, failure) if failure else (CodeFile(name, PNG, content), "")
    try:
        drawing, failure = check_svg(content.decode())
    except UnicodeDecodeError:
        return None, "chart.svg is not UTF-8"
    if failure := failure or _missing(request, drawing, svg_shows):
        return None, f"chart.svg: {failure}"
    return CodeFile(name, SVG, content), ""


def _png_fault(content: bytes) -> str:
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            if max(picture.size) > MOST_CHART_SIDE_PX:
                return f"the sides of chart.png must be at most {MOST_CHART_SIDE_PX}"
            is_blank = picture.convert("RGB").getcolors(1) is not None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return f"chart.png is no whole PNG: {error}"
    return "chart.png shows nothing" if is_blank else ""


def _failed(failure: str, run: Run) -> Outcome:
    return Outcome(failure, (), run.exit_code, run.stopped_by, _cut(run.output), run.seconds)


def _cut(text: str) -> str:
    """As PostgreSQL keeps it, which has no zero byte."""
    text = text.replace("\0", "�")
    if len(text) <= MOST_OUTPUT_CHARACTERS:
        return text
    half = MOST_OUTPUT_CHARACTERS // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
