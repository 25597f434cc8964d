"""Reads CSV and tickets: each row is a block of its own, with the names of its columns. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping

from router.documents.pieces import Block, Reading
from router.errors import DocumentError

MOST_ROWS = 200_000
"""Rows of one file: more of them belong in a database, which a lookup asks."""

_TITLES = ("title", "subject", "summary", "name")
_DELIMITERS = ",;\t|"


def read_csv(text: str) -> Reading:
    """Returns one block per row: `column: value` lines. Raises DocumentError for a broken file."""
    sample = text[:4000]
    first = sample.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    blocks: list[Block] = []
    try:
        rows = csv.reader(io.StringIO(text), delimiter=delimiter, strict=False)
        names = [name.strip() for name in next(rows, [])]
        for number, row in enumerate(rows):
            if number >= MOST_ROWS:
                raise DocumentError(
                    f"found more than {MOST_ROWS:,} rows; expected fewer: split the file, or ask "
                    "such records by a lookup of the policy"
                )
            said = [
                f"{names[i] if i < len(names) else f'column {i + 1}'}: {value.strip()}"
                for i, value in enumerate(row)
                if value.strip()
            ]
            if said:
                blocks.append(Block("\n".join(said), whole=True))
    except csv.Error as error:
        raise DocumentError(
            f"found a row that is no CSV ({error}); expected one record a line, with its quotes "
            "closed"
        ) from error
    return Reading("", tuple(blocks))


def read_tickets(text: str) -> Reading:
    """Returns one block per ticket of a JSON lines file. Raises DocumentError for other lines."""
    blocks: list[Block] = []
    # Not `splitlines`: a text of JSON may hold other ends of lines, as U+2028, as they are.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            ticket = json.loads(line)
            fields = _fields(ticket) if isinstance(ticket, Mapping) else None
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


def _fields(ticket: Mapping[str, object]) -> list[str]:
    """Returns the lines of all fields but the title."""
    named = ((name, value) for name, value in ticket.items() if name not in _TITLES)
    return [line for name, value in named for line in _said(name, value)]


def _said(name: str, value: object) -> list[str]:
    """Returns the lines of one field; the comments of a ticket have one each."""
    if isinstance(value, Mapping):
        return [line for key, inner in value.items() for line in _said(f"{name} {key}", inner)]
    if isinstance(value, list):
        return [line for inner in value for line in _said(name, inner)]
    if value is None or value == "":
        return []
    return [f"{name}: {value}"]
