"""Reads the folder, drops broken texts and duplicates, and cuts the dev part (stage 1).

The dev part is cut before anything is trained, by a hash of the text, so that it is the same for
every seed and every stage. Rows of one pair (`pair_id`), fillings of one template and texts that
share their first 80 letters fall on one side. A text that is on both sides nevertheless, in two
sources, leaves the dev part. `report.py` reports the dropped rows and the reasons.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from router.errors import TrainingDataError
from router.training.data import known_files, nonsense, quality, templates
from router.training.data.sources import Example, FileRows, LoadedFile
from router.training.progress import track

DEV_SHARE = 0.10
SPLIT_SALT = "tiergate-dev-v1"
KEY_CHARS = 80
"""Letters compared to keep near-duplicates on one side of the split."""

CAPS = {"tickets": 16_000}
"""Most rows kept per source: otherwise IT tickets, all similar, would be a third of all tokens."""

SENSIBLE_SHARE = 0.25
"""Share of all other texts that carry the label opposite to nonsense; more of them only take
time."""

LEAST_TEXTS = 3
"""A word of fewer texts may be a typing error or a name."""
_LETTERS = re.compile(r"[a-z]{2,20}")

_NOT_ALNUM = re.compile(r"[\W_]+")

EMPTY = "no text"


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """Holds one file after the filters: what was read, what is left, and dropped rows by reason."""

    read: FileRows
    kept: tuple[tuple[int, Example], ...]
    dropped: Mapping[str, tuple[int, ...]]

    @property
    def loaded(self) -> LoadedFile:
        """Returns the file as the card names it."""
        read = self.read
        return LoadedFile(read.name, read.sha256, read.count, len(self.kept), read.licence)


@dataclass(frozen=True, slots=True)
class Curated:
    """Holds the cleaned examples by side, and the counts of what was read and dropped.

    `uncapped` counts the examples before CAPS. `moved` counts dev texts that training holds too.
    """

    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    files: tuple[CheckedFile, ...]
    duplicates: int
    contradictions: int
    uncapped: Mapping[str, Counter[str]]
    moved: int

    def __iter__(self) -> Iterator[Example]:
        yield from self.train
        yield from self.dev


def normalised(text: str) -> str:
    """Returns a text's letters and digits in lower case; texts with equal results are duplicates.

    >>> normalised("Where's my ORDER?")
    'where s my order'
    """
    return _NOT_ALNUM.sub(" ", text.lower()).strip()


def text_key(example: Example) -> str:
    """Returns the key that two examples share when they hold the same text."""
    return normalised(example.text) or example.text


def is_dev(example: Example) -> bool:
    """Returns True for an example of the dev part, by a hash of its group or of its opening."""
    key = example.group or normalised(example.text)[:KEY_CHARS] or example.text
    # The first four bytes of the hash are a uniform number in 0..1.
    digest = hashlib.sha256(f"{SPLIT_SALT}|{key}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < DEV_SHARE


def curate(
    folder: Path,
    seed: int,
    *,
    english_only: bool = False,
    told: Sequence[Example] = (),
    progress: bool = False,
) -> Curated:
    """Returns the examples of a data folder and of the written templates, cleaned and split.

    `told` holds further training examples that are never judged: those of the knowledge files.
    Raises TrainingDataError as `read_folder` does, and when nothing is left to train on.
    """
    files = tuple(
        checked(file, english_only=english_only)
        for file in track(known_files.read_folder(folder, progress=progress), "curate", progress)
    )
    read_examples = [example for file in files for _, example in file.kept]
    read_examples += templates.examples(seed)
    merged, duplicates, contradictions = deduplicated(read_examples)
    kept = [*map(_sensible, capped(merged)), *nonsense.examples(seed)]
    train = (*(example for example in kept if not is_dev(example)), *told)
    dev = tuple(example for example in kept if is_dev(example))
    # Merging works within a source, so a text may still be in two sources and on both sides.
    judged = unleaked(train, dev)
    if len(train) == len(told) or not judged:
        raise TrainingDataError(f"{len(kept)} usable rows are too few to cut a dev part from")
    uncapped = label_counts(merged)
    return Curated(
        train, judged, files, duplicates, contradictions, uncapped, len(dev) - len(judged)
    )


def checked(file: FileRows, *, english_only: bool = False) -> CheckedFile:
    """Removes rows without a text or with a broken one, and, with `english_only`, foreign ones."""
    kept: list[tuple[int, Example]] = []
    dropped: dict[str, list[int]] = {}
    for number, example in file.rows:
        fault: str | None = quality.fault(example.text) if example.text else EMPTY
        if fault is None and english_only and quality.language(example.text) != quality.ENGLISH:
            fault = quality.OTHER_LANGUAGE
        if fault is None:
            kept.append((number, example))
        else:
            dropped.setdefault(str(fault), []).append(number)
    return CheckedFile(file, tuple(kept), {why: tuple(rows) for why, rows in dropped.items()})


def unleaked(train: Iterable[Example], dev: Iterable[Example]) -> tuple[Example, ...]:
    """Returns the dev examples whose normalised text is not in `train`."""
    taught = {text_key(example) for example in train}
    return tuple(example for example in dev if text_key(example) not in taught)


def _sensible(example: Example) -> Example:
    """Marks the example as not nonsense if the hash of its text chooses it."""
    digest = hashlib.sha256(f"{nonsense.TASK}|{example.text}".encode()).digest()
    if digest[0] >= SENSIBLE_SHARE * 256:
        return example
    weak = example.weak | {nonsense.TASK}
    return replace(example, labels={**example.labels, nonsense.TASK: "yes"}, weak=weak)


def deduplicated(examples: Iterable[Example]) -> tuple[list[Example], int, int]:
    """Merges examples of one source with the same text; drops a label they contradict.

    Returns the examples in order of first appearance, the number merged and the labels dropped.
    """
    merged: dict[tuple[str, str], Example] = {}
    spoiled: set[tuple[tuple[str, str], str]] = set()
    duplicates = 0
    for example in examples:
        key = (example.source, text_key(example))
        first = merged.get(key)
        if first is None:
            merged[key] = example
            continue
        duplicates += 1
        for task, value in example.labels.items():
            if first.labels.get(task, value) != value:
                spoiled.add((key, task))
        merged[key] = replace(first, labels={**example.labels, **first.labels})
    # Dropped after the loop: a third copy must not bring the label back.
    for key, task in spoiled:
        first = merged[key]
        rest = {name: value for name, value in first.labels.items() if name != task}
        merged[key] = replace(first, labels=rest)
    return list(merged.values()), duplicates, len(spoiled)


def capped(examples: Sequence[Example]) -> list[Example]:
    """Keeps at most CAPS rows of a source: those whose text hashes lowest, for every seed."""
    kept: list[Example] = []
    by_source: dict[str, list[Example]] = {}
    for example in examples:
        if example.source in CAPS:
            by_source.setdefault(example.source, []).append(example)
        else:
            kept.append(example)
    for source, rows in by_source.items():
        # By hash and not by chance, so that every seed keeps the same rows.
        rows.sort(key=lambda row: hashlib.sha256(row.text.encode()).digest())
        kept += rows[: CAPS[source]]
    return kept


def save(path: Path, examples: Sequence[Example]) -> None:
    """Writes examples as gzip JSON Lines; the same examples give the same bytes."""
    # No time stamp and no name in the gzip header: both would change the bytes.
    with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as out:
        for example in examples:
            row = asdict(example) | {"weak": sorted(example.weak)}
            out.write((json.dumps(row, ensure_ascii=False) + "\n").encode())


def load(path: Path) -> tuple[Example, ...]:
    """Reads the examples that `save` wrote."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    return tuple(Example(**{**row, "weak": frozenset(row["weak"])}) for row in rows)


def label_counts(examples: Iterable[Example]) -> dict[str, Counter[str]]:
    """Counts each class of each task, for the report and for balancing."""
    counts: dict[str, Counter[str]] = {}
    for example in examples:
        for task, value in example.labels.items():
            counts.setdefault(task, Counter())[value] += 1
    return counts


def words_of(examples: Iterable[Example]) -> dict[str, int]:
    """Returns the words of at least LEAST_TEXTS texts, with counts, for spelling correction."""
    counts = Counter(
        word for example in examples for word in set(_LETTERS.findall(example.text.lower()))
    )
    return {word: count for word, count in sorted(counts.items()) if count >= LEAST_TEXTS}
