"""Reads a judge's verdict, and makes one preference of two orders. Pure.

A verdict is one JSON object with the mark of its request, and a grade for every criterion and no
other. Whatever else comes back is no verdict: a grade is never guessed from a text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from msgspec import Struct

from router.judging.asking import MOST_WHY, SIDES
from router.policy.content.rubrics import GRADES, HIGHEST, LOWEST, Rubric
from router.policy.parsing.code_fence import without_fence

FIRST, SECOND, SAME = SIDES
MOST_READ = 40_000
"""Bounds the characters of a verdict: 12 criteria with long reasons are a third of it."""


class Grade(Struct, frozen=True):
    """Holds the grade of one criterion with its reason."""

    criterion: str
    grade: int
    why: str


class Graded(Struct, frozen=True):
    """Holds a judge's verdict on one answer."""

    grades: tuple[Grade, ...]
    score: float  # weighted mean of the grades, 0 (all lowest) to 1 (all highest)
    steers: bool  # the answer tried to instruct its judge


class Compared(Struct, frozen=True):
    """Holds a judge's verdict on two answers in one order."""

    better: str  # first | second | same
    steers: bool


class Preference(Struct, frozen=True):
    """Holds what two orders come to. `better` is first only where both orders say so."""

    better: str  # first | second | same
    flipped: bool = False  # the orders name different winners: the place decided, so it is a tie
    steers: bool = False


def read_graded(text: str, rubric: Rubric, mark: str) -> Graded | None:
    """Returns the verdict on one answer; None for a text that is none."""
    rows = _rows(text, rubric, mark, "grade")
    if rows is None:
        return None
    grades = []
    for name, row in rows[0].items():
        grade = row["grade"]
        if isinstance(grade, bool) or not isinstance(grade, int) or grade not in GRADES:
            return None
        grades.append(Grade(name, grade, str(row.get("why", ""))[:MOST_WHY]))
    return Graded(tuple(grades), score_of({g.criterion: g.grade for g in grades}, rubric), rows[1])


def score_of(grades: Mapping[str, float], rubric: Rubric) -> float:
    """Returns the weighted mean of grades, 0 for all lowest and 1 for all highest."""
    # All highest is exactly 1 then: both sums are of the same numbers.
    most = sum(criterion.weight * (HIGHEST - LOWEST) for criterion in rubric.criteria)
    reached = sum(c.weight * (grades[c.name] - LOWEST) for c in rubric.criteria)
    return reached / most


def read_compared(text: str, rubric: Rubric, mark: str) -> Compared | None:
    """Returns the verdict on two answers; None for a text that is none.

    The better one wins the larger share of the criteria's weights.
    """
    rows = _rows(text, rubric, mark, "better")
    if rows is None or any(row["better"] not in SIDES for row in rows[0].values()):
        return None
    lead = {FIRST: 1.0, SECOND: -1.0, SAME: 0.0}
    won = sum(rubric.weights[name] * lead[str(row["better"])] for name, row in rows[0].items())
    # Shares of weights are no exact floats.
    better = SAME if abs(won) < 1e-9 else FIRST if won > 0 else SECOND
    return Compared(better, rows[1])


def preference(forward: Compared, swapped: Compared) -> Preference:
    """Returns what both orders say; in `swapped` the second answer came first.

    One is better only where both orders say so. Two orders that contradict each other are a flip.
    """
    back = {FIRST: SECOND, SECOND: FIRST, SAME: SAME}[swapped.better]
    steers = forward.steers or swapped.steers
    if forward.better == back:
        return Preference(forward.better, steers=steers)
    return Preference(SAME, SAME not in (forward.better, back), steers)


_Rows = Mapping[str, Mapping[str, object]]


def _rows(text: str, rubric: Rubric, mark: str, key: str) -> tuple[_Rows, bool] | None:
    """Returns what a verdict says by criterion, in the rubric's order; None for no verdict."""
    try:
        verdict = json.loads(without_fence(text[:MOST_READ]))
    except (ValueError, RecursionError):
        return None
    if not isinstance(verdict, dict) or _plain(verdict.get("mark")) != _plain(mark):
        return None
    rows, steers = verdict.get("criteria"), verdict.get("steers", False)
    if not isinstance(rows, dict) or not isinstance(steers, bool):
        return None
    if set(rows) != set(rubric.weights):
        return None
    if not all(isinstance(row, dict) and key in row for row in rows.values()):
        return None
    return {name: rows[name] for name in rubric.weights}, steers


def _plain(mark: object) -> str:
    """Returns a mark without the brackets, which some models leave out."""
    return str(mark).strip("<> ")
