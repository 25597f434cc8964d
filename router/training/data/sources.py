"""Reads files of training data: an example's fields, rows with their numbers, knowledge files.

A row that lacks a column, or has a value of the wrong type, stops the run with the file and the row
numbers: a model trained without notice on half a file is worse than none. `known_files.py` lists
the files.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from router.errors import TrainingDataError
from router.triage.encoder import sha256_of
from router.triage.text.utterance_words import held_out

MAX_ROWS_NAMED = 8
"""Row numbers listed in one error: enough to see the pattern, few enough to read."""

Row = Mapping[str, object]


def json_kind(value: object) -> str:
    """Returns what a message calls a value of JSON."""
    return "null" if value is None else type(value).__name__


@dataclass(frozen=True, slots=True)
class Example:
    """Holds one text and everything that a data file says about it.

    `labels` maps a task (`domain`, `stakes`, `intent/clinc150`, ...) to a class name. A stated rule
    derived the tasks named in `weak`; the data do not give them. `outcomes` maps a model to the
    correctness of its answer, 0..1. `difficulty_hint` is a level given by the source, 0..1.
    """

    text: str
    source: str
    group: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    weak: frozenset[str] = frozenset()
    outcomes: Mapping[str, float] = field(default_factory=dict)
    benchmark: str = ""
    difficulty_hint: float | None = None


@dataclass(frozen=True, slots=True)
class SourceFile:
    """Describes a known file of the data folder: name, required columns, licence and reader."""

    name: str
    columns: tuple[str, ...]
    licence: str
    read: Callable[[Row], Iterator[Example]]


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """Records what was read from one file, for the card."""

    name: str
    sha256: str
    rows: int
    examples: int
    licence: str


@dataclass(frozen=True, slots=True)
class FileRows:
    """Holds one file as read: every example with its row number, from 1; texts may be empty."""

    name: str
    sha256: str
    count: int
    licence: str
    rows: tuple[tuple[int, Example], ...]


TRACE_FILE = "trace_azure_llm_2023_conv.csv.gz"
"""Context lengths of real load, for the latency figures of the card; not trained on."""


def find(folder: Path, name: str) -> Path | None:
    """Returns the file `name` in `folder`, or the one without `.gz`; None when there is neither."""
    for candidate in (folder / name, folder / name.removesuffix(".gz")):
        if candidate.is_file():
            return candidate
    return None


def read_file(path: Path, source: SourceFile) -> tuple[list[Example], int]:
    """Returns the examples of one file that have a text, and its row count.

    Raises TrainingDataError for malformed rows.
    """
    file_rows = read_rows(path, source)
    return [example for _, example in file_rows.rows if example.text], file_rows.count


def read_rows(path: Path, source: SourceFile) -> FileRows:
    """Returns the examples of one file with their row numbers.

    Raises TrainingDataError that names all malformed rows, and for a file without any row.
    """
    rows: list[tuple[int, Example]] = []
    problems: dict[str, list[int]] = {}
    number = 0
    for number, line in enumerate(lines(path), start=1):
        try:
            # Writers of tables put NaN where a cell is empty; JSON has no such value.
            row = json.loads(line, parse_constant=lambda _: None)
            if not isinstance(row, dict):
                # The line of a row that is NaN has become None, and is no null.
                kind = "NaN" if row is None and line.strip() != "null" else json_kind(row)
                raise ValueError(f"a JSON {kind}; expected an object a line")
            missing = [column for column in source.columns if row.get(column) is None]
            if missing:
                raise ValueError(f"column {', '.join(missing)} is missing or null")
            rows += [(number, example) for example in source.read(row)]
        except (ValueError, TypeError, AttributeError) as error:
            # Problems are collected, so that one run names all of them.
            reason = "not a JSON object" if isinstance(error, json.JSONDecodeError) else str(error)
            problems.setdefault(reason, []).append(number)
    if problems:
        raise TrainingDataError(_describe(path, source, problems))
    if not number:
        raise TrainingDataError(
            f"{path.name} holds no row; expected some with {', '.join(source.columns)}, or the "
            "file out of the folder"
        )
    return FileRows(path.name, sha256_of(path), number, source.licence, tuple(rows))


def _describe(path: Path, source: SourceFile, problems: Mapping[str, list[int]]) -> str:
    parts = [f"row {named(rows)}: {reason}" for reason, rows in problems.items()]
    return f"{path.name} needs the columns {', '.join(source.columns)}; " + "; ".join(parts)


def named(rows: Sequence[int]) -> str:
    """Returns the first few row numbers as text, and the number of the others.

    >>> named([3, 5]), named(range(1, 31))
    ('3, 5', '1, 2, 3, 4, 5, 6, 7, 8 and 22 more')
    """
    shown = ", ".join(map(str, rows[:MAX_ROWS_NAMED]))
    more = f" and {len(rows) - MAX_ROWS_NAMED} more" if len(rows) > MAX_ROWS_NAMED else ""
    return shown + more


def lines(path: Path) -> Iterator[str]:
    """Yields the lines of a text file that are not blank. Raises TrainingDataError if not UTF-8."""
    # The same files are read packed and unpacked.
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        # Some editors put a byte order mark at the start of a file.
        with opener(path, "rt", encoding="utf-8-sig") as stream:
            for line in stream:
                if line.strip():
                    yield line
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise TrainingDataError(
            f"{path.name} is not UTF-8 text or a whole gzip file: {error}"
        ) from error


def context_lengths(folder: Path) -> list[int]:
    """Returns context tokens of each request in the load trace; empty without a trace."""
    path = find(folder, TRACE_FILE)
    return (
        [] if path is None else [int(row["ContextTokens"]) for row in csv.DictReader(lines(path))]
    )


NEVER_TAUGHT = ("it_help_desk.yaml", "retail_bank.yaml")
"""Shipped knowledge files that no model is trained on: they stand for an operator's own."""


