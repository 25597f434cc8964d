"""Reports what curation did to the data folder, for people: `report.json` and `report.md`.

It gives, per file, the rows read, kept and dropped with row numbers; texts that occur twice;
contradicting labels; the balance of every task's classes before and after; the length of texts; and
the check that no text is on both sides of the split. It repeats no text of the data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np

from router.training.card import Value, table
from router.training.data import balance, curate, quality
from router.training.data.curate import CheckedFile, Curated
from router.training.data.sources import MAX_ROWS_NAMED, Example, LoadedFile

QUANTILES = {"p5": 0.05, "p50": 0.5, "p95": 0.95, "longest": 1.0}
FEW_CLASSES = 16
"""Tasks of at most so many classes are shown class by class, others by their extremes."""
MOST_LISTED = 12
"""Pairs of files with common texts, and contradictions, that are listed; the rest is a count."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Holds a count of rows, and the numbers of the first few, from 1."""

    count: int
    first: tuple[int, ...]

    @classmethod
    def of(cls, numbers: Sequence[int]) -> Rows:
        return cls(len(numbers), tuple(numbers[:MAX_ROWS_NAMED]))

    def __str__(self) -> str:
        more = self.count - len(self.first)
        return ", ".join(map(str, self.first)) + (f" and {more} more" if more else "")


