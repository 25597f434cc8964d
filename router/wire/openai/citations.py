"""Reads and writes the pages that a model cites, in both of OpenAI's forms. Pure.

Chat completions put a citation inside its type, responses beside it. Citations of files are left
out: they name files at the provider, which nobody here can open.
"""

from __future__ import annotations

from router.types import Citation

MAX_CITATIONS = 1_000
KIND = "url_citation"


def parse_annotations(value: object, after: int = 0) -> tuple[Citation, ...]:
    """Returns the pages that a message or a part of one cites, without malformed entries.

    Their places count from the text's beginning, which `after` characters come before.
    """
    if type(value) is not list:
        return ()
    cited = [_citation(entry, after) for entry in value[:MAX_CITATIONS]]
    return tuple([citation for citation in cited if citation is not None])


def _citation(entry: object, after: int) -> Citation | None:
    if type(entry) is not dict or entry.get("type") != KIND:
        return None
    inner = entry.get(KIND)
    fields = inner if type(inner) is dict else entry
    url, title = fields.get("url"), fields.get("title")
    start, end = fields.get("start_index"), fields.get("end_index")
    if type(url) is not str or not url or type(start) is not int or type(end) is not int:
        return None
    if not 0 <= start <= end < 2**31:
        return None
    return Citation(url, title if type(title) is str else "", after + start, after + end)


def message_annotations(citations: tuple[Citation, ...]) -> list[dict[str, object]]:
    """Returns citations as a message of chat completions has them."""
    return [{"type": KIND, KIND: _fields(citation)} for citation in citations]


def part_annotations(citations: tuple[Citation, ...]) -> list[dict[str, object]]:
    """Returns citations as a part of a response's message has them."""
    return [{"type": KIND, **_fields(citation)} for citation in citations]


def _fields(citation: Citation) -> dict[str, object]:
    return {
        "start_index": citation.start,
        "end_index": citation.end,
        "url": citation.url,
        "title": citation.title,
    }
