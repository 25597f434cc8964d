"""Reads graded answers of one model: the question, the answer, and whether it was right.

Optional columns say what else is known of an answer: `mean_logprob` and `min_logprob`, or
`logprobs` (one number a token), and `samples` (further answers to the same question).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from router.errors import TrainingDataError
from router.evaluation.table import Line, read, shown
from router.stats.answer_signals import Reading
from router.stats.calibration import Floats

COLUMNS = (("prompt", "answer", "right"), ("prompt", "weak_response", "weak_correct"))
"""Lists the needed columns: those of an operator's file, and those of the shared pairs."""
LEAST_ROWS = 60
"""About two a signal. With 100 graded answers such a head is worth using."""


@dataclass(frozen=True, slots=True)
class GradedAnswers:
    """Holds the answers of a file, and 1 for each right one."""

    readings: tuple[Reading, ...]
    right: Floats  # (rows,)
    left_out: tuple[int, ...]  # lines without an answer, repeats, and answers with two grades
    sha256: str
    answerer: str = ""  # that the file names; "" where it names none


def read_answers(path: Path) -> GradedAnswers:
    """Returns the graded answers of a .jsonl or .jsonl.gz file.

    An answer that is there twice counts once, and not at all where its grades differ. Raises
    TrainingDataError as `read` does, and for a file with answers of several answerers, too few
    answers, or one grade only.
    """

    named = Counter[str]()

    def parse(line: Line) -> tuple[int, Reading, float] | None:
        question, answer, grade = next(
            (names for names in COLUMNS if set(names) <= set(line.row)), COLUMNS[0]
        )
        # A file may hold rows of several benchmarks, and answers of one of them.
        if answer not in line.row or not line.text(answer) or not line.text(question):
            return None
        if grade not in line.row:
            raise ValueError(f"found {answer} without {grade}; expected 0 or 1 beside it")
        named[line.optional("answerer").strip()] += 1
        return line.number, reading_of(line, question, answer), float(line.flag(grade))

    table = read(path, (("prompt",),), parse)
    _one_answerer(path, named)
    grades: dict[tuple[str, str], set[float]] = {}
    kept: dict[tuple[str, str], tuple[int, Reading, float]] = {}
    for item in table.items:
        _, reading, grade = item
        answered = (reading.question, reading.answer)
        grades.setdefault(answered, set()).add(grade)
        kept.setdefault(answered, item)
    sound = [item for answered, item in kept.items() if len(grades[answered]) == 1]
    lines = {number for number, _, _ in sound}
    again = [number for number, _, _ in table.items if number not in lines]
    right = np.array([grade for _, _, grade in sound])
    wrong = int((right < 0.5).sum())
    if len(right) < LEAST_ROWS or not 0 < wrong < len(right):
        raise TrainingDataError(
            f"{path}: found {len(right)} graded answers, {wrong} of them wrong"
            + f" ({len(again)} rows were repeats, or had two grades)" * bool(again)
            + f"; expected at least {LEAST_ROWS} rows with prompt, answer and right, some of them "
            "right and some wrong"
        )
    return GradedAnswers(
        tuple(reading for _, reading, _ in sound),
        right,
        tuple(sorted((*table.skipped, *again))),
        table.sha256,
        next(iter(named)),
    )


def _one_answerer(path: Path, named: Mapping[str, int]) -> None:
    """Raises TrainingDataError where the answers are of several: each is wrong in its own way."""
    if len(named) > 1:
        counts = ", ".join(f"{name or 'unnamed'} ({n})" for name, n in sorted(named.items()))
        raise TrainingDataError(
            f"{path}: found answers of {counts}; expected one answerer's, as `tiergate dataset "
            "export --answerer` writes them"
        )


def reading_of(line: Line, question: str, answer: str) -> Reading:
    """Returns an answer as its signals are read. Raises ValueError for a value of another kind."""
    mean, least = _number(line, "mean_logprob"), _number(line, "min_logprob")
    tokens = line.row.get("logprobs")
    if tokens is not None and mean is None:
        each = _numbers(tokens, "logprobs")
        mean, least = (sum(each) / len(each), min(each)) if each else (None, None)
    samples = line.row.get("samples") or []
    if not isinstance(samples, list) or not all(isinstance(sample, str) for sample in samples):
        raise ValueError(f"samples is {shown(samples)}; expected a list of texts")
    return Reading(line.text(question), line.text(answer), mean, least, tuple(samples))


def _number(line: Line, column: str) -> float | None:
    value = line.row.get(column)
    return None if value is None else _numbers([value], column)[0]


def _numbers(values: object, column: str) -> Sequence[float]:
    if not isinstance(values, list):
        raise ValueError(f"{column} is {shown(values)}; expected a list of numbers")
    for value in values:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise ValueError(f"{column} has {shown(value)}; expected a number")
    return [float(value) for value in values]
