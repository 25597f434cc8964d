"""Rows that a run leaves out are counted by class: no head could be right on them."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from router.training.continual.lesson import GUARD_EVERY, Fresh
from router.training.continual.reservoir import Kept
from router.training.continual.stage import Memory
from router.triage.triage_model import TriageModel
from tests.training.continual.test_learner import NOW_MS, fresh, taught, told

pytestmark = pytest.mark.slow


def test_rows_of_classes_that_nobody_taught_are_counted(tmp_path: Path, model: TriageModel) -> None:
    memory = Memory(tmp_path, "department")
    taught(memory, model, fresh("first", "billing shipping"))
    before = memory.stage(NOW_MS, None)
    assert before is not None
    rows, corrected_row = fresh("second", "billing shipping"), replace(before.old[0], label="legal")
    lone = [replace(told("lone", "returns", 1)[0], label="returns")]
    strange = [replace(row, label="other") for row in told("strange", "billing", 3)]
    later = Fresh(
        rows.dataset, [*rows.train, *lone], rows.dev, [*rows.test, *strange, corrected_row]
    )
    noted = taught(memory, model, later).noted
    assert noted is not None
    assert noted.untaught == {"legal": 1, "other": 3}
    assert noted.waiting == {"returns": 1}
    assert memory.history()[-1].untaught == noted.untaught
    judging = len(rows.test) + len([row for row in before.old[1:] if judges(row)])
    assert sum(noted.rows_judged.values()) == judging


def judges(row: Kept) -> bool:
    """Says whether a row of the fixed old set judges, and does not guard."""
    return int(row.key[:8], 16) % GUARD_EVERY != 0


def test_a_corrected_class_that_is_taught_now_is_not_counted(
    tmp_path: Path, model: TriageModel
) -> None:
    memory = Memory(tmp_path, "department")
    taught(memory, model, fresh("first", "billing shipping"))
    before = memory.stage(NOW_MS, None)
    assert before is not None
    rows = fresh("second", "billing shipping returns")
    again = replace(before.old[0], label="returns")
    noted = taught(memory, model, Fresh(rows.dataset, rows.train, [], [*rows.test, again])).noted
    assert noted is not None
    assert (noted.untaught, noted.waiting) == ({}, {})
