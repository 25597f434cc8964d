"""Checks what readers make of files, and what they say of files that they cannot read."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from router.documents.chunks import MOST_CHARACTERS, chunks_of
from router.documents.pieces import Block, Reading
from router.documents.readers import docx, tables
from router.documents.readers.files import MOST_BYTES, content_of, read_file
from router.documents.readers.pdf_child import NO_MEMORY, PdfChild, why_ended
from router.errors import DocumentError
from tests import ROOT
from tests.kits.checks.growth import in_proportion
from tests.kits.document_kit import archive_of, docx_of, pdf_of
from tests.kits.workers import workers_of


def read(name: str, content: str | bytes) -> Reading:
    return read_file(name, content.encode() if isinstance(content, str) else content)


def sections(name: str, content: str | bytes) -> list[tuple[str, str, int]]:
    return [(c.section, c.text, c.page) for c in chunks_of(read(name, content))]


def test_markdown_chunks_stand_under_their_headings() -> None:
    text = "---\nauthor: x\n---\n# Manual\nIntro.\n\n## Returns\nWithin [30 days](a.md).\n"
    assert sections("a.md", text) == [
        ("Manual", "Intro.", 0),
        ("Manual > Returns", "Within 30 days.", 0),
    ]


def test_headings_in_a_code_fence_are_text() -> None:
    assert sections("a.md", "# A\n```\n# no heading\n```\n") == [("A", "# no heading", 0)]


def test_html_leaves_scripts_and_hidden_text_out() -> None:
    page = (
        "<html><head><title>T</title></head><body><nav>Menu</nav><h2>Fees</h2><p>It costs <b>5</b>"
        " euros.<script>alert(1)</script><div hidden>secret</div><table><tr><td>a</td><td>b</td>"
        "</tr></table>"
    )
    assert sections("a.html", page) == [("Fees", "It costs 5 euros.\na | b", 0)]
    assert read("a.html", page).title == "T"


def test_pdf_paragraph_has_its_page() -> None:
    content = pdf_of(["First page.", "Second page (of two)."], "Terms")
    assert sections("a.pdf", content) == [("", "First page.", 1), ("", "Second page (of two).", 2)]
    assert read("a.pdf", content).title == "Terms"


def test_docx_headings_are_sections() -> None:
    content = docx_of([("Heading1", "Leave"), ("", "Thirty days a year.")])
    assert sections("a.docx", content) == [("Leave", "Thirty days a year.", 0)]


def test_text_in_nested_controls_of_a_docx_is_read_once() -> None:
    assert sections("a.docx", nested_docx(3)) == [("", "Once.", 0)]


def test_docx_that_is_nested_without_an_end_is_refused() -> None:
    with pytest.raises(DocumentError, match="nested more than"):
        read("a.docx", nested_docx(docx.MOST_NESTED))


def nested_docx(depth: int) -> bytes:
    plain = docx_of([("", "Once.")])
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        document = archive.read("word/document.xml").decode()
    begin, end = "<w:sdt><w:sdtContent>" * depth, "</w:sdtContent></w:sdt>" * depth
    document = document.replace("<w:p>", f"{begin}<w:p>").replace("</w:p>", f"</w:p>{end}")
    return archive_of({"word/document.xml": document})


@pytest.mark.parametrize(
    ("name", "begin", "piece", "end"),
    [
        ("a.html", "<p>x", "<nav></b>", ""),
        ("a.html", "<p>x</p><title>", "a<b>&amp;", ""),
        ("a.html", "<p>x", "<!-- >", ""),
        ("a.html", "<p>x", "<a", ""),
        ("a.html", "<p>x", "<?", ""),
        ("a.md", "", "a", ""),
    ],
)
def test_time_for_a_file_grows_with_its_length(name: str, begin: str, piece: str, end: str) -> None:
    assert in_proportion(lambda text: sections(name, text), piece, begin, end, short=400)


@pytest.mark.parametrize(
    "page", ["<p>Fees</p><!--open", "<p>Fees</p><![x", "<![CDATA[a]]><p>Fees</p>", "Fees<"]
)
def test_html_is_read_however_its_declarations_end(page: str) -> None:
    assert read("a.html", page).blocks[-1].text.rstrip("< ") == "Fees"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "n" * 1_000 + "\n" + "1\n" * 1_000),
        ("a.jsonl", '{"' + "n" * 1_000 + '": [' + "1, " * 1_000 + "1]}"),
        ("a.jsonl", '{"' + "n" * 1_000 + '": {' + '"m": {' * 100 + '"a": 1' + "}" * 101 + "}"),
    ],
)
def test_names_that_stand_with_each_value_are_counted(
    monkeypatch: pytest.MonkeyPatch, name: str, content: str
) -> None:
    assert read(name, content).blocks
    monkeypatch.setattr(tables, "MOST_TEXT", 1_000)
    with pytest.raises(DocumentError, match="more than 1,000 characters"):
        read(name, content)


def test_docx_of_too_many_tags_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docx, "MOST_TAGS", 20)
    with pytest.raises(DocumentError, match="more than 20 tags"):
        read("a.docx", docx_of([("", "One."), ("", "Two.")]))


@pytest.mark.parametrize(
    ("child", "much"),
    [
        (PdfChild(most_seconds=0), "0 seconds of processor time"),
        (PdfChild(most_memory=250_000_000), "0.25 GB of memory"),
    ],
    ids=["processor time", "memory"],
)
def test_pdf_page_that_takes_too_much_is_refused_and_the_next_file_is_read(
    child: PdfChild, much: str
) -> None:
    page = "\n".join(["x"] * 400_000)
    told = f"more than {re.escape(much)} to read; expected fewer: split the file"
    with pytest.raises(DocumentError, match=told):
        child.read(pdf_of([page]))
    assert child.read(pdf_of(["After."])).blocks[0].text == "After.\n"
    child.close()


WITHOUT_BOUNDS = """
import sys
from router.documents.readers.pdf_child import NO_MEMORY, PdfChild, why_ended
from router.errors import DocumentError
from tests.kits.document_kit import pdf_of
child = PdfChild()
print(child.read(pdf_of(["One."])).blocks[0].text.strip())
hasty = PdfChild(most_seconds=0)
try:
    hasty.read(pdf_of(["x"]))
