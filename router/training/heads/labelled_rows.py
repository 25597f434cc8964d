"""Reads labelled texts for one head from a file, cleans them, and names the lines of every repair.

A user's file is rarely clean. What can be repaired without guessing is repaired and reported; what
would teach the head something that nobody meant is refused, with the lines.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import gzip
import hashlib
import io
import json
import re
import shlex
import zlib
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.errors import TrainingDataError
from router.learning.near_duplicates import families
from router.stats.heads import label_key
from router.training.data.curate import KEY_CHARS, normalised

MIN_ROWS = 20
"""With fewer rows a figure says nothing: one row more or less right is five points."""
MIN_PER_CLASS = 2
MAX_CLASSES = 500
MAX_LINES_NAMED = 8
"""Line numbers listed in one error: enough to see the pattern, few enough to read."""
MAX_FILE_BYTES = 1 << 30
MISTYPED_TIMES = 10
"""A label may be mistyped where one that looks like it has so many times as many rows."""
MISTYPED_ALIKE = 0.8
"""How alike (difflib's ratio) two such labels are: one letter more, less or other of five."""
_DIGITS = re.compile(r"\d+")
BY_OPTION = "Name other columns by --text-column and --label-column."
"""Says what to do about a missing column, for commands that have these options."""
MISSING = frozenset({"", "nan", "NaN"})
"""Texts and labels of empty cells: writers of tables, such as pandas, name them so."""


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """Holds one text and its label; `line` counts from 1, for CSV at a record's last line."""

    line: int
    text: str
    label: str

    @property
    def empty(self) -> bool:
        """Returns True where the text or the label is that of an empty cell."""
        return self.text in MISSING or self.label in MISSING


@dataclass(frozen=True, slots=True)
class Repair:
    """Describes a repair and its lines; the user reads it, and the card keeps it."""

    what: str
    lines: tuple[int, ...]

    def __str__(self) -> str:
        return f"{len(self.lines)} row{'' if len(self.lines) == 1 else 's'} {self.what}" + (
            f" (line{'' if len(self.lines) == 1 else 's'} {named(self.lines)})"
        )


@dataclass(frozen=True, slots=True)
class HeadRows:
    """Holds the clean rows of one file, in file order, with the repairs."""

    file: str
    sha256: str
    rows_read: int
    rows: tuple[LabelledRow, ...]
    repairs: tuple[Repair, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Returns the rows per class, the most frequent class first."""
        return dict(Counter(row.label for row in self.rows).most_common())

    @property
    def classes(self) -> tuple[str, ...]:
        """Returns the labels, sorted, so that the same data give the same columns."""
        return tuple(sorted(self.counts))


def read_rows(path: Path, text_column: str, label_column: str, hint: str = BY_OPTION) -> HeadRows:
    """Returns the labelled rows of a .csv, .tsv, .jsonl or .jsonl.gz file that can teach a head.

    Raises TrainingDataError as `rows_of_file` does, and for fewer than two classes, a class with
    one text, or too few rows.
    """
    rows = rows_of_file(path, text_column, label_column, hint)
    _enough(rows)
    return rows


def rows_of_file(
    path: Path, text_column: str, label_column: str, hint: str = BY_OPTION
) -> HeadRows:
    """Returns the labelled rows of a file, however many there are.

    `hint` tells the user what to do where a column is missing.

    Raises TrainingDataError for a file that cannot be read, missing columns, and lines that are no
    rows.
    """
    raw = _bytes(path)
    text, repairs = _decoded(path, raw)
    if not text.strip():
        raise TrainingDataError(
            f"{path} is empty; expected rows with {text_column} and {label_column}"
        )
    rows = list(_records(path, text, (text_column, label_column), hint))
    read = len(rows)
    kept, cleaned = clean(rows)
    return HeadRows(path.name, hashlib.sha256(raw).hexdigest(), read, kept, (*repairs, *cleaned))


def places_of(rows: Sequence[LabelledRow], classes: Sequence[str]) -> npt.NDArray[np.int64]:
    """Returns the place of each row's label among the classes, in any case; -1 for no class."""
    place = {label_key(label): number for number, label in enumerate(classes)}
    return np.array([place.get(label_key(row.label), -1) for row in rows], dtype=np.int64)


def clean(rows: Sequence[LabelledRow]) -> tuple[tuple[LabelledRow, ...], tuple[Repair, ...]]:
    """Removes empty rows, merges repeats and settles contradictions; returns rows and repairs.

    Labels that differ only in case or spacing count as one, under its most frequent spelling. Texts
    that differ only in case, spacing or punctuation count as one. A text with several labels takes
    the most frequent of them. It is left out when two are equally frequent.
    """
    empty = [row.line for row in rows if row.empty]
    rows, respelt = _spelt_alike([row for row in rows if not row.empty])
    groups: dict[str, list[LabelledRow]] = {}
    for row in rows:
        groups.setdefault(normalised(row.text) or row.text, []).append(row)
    kept: list[LabelledRow] = []
    repeated, settled, torn = [], [], []
    for same in groups.values():
        votes = Counter(row.label for row in same).most_common()
        if len(votes) > 1 and votes[0][1] == votes[1][1]:
            torn += [row.line for row in same]
            continue
        settled += [row.line for row in same if row.label != votes[0][0]]
        agreeing = [row for row in same if row.label == votes[0][0]]
        repeated += [row.line for row in agreeing[1:]]
        kept.append(agreeing[0])
    repairs = (
        Repair("whose label has other case or spaces than most of its class mended", respelt),
        Repair("without a text or a label left out", tuple(empty)),
        Repair("with the text of an earlier row merged", tuple(sorted(repeated))),
        Repair("outvoted by other labels of the same text", tuple(sorted(settled))),
        Repair("whose text has two labels equally often left out", tuple(sorted(torn))),
    )
    return tuple(kept), tuple(repair for repair in repairs if repair.lines)


def _spelt_alike(rows: Sequence[LabelledRow]) -> tuple[list[LabelledRow], tuple[int, ...]]:
    """Returns the rows with the most frequent spelling of each label, and the lines mended."""
    spellings: dict[str, Counter[str]] = {}
    for row in rows:
        spellings.setdefault(label_key(row.label), Counter())[row.label] += 1
    usual = {key: counts.most_common(1)[0][0] for key, counts in spellings.items()}
    alike = [replace(row, label=usual[label_key(row.label)]) for row in rows]
    lines = [row.line for row, new in zip(rows, alike, strict=True) if new.label != row.label]
    return alike, tuple(lines)


def mistyped(counts: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    """Returns labels that look like another with ten times as many rows, and that other one.

    Labels that differ in a number, such as `level 1` and `level 2`, are meant. Labels are not
    mended: a singular beside a plural may be meant, too.

    >>> mistyped({"remake": 38, "remakes": 2, "shade": 40, "level 1": 2, "level 2": 60})
    (('remakes', 'remake'),)
    """
    numbers = {label: _DIGITS.findall(label) for label in counts}
    pairs = list[tuple[str, str]]()
    for rare, rows in counts.items():
        frequent = [
            label
            for label, others in counts.items()
            if others >= MISTYPED_TIMES * rows and numbers[label] == numbers[rare]
        ]
        nearest = difflib.get_close_matches(rare, frequent, n=1, cutoff=MISTYPED_ALIKE)
        pairs += [(rare, near) for near in nearest]
    return tuple(pairs)


def fold_key(text: str) -> str:
    """Returns a key; texts with equal keys stay in one fold, as near-duplicates do in `curate`."""
    return normalised(text)[:KEY_CHARS] or text


def together(texts: Sequence[str], labels: Sequence[Hashable]) -> list[str]:
    """Returns the name of each text's family; texts of one family stay in one fold."""
    return [_name(texts[first]) for first in families(texts, labels)]


def _name(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()


def named(lines: Sequence[int]) -> str:
    """Returns the first few line numbers as text, and the number of the others.

    >>> named([3, 7]), named(range(1, 11))
    ('3, 7', '1, 2, 3, 4, 5, 6, 7, 8 and 2 more')
    """
    shown = ", ".join(map(str, lines[:MAX_LINES_NAMED]))
    more = len(lines) - MAX_LINES_NAMED
    return shown + (f" and {more} more" if more > 0 else "")


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise TrainingDataError(f"{path} has over {MAX_FILE_BYTES} bytes; give a part of it")
        raw = path.read_bytes()
        # Bounded by the file's size only; a user trains on a file of their own.
        return gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TrainingDataError(
            f"{path} cannot be read: {reason}; expected a .csv, .tsv, .jsonl or .jsonl.gz file"
        ) from error


def _decoded(path: Path, raw: bytes) -> tuple[str, tuple[Repair, ...]]:
    """Returns the text of a file in UTF-8, or in UTF-16 when its first bytes are its mark."""
    for mark, name in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if raw.startswith(mark):
            try:
                return raw.decode(name), (Repair("of a UTF-16 file read as such", (1,)),)
            except UnicodeDecodeError as error:
                raise TrainingDataError(f"{path} begins as UTF-16 and is none: {error}") from error
    # Spreadsheet programs write this mark; it would become part of the first column's name.
    marked = raw.startswith(codecs.BOM_UTF8)
    body = raw[len(codecs.BOM_UTF8) :] if marked else raw
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        # Named line by line, since only a few letters of such a file are usually wrong.
        bad = [n for n, line in enumerate(body.split(b"\n"), start=1) if not _is_utf8(line)]
        raise TrainingDataError(
            f"{path} is not UTF-8: line{'' if len(bad) == 1 else 's'} {named(bad)}. Save it as "
            f"UTF-8, for example with `iconv -f WINDOWS-1252 -t UTF-8 {path.name}`."
        ) from None
    if "\0" in text:
        raise TrainingDataError(
            f"{path} holds zero bytes, as UTF-16 without a byte order mark does. Save it as UTF-8, "
            f"for example with `iconv -f UTF-16LE -t UTF-8 {path.name}`."
        )
    repair = Repair("with a byte order mark read without it", (1,))
    return text, (repair,) if marked else ()


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _as_lines(path: Path) -> str:
    """Returns the command that makes JSON lines of a list."""
    name = shlex.quote(path.name)
    if path.suffix == ".gz":
        return f"gzip -dc {name} | jq -c '.[]' > rows.jsonl"
    return f"jq -c '.[]' {name} > rows.jsonl"


def _records(path: Path, text: str, columns: tuple[str, str], hint: str) -> Iterator[LabelledRow]:
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    if suffix in (".csv", ".tsv"):
        yield from _table(path, text, columns, "\t" * (suffix == ".tsv"), hint)
    elif suffix in (".jsonl", ".ndjson"):
        yield from _objects(path, text, columns, hint)
    else:
        how = f"; `{_as_lines(path)}` makes lines of a list" * (suffix == ".json")
        raise TrainingDataError(
            f"{path} is of no known kind; expected .csv, .tsv or .jsonl[.gz]{how}"
        )


def _table(
    path: Path, text: str, needed: tuple[str, str], delimiter: str, hint: str
) -> Iterator[LabelledRow]:
    # A long text is a text, whatever limit Python's reader begins with.
    csv.field_size_limit(MAX_FILE_BYTES)
    header = text.partition("\n")[0]
    # The delimiter that is most frequent in the first line is the file's.
    delimiter = delimiter or max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns = list(reader.fieldnames or ())
    missing = [name for name in needed if name not in columns]
    if missing:
        raise TrainingDataError(
            f"{path} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; it has "
            f"{', '.join(columns) or 'none'}. {hint}"
        )
    text_column, label_column = needed
    short: list[int] = []
    rows: list[LabelledRow] = []
    try:
        for row in reader:
            # DictReader fills a short row with None, and puts surplus cells under the key None.
            if row[text_column] is None or row[label_column] is None or None in row:
                short.append(reader.line_num)
                continue
            rows.append(
                LabelledRow(reader.line_num, row[text_column].strip(), row[label_column].strip())
            )
    except csv.Error as error:
        raise TrainingDataError(f"{path}, line {reader.line_num}: {error}") from error
    if short:
        many = "s" * (len(short) > 1)
        raise TrainingDataError(
            f"{path}: {len(short)} row{many} without the {len(columns)} columns of the first line "
            f"(line{many} {named(short)}); quote texts that hold a {delimiter!r} or a line break"
        )
    yield from rows


def _objects(path: Path, text: str, columns: tuple[str, str], hint: str) -> Iterator[LabelledRow]:
    text_column, label_column = columns
    problems: dict[str, list[int]] = {}
    rows: list[LabelledRow] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            problems.setdefault("no JSON", []).append(number)
            continue
        if not isinstance(row, Mapping):
            problems.setdefault("no JSON object", []).append(number)
            continue
        missing = [name for name in columns if name not in row]
        if missing:
            problems.setdefault(f"without {' and '.join(missing)}", []).append(number)
            continue
        value, label = row[text_column], row[label_column]
        if not isinstance(value, str | None) or not isinstance(label, str | int | None):
            problems.setdefault("whose text or label is no text", []).append(number)
            continue
        label_text = "" if label is None else str(label).strip()
        rows.append(LabelledRow(number, (value or "").strip(), label_text))
    if problems:
        listed = "; ".join(
            f"line{'s' * (len(lines) > 1)} {named(lines)}: {what}"
            for what, lines in problems.items()
        )
        raise TrainingDataError(
            f"{path}: {listed}. Each line is an object with {text_column} and {label_column}. "
            + hint
            + f" `{_as_lines(path)}` makes lines of a list." * text.startswith("[")
        )
    yield from rows


def _enough(rows: HeadRows) -> None:
    """Raises TrainingDataError when the rows are too few to teach and judge a head."""
    counts = rows.counts
    repairs = "".join(f"; {repair}" for repair in rows.repairs)
    if len(counts) < 2:
        only = f"the one class {next(iter(counts))!r}" if counts else "no labelled text"
        raise TrainingDataError(f"{rows.file} has {only}; a head tells two or more apart{repairs}")
    # So many labels usually mean that a column of ids or texts was taken for the labels.
    if len(counts) > MAX_CLASSES:
        raise TrainingDataError(
            f"{rows.file} has {len(counts)} classes, at most {MAX_CLASSES} are read; is the "
            "label column the right one?"
        )
    # Cross-validation needs a row of each class on both sides.
    rare = [row for row in rows.rows if counts[row.label] < MIN_PER_CLASS]
    if rare:
        meant = dict(mistyped(counts))
        labels = ", ".join(
            repr(row.label)
            + (f" (did you mean {meant[row.label]!r}?)" if row.label in meant else "")
            for row in rare[:MAX_LINES_NAMED]
        )
        raise TrainingDataError(
            f"{rows.file}: {len(rare)} of {len(counts)} classes with one text only (line"
            f"{'s' * (len(rare) > 1)} {named([row.line for row in rare])}: {labels}); give each at "
            f"least {MIN_PER_CLASS}, or take them out. A head needs at least {MIN_ROWS} rows in "
            f"all{repairs}"
        )
    if len(rows.rows) < MIN_ROWS:
        raise TrainingDataError(
            f"{rows.file} has {len(rows.rows)} usable rows; a head needs at least "
            f"{MIN_ROWS}{repairs}"
        )
