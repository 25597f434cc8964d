"""Measures the detector of personal details: F1 by kind with intervals, and texts per second.

A detail counts as found where kind and place fit: half of the characters of both together. Details
that a file marks as open count neither way.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from router.privacy.entities import detector
from router.privacy.entities.kinds import Entity, EntityKind
from router.training.entities.marked_texts import MarkedText, read_texts

LEAST_OVERLAP = 0.5
ALL = "all"


class Counts(Struct, frozen=True):
    """Counts details: found as marked, found although not marked, missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def f1(self) -> float:
        """Returns the harmonic mean of precision and recall; 1.0 where nothing is to be found."""
        both = 2 * self.right + self.wrong + self.missed
        return 1.0 if not both else 2 * self.right / both

    @property
    def precision(self) -> float:
        """Returns the share of findings that are marked; 1.0 without findings."""
        return 1.0 if not self.right + self.wrong else self.right / (self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Returns the share of marked details that were found; 1.0 without any."""
        return 1.0 if not self.right + self.missed else self.right / (self.right + self.missed)

    def plus(self, other: Counts) -> Counts:
        """Returns the sum of both."""
        return Counts(
            self.right + other.right, self.wrong + other.wrong, self.missed + other.missed
        )


class KindFigures(Struct, frozen=True):
    """Holds the figures of one kind, with a 95 % interval of F1 from resampled texts."""

    kind: str
    details: int
    precision: float
    recall: float
    f1: float
    low: float
    high: float


class PrivacyReport(Struct, frozen=True):
    """Holds the figures of a file."""

    texts: int
    harmless: int  # texts without any detail
    disturbed: int  # of those, texts in which something was found
    kinds: tuple[KindFigures, ...]
    texts_per_second: float


def counted(text: MarkedText, entities: Sequence[Entity]) -> dict[EntityKind, Counts]:
    """Returns the counts of one text by kind."""
    counts: dict[EntityKind, Counts] = {}
    left = list(text.found)
    for entity in entities:
        match = next((one for one in left if one.kind is entity.kind and _fits(one, entity)), None)
        if match is not None:
            left.remove(match)
            _add(counts, entity.kind, Counts(right=1))
        elif not any(one.start < entity.end and entity.start < one.end for one in text.open):
            _add(counts, entity.kind, Counts(wrong=1))
    for entity in left:
        _add(counts, entity.kind, Counts(missed=1))
    return counts


def _add(counts: dict[EntityKind, Counts], kind: EntityKind, more: Counts) -> None:
    counts[kind] = counts.get(kind, Counts()).plus(more)


def _fits(one: Entity, other: Entity) -> bool:
    shared = min(one.end, other.end) - max(one.start, other.start)
    both = max(one.end, other.end) - min(one.start, other.start)
    return shared >= LEAST_OVERLAP * both


def measure(path: Path, resamples: int = 1_000, seed: int = 0) -> PrivacyReport:
    """Returns the figures of a file of marked texts. Raises TrainingDataError."""
    texts = read_texts(path)
    detector.find(texts[0].text)  # reads the word lists and the head
    begin = time.perf_counter()
    entities = [detector.find(text.text) for text in texts]
    seconds = time.perf_counter() - begin
    by_text = [counted(text, one) for text, one in zip(texts, entities, strict=True)]
    harmless = [
        one for text, one in zip(texts, entities, strict=True) if not (text.found or text.open)
    ]
    draw = random.Random(seed)
    rounds = [draw.choices(range(len(texts)), k=len(texts)) for _ in range(resamples)]
    kinds = [_figures(kind, by_text, rounds) for kind in (*EntityKind, None)]
    return PrivacyReport(
        len(texts),
        len(harmless),
        sum(map(bool, harmless)),
        tuple(kinds),
        len(texts) / seconds,
    )


def _figures(
    kind: EntityKind | None,
    by_text: Sequence[dict[EntityKind, Counts]],
    rounds: Sequence[Sequence[int]],
) -> KindFigures:
    rows = [_of(kind, counts) for counts in by_text]
    busy = {i: row for i, row in enumerate(rows) if row != Counts()}
    total = _sum(busy.values())
    drawn = sorted([_sum([busy[i] for i in one if i in busy]).f1 for one in rounds])
    low, high = drawn[int(0.025 * len(drawn))], drawn[int(0.975 * len(drawn))]
    name = ALL if kind is None else kind.value
    return KindFigures(
        name, total.right + total.missed, total.precision, total.recall, total.f1, low, high
    )


def _of(kind: EntityKind | None, counts: dict[EntityKind, Counts]) -> Counts:
    return _sum(counts.values()) if kind is None else counts.get(kind, Counts())


def _sum(many: Iterable[Counts]) -> Counts:
    right = wrong = missed = 0
    for one in many:
        right, wrong, missed = right + one.right, wrong + one.wrong, missed + one.missed
    return Counts(right, wrong, missed)
