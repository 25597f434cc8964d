"""Judges a candidate beside the head of before, on every task that the fixed old set has."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from router.training.continual import gates
from router.training.continual.fitting import Made, Material, chances_of
from router.training.continual.forgetting import Recall
from router.training.continual.gates import Doubted, Judged, Margins, contradiction
from router.training.continual.lesson import Lesson, Reader


@dataclass(frozen=True, slots=True)
class RunVerdict:
    """Holds what speaks against a candidate, and its figures."""

    refused: tuple[str, ...]
    accuracy: dict[str, float]  # of the candidate, by task
    before: dict[str, float]  # of the head of before, by task; empty for a first head
    recall: Recall
    rows: dict[str, int]  # that judged, by task
    doubted: tuple[Doubted, ...] = ()  # who gave labels that contradict a sure head


def judged(
    lesson: Lesson, made: Made, material: Material, read: Reader, margins: Margins
) -> RunVerdict:
    """Returns the verdict on rows that taught neither head."""
    olds = lesson.old(guards=False)
    rows = [*olds, *lesson.judged]
    part, classes = read(rows), lesson.classes
    after = chances_of(made.head, part.encoded, classes).argmax(axis=1)
    before, refused, doubts = after, [], []
    if lesson.stage is not None:
        head, old = lesson.stage.head, slice(None, len(olds))
        chances = chances_of(head, part.encoded, classes)
        before = chances.argmax(axis=1)
        place = {name: k for k, name in enumerate(classes)}
        labels_before = [place[lesson.labels_before.get(row.row_id, row.label)] for row in olds]
        usual = contradiction(np.array(labels_before, dtype=np.int64), chances[old]).share
        new_chances = chances_of(head, material.new.encoded, classes)
        contradicted = contradiction(material.new.labels, new_chances, usual)
        givers = [(row.key_id, row.reviewer) for row in lesson.told]
        doubts = gates.doubted(givers, material.new.labels, new_chances)
        every = Judged(part.labels, before, after)
        refused = gates.refusals(
            every.part(old), every.part(slice(len(olds), None)), contradicted, classes, margins
        )
    task_of = np.array([row.task for row in rows])
    names = list(dict.fromkeys(task_of.tolist()))
    right, was = after == part.labels, before == part.labels
    return RunVerdict(
        tuple(refused),
        {name: round(float(right[task_of == name].mean()), 4) for name in names},
        {name: round(float(was[task_of == name].mean()), 4) for name in names}
        if lesson.stage is not None
        else {},
        {
            classes[k]: (
                int(right[part.labels == k].sum()),
                int((part.labels == k).sum()),
            )
            for k in np.unique(part.labels).tolist()
        },
        dict(Counter(task_of.tolist())),
        tuple(doubts) if refused else (),
    )
