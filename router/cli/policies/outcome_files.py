"""Reads rows from a file, CSV or JSON lines, and outcomes of requests.

Outcomes have the columns `request_id`, `correct` and optionally `answerer` and `outside`. Every
line that cannot be read is counted; nothing is lost silently.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import typer

from router.analysis.replay.correctness import Correctness

WORDS = {
    "1": True,
    "true": True,
    "yes": True,
    "correct": True,
    "right": True,
    "0": False,
    "false": False,
    "no": False,
    "wrong": False,
    "incorrect": False,
}
NAMED = 5
"""Bounds the bad lines that are named; further ones are only counted."""


@dataclass(slots=True)
class BadLines:
    """Counts lines that could not be read, and keeps the first few with their reasons."""

    count: int = 0
    named: list[str] = field(default_factory=list)

    def add(self, line: int, why: str) -> None:
        """Counts one bad line."""
        self.count += 1
        if len(self.named) < NAMED:
            self.named.append(f"line {line}: {why}")

    def told(self, path: Path) -> str:
        """Returns one sentence about the bad lines; "" where every line could be read."""
        if not self.count:
            return ""
        lines = "1 line" if self.count == 1 else f"{self.count:,} lines"
        return f"{path}: {lines} could not be read: {'; '.join(self.named)}"


def need_table(path: Path) -> None:
    """Raises typer.BadParameter for a folder, and for a file of another kind than `rows_of` reads.

    A bill of another kind would be read as JSON lines, none of which is one.
    """
    if path.is_dir() or path.suffix.lower() not in (".csv", ".jsonl"):
        found = "a folder" if path.is_dir() else f"the ending {path.suffix!r}"
        raise typer.BadParameter(f"{path}: found {found}; expected a .csv or .jsonl file")


def rows_of(
    path: Path,
    bad: BadLines,
    decode: Callable[[str], object] | None = None,
    columns: Collection[str] = (),
) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Yields line number and columns of every row of a .csv or .jsonl file.

    Raises typer.BadParameter. `columns` are those that a .csv file must have. `decode` reads a line
    of JSON and raises ValueError for any other text; by default orjson does.
    """
    import orjson  # imported here: the command line must start without packages of the server

    decode = decode or orjson.loads
    try:
        # Spreadsheets begin UTF-8 files with a byte order mark.
        with path.open(encoding="utf-8-sig", newline="") as file:
            if path.suffix.lower() == ".csv":
                header = file.readline()
                # Spreadsheets of many countries write semicolons.
                delimiter = max(",;\t", key=header.count)
                reader = csv.DictReader(chain((header,), file), delimiter=delimiter)
                names = Counter(reader.fieldnames or ())
                if twice := [name for name, count in names.items() if count > 1 and name]:
                    raise typer.BadParameter(
                        f"{path}: its first line names {', '.join(twice)} more than once; "
                        "expected each column once"
                    )
                if lacking := set(columns).difference(names):
                    given = ", ".join(names)
                    raise typer.BadParameter(
                        f"{path}: no column {', '.join(sorted(lacking))} in its first line; found "
                        f"{f'the columns {given}' if given else 'no column at all'}"
                    )
                for row in reader:
                    yield reader.line_num, {k: v for k, v in row.items() if isinstance(k, str)}
                return
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    value = decode(line)
                except ValueError as error:
                    bad.add(number, f"no JSON ({error})")
                    continue
                if isinstance(value, dict):
                    yield number, value
                else:
                    bad.add(number, "no JSON object; expected one, {...}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        if isinstance(error, UnicodeDecodeError):
            why = f"the byte 0x{error.object[error.start]:02x} is no UTF-8"
        raise typer.BadParameter(f"{path}: {why}; expected a .csv or .jsonl file") from error


def read_outcomes(path: Path, bad: BadLines) -> list[Correctness]:
    """Returns the outcomes of a file, of each answer the first one.

    A later one that contradicts it is a bad line. Raises typer.BadParameter for a file that cannot
    be read.
    """
    from router.wire.public_ids import request_id_of

    outcomes: dict[tuple[str, str], Correctness] = {}
    for number, row in rows_of(path, bad, columns=("request_id", "correct")):
        request_id, correct = row.get("request_id"), truth(row.get("correct"))
        marked = row.get("outside")
        # A blank cell says nothing; a word that nobody knows must not count as covered.
        outside = False if marked is None or marked == "" else truth(marked)
        if not isinstance(request_id, str) or not request_id:
            bad.add(number, "no request_id")
        elif correct is None:
            bad.add(number, f"correct is {row.get('correct')!r}, expected 0 or 1")
        elif outside is None:
            bad.add(number, f"outside is {marked!r}, expected 0 or 1, or nothing")
        else:
            named = row.get("answerer")
            answerer = named if isinstance(named, str) else ""
            outcome = Correctness(request_id_of(request_id), correct, answerer, outside=outside)
            # One answer has one outcome, however often it is listed.
            if outcomes.setdefault((outcome.request_id, answerer), outcome) != outcome:
                bad.add(number, f"request_id {request_id!r} was listed before, with other values")
    return list(outcomes.values())


def decimal(value: object) -> float:
    """Returns a number of a cell, "0.95" or, as spreadsheets of many countries write it, "0,95".

    Raises ValueError.
    """
    return float(str(value).replace(",", ".", 1))


def truth(value: object) -> bool | None:
    """Returns the truth of 1, true, "yes", "correct" and their opposites; None for other values."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return bool(value) if value in (0, 1) else None
    return WORDS.get(value.strip().lower()) if isinstance(value, str) else None
