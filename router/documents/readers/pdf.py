"""Reads PDF pages with pypdf, the extra `documents`; the only file that imports it.

It bounds neither time nor memory: `pdf_child` runs it where both are bounded.
"""

from __future__ import annotations

import io
import logging
import re

from router.documents.pieces import Block, Reading
from router.errors import DocumentError
from router.errors.installing import pip_install

MOST_PAGES = 5_000
MOST_TEXT = 20_000_000
"""Characters of one file. A page can name the same text again and again."""

MOST_FORMS = 100
"""Parts of one page that stand elsewhere in the file; each may hold as much as a page."""

_BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    NotImplementedError,
    TypeError,
    ValueError,
)
"""Its parser takes broken files as they come, and fails in the ways of any Python code."""

_GAP = re.compile(r"\n\s*\n")
_HYPHEN = re.compile(r"(?<=[a-z])-\n(?=[a-z])")


def read_pdf(content: bytes) -> Reading:
    """Returns a block per paragraph, with its page. Raises DocumentError for what has no text."""
    try:
        from pypdf import PdfReader, apply_configuration
        from pypdf.errors import DependencyError, DeprecationError, PyPdfError
    except ImportError as error:
        raise DocumentError(
            "found a PDF file and no package that reads it; expected pypdf: "
            f"`{pip_install('documents')}`"
        ) from error
    # It reports what it repairs, page after page; what counts becomes an error below.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError(
                "found a PDF that needs a password; expected one without: save it unprotected"
            )
        if len(reader.pages) > MOST_PAGES:
            raise DocumentError(
                f"found {len(reader.pages):,} pages; expected at most {MOST_PAGES:,}: split it"
            )
        pages, length = [], 0
        for page in reader.pages:
            with apply_configuration(xform_maximum_invocations_per_extraction=MOST_FORMS):
                text = page.extract_text() or ""
            length += len(text)
            if length > MOST_TEXT:
                raise DocumentError(
                    f"found more than {MOST_TEXT:,} characters; expected fewer: split the file"
                )
            pages.append(text)
        title = str(reader.metadata.title or "").strip() if reader.metadata else ""
    except DependencyError as error:
        raise DocumentError(f"found a PDF that pypdf cannot open here: {error}") from error
    except (PyPdfError, DeprecationError, *_BROKEN) as error:
        raise DocumentError(
            f"found a PDF that is damaged ({type(error).__name__}); expected a whole file: print "
            "it to PDF again"
        ) from error
    if not any(text.strip() for text in pages):
        count = "1 page" if len(pages) == 1 else f"{len(pages):,} pages"
        raise DocumentError(
            f"found {count} without any text (a scan?); expected text: run OCR over "
            "it first, for example `ocrmypdf in.pdf out.pdf`"
        )
    blocks = [
        Block(_HYPHEN.sub("", part), page=number)
        for number, text in enumerate(pages, start=1)
        for part in _GAP.split(text)
    ]
    return Reading(title, tuple(blocks))
