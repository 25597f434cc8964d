"""Reads DOCX: headings, paragraphs and tables of the main text.

A DOCX file is a ZIP archive, and anybody may write one that unpacks to terabytes or whose XML grows
by entities. So only the parts that are read are unpacked, up to a bound, and a document type is
refused. The only file that unpacks archives.
"""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from xml.etree import ElementTree

from router.documents.pieces import Block, Reading
from router.errors import DocumentError

MOST_UNPACKED = 50_000_000
"""Bytes of one part: a book of 1,000 pages has about ten million."""

MOST_NESTED = 200
"""Parts of a document in one another: text in a table in a table in a box has about forty."""

MOST_TAGS = 4_000_000
"""Tags of one part. Each takes some 100 bytes of memory; a book of 1,000 pages has a tenth."""

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DC_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_LEVEL = re.compile(r"(?:heading|berschrift|titre|t.tulo)\s?([1-6])", re.IGNORECASE)
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,  # what bzip2 raises for bytes that are none
    EOFError,
    NotImplementedError,
    RuntimeError,
    LookupError,
    ValueError,
)


def read_docx(content: bytes) -> Reading:
    """Returns the blocks of a DOCX file; raises DocumentError for one that cannot be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            body = _part(archive, "word/document.xml")
            names = archive.namelist()
            core = _part(archive, "docProps/core.xml") if "docProps/core.xml" in names else b""
    except _BROKEN as error:
        raise DocumentError(
            "found no whole DOCX archive (an encrypted or damaged file, or an older .doc); "
            "expected a .docx file: save it again without a password"
        ) from error
    tree = _parsed(body)
    main = tree.find(f"{_W}body")
    blocks = tuple(_blocks(tree if main is None else main))
    named = _parsed(core).findtext(_DC_TITLE, "") if core else ""
    headings = (block.text for block in blocks if block.level == 1)
    return Reading((named or "").strip() or next(headings, ""), blocks)


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """Returns one part unpacked. What a header says of its size is not believed."""
    with archive.open(name) as part:
        content = part.read(MOST_UNPACKED + 1)
    if len(content) > MOST_UNPACKED:
        raise DocumentError(
            f"found a part {name} that unpacks to more than {MOST_UNPACKED:,} bytes; expected a "
            "document: split it, and add no archive that you do not trust"
        )
    return content


def _parsed(content: bytes) -> ElementTree.Element:
    letters = content.replace(b"\0", b"")  # UTF-16 writes each of these with a zero byte
    if b"<!DOCTYPE" in letters or b"<!ENTITY" in letters:
        raise DocumentError("found a document type in the XML of a DOCX file; expected none")
    if content.count(b"<") > MOST_TAGS:
        raise DocumentError(
            f"found more than {MOST_TAGS:,} tags in a DOCX file; expected fewer: split it"
        )
    try:
        tree = ElementTree.fromstring(content)
    except (ElementTree.ParseError, LookupError, ValueError) as error:  # or another encoding
        raise DocumentError(f"found XML that is broken ({error}); expected a DOCX file") from error
    level = [tree]
    for _ in range(MOST_NESTED):
        level = [inner for part in level for inner in part]
        if not level:
            return tree
    raise DocumentError(
        f"found XML that is nested more than {MOST_NESTED} times; expected a DOCX file as word "
        "processors write it"
    )


def _blocks(main: ElementTree.Element) -> Iterator[Block]:
    for part in main:
        if part.tag == f"{_W}p":
            yield Block(_text(part), level=_level(part))
        elif part.tag == f"{_W}tbl":
            for row in part.iter(f"{_W}tr"):
                cells = (" ".join(map(_text, cell.iter(f"{_W}p"))) for cell in row.iter(f"{_W}tc"))
                yield Block(" | ".join(cells))
        elif part.tag == f"{_W}sdt":  # a content control, such as a table of contents
            # Its own content alone: what stands deeper comes with it.
            for content in part.findall(f"{_W}sdtContent"):
                yield from _blocks(content)


def _text(paragraph: ElementTree.Element) -> str:
    """Returns the words of a paragraph; deleted ones of tracked changes are no `w:t`."""
    words = []
    for part in paragraph.iter():
        if part.tag == f"{_W}t":
            words.append(part.text or "")
        elif part.tag in (f"{_W}tab", f"{_W}br"):
            words.append(" ")
    return "".join(words)


def _level(paragraph: ElementTree.Element) -> int:
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    named = "" if style is None else style.get(f"{_W}val", "")
    if named.lower() == "title":
        return 1
    match = _LEVEL.search(named)
    return int(match[1]) if match else 0
