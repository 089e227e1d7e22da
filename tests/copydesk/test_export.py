"""Documents as files: read back by the libraries that read such files."""

import io

from docx import Document as open_docx

from maquette.copydesk.export import export

TEXT = """\
# Alder & friends

A **quiet** kettle, *by hand*, with `code` and a [link](https://norvik.example).
Second line.

- one
- two

1. first

> said

<script>alert(1)</script> [bad](javascript:alert(1))
"""


def test_markdown_is_as_it_is() -> None:
    assert export(TEXT, "Alder", "en", "md").decode() == TEXT


def test_html_runs_nothing() -> None:
    page = export(TEXT, "<Alder>", "zh", "html").decode()
    assert "<title>&lt;Alder&gt;</title>" in page
    assert '<html lang="zh-CN">' in page
    assert "<h1>Alder &amp; friends</h1>" in page
    assert "<script>" not in page
    assert 'href="javascript' not in page
    assert "<strong>quiet</strong>" in page
    assert "<br />" in page  # a line ends where it ended


def test_docx_has_headings_lists_and_runs() -> None:
    document = open_docx(io.BytesIO(export(f"{TEXT}\n\x07", "Alder", "en", "docx")))
    found = [(one.style and one.style.name, one.text) for one in document.paragraphs]
    assert found[0] == ("Heading 1", "Alder & friends")
    assert ("List Bullet", "one") in found
    assert ("List Number", "first") in found
    assert ("Quote", "said") in found
    first = document.paragraphs[1]
    assert first.text.startswith("A quiet kettle, by hand, with code and a link (https://norvik")
    assert [run.text for run in first.runs if run.bold] == ["quiet"]
    assert [run.text for run in first.runs if run.italic] == ["by hand"]
    assert document.core_properties.title == "Alder"