except DocumentError as error:
    print(error.message)
child.close()
"""


def test_pdf_is_read_where_the_system_cannot_bound_a_process(tmp_path: Path) -> None:
    # Stands before Python's own, as on Windows, which has none.
    (tmp_path / "resource.py").write_text("raise ImportError", "utf-8")
    environ = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_BOUNDS],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    read, refused = ended.stdout.splitlines()
    assert read == "One."
    assert refused.startswith("found pages that take more than 0 seconds to read")


@pytest.mark.parametrize(
    ("code", "late", "told"),
    [
        (-signal.SIGXCPU, False, "more than 300 seconds of processor time to read"),
        (NO_MEMORY, False, "more than 2 GB of memory to read"),
        (-signal.SIGKILL, True, "more than 300 seconds to read"),
        (-signal.SIGKILL, False, "ended from outside (SIGKILL)"),
        (-signal.SIGTERM, False, "ended from outside (SIGTERM)"),
        (-signal.SIGSEGV, False, "a PDF that ends its reader (exit code -11)"),
        (1, False, "a PDF that ends its reader (exit code 1)"),
    ],
)
def test_end_of_a_pdf_reader_is_told_by_its_cause(code: int, late: bool, told: str) -> None:
    assert told in why_ended(code, 300, 2_000_000_000, late=late)


def test_pdf_file_that_its_reader_cannot_hold_is_refused_for_its_memory() -> None:
    child = PdfChild(most_memory=250_000_000)
    with pytest.raises(DocumentError, match=r"0\.25 GB of memory to read"):
        child.read(bytes(250_000_000))
    child.close()


def test_pdf_reader_that_is_killed_is_started_again() -> None:
    others = set(workers_of(os.getpid(), b"pdf_child"))
    child = PdfChild()
    assert child.read(pdf_of(["One."])).blocks
    [reader] = set(workers_of(os.getpid(), b"pdf_child")) - others
    os.kill(reader, signal.SIGTERM)
    os.waitid(os.P_PID, reader, os.WEXITED | os.WNOWAIT)  # it is over, and the parent may see so
    assert child.read(pdf_of(["Two."])).blocks[0].text == "Two.\n"
    child.close()


def test_what_is_no_character_is_kept_as_a_mark() -> None:
    reading = read("a.jsonl", '{"title": "A\\ud800", "note": "b\\udfffc\\u0000d"}')
    assert [block.text for block in reading.blocks] == ["A?", "note: b?c d"]


def test_orders_to_a_terminal_are_no_text() -> None:
    reading = read("a.md", "# A\x1b[2Jb\n\nOne\x07 \x9btwo.\tThree")
    assert (reading.title, reading.blocks[1].text) == ("A [2Jb", "One   two.\tThree")


def test_ticket_that_is_nested_without_an_end_is_refused() -> None:
    with pytest.raises(DocumentError, match="nested too deeply"):
        read("a.jsonl", '{"a": ' * 50_000)


def test_ticket_may_hold_a_separator_of_lines() -> None:
    assert read("a.jsonl", '{"note": "one\u2028two"}').blocks[0].text == "note: one\u2028two"


def test_each_row_of_a_csv_names_its_columns() -> None:
    assert sections("a.csv", "item;price\nLamp;19\nDesk;99\n") == [
        ("", "item: Lamp\nprice: 19", 0),
        ("", "item: Desk\nprice: 99", 0),
    ]


def test_each_ticket_is_a_section_of_its_own() -> None:
    lines = '{"title": "VPN fails", "fix": "Renew it.", "comments": [{"by": "A", "text": "ok"}]}\n'
    assert sections("a.jsonl", lines) == [
        ("VPN fails", "fix: Renew it.\ncomments by: A\ncomments text: ok", 0)
    ]


def test_code_sections_name_definition_and_lines() -> None:
    code = "import os\n\n\ndef load(path):\n    return 1\n\n\nclass Ship:\n    pass\n"
    assert [section for section, _, _ in sections("a.py", code)] == [
        "top of the file (lines 1-3)",
        "load (lines 4-7)",
        "Ship (lines 8-9)",
    ]


ENTITY = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'


def damaged(method: int) -> bytes:
    """Returns an archive, packed by a method, whose part does not unpack."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("word/document.xml", "<a/>")
    name = b"word/document.xml"
    whole = out.getvalue()
    begin = whole.find(name) + len(name) + 9  # behind what says how it is packed
    return whole[:begin] + b"\xff" * 6 + whole[begin + 6 :]


