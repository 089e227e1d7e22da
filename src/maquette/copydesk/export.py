"""A document as a file for others: Markdown as it is, HTML in which nothing runs, and DOCX."""

import io
import re
from collections.abc import Sequence
from html import escape
from typing import Any, Literal, get_args

from docx import Document as new_document
from docx.oxml.ns import qn
from docx.shared import Pt
from markdown_it import MarkdownIt
from markdown_it.token import Token

from maquette.copydesk.template import Language

Format = Literal["md", "html", "docx"]
FORMATS: tuple[Format, ...] = get_args(Format)
MEDIA_TYPES = {
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
# What no XML can hold, and so no DOCX.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_FONTS = {"en": "Calibri", "zh": "Microsoft YaHei"}
_STYLE = (
    "body{max-width:40rem;margin:3rem auto;padding:0 1.25rem;"
    "font:1.0625rem/1.65 system-ui,-apple-system,'Noto Sans SC',sans-serif;color:#1d2129}"
)


def export(text: str, title: str, language: Language, into: Format) -> bytes:
    """The bytes of a document. Lines end where the text's do, as people see it while they write."""
    match into:
        case "md":
            return f"{text.rstrip()}\n".encode()
        case "html":
            return _page(text, title, language).encode()
        case "docx":
            return _docx(text, title, language)


def _markdown() -> MarkdownIt:
    """Markdown whose HTML is shown as text, and whose links lead to pages alone."""
    reader = MarkdownIt("commonmark", {"html": False, "breaks": True})
    return reader.enable("table").enable("strikethrough")


def _page(text: str, title: str, language: Language) -> str:
    spoken = "zh-CN" if language == "zh" else "en"
    return (
        f'<!doctype html>\n<html lang="{spoken}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"{_markdown().render(text)}</body>\n</html>\n"
    )


def _docx(text: str, title: str, language: Language) -> bytes:
    document = new_document()
    document.core_properties.title = _UNPRINTABLE.sub("", title)[:255]
    document.core_properties.author = ""
    normal: Any = document.styles["Normal"]
    normal.font.name, normal.font.size = _FONTS[language], Pt(11)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), _FONTS["zh"])
    _blocks(document, _markdown().parse(_UNPRINTABLE.sub("", text)))
    into = io.BytesIO()
    document.save(into)
    return into.getvalue()


def _blocks(document: Any, tokens: Sequence[Token]) -> None:
    """Paragraphs, headings and lists, in order; rows of tables as paragraphs."""
    lists: list[str] = []
    style = None
    quoted = 0
    for token in tokens:
        match token.type:
            case "bullet_list_open":
                lists.append("List Bullet")
            case "ordered_list_open":
                lists.append("List Number")
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "blockquote_open":
                quoted += 1
            case "blockquote_close":
                quoted -= 1
            case "heading_open":
                style = f"Heading {token.tag[1:]}"
            case "heading_close":
                style = None
            case "inline":
                usual = lists[-1] if lists else "Quote" if quoted else None
                _runs(document.add_paragraph(style=style or usual), token.children or ())
            case "fence" | "code_block":
                document.add_paragraph().add_run(token.content.rstrip("\n")).font.name = "Consolas"
            case "hr":
                document.add_paragraph("—")
            case _:
                pass


def _runs(paragraph: Any, tokens: Sequence[Token]) -> None:
    bold = italic = struck = False
    link = ""
    for token in tokens:
        match token.type:
            case "strong_open" | "strong_close":
                bold = token.nesting == 1
            case "em_open" | "em_close":
                italic = token.nesting == 1
            case "s_open" | "s_close":
                struck = token.nesting == 1
            case "softbreak" | "hardbreak":
                paragraph.add_run().add_break()
            case "link_open":
                link = str(token.attrGet("href") or "")
            case "link_close":
                paragraph.add_run(f" ({link})")
            case _ if said := token.content:
                run = paragraph.add_run(said)
                run.bold, run.italic, run.font.strike = bold or None, italic or None, struck or None
                if token.type == "code_inline":
                    run.font.name = "Consolas"
            case _:
                pass
