"""Reads CSV and tickets: each row is a block of its own, with the names of its columns. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping

from router.documents.pieces import Block, Reading
from router.errors import DocumentError

MOST_ROWS = 200_000
"""Rows of one file: more of them belong in a database, which a lookup asks."""

MOST_TEXT = 200_000_000
"""Characters of one file as they are kept. Each value stands with its name, and a name may be
longer than all values together."""

_TITLES = ("title", "subject", "summary", "name")
_DELIMITERS = ",;\t|"


def read_csv(text: str) -> Reading:
    """Returns one block per row: `column: value` lines. Raises DocumentError for a broken file."""
    sample = text[:4000]
    first = sample.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    blocks: list[Block] = []
    bounded = _Bounded()
    try:
        rows = csv.reader(io.StringIO(text), delimiter=delimiter, strict=False)
        names = [name.strip() for name in next(rows, [])]
        for number, row in enumerate(rows):
            if number >= MOST_ROWS:
                raise DocumentError(
                    f"found more than {MOST_ROWS:,} rows; expected fewer: split the file, or ask "
                    "such records by a lookup of the policy"
                )
            lines = bounded.lines(
                f"{names[i] if i < len(names) else f'column {i + 1}'}: {value.strip()}"
                for i, value in enumerate(row)
                if value.strip()
            )
            if lines:
                blocks.append(Block("\n".join(lines), whole=True))
    except csv.Error as error:
        raise DocumentError(
            f"found a row that is no CSV ({error}); expected one record a line, with its quotes "
            "closed"
        ) from error
    return Reading("", tuple(blocks))


def read_tickets(text: str) -> Reading:
    """Returns one block per ticket of a JSON lines file. Raises DocumentError for other lines."""
    blocks: list[Block] = []
    bounded = _Bounded()
    # Not `splitlines`: a text of JSON may hold other ends of lines, as U+2028, as they are.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            ticket = json.loads(line)
            fields = bounded.lines(_fields(ticket)) if isinstance(ticket, Mapping) else None
        except (ValueError, RecursionError) as error:  # the latter: nested without an end
            raise DocumentError(
                f"found a line {number} that is no JSON, or nested too deeply; expected one JSON "
                "object a line"
            ) from error
        if fields is None:
            raise DocumentError(f"found no object in line {number}; expected one a line: {{...}}")
        if len(blocks) >= MOST_ROWS:
            raise DocumentError(f"found more than {MOST_ROWS:,} lines; expected fewer: split it")
        title = next((str(ticket[name]) for name in _TITLES if ticket.get(name)), "")
        if title:
            blocks.append(Block(title, level=2))
        if fields or not title:
            blocks.append(Block("\n".join(fields) or "(empty)", whole=True))
    return Reading("", tuple(blocks))


class _Bounded:
    """Counts the characters of one file."""

    def __init__(self) -> None:
        self._left = MOST_TEXT

    def lines(self, lines: Iterable[str]) -> list[str]:
        """Returns the lines. Raises DocumentError once those of the file are too many."""
        kept = []
        for line in lines:
            self._left -= len(line)
            if self._left < 0:
                raise DocumentError(
                    f"found more than {MOST_TEXT:,} characters with the names of columns or "
                    "fields; expected fewer: shorten the names, or split the file"
                )
            kept.append(line)
        return kept


def _fields(ticket: Mapping[str, object]) -> Iterator[str]:
    """Yields the lines of all fields but the title."""
    for name, value in ticket.items():
        if name not in _TITLES:
            yield from _field_lines(name, value)


def _field_lines(name: str, value: object) -> Iterator[str]:
    """Yields the lines of one field; the comments of a ticket have one each."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _field_lines(f"{name} {key}", inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _field_lines(name, inner)
    elif value is not None and value != "":
        yield f"{name}: {value}"
