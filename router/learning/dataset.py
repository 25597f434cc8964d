"""Builds a dataset from the feedback and verdicts on past requests, step by step. Pure.

The same requests and the same options give the same dataset, byte for byte, and so the same hash.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

import msgspec
from msgspec import Struct

from router.errors import TrainingDataError
from router.learning import gates, splits
from router.learning.collect import HumanLabel, collect
from router.learning.near_duplicates import plain
from router.learning.rows import CLIP, FORMAT, DatasetRow, Dropped, Mark, Observed, Weak
from router.ledger.past_request import PastRequest

ROWS, WEAK, OBSERVED = "rows.jsonl", "weak.jsonl", "requests.jsonl"
_JSON = msgspec.json.Encoder(order="sorted")


class Options(Struct, frozen=True):
    """Holds what a user chose; all of it is part of the hash."""

    since_ms: int | None = None
    until_ms: int | None = None
    tenant: str = ""
    dev: float = splits.DEV_SHARE
    test: float = splits.TEST_SHARE
    clip: float = CLIP
    most_per_class: int = 0
    labels: tuple[str, ...] = ()  # sha256 of each file of labels


class Dataset(Struct, frozen=True):
    """Holds a dataset in memory: rows in the order of time, and why others are not in it."""

    options: Options
    rows: tuple[DatasetRow, ...]
    weak: tuple[DatasetRow, ...]
    observed: tuple[Observed, ...]
    dropped: Mapping[str, int]
    parents: tuple[str, ...] = ()
    respelt: int = 0  # labels that got the most frequent spelling of their class

    def contents(self) -> dict[str, bytes]:
        """Returns the bytes of each file."""
        parts: Mapping[str, Sequence[Struct]] = {
            ROWS: self.rows,
            WEAK: self.weak,
            OBSERVED: self.observed,
        }
        return {
            name: b"".join(_JSON.encode(row) + b"\n" for row in rows)
            for name, rows in parts.items()
        }


class FileNote(Struct, frozen=True):
    """Describes one file of a dataset."""

    sha256: str
    rows: int


class Manifest(Struct, frozen=True):
    """Describes a dataset: all that its hash covers, and figures that follow from the rows."""

    format: int
    hash: str
    parents: tuple[str, ...]
    options: Options
    files: Mapping[str, FileNote]
    dropped: Mapping[str, int]
    balance: Mapping[str, Mapping[str, Mapping[str, int]]]  # kind -> class -> split -> rows
    weak: Mapping[str, int]
    sources: Mapping[str, int]
    stored: Mapping[str, int]  # redacted | full
    marks: Mapping[str, int]  # of all requests of the period
    weights: Weights
    first_expiry_ms: int | None  # from then on a row may not be used any more
    respelt: int = 0  # labels that got the most frequent spelling of their class


class Weights(Struct, frozen=True):
    """Says how even the weights of all requests are."""

    explored: int  # requests whose first rung chance could have chosen otherwise
    clipped: int
    largest: float
    effective: float  # Kish: (sum w)² / sum w², of so many requests
    requests: int


def build(
    past: Iterable[PastRequest],
    options: Options,
    labels: Iterable[HumanLabel] = (),
    parents: Sequence[str] = (),
) -> Dataset:
    """Returns the dataset of these requests. Raises TrainingDataError for shares that leave none.

    Labels that differ in case or spaces only are spelt alike before they are compared. Rows pass
    the gates in this order: texts that can teach, contradictions, repeats and
    near-repeats, conversations across a cut in time, most rows of a class.
    """
    if not 0.0 <= options.dev + options.test < 1.0:
        raise TrainingDataError(
            f"dev {options.dev:g} and test {options.test:g} leave nothing to train on; their sum "
            "must be below 1"
        )
    made = collect(past, labels, options.clip)
    dropped = made.dropped
    spelt, respelt = gates.spelt_alike(gates.sound(made.rows, dropped))
    rows = gates.distinct(spelt, dropped)
    known = {plain(row.prompt) for row in rows}
    weak = [row for row in made.weak if plain(row.prompt) not in known]
    dropped[Dropped.EXACT] += len(made.weak) - len(weak)
    parted = splits.split([*rows, *gates.sound(weak, dropped)], options.dev, options.test, dropped)
    strong = [row for row in parted if row.weak is Weak.NONE]
    return Dataset(
        options,
        tuple(gates.capped(strong, options.most_per_class, dropped)),
        tuple(row for row in parted if row.weak is not Weak.NONE),
        tuple(made.observed),
        {reason.name.lower(): count for reason, count in sorted(dropped.items()) if count},
        tuple(parents),
        respelt,
    )


def manifest_of(dataset: Dataset) -> Manifest:
    """Returns the card of a dataset."""
    files = {
        name: FileNote(sha256(content).hexdigest(), content.count(b"\n"))
        for name, content in dataset.contents().items()
    }
    covered = {
        "format": FORMAT,
        "options": dataset.options,
        "parents": dataset.parents,
        "files": files,
        "dropped": dataset.dropped,
    }
    every = (*dataset.rows, *dataset.weak)
    return Manifest(
        FORMAT,
        sha256(_JSON.encode(covered)).hexdigest(),
        dataset.parents,
        dataset.options,
        files,
        dataset.dropped,
        _balance(dataset.rows),
        _counts(row.weak for row in dataset.weak),
        _counts(row.source for row in every),
        _counts(row.store for row in every),
        _counts(mark for request in dataset.observed for mark in request.marks),
        _weights(dataset.observed),
        min((row.expires_at_ms for row in every), default=None),
        dataset.respelt,
    )


def _counts(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(map(str, names)).items()))


def _balance(rows: Iterable[DatasetRow]) -> dict[str, dict[str, dict[str, int]]]:
    tables: dict[str, dict[str, dict[str, int]]] = {}
    for row in sorted(rows, key=lambda row: (row.kind, row.class_name)):
        line = tables.setdefault(str(row.kind), {}).setdefault(row.class_name, {})
        line[str(row.split)] = line.get(str(row.split), 0) + 1
    return tables


def _weights(observed: Sequence[Observed]) -> Weights:
    weights = [request.weight for request in observed]
    squares = sum(weight * weight for weight in weights)
    return Weights(
        sum(request.propensity < 1.0 for request in observed),
        sum(Mark.CLIPPED in request.marks for request in observed),
        max(weights, default=1.0),
        round(sum(weights) ** 2 / squares, 1) if squares else 0.0,
        len(weights),
    )
