"""Editors put a byte order mark at the start of a file; readers of rows leave it out."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from router.analysis.fairness import read_prompts
from router.api.compose.labelling.windows import row_of
from router.evaluation.kinds.endpoints import read_labelled
from router.training.data.sources import lines
from router.training.entities.marked_texts import read_texts
from router.training.tuning.chats import read_rows

MARKED = {"text": "I am Ann", "spans": [[5, 8, "name"]]}
PROMPTS = "@ english | Ann\n@ other | Bea\nWhat may {name} do?\n"
READERS: list[tuple[Callable[[Path], object], str]] = [
    (read_labelled, json.dumps({"text": "Pay $5.", "verdict": ""})),
    (read_rows, json.dumps({"messages": []})),
    (read_texts, json.dumps(MARKED)),
    (read_prompts, PROMPTS),
    (lambda path: list(lines(path)), json.dumps({"text": "Hello", "label": "ham"})),
    (lambda path: row_of(path.read_bytes(), "text"), json.dumps({"text": "Hello"})),
]


@pytest.mark.parametrize(("reader", "content"), READERS)
def test_file_with_a_byte_order_mark_is_read_as_one_without(
    reader: Callable[[Path], object], content: str, tmp_path: Path
) -> None:
    results = []
    for mark in (b"", codecs.BOM_UTF8):
        path = tmp_path / "rows.jsonl"
        path.write_bytes(mark + content.encode())
        results.append(reader(path))
    plain, marked = (_values(result) for result in results)
    assert marked == plain


def _values(result: object) -> object:
    """Returns a result without the digest of its file, which a mark does change."""
    return result[0] if isinstance(result, tuple) and isinstance(result[0], list) else result
