"""Says what one run begins with: rows that are new, remembered, or judge, by their purpose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from router.stats.heads import Head, HeadKind
from router.training.continual.fitting import Material, Part
from router.training.continual.gates import Margins
from router.training.continual.reservoir import OLD_PER_CLASS, PER_CLASS, Kept
from router.training.continual.stage import Stage
from router.training.continual.updates import Method, Pace
from router.training.heads.labelled_rows import MIN_PER_CLASS
from router.triage.triage_model import TriageModel

WHOLE = 0.8
"""Share of the rows ever taught from which a memory counts as whole. With a third and with half of
them, replay with held weights beat a fresh fit by 6 and by .4 points; with nine tenths it lost 1.6
(`tiergate learn compare`)."""

GUARD_EVERY = 3
"""Every third row of the fixed old set stops a run early and calibrates; the others judge."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """Holds the rows of a dataset by what they are for."""

    dataset: str  # its hash
    train: Sequence[Kept]
    dev: Sequence[Kept] = ()
    test: Sequence[Kept] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """Holds what a user chose."""

    method: Method | None = None  # None: what suits the memory
    pace: Pace = field(default_factory=Pace)
    margins: Margins = field(default_factory=Margins)
    seed: int = 7
    per_class: int = PER_CLASS
    old_per_class: int = OLD_PER_CLASS
    positive: str | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Holds a head that was made elsewhere, and labelled rows of what it knows."""

    head: Head
    rows: Sequence[Kept]


@dataclass(frozen=True, slots=True)
class Lesson:
    """Holds the rows of one run. `stage` is None for the first rows of a head."""

    stage: Stage | None
    told: Sequence[Kept]
    dev: Sequence[Kept]
    judged: Sequence[Kept]  # of the new task
    classes: tuple[str, ...]  # those that are known come first
    labels_before: Mapping[str, str] = field(default_factory=dict)
    """Holds the label of each row of the fixed old set, by its id, as it was before this dataset:
    wrong labels would else be the measure of how usual wrong labels are."""
    untaught: Mapping[str, int] = field(default_factory=dict)
    """Counts the rows that would judge classes that no row teaches, by class: they judge nothing,
    since every head would name them wrongly."""
    waiting: Mapping[str, int] = field(default_factory=dict)
    """Counts the rows that would teach classes with too few rows, by class."""

    @property
    def memory(self) -> Sequence[Kept]:
        """Returns what is remembered; a row that is told anew counts as it is told."""
        if self.stage is None:
            return ()
        again = {row.row_id for row in self.told}
        return [row for row in self.stage.memory if row.row_id not in again]

    def old(self, *, guards: bool) -> list[Kept]:
        """Returns the part of the fixed old set that guards the run, or that which judges it."""
        rows = () if self.stage is None else self.stage.old
        return [row for row in rows if (int(row.key[:8], 16) % GUARD_EVERY == 0) is guards]


class Reader:
    """Reads rows with the triage model."""

    def __init__(self, model: TriageModel, classes: Sequence[str]) -> None:
        self._model, self._place = model, {name: k for k, name in enumerate(classes)}

    def __call__(self, rows: Sequence[Kept]) -> Part:
        """Returns the rows as arrays."""
        texts = [row.text for row in rows]
        encoded = self._model.encode(texts) if texts else self._model.encode(["."])[:0]
        labels = np.array([self._place[row.label] for row in rows], dtype=np.int64)
        return Part(texts, encoded, labels)


def chosen(asked: Asked, stage: Stage | None) -> Method:
    """Returns the way to learn: the one asked for, or what won where the memory is as full.

    A memory that still has most rows is worth a fresh fit; one that lost many is replayed.
    """
    if asked.method is not None:
        return asked.method
    if stage is None or stage.head.kind is not HeadKind.CLASSES:
        return Method.MEMORY
    taught = len(stage.seen - {row.key for row in stage.old})
    return Method.MEMORY if len(stage.memory) >= WHOLE * taught else Method.BOTH


def material_of(lesson: Lesson, read: Reader, model: TriageModel, positive: str | None) -> Material:
    """Returns what a candidate is made from."""
    assert model.rarity is not None
    return Material(
        read(lesson.told),
        read(lesson.dev),
        read(lesson.memory),
        read(lesson.old(guards=True)),
        lesson.classes,
        model.rarity,
        model.encoder.sha256,
        positive,
    )


def classes_of(stage: Stage | None, told: Sequence[Kept]) -> tuple[str, ...]:
    """Returns all classes, known ones first, so that a known column keeps its place.

    A class that comes needs rows that teach it.
    """
    known = () if stage is None else stage.classes
    counts = Counter(row.label for row in told)
    came = sorted(name for name in set(counts) - set(known) if counts[name] >= MIN_PER_CLASS)
    return (*known, *came)
