"""What the server says in English is there in Chinese: every line that a request can come to."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import maquette
from maquette.core import errors
from maquette.engines.catalog import find_adapter
from maquette.jobs.store import Backlog
from maquette.service.admission import USUAL_LIMITS, admit
from maquette.service.cost import Cost
from tests.web.conftest import Site

PACKAGE = Path(maquette.__file__).parent
ROOMS = (
    *("core", "copydesk", "library", "jobs", "ledger", "people", "sandbox"),
    *("decoding", "diffusion", "engines", "payments", "service", "speech", "api"),
)
# These end a start or a command, without a studio to show them; a plain UsageError does likewise.
OF_A_START = {"InvalidSettings", "DatabaseUnavailable", "BackupDamaged", "UsageError"}
KINDS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.MaquetteError)
} - OF_A_START
# So do a backup that cannot be written and a model's damage; that of a LoRA, which is read later,
# is of another file.
OF_A_START_IN = {
    "attention.py": {"InvalidRequest"},  # of a model's kind
    "catalog.py": {"WeightsDamaged"},
    "backup_places.py": {"OutputNotWritable"},
}
# Calls that carry a line, and which argument it is.
CARRIERS = dict.fromkeys(KINDS, 0) | {"HTTPException": 1, "_line": 1, "_fail": 1}
# Functions that give a line, or the end of one.
GIVERS = {"did_you_mean", "reason_and_remedy", "_remedy"}


def _template(node: ast.expr) -> str | None:
    """A text with `{}` for its values; None where it is not written out."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join("{}" if (text := _template(one)) is None else text for one in values)
        case _:
            return None


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    passed_over = OF_A_START_IN.get(path.name, set())
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        kind, found = "", []
        match node:
            case ast.Call(func=ast.Name(id=kind) | ast.Attribute(attr=kind), args=args):
                carries = kind in CARRIERS and kind not in passed_over
                found = args[CARRIERS[kind] :][:1] if carries else []
            case ast.Assign(targets=[ast.Name(id="message" | "BROKEN")], value=value):
                found = [value]
            case ast.FunctionDef(name=name) if name in GIVERS:
                returned = (one.value for one in ast.walk(node) if isinstance(one, ast.Return))
                found = [part for value in returned if value for part in _either(value)]
            case _:
                pass
        for one in found:
            if (line := _template(one)) is not None:
                yield one.lineno, line
            elif kind in KINDS:
                given = isinstance(one, ast.Call) and getattr(one.func, "id", "") in GIVERS
                assert given, f"{path}:{one.lineno}: write the line where it is raised"


def _either(value: ast.expr) -> list[ast.expr]:
    return [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]


def _sources() -> list[Path]:
    return [path for room in ROOMS for path in sorted((PACKAGE / room).rglob("*.py"))]


def _said() -> dict[str, str]:
    """All lines, and where each is."""
    said = {line: f"{path}:{at}" for path in _sources() for at, line in _lines(path)}
    return said | dict.fromkeys(errors._REMEDIES.values(), "core/errors.py")