def knowledge_files(folder: Path | None) -> list[Path]:
    """Returns the knowledge files whose utterances are trained on; none without a folder."""
    files = sorted(folder.glob("*.yaml")) if folder is not None else []
    return [path for path in files if path.name not in NEVER_TAUGHT]


def never_taught(folder: Path | None) -> list[Example]:
    """Returns the utterances of the files that teach nothing, for judging alone.

    What they mark as not covered has the intent "oos", as CLINC150 calls it.
    """
    import yaml

    examples = []
    for path in sorted(folder.glob("*.yaml")) if folder is not None else []:
        if path.name not in NEVER_TAUGHT:
            continue
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        rows = [(u, intent["id"]) for intent in content["intents"] for u in intent["utterances"]]
        rows += [(text, "oos") for text in content.get("not_covered", [])]
        task = f"intent/{path.stem}"
        examples += [Example(text, path.stem, labels={task: intent}) for text, intent in rows]
    return examples


def read_knowledge(path: Path) -> tuple[list[Example], LoadedFile]:
    """Returns a knowledge file's utterances as intents, without the fifth that judges matches."""
    import yaml

    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    utterances = [(u, intent["id"]) for intent in content["intents"] for u in intent["utterances"]]
    for task, section in (content.get("classifications") or {}).items():
        for department in section["departments"]:
            utterances += [(u, f"{task}/{department['id']}") for u in department["utterances"]]
    taught = [
        Example(text=text, source="knowledge", labels={f"intent/{path.stem}": name})
        for text, name in utterances
        if not held_out(text)
    ]
    name = f"policies/knowledge/{path.name}"
    return taught, LoadedFile(
        name, sha256_of(path), len(utterances), len(taught), "Apache-2.0 (ours)"
    )


def answers_in(path: Path) -> list[tuple[str, str, list[str]]]:
    """Returns the id, the text and the utterances of each approved answer of a knowledge file."""
    import yaml

    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [(one["id"], one["answer"], one["utterances"]) for one in content["intents"]]
