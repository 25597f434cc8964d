"""Chooses the reader of a file by its name, bounds its size, and decodes its text.

Text is UTF-8, or UTF-16 with its mark. Any other encoding is named and refused: a guess would put
wrong letters into answers.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from router.documents.pieces import Reading
from router.documents.readers.code import read_code
from router.documents.readers.html import read_html
from router.documents.readers.markdown import read_markdown
from router.documents.readers.tables import read_csv, read_tickets
from router.errors import DocumentError

MOST_BYTES = 50_000_000
"""Of one file: a book of 1,000 pages has a tenth of it, unless it is full of pictures."""

_CODE = (
    "c cc cpp cs css dart ex go h hpp java js json jsx kt kts lua m mjs php pl ps1 py pyi r rb rs "
    "scala sh sql swift tf toml ts tsx vue yaml yml zig"
)


def _pdf(content: bytes) -> Reading:
    from router.documents.readers.pdf_child import pdf_child

    return pdf_child().read(content)


def _docx(content: bytes) -> Reading:
    from router.documents.readers.docx import read_docx

    return read_docx(content)


_OF_TEXT: dict[str, Callable[[str], Reading]] = {
    **dict.fromkeys((".md", ".markdown", ".txt", ".text", ".rst"), read_markdown),
    **dict.fromkeys((".html", ".htm", ".xhtml"), read_html),
    **dict.fromkeys((".csv", ".tsv"), read_csv),
    **dict.fromkeys((".jsonl", ".ndjson"), read_tickets),
    **dict.fromkeys([f".{name}" for name in _CODE.split()], read_code),
}
_OF_BYTES: dict[str, Callable[[bytes], Reading]] = {".pdf": _pdf, ".docx": _docx}
SUFFIXES = frozenset({*_OF_TEXT, *_OF_BYTES})

_CONTROLS = {code: " " for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def is_readable(path: Path) -> bool:
    """Returns True for a file of a format that is read."""
    return path.suffix.lower() in SUFFIXES


def content_of(path: Path) -> bytes:
    """Returns the bytes of a file. Raises DocumentError for one that is too large, or no file."""
    try:
        # A pipe or a device has no end.
        if not path.is_file():
            raise DocumentError("found no regular file; expected one")
        size = os.path.getsize(path)
        if size > MOST_BYTES:
            raise DocumentError(
                f"found {size:,} bytes; expected at most {MOST_BYTES:,}: split the file"
            )
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise DocumentError(f"cannot be read: {error.strerror or error}") from error
    if len(content) > MOST_BYTES:  # it grew meanwhile
        raise DocumentError(f"found more than {MOST_BYTES:,} bytes; expected fewer")
    return content


def read_file(name: str, content: bytes) -> Reading:
    """Returns the blocks of a file, and a title: its own, or its name.

    Raises DocumentError, without the name, for a file that cannot be read.
    """
    suffix = Path(name).suffix.lower()
    if suffix in _OF_BYTES:
        reading = _OF_BYTES[suffix](content)
    elif suffix in _OF_TEXT:
        reading = _OF_TEXT[suffix](_decoded(content))
    else:
        raise DocumentError(
            f"found a file of the kind {suffix or 'without a name'}; expected one of "
            f"{', '.join(sorted(SUFFIXES))}"
        )
    if not any(block.text.strip() for block in reading.blocks):
        raise DocumentError("found no text; expected some")
    return Reading(
        _kept(reading.title or Path(name).stem),
        tuple(replace(block, text=_kept(block.text)) for block in reading.blocks),
    )


def _kept(text: str) -> str:
    """Returns a text as databases take it, since escapes and fonts can name what is no character.

    It also leaves out controls, which a terminal would obey when `knowledge search` prints them.
    """
    return text.translate(_CONTROLS).encode("utf-8", "replace").decode()


def _decoded(content: bytes) -> str:
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DocumentError(
            f"found the byte 0x{content[error.start]:02x} in line {line}, which is no "
            f"{encoding}; expected UTF-8: save the file in that encoding (`iconv -f latin1 -t "
            "utf-8`)"
        ) from error
    if "\0" in text:
        raise DocumentError("found zero bytes, so no text; expected UTF-8 text")
    return text