def _written() -> set[str | None]:
    """All texts of the source, parts of lines among them."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in _sources())
    return {_template(n) for tree in trees for n in ast.walk(tree) if isinstance(n, ast.expr)}


@pytest.fixture
def chinese(site: Site, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(site.url)
    expect(page.get_by_role("button", name="生成")).to_be_visible()
    yield page
    context.close()


def _told(page: Page, lines: list[str]) -> list[str]:
    script = "(lines) => import('/words.js').then(({ told }) => lines.map(told))"
    return page.evaluate(script, lines)


def _is_chinese(text: str) -> bool:
    return re.search(r"[\u4e00-\u9fff]", text) is not None


def test_every_line_of_the_source_has_its_chinese(chinese: Page) -> None:
    known = chinese.evaluate("import('/words/zh_server.js').then((all) => ({ ...all }))")
    places = re.compile(r"\{\w*\}")
    listed = {places.sub("{}", line) for line in known["zhServer"]}
    parts = {places.sub("{}", line) for line in known["zhParts"]}
    said = _said()
    assert len(said) > 50
    missing = {line: place for line, place in said.items() if line not in listed}
    assert not missing, f"say these in web/words/zh_server.js: {missing}"
    assert not listed - said.keys(), "no one says these any more"
    assert not parts - _written(), "no one says these any more"
    for line, words in [pair for lines in known.values() for pair in lines.items()]:
        assert _is_chinese(words) or not re.search("[a-z]", places.sub("", line)), line
        assert set(places.findall(words)) <= set(places.findall(line)), line
    filled = {line: places.sub("7", line) for line in said if re.search("[a-z]", line)}
    for line, told in zip(filled, _told(chinese, list(filled.values())), strict=True):
        assert _is_chinese(told), line
        assert not re.search(r"[a-z]+ [a-z]+ [a-z]+", told), told


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"width": 250}, "宽 250 须为 64 到 1024 之间 16 的倍数，最接近的是 256。"),
        ({"sampler": "eulr"}, "没有采样器 'eulr'；您是不是想用 euler？"),
        ({"num_inference_steps": 0}, "步数 0 须在 1 到 1000 之间。"),
        ({"num_inference_steps": 2.5}, "步数须为整数"),
        ({"guidance_scale": "x"}, "引导强度须为数字"),
        ({"seed": 1e21}, "种子太大"),
        ({"seed": 10**20, "negative_prompt": "x" * 4001}, "种子须小于 9007199254740992"),
        ({"negative_prompt": "x" * 4001}, "反向提示词最多 4000 个字符"),
        ({"count": 65}, "张数最多为 64"),
        ({"strength": 0}, "改变程度 0 须大于 0"),
        ({"source": "ab" * 32}, f"没有图片 '{'ab' * 32}'，请先上传。"),
        ({"prompt": " "}, "提示词是空的"),
        ({"model": "starte"}, "没有名为 'starte' 的图像模型；您是不是想用 starter？"),
        ({"adapters": [{"adapter": "fig"}]}, "没有名为 'fig' 的 LoRA；您是不是想用 fog？"),
    ],
)
def test_a_refusal_is_told_in_chinese(
    site: Site, chinese: Page, asked: dict[str, Any], words: str
) -> None:
    answer = site.http.post("/v1/generations", json={"prompt": "a boat", **asked})
    assert answer.status_code in (400, 422)
    [told] = _told(chinese, [answer.json()["error"]])
    assert words in told
    assert not re.search(r"[a-z]+ [a-z]+", told), told


def test_the_parts_of_a_line_are_told_too(chinese: Page, tmp_path: Path) -> None:
    (tmp_path / "mist.safetensors").touch()
    with pytest.raises(errors.QueueFull) as full:
        admit(None, Backlog(100, 1.8e6), USUAL_LIMITS)
    with pytest.raises(errors.InvalidRequest) as too_long:
        admit(Cost(2e6, 2e6), Backlog(0, 0), USUAL_LIMITS)
    with pytest.raises(errors.ModelNotFound) as missing:
        find_adapter("fog", tmp_path)
    lines = [one.value.message for one in (full, too_long, missing)]
    assert _told(chinese, lines) == [
        "已有 100 个任务在排队（约需 30 分钟），请 18 秒后再试。",
        "这大约需要 34 分钟，而排队的任务最多共需 30 分钟；请减少步数或张数，或缩小尺寸。",
        "没有名为 'fog' 的 LoRA，请换一个。",
    ]


def test_it_is_seen_where_something_fails(site: Site, chinese: Page) -> None:
    prompt = chinese.get_by_label("提示词", exact=True)
    prompt.fill("a very red boat " * 60)
    chinese.keyboard.press("Control+Enter")
    expect(chinese.get_by_text(re.compile(r"提示词有 \d+ 个词元，starter 最多读"))).to_be_visible()
    chinese.get_by_text("高级设置").click()
    chinese.get_by_label("宽", exact=True).fill("250")
    prompt.fill("船")
    chinese.keyboard.press("Control+Enter")
    expect(chinese.get_by_role("alert")).to_contain_text("最接近的是 256。")
    chinese.get_by_role("button", name="English").click()
    expect(chinese.get_by_text("tokens long")).to_be_visible()
    assert _told(chinese, ["the prompt is empty"]) == ["the prompt is empty"]
