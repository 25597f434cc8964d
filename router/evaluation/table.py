"""Reads a labelled file as rows, and checks it.

An error names the file, the line, the value and the expectation. This module knows columns and
lines, and nothing of models.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from router.errors import TrainingDataError
from router.training.data.sources import json_kind
from router.training.heads.labelled_rows import MAX_LINES_NAMED, named

Json = Mapping[str, object]
Item = TypeVar("Item")

GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Line:
    """Holds one object of a file; `number` is 1-based."""

    number: int
    row: Json

    def text(self, column: str) -> str:
        """Returns the text of a column, stripped. Raises ValueError if it is no text."""
        value = self.row[column]
        if not isinstance(value, str):
            raise ValueError(f"{column} is {shown(value)}; expected a text")
        return value.strip()

    def one_of(self, column: str, allowed: Sequence[str]) -> str:
        """Returns the value of a column of fixed names. Raises ValueError for any other value."""
        value = self.row[column]
        if value not in allowed:
            raise ValueError(f"{column} is {shown(value)}; expected {_or(allowed)}")
        return str(value)

    def flag(self, column: str) -> bool:
        """Returns a column of 0 and 1, false where it is missing.

        Raises ValueError for other values.
        """
        value = self.row.get(column, 0)
        if value not in (0, 1):
            raise ValueError(f"{column} is {shown(value)}; expected 0 or 1")
        return bool(value)

    def optional(self, column: str) -> str:
        """Returns the text of a column that may be missing; it is "" then."""
        value = self.row.get(column)
        return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Table(Generic[Item]):
    """Holds one file's items in file order, and the lines without an item."""

    path: Path
    sha256: str
    items: tuple[Item, ...]
    skipped: tuple[int, ...]


def read(
    path: Path,
    columns: Sequence[Sequence[str]],
    parse: Callable[[Line], Item | None],
    lines: Iterable[tuple[int, str]] | None = None,
) -> Table[Item]:
    """Reads a .jsonl or .jsonl.gz file; `parse` returns None for a row without text or label.

    `columns` are the needed columns; of several in one entry, any one is enough. `lines` are those
    of a file of another format, as JSON lines with their numbers. Raises
    TrainingDataError that names the file, the lines, the value and the expectation. It does so for
    a file that cannot be read, is not gzip, UTF-8 or JSON, has no rows, lacks a column, or has a
    value that `parse` refuses by ValueError.
    """
    packed = bytes_of(path)
    problems: dict[str, list[int]] = {}
    items: list[Item] = []
    skipped: list[int] = []
    count = 0
    # Problems of single rows are collected, so that one run names all of them.
    for number, content in lines or _lines(path, unpacked(path, packed)):
        count += 1
        try:
            line = Line(number, _object(content))
            missing = [names for names in columns if not any(name in line.row for name in names)]
            if missing:
                wanted = ", ".join(" or ".join(names) for names in missing)
                raise ValueError(f"found the columns {_listed(line.row)}; expected {wanted} too")
            item = parse(line)
        except ValueError as error:
            problems.setdefault(str(error), []).append(number)
            continue
        if item is None:
            skipped.append(number)
        else:
            items.append(item)
    if problems:
        raise TrainingDataError(_told(path, problems))
    if not items:
        rows_read = f"{count} rows without text or label" if count else "no rows"
        raise TrainingDataError(f"{path}: found {rows_read}; expected one JSON object a line")
    # The digest is of the file as it lies there: the model's card names files by it.
    return Table(path, hashlib.sha256(packed).hexdigest(), tuple(items), tuple(skipped))


def need_classes(path: Path, labels: Sequence[str], what: str) -> None:
    """Raises TrainingDataError where `labels` has one value only, or none."""
    kinds = sorted(set(labels))
    if len(kinds) < 2:
        only = f"only {kinds[0]!r} in all {len(labels)} rows" if kinds else "no rows"
        raise TrainingDataError(
            f"{path}: found {only} as {what}; expected at least 2 different ones, "
            "since nothing can be told apart otherwise"
        )


def shown(value: object) -> str:
    """Returns a value as a message shows it, cut short."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _or(allowed: Sequence[str]) -> str:
    return " or ".join(map(repr, allowed))


def _listed(row: Json) -> str:
    return ", ".join(list(row)[:12]) or "none"


def _told(path: Path, problems: Mapping[str, Sequence[int]]) -> str:
    parts = []
    for what, lines in problems.items():
        rows = "" if len(lines) == 1 else f" ({len(lines)} rows: lines {named(lines)})"
        parts.append(f"{path}:{lines[0]}: {what}{rows}")
    more = len(parts) - MAX_LINES_NAMED
    # A file in a wrong format has a problem in every line.
    kept = parts[:MAX_LINES_NAMED] + ([f"and {more} problems more"] if more > 0 else [])
    return "\n  ".join(kept)


def bytes_of(path: Path) -> bytes:
    """Returns the bytes of a file. Raises TrainingDataError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise TrainingDataError(
            f"{path}: cannot be read: {error.strerror}; expected a .jsonl or .jsonl.gz file"
        ) from error


def unpacked(path: Path, raw: bytes) -> bytes:
    """Returns the content of gzip bytes, or the bytes; a name that ends in .gz must hold gzip."""
    # The content decides, since a gzip file may have any name.
    if not raw.startswith(GZIP_MAGIC):
        if path.suffix == ".gz":
            raise TrainingDataError(
                f"{path}:1: found no gzip data ({raw[:4]!r}); expected gzip: compress it, or "
                "take .gz from its name"
            )
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise TrainingDataError(
            f"{path}: found gzip data cut short or altered ({error}); expected a whole file"
        ) from error


def _lines(path: Path, raw: bytes) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            # Some editors put a byte-order mark at the start of a file.
            yield number, line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise TrainingDataError(
                f"{path}:{number}: found the byte {line[error.start]:#04x} at {error.start}, "
                f"which is no UTF-8; expected UTF-8: iconv -f WINDOWS-1252 -t UTF-8 converts"
            ) from None


def _object(content: str) -> Json:
    try:
        row = json.loads(content)
    except ValueError:
        raise ValueError(f"found {shown(content[:30])}; expected one JSON object a line") from None
    if not isinstance(row, dict):
        raise ValueError(f"found a JSON {json_kind(row)}; expected an object")
    return row
