"""Counts what a judge said: scores by criterion and author, pairs, and agreement with people."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from router.evaluation.answers.judged_rows import HumanWord
from router.evaluation.answers.judging import JudgedRow
from router.evaluation.answers.results import MISSED, NOBODY
from router.judging.verdicts import FIRST, SAME, SECOND, Graded
from router.policy.content.rubrics import Rubric
from router.stats.agreement import agreement_figures
from router.stats.exact_bounds import upper_bound
from router.stats.measures import Figure, paired_bootstrap

FEW = 30
"""With fewer answers that people judged too, an agreement says little: its interval is wide."""


class PairFigures(Struct, frozen=True):
    """Holds the shares of judged pairs; a flip counts among the ties."""

    first: Figure
    second: Figure
    ties: Figure
    flips: Figure


class Agreement(Struct, frozen=True):
    """Holds how far judge and people agree on one kind of verdict."""

    name: str
    kappa: str  # which kappa counts here: kappa or quadratic_kappa
    figures: dict[str, Figure]


def score_figures(rows: Sequence[JudgedRow], rubric: Rubric) -> dict[str, Figure]:
    """Returns the mean score of all answers, 0..1, and the mean grade of each criterion, 1..5."""
    graded = [row.graded for row in rows if row.graded is not None]
    figures = {"score": _mean([answer.score for answer in graded])}
    for name in rubric.weights:
        figures[name] = _mean([float(_grade(answer, name)) for answer in graded])
    return figures


def by_author(rows: Sequence[JudgedRow]) -> dict[str, Figure]:
    """Returns the mean score by who answered, the lowest first."""
    scores: dict[str, list[float]] = {}
    for row in rows:
        if row.graded is not None:
            scores.setdefault(row.reply.answerer or NOBODY, []).append(row.graded.score)
    figures = {name: _mean(values) for name, values in scores.items()}
    return dict(sorted(figures.items(), key=lambda group: (group[1].value, group[0])))


def pair_figures(rows: Sequence[JudgedRow]) -> PairFigures | None:
    """Returns the shares of pairs with exact intervals; None without a judged pair."""
    preferences = [row.preferred for row in rows if row.preferred is not None]
    if not preferences:
        return None

    def share(held: Callable[[str, bool], bool]) -> Figure:
        count = sum(held(preference.better, preference.flipped) for preference in preferences)
        return _share(count, len(preferences))

    return PairFigures(
        share(lambda better, _: better == FIRST),
        share(lambda better, _: better == SECOND),
        share(lambda better, _: better == SAME),
        share(lambda _, flipped: flipped),
    )


def agreements(
    rows: Sequence[JudgedRow],
    words: Sequence[HumanWord],
    rubric: Rubric,
    at_least: float,
    *,
    resamples: int,
    seed: int = 0,
) -> list[Agreement]:
    """Returns the agreement on grades, on right or wrong, and on pairs, where people said so.

    Grades count by weighted kappa, all criteria of one answer drawn together. An answer is right by
    the judge from the score `at_least` on.
    """
    by_id = {row.item.id: (place, row) for place, row in enumerate(rows)}
    grades: dict[str, _Pairs] = {name: _Pairs() for name in ("all grades", *rubric.weights)}
    right, better = _Pairs(), _Pairs()
    for word in words:
        place, row = by_id[word.id]
        if row.graded is not None:
            for name, grade in word.grades.items():
                for pairs in (grades["all grades"], grades[name]):
                    pairs.add(_grade(row.graded, name), grade, place)
            if word.right is not None:
                right.add(int(row.graded.score >= at_least), int(word.right), place)
        if row.preferred is not None and word.better:
            sides = (FIRST, SAME, SECOND)
            better.add(sides.index(row.preferred.better), sides.index(word.better), place)
    named = [
        *((name, "quadratic_kappa", pairs) for name, pairs in grades.items()),
        (f"right from {at_least:g} on", "kappa", right),
        ("pairs", "kappa", better),
    ]
    return [
        Agreement(name, kappa, pairs.figures(resamples, seed))
        for name, kappa, pairs in named
        if pairs.judge
    ]


class _Pairs:
    """Collects what judge and person said of the same thing, with the number of its answer."""

    def __init__(self) -> None:
        self.judge: list[int] = []
        self._person: list[int] = []
        self._answers: list[int] = []

    def add(self, judge: int, person: int, answer: int) -> None:
        self.judge.append(judge)
        self._person.append(person)
        self._answers.append(answer)

    def figures(self, resamples: int, seed: int) -> dict[str, Figure]:
        return agreement_figures(
            self.judge, self._person, self._answers, resamples=resamples, seed=seed
        )


def _grade(graded: Graded, name: str) -> int:
    return next(row.grade for row in graded.grades if row.criterion == name)


def _share(held: int, of: int) -> Figure:
    low = 1.0 - upper_bound(of - held, of, MISSED) if held else 0.0
    return Figure(held / of, of, low, upper_bound(held, of, MISSED))


def _mean(values: Sequence[float]) -> Figure:
    if not values:
        return Figure(float("nan"), 0)
    column = np.array(values)
    if len(values) < 2:
        return Figure(float(column.mean()), len(values))
    span = paired_bootstrap(lambda rows: float(column[rows].mean()), len(values))
    return Figure(float(column.mean()), len(values), *span)