@dataclass(frozen=True, slots=True)
class FileReport:
    """Reports one file: its rows, those left, those dropped by reason, and oddities of the rest."""

    name: str
    sha256: str
    rows: int
    examples: int
    licence: str
    rows_kept: int
    dropped: Mapping[str, Rows]
    repeated: Rows
    other_languages: Mapping[str, Rows]
    characters: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Names rows of one file that give one text different labels for one task; all are dropped."""

    file: str
    task: str
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Common:
    """Counts the texts that are in both of two files; they stay, since each teaches its own
    task."""

    files: tuple[str, str]
    texts: int


@dataclass(frozen=True, slots=True)
class TaskBalance:
    """Holds the shares of a task's classes: as read, after the caps, and as training weighs
    them."""

    rows: int
    read: Mapping[str, float]
    kept: Mapping[str, float]
    trained: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class DataReport:
    """Holds everything that curation reports; the last two counts must be 0."""

    train: int
    dev: int
    duplicates: int
    contradictions: int
    files: tuple[FileReport, ...]
    common: tuple[Common, ...]
    contradicting: tuple[Contradiction, ...]
    balance: Mapping[str, TaskBalance]
    left_dev: int
    texts_on_both_sides: int
    groups_on_both_sides: int


def report(made: Curated) -> DataReport:
    """Returns the report about a curated folder."""
    return DataReport(
        train=len(made.train),
        dev=len(made.dev),
        duplicates=made.duplicates,
        contradictions=made.contradictions,
        files=tuple(map(_file, made.files)),
        common=_common(made.files),
        contradicting=tuple(
            contradiction for file in made.files for contradiction in _contradicting(file)
        ),
        balance=_balance(made),
        left_dev=made.moved,
        texts_on_both_sides=len(_keys(made.train) & _keys(made.dev)),
        groups_on_both_sides=len(_groups(made.train) & _groups(made.dev)),
    )


def as_json(
    report: DataReport, knowledge: Sequence[LoadedFile], made: Curated
) -> Mapping[str, Value]:
    """Returns the report for machines; `told` lists files whose rows are never judged."""
    counts = curate.label_counts(made)
    return {
        **asdict(report),
        "files": [asdict(file) for file in (*report.files, *knowledge)],
        "labels": {task: dict(count) for task, count in counts.items()},
    }


def _file(file: CheckedFile) -> FileReport:
    # A file that lost all its rows still gets a line, with lengths of 0.
    lengths = [len(example.text) for _, example in file.kept] or [0]
    return FileReport(
        **asdict(file.loaded),
        rows_kept=len({number for number, _ in file.kept}),
        dropped={why: Rows.of(rows) for why, rows in sorted(file.dropped.items())},
        repeated=Rows.of(_repeated(file)),
        other_languages=_languages(file),
        characters={name: int(np.quantile(lengths, share)) for name, share in QUANTILES.items()},
    )


def _repeated(file: CheckedFile) -> list[int]:
    """Returns the rows whose text occurs in an earlier row of the same file."""
    first: dict[str, int] = {}
    return [
        number
        for number, example in file.kept
        if first.setdefault(curate.text_key(example), number) != number
    ]


def _languages(file: CheckedFile) -> dict[str, Rows]:
    rows_of: dict[str, list[int]] = {}
    for number, example in file.kept:
        name = quality.language(example.text)
        if name != quality.ENGLISH:
            rows_of.setdefault(name, []).append(number)
    return {name: Rows.of(rows) for name, rows in sorted(rows_of.items())}


def _common(files: Sequence[CheckedFile]) -> tuple[Common, ...]:
    """Counts the common texts of each two files, the largest count first."""
    # The inner dict is an ordered set of files, so that pairs are named in the order of files.
    homes: dict[str, dict[str, None]] = {}
    for file in files:
        for _, example in file.kept:
            homes.setdefault(curate.text_key(example), {})[file.read.name] = None
    pairs = Counter(pair for names in homes.values() for pair in combinations(names, 2))
    return tuple(Common(pair, texts) for pair, texts in pairs.most_common())


def _contradicting(file: CheckedFile) -> list[Contradiction]:
    given: dict[tuple[str, str, str], dict[str, int]] = {}
    for number, example in file.kept:
        for task, value in example.labels.items():
            # The first row of each label is enough to show the contradiction.
            key = (example.source, curate.text_key(example), task)
            given.setdefault(key, {}).setdefault(value, number)
    return [
        Contradiction(file.read.name, task, tuple(sorted(values.values())))
        for (_, _, task), values in given.items()
        if len(values) > 1
    ]


def _balance(made: Curated) -> dict[str, TaskBalance]:
    drawn = _trained(made.train)
    return {
        task: TaskBalance(
            rows=sum(counts.values()),
            read=_shares(made.uncapped.get(task, {})),
            kept=_shares(counts),
            trained=_shares(drawn.get(task, {})),
        )
        for task, counts in sorted(curate.label_counts(made).items())
    }


def _trained(train: Sequence[Example]) -> dict[str, dict[str, float]]:
    """Returns, per task and class, the sum of repeats times class weight: its part in the loss."""
    weights_of: dict[str, dict[str, float]] = {}
    for task, counts in curate.label_counts(train).items():
        names = sorted(counts)
        number = {name: place for place, name in enumerate(names)}
        taught = [example for example in train if task in example.labels]
        labels = np.array([number[example.labels[task]] for example in taught])
        weights = balance.class_weights(labels, len(names))
        # (rows,): how many times distillation sees each row.
        often = np.array([balance.repeats(example.source) for example in taught])
        sums = np.bincount(labels, weights=often * weights[labels], minlength=len(names))
        weights_of[task] = dict(zip(names, sums.tolist(), strict=True))
    return weights_of


def _shares(counts: Mapping[str, float]) -> dict[str, float]:
    # A task may have lost all its rows; its shares are then empty, not a division by zero.
    total = sum(counts.values()) or 1.0
    ordered = sorted(counts, key=lambda name: (-counts[name], name))
    return {name: round(float(counts[name] / total), 4) for name in ordered}


def _keys(examples: Iterable[Example]) -> set[str]:
    return {curate.text_key(example) for example in examples}


def _groups(examples: Iterable[Example]) -> set[str]:
    return {example.group for example in examples if example.group}


def render(report: DataReport) -> str:
    """Returns the report as Markdown."""
    caps = ", ".join(f"{source}: at most {most} rows" for source, most in curate.CAPS.items())
    dropped = {file.name: file.dropped for file in report.files}
    languages = {file.name: file.other_languages for file in report.files}
    parts = [
        "# The data as curated",
        f"{report.train} texts train, {report.dev} judge (dev). {report.duplicates} repeated texts "
        f"were merged, {report.contradictions} contradicted labels dropped.",
        "## Files",
        table(
            ("file", "rows", "kept", "dropped", "repeated inside", "in other languages"),
            [_line(file) for file in report.files],
        ),
        "## Dropped rows",
        _listed(dropped),
        "## Rows in another language",
        "Kept, since their labels are sound; `--english-only` drops them. Recognised by script and "
        "by function words: short texts count as English.",
        _listed(languages),
        "## Texts that are in two files",
        "\n".join(
            _some([f"- {' and '.join(entry.files)}: {entry.texts}" for entry in report.common])
        ),
        "## Contradictions",
        "\n".join(_some([_told(entry) for entry in report.contradicting])),
        "## Classes before and after balancing",
        f"Share of each class: *read* after merging, *kept* after the caps ({caps}), *trained* as "
        "distillation weighs them: how often a source is drawn, times the weight of the class. "
        "Typing errors and paraphrases are made in distillation too, not here.",
        table(("task", "class", "read", "kept", "trained"), _classes(report.balance)),
        "## Length in characters",
        table(
            ("file", *QUANTILES), [(file.name, *file.characters.values()) for file in report.files]
        ),
        "## Train and dev",
        f"{report.left_dev} dev texts were in training too, in another source, and left the "
        f"dev part. Texts on both sides now: {report.texts_on_both_sides}; pairs or templates on "
        f"both sides: {report.groups_on_both_sides}. Both must be 0.",
    ]
    return "\n\n".join(parts) + "\n"


def _line(file: FileReport) -> tuple[Value, ...]:
    dropped = sum(rows.count for rows in file.dropped.values())
    foreign = sum(rows.count for rows in file.other_languages.values())
    return file.name, file.rows, file.rows_kept, dropped, file.repeated.count, foreign


def _listed(by_file: Mapping[str, Mapping[str, Rows]]) -> str:
    """Returns one line per file and reason, with the rows."""
    lines = [
        f"- {name}: {why}, row {rows}"
        for name, reasons in by_file.items()
        for why, rows in reasons.items()
    ]
    return "\n".join(lines) or "None."


def _told(contradiction: Contradiction) -> str:
    return f"- {contradiction.file}: {contradiction.task}, rows {Rows.of(contradiction.rows)}"


def _some(lines: Sequence[str]) -> list[str]:
    more = len(lines) - MOST_LISTED
    return [*lines[:MOST_LISTED], *([f"- and {more} more"] if more > 0 else [])] or ["None."]


def _classes(tasks: Mapping[str, TaskBalance]) -> list[tuple[Value, ...]]:
    rows: list[tuple[Value, ...]] = []
    for task, balance_of_task in tasks.items():
        stages = (balance_of_task.read, balance_of_task.kept, balance_of_task.trained)
        if len(balance_of_task.kept) <= FEW_CLASSES:
            rows += [
                (task, name, *(s.get(name, 0.0) if s else None for s in stages))
                for name in balance_of_task.kept
            ]
            continue
        for label, pick in (("largest", max), ("smallest", min)):
            # Intent tasks have up to 150 classes; their extremes show the balance.
            ends = [pick(shares.values(), default=None) for shares in stages]
            rows.append((task, f"{label} of {len(balance_of_task.kept)}", *ends))
    return rows
