"""Makes files of several formats for tests: PDF pages, DOCX paragraphs, and stores of documents."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from router.documents.adding import Change, Placed, add_files, files_under
from router.documents.index.search import Encoder, Index
from router.documents.index.store import Store
from router.types import DocumentPassage, Rights

TODAY = date(2026, 11, 22)
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def pdf_of(pages: Sequence[str], title: str = "") -> bytes:
    """Returns a PDF file with these pages; each line of a page is a line of text."""
    count = len(pages)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>"
        % (count, b" ".join(b"%d 0 R" % (4 + 2 * i) for i in range(count))),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for i, page in enumerate(pages):
        lines = b"".join(b"(%s) Tj T*\n" % _escaped(line) for line in page.splitlines())
        drawn = b"BT /F1 11 Tf 14 TL 50 780 Td\n%sET" % lines if page else b""
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * i)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn))
    objects.append(b"<< /Title (%s) >>" % _escaped(title))
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    out.write(trailer % (len(objects) + 1, len(objects), start))
    return out.getvalue()


def _escaped(text: str) -> bytes:
    plain = text.encode("cp1252", "replace")
    return plain.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def reader_tier(url: str, model: str = "reader") -> str:
    """Returns the tiers of a policy as YAML: one model, which answers from passages it is shown."""
    return f"""
tiers:
  - name: llm
    level: 2
    answerers:
      - name: reader
        kind: upstream
        model: {model}
        base_urls: ["{url}"]
        steps: [context, solve]
        price: {{input_usd_per_mtok: 1, output_usd_per_mtok: 2}}
        verify: {{default: none}}
"""


def docx_of(paragraphs: Sequence[tuple[str, str]]) -> bytes:
    """Returns a DOCX file of (style, text); an empty style is plain text."""
    body = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'
        for style, text in paragraphs
    )
    return archive_of(
        {"word/document.xml": f'<w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>'}
    )


def archive_of(parts: dict[str, str | bytes]) -> bytes:
    """Returns a ZIP archive of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def kept(
    store: Path, folder: Path, placed: Placed | None = None, encoder: Encoder | None = None
) -> list[Change]:
    """Adds a folder to a store and returns what became of each file."""
    opened = Store(store, create=True)
    try:
        placed = placed or Placed("*", "manual")
        return add_files(opened, files_under(folder), placed, encoder, "test")
    finally:
        opened.close()


def found(
    store: Path, question: str, rights: Rights | None = None, limit: int = 5, day: date = TODAY
) -> list[DocumentPassage]:
    """Returns what a question finds by words alone."""
    index = Index(store)
    try:
        rights = rights or Rights("shop", frozenset({"manual"}))
        return list(index.find(question, rights, limit, day))
    finally:
        index.close()
