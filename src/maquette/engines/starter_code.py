"""What the starter makes as code: scenes of the picture-book world as SVG, and small pages of them.

Its language model is far too small for code. So the words are read as a scene, which is drawn; for
a page the model writes a story of it, which is laid out.
"""

import html
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from string import Template

from maquette.core.code_requests import CodeKind, CodeRequest
from maquette.core.errors import InvalidRequest
from maquette.core.text_requests import Message, TextParams, TextRequest
from maquette.engines.code import Written
from maquette.world.compose import arrange
from maquette.world.prompt import MOST_FIGURES, Reading, is_chinese, read_prompt, subject_names
from maquette.world.prompt import words_for as names_of
from maquette.world.scene import Scene
from maquette.world.vector import draw_svg
from maquette.world.writing.pairs import Language
from maquette.world.writing.tales import ask_story

STARTER_CODE = "starter-code"
STARTER_KINDS: tuple[CodeKind, ...] = ("svg", "page")
STORY_TOKENS = 320
DRAFTS = 6  # of a story, until one fits
LEAST_STORY, MOST_STORY, MOST_TITLE = 60, 2000, 60  # characters
_PAGE = Path(__file__).with_name("scene_page.html")
_FOOTERS = {
    "en": "Drawn and written by Maquette's starter models: made by a machine.",
    "zh": "由 Maquette 自带的小模型绘制和撰写：内容由人工智能生成。",
}
StoryTeller = Callable[[TextRequest], Written]


def read_wish(request: CodeRequest, able: Sequence[str] = ()) -> Reading:
    """What the starter is to draw; `able` are names of models that can write any code.

    Raises InvalidRequest where it cannot: it is no drawing or page, or of nothing in its world.
    """
    if request.kind not in STARTER_KINDS:
        others = " or ".join(able) or "a larger language model, by its folder or from a server"
        raise InvalidRequest(
            f"{STARTER_CODE} draws scenes and lays out small pages, and cannot write a "
            f"{request.kind}; choose {others}"
        )
    reading = read_prompt(request.prompt)
    if reading is None:
        names = ", ".join(subject_names("zh" if is_chinese(request.prompt) else "en"))
        raise InvalidRequest(
            f"{STARTER_CODE} finds nothing that it can draw in {request.prompt.strip()[:60]!r}; "
            f"name one of {names}"
        )
    if reading.is_too_many:
        raise InvalidRequest(
            f"{STARTER_CODE} has room for at most {MOST_FIGURES} figures; ask for fewer"
        )
    return reading


class StarterWriter:
    """Answers as a writer of code does, with a drawing or a page of what the prompt says.

    Raises InvalidRequest as `read_wish` does.
    """

    def __init__(self, request: CodeRequest, tell: StoryTeller) -> None:
        self._request, self._tell = request, tell
        self._reading = read_wish(request)
        self._language: Language = "zh" if is_chinese(request.prompt) else "en"

    def __call__(self, messages: Sequence[Message], attempt: int) -> Written:
        """Draws, whatever was said of the attempt before: the next seed has it otherwise."""
        seed = self._request.seed + attempt
        scene = arrange(self._reading.wish, seed)
        title = " ".join(self._request.prompt.split())[:200]
        drawing = draw_svg(scene, title).strip()
        notes = [f"passed over: {word}" for word in self._reading.passed_over]
        if self._request.kind == "svg":
            return Written("\n".join([f"```svg\n{drawing}\n```", *notes]))
        told, drafts, read, said = self._story(scene, seed)
        notes += drafts
        if told is None:
            return Written("\n".join(["no draft of a story fits", *notes]), read, said)
        page = lay_out(*told, drawing, self._language)
        return Written("\n".join([f"```html\n{page}```", *notes]), read, said)

    def _story(
        self, scene: Scene, seed: int
    ) -> tuple[tuple[str, Sequence[str]] | None, list[str], int, int]:
        """Title and paragraphs of the first draft that fits, what did not fit of those before, and
        the tokens that were read and said.
        """
        hero = scene.figures[0]
        rng, read, said, misses = Random(seed), 0, 0, list[str]()
        for number in range(DRAFTS):
            asked = ask_story(
                hero.subject, hero.colour, scene.setting, scene.time or "night", rng, self._language
            )
            params = TextParams(STORY_TOKENS, 0.6, seed=(seed * DRAFTS + number) % 2**63)
            draft = self._tell(TextRequest((Message("user", asked),), params))
            read, said = read + draft.read_tokens, said + draft.said_tokens
            story = split_story(draft.text)
            miss = story_fault(story, hero.subject, self._language)
            if not miss:
                return story, misses, read, said
            misses.append(f"draft {number + 1}: {miss}")
        return None, misses, read, said


def split_story(text: str) -> tuple[str, Sequence[str]]:
    """The title, "" where there is none, and the paragraphs of a story."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]
    if len(parts) > 1 and len(parts[0]) <= MOST_TITLE and not re.search(r'[.。?？"”]$', parts[0]):
        return parts[0].lstrip("# "), parts[1:]
    return "", parts


def story_fault(story: tuple[str, Sequence[str]], subject: str, language: Language) -> str:
    """Why a story is not used; "" where it is."""
    title, paragraphs = story
    whole = "\n".join((title, *paragraphs))
    if not title:
        return "it has no title"
    if not LEAST_STORY <= len(whole) <= MOST_STORY:
        return f"it has {len(whole)} characters"
    if is_chinese(whole) != (language == "zh"):
        return "it is in the other language"
    if not whole.endswith((".", "!", "?", "。", "！", "？", "”", '"')):
        return "it breaks off"
    if not any(name in whole.lower() for name in names_of(subject, language)):
        return f"it names no {subject}"
    return ""


def lay_out(title: str, paragraphs: Sequence[str], drawing: str, language: Language) -> str:
    """The page, from its template."""
    lines = [f"<p>{html.escape(one)}</p>" for one in paragraphs]
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(
        language={"en": "en", "zh": "zh-Hans"}[language],
        title=html.escape(title),
        drawing=drawing,
        paragraphs="\n".join(lines),
        footer=html.escape(_FOOTERS[language]),
    )