def encoded(name: str) -> bytes:
    return archive_of({"word/document.xml": f'<?xml version="1.0" encoding="{name}"?><a/>'})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.md", b"caf\xe9", "byte 0xe9 in line 1, which is no utf-8; expected UTF-8"),
        ("a.md", b"a\0b", "zero bytes"),
        ("a.md", b" \n", "no text"),
        ("a.xls", b"x", "found a file of the kind .xls; expected one of"),
        ("a.jsonl", b'{"a": 1}\n[\n', "line 2 that is no JSON"),
        ("a.jsonl", b"[1]\n", "no object in line 1"),
        ("a.pdf", b"not a pdf", "a PDF that is damaged"),
        ("a.pdf", pdf_of(["", ""]), "2 pages without any text (a scan?); expected text: run OCR"),
        ("a.docx", b"not a zip", "no whole DOCX archive"),
        ("a.docx", archive_of({"other.xml": "<a/>"}), "no whole DOCX archive"),
        ("a.docx", archive_of({"word/document.xml": "<a"}), "XML that is broken"),
        ("a.docx", damaged(zipfile.ZIP_BZIP2), "no whole DOCX archive"),
        ("a.docx", damaged(zipfile.ZIP_LZMA), "no whole DOCX archive"),
        ("a.docx", encoded("nonsense"), "XML that is broken"),
        ("a.docx", encoded("shift_jis"), "XML that is broken"),
        ("a.pdf", pdf_of(["x"]).replace(b"<< /Length", b"<< /Filter /Fl /Length"), "damaged"),
        ("a.docx", archive_of({"word/document.xml": ENTITY}), "a document type in the XML"),
        (
            "a.docx",
            archive_of({"word/document.xml": ENTITY.encode("utf-16")}),
            "a document type in the XML",
        ),
    ],
)
def test_file_that_cannot_be_read_says_why(name: str, content: bytes, said: str) -> None:
    with pytest.raises(DocumentError) as error:
        read(name, content)
    assert said in error.value.message


def test_encrypted_pdf_asks_for_one_without_a_password() -> None:
    from pypdf import PdfWriter

    writer = PdfWriter(clone_from=io.BytesIO(pdf_of(["Secret."])))
    writer.encrypt("a password")
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(DocumentError, match="needs a password; expected one without"):
        read("a.pdf", out.getvalue())


def test_archive_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docx, "MOST_UNPACKED", 1_000)
    bomb = archive_of({"word/document.xml": b"<a>" + b" " * 100_000 + b"</a>"})
    assert len(bomb) < 1_000
    with pytest.raises(DocumentError, match="unpacks to more than 1,000 bytes"):
        read("a.docx", bomb)


def test_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(DocumentError, match="expected at most 50,000,000: split the file"):
        content_of(path)


def test_chunk_is_never_longer_than_the_encoder_reads() -> None:
    text = "word " * 1000 + "\n\n" + "x" * 3000 + "\n\n" + "A sentence of some words. " * 100
    chunks = chunks_of(Reading("", (Block(text),)))
    assert max(len(chunk.text) for chunk in chunks) <= MOST_CHARACTERS
    assert "".join("".join(c.text for c in chunks).split()) == "".join(text.split())


def test_heading_without_text_is_kept() -> None:
    blocks = (Block("Closed on Sundays", level=1), Block("Hours", level=1), Block("9 to 5."))
    assert [(c.section, c.text) for c in chunks_of(Reading("", blocks))] == [
        ("", "Closed on Sundays"),
        ("Hours", "9 to 5."),
    ]


def test_utf16_with_its_mark_is_read() -> None:
    assert read("a.txt", "Größe".encode("utf-16")).blocks[0].text == "Größe"
