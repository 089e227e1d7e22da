"""The house rules that can be checked by reading the source."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "maquette"
SOURCES = sorted(PACKAGE.rglob("*.py"))
FILES = [
    *SOURCES,
    *sorted((ROOT / "tests").rglob("*.py")),
    *sorted((ROOT / "benchmarks").glob("*")),
]
FILES = [path for path in FILES if path.suffix == ".py"]
WEB = PACKAGE / "web"
PAGES = [
    path
    for path in sorted(WEB.rglob("*"))
    if path.suffix in {".js", ".css", ".html"} and "vendor" not in path.parts
]

LEVELS = {
    "cli": 7,
    "api": 6,
    "recipes": 6,
    "service": 5,
    "engines": 4,
    "payments": 4,
    "train": 4,
    "copydesk": 3,
    "diffusion": 3,
    "decoding": 3,
    "batching": 2,
    "briefs": 3,
    "ledger": 3,
    "jobs": 3,
    "library": 3,
    "people": 3,
    "sandbox": 3,
    "speech": 3,
    "world": 3,
    "db": 2,
    "core": 1,
}
NOT_CODE = {"weights", "web"}  # folders of files that are shipped, not imported
TORCH_FREE = {
    *("core", "db", "world", "briefs", "ledger", "jobs", "library", "people", "payments"),
    *("copydesk", "sandbox", "speech"),
}
BRINGS_TORCH = {"torch", "diffusers", "transformers", "accelerate", "peft"}
READS_ENVIRONMENT = {Path("cli/app.py"), Path("core/settings.py")}
VAGUE_WORDS = {"util", "utils", "helper", "helpers", "manager", "managers", "misc"}
VAGUE_NAMES = VAGUE_WORDS | {"common", "base"}
PRAGMA = re.compile(r"  # (type: ignore|pyright:|noqa).*")  # for tools, not for readers
DRAWING = re.compile(r'"[Mm][\d. ]+[^"]+"')  # an icon's path, which cannot be broken
MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_COLUMNS = 400, 70, 100

each_file = pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
each_source = pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of every import, those inside functions too."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: write imports in full"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def room_of(path: Path) -> str | None:
    """The room a source file is in; None for the package's own `__init__`."""
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else None


def at(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_every_folder_is_a_room() -> None:
    folders = {p.name for p in PACKAGE.iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert folders - NOT_CODE <= LEVELS.keys(), "give a new room its level here and in ARCHITECTURE"


def test_every_room_is_in_the_architecture() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d) \| `(\w+)/` \|", text, re.MULTILINE)
    present = {room for path in SOURCES if (room := room_of(path))}
    assert {room: int(level) for level, room in rows} == {room: LEVELS[room] for room in present}


@each_source
def test_rooms_import_only_lower_rooms(path: Path) -> None:
    room = room_of(path)
    wrong = [
        f"{at(path, line)}: {room} (level {LEVELS[room]}) imports {name} (level {LEVELS[other]})"
        for line, name in imports(path)
        if name.startswith("maquette.")
        and (other := name.split(".")[1]) in LEVELS
        and room is not None
        and other != room
        and LEVELS[other] >= LEVELS[room]
    ]
    assert not wrong, "\n".join(wrong)


@each_source
def test_torch_stays_in_its_rooms(path: Path) -> None:
    if room_of(path) not in TORCH_FREE:
        return
    wrong = [
        f"{at(path, line)}: {name}"
        for line, name in imports(path)
        if name.split(".")[0] in BRINGS_TORCH or name.startswith("safetensors.torch")
    ]
    assert not wrong, "\n".join(wrong)


def test_the_command_line_starts_without_torch() -> None:
    heavy = sorted(BRINGS_TORCH | {"skia", "PIL", "numpy"})
    code = f"import sys, maquette.cli.app; print(*(m for m in {heavy} if m in sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == []


@each_source
def test_only_the_command_line_reads_the_environment(path: Path) -> None:
    if path.relative_to(PACKAGE) in READS_ENVIRONMENT:
        return
    wrong = [
        at(path, node.lineno)
        for node in ast.walk(parse(path))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"})
        or (
            isinstance(node, ast.ImportFrom)
            and {"environ", "getenv"} & {a.name for a in node.names}
        )
    ]
    assert not wrong, f"take the value from Settings: {wrong}"


@each_file
def test_files_functions_and_lines_are_short(path: Path) -> None:
    lines = [PRAGMA.sub("", line) for line in path.read_text(encoding="utf-8").splitlines()]
    wrong = [at(path, i) for i, line in enumerate(lines, 1) if len(line) > MAX_COLUMNS]
    assert len(lines) <= MAX_FILE_LINES, f"{len(lines)} lines: split along a seam, not by count"
    assert not wrong, f"over {MAX_COLUMNS} columns: {wrong}"
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MAX_FUNCTION_LINES, f"{at(path, node.lineno)}: {node.name} is {length}"


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(WEB)))
def test_pages_are_short_and_say_what_they_are(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    wrong = [
        at(path, i)
        for i, line in enumerate(lines, 1)
        if len(line) > MAX_COLUMNS and not DRAWING.search(line)
    ]
    assert len(lines) <= MAX_FILE_LINES, f"{len(lines)} lines: split along a seam, not by count"
    assert not wrong, f"over {MAX_COLUMNS} columns: {wrong}"
    assert path.stem not in VAGUE_NAMES
    if path.suffix != ".html":
        assert re.match(r"/\*\*? .+[.。?]", lines[0]), "say in one sentence what this file is"


def test_the_vendored_libraries_are_those_that_npm_has() -> None:
    """By their hashes, so that none is changed by hand; `make vendor` writes both anew."""
    folder = WEB / "vendor"
    listed = dict(line.split()[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
    present = {p.name: sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}
    del present["SHA256SUMS"]
    assert present == listed


@each_file
def test_names_say_what_a_thing_is(path: Path) -> None:
    for part in (*path.relative_to(ROOT).parent.parts, path.stem):
        assert part not in VAGUE_NAMES, f"{part} says nothing; name it for what it holds"
    for line, name in defined_names(path):
        assert not set(words(name)) & VAGUE_WORDS, f"{at(path, line)}: {name} says nothing"


def defined_names(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name of the file itself and every class, function, parameter and variable."""
    yield 1, path.stem
    for node in ast.walk(parse(path)):
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case _:
                pass


def words(name: str) -> list[str]:
    """The words of a snake_case or CamelCase name, in lower case."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")


@each_file
def test_modules_begin_with_one_sentence(path: Path) -> None:
    docstring = ast.get_docstring(parse(path))
    assert docstring, "say in one sentence what this module is"
    first = docstring.splitlines()[0]
    assert first.endswith((".", "?")), f"the first line is not a whole sentence: {first!r}"
    assert not re.search(r"[.?!] [A-Z]", first), f"the first line is more than one: {first!r}"
