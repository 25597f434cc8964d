"""Labels one window of lines by a specialist: lines of bytes in, two blocks of JSON lines out.

Pure but for what the specialist does, so that a window can be labelled in any process.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Protocol

from router.specialists.result import Said, document

ROWS = 1_024
"""Sets the lines between two states: a kill loses about a second's work."""
MAX_LINE_BYTES = 16_000_000
Lines = Sequence[tuple[bool, bytes]]
"""Lines, each with True if it is whole: one beyond MAX_LINE_BYTES comes in parts."""


class Says(Protocol):
    """Describes what is used here of a specialist; `early` counts texts that words settled."""

    @property
    def early(self) -> int: ...

    def say(self, texts: list[str]) -> list[Said]: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Says where a window begins: how many lines came before, and if it begins within one that was
    read or refused by its first part.

    A file's last line may have no end yet: what is added to it later belongs to the same line.
    """

    lines: int = 0
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Labelled:
    """Holds what a window became. `good` and `bad` are lines of JSON, `end` is where it ends."""

    good: bytes
    bad: bytes
    rows: int
    bad_rows: int
    end: Place
    labels: Mapping[str, int] = field(default_factory=dict)
    early: int = 0


def windows_of(source: IO[bytes]) -> Iterator[Lines]:
    """Yields the lines of a file in windows."""
    window: list[tuple[bool, bytes]] = []
    while line := source.readline(MAX_LINE_BYTES):
        window.append((line.endswith(b"\n") or len(line) < MAX_LINE_BYTES, line))
        if len(window) >= ROWS:
            yield window
            window = []
    if window:
        yield window


def end_of(window: Lines, begin: Place) -> Place:
    """Returns where a window ends that begins there.

    >>> end_of([(True, b"rest\\n"), (True, b"one\\n"), (False, b"two ...")], Place(7, cut=True))
    Place(lines=9, cut=True)
    """
    lines, cut = begin.lines, begin.cut
    for _, line in window:
        lines, cut = lines + (not cut), not line.endswith(b"\n")
    return Place(lines, cut)


def places(windows: Iterable[Lines], begin: Place) -> Iterator[tuple[Lines, Place]]:
    """Yields each window with where it begins."""
    for window in windows:
        yield window, begin
        begin = end_of(window, begin)


def labelled(specialist: Says, window: Lines, begin: Place, text_column: str) -> Labelled:
    """Returns what a specialist makes of a window."""
    good: list[tuple[int, object, str]] = []
    wrong: list[tuple[int, str]] = []
    number, cut = begin.lines, begin.cut
    for whole, line in window:
        rest, cut = cut, not line.endswith(b"\n")
        if rest:
            continue  # the line was read or refused by its first part
        number += 1
        if not whole:
            wrong.append((number, f"a line of over {MAX_LINE_BYTES} bytes"))
            continue
        # An empty line at the end is common, and no mistake.
        if not line.strip():
            continue
        try:
            good.append((number, *row_of(line, text_column)))
        except ValueError as error:
            wrong.append((number, str(error)))
    before = specialist.early
    results = specialist.say([text for _, _, text in good]) if good else []
    labels: dict[str, int] = {}
    lines = []
    for (row, name, _), result in zip(good, results, strict=True):
        head = {"line": row} if name is None else {"line": row, "id": name}
        lines.append(_line({**head, **document(result)}))
        label = result.verdict or next(iter(result.fields.values())).label
        labels[label] = labels.get(label, 0) + 1
    return Labelled(
        b"".join(lines),
        b"".join(_line({"line": row, "error": why}) for row, why in wrong),
        len(good),
        len(wrong),
        Place(number, cut),
        labels,
        specialist.early - before,
    )


def row_of(line: bytes, text_column: str) -> tuple[object, str]:
    """Returns a row's `id` (None without one) and its text; subject and body where it has no text.

    Raises ValueError that names the row's mistake.
    """
    try:
        row = json.loads(line)
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: {error.reason} at byte {error.start}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(row, dict):
        raise ValueError(f"not an object but {type(row).__name__}")
    text = row.get(text_column)
    if text is None and text_column not in row:
        parts = [row[name] for name in ("subject", "body") if isinstance(row.get(name), str)]
        if not parts:
            raise ValueError(f"no {text_column!r}, and no subject or body")
        text = "\n\n".join(parts)
    if not isinstance(text, str):
        raise ValueError(f"{text_column!r} is {type(text).__name__}, not text")
    if not text.strip():
        raise ValueError(f"{text_column!r} is empty")
    return row.get("id"), text


def _line(row: Mapping[str, object]) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
