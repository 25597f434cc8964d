"""Measures a cascade that sees the weak model's answer before it asks the strong one.

The answers' own signals rank the requests, read by a head of answers as `tiergate train answers`
fits it. The head reads no encoder, so all rows judge, by five fits; with `--train` another file
teaches it. The weak model's call is always paid.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from router.evaluation.graded_answers import LEAST_ROWS
from router.evaluation.kinds import routing_measures as rm
from router.evaluation.kinds.graded_table import Graded, GradedTable, Price, call_cost
from router.evaluation.kinds.routing_figures import apgr_section, calibration_figures
from router.evaluation.options import Options, Section
from router.evaluation.rows import Row
from router.stats.answer_signals import Reading
from router.stats.calibration import Floats
from router.stats.measures import Figure, paired_bootstrap
from router.training.heads.fit_answers import chances_of, fit_answers

NEARLY_ALL = 0.95
"""The share of a benchmark's rows that must have an answer: a part would be another benchmark."""

Answered = list[tuple[Row, Graded]]


def cascade_sections(
    table: GradedTable,
    train: GradedTable | None,
    benchmark: str,
    pair: tuple[str, str],
    prices: Mapping[str, Price],
    options: Options,
) -> tuple[dict[str, Section], list[str]]:
    """Returns the cascade's section, or a note that says why there is none."""
    rows, whole = _answered(table, benchmark, pair, clean=True)
    if len(rows) < NEARLY_ALL * whole:
        return {}, [f"{benchmark}: the file lacks answers' texts: no cascade that sees the answer"]
    taught = rows
    if train is not None and train.table.sha256 != table.table.sha256:
        known = {row.text for row, _ in rows}
        answered, _ = _answered(train, benchmark, pair, clean=False)
        taught = [(row, graded) for row, graded in answered if row.text not in known]
    weak, strong = (_results(rows, model) for model in pair)
    fewest = min(len(taught), len(rows))
    if fewest < LEAST_ROWS or not 0 < weak.mean() < 1:
        return {}, [f"{benchmark}: {fewest} graded answers are too few for a head of answers"]
    own = taught is rows
    fitted = fit_answers(_readings(taught, pair[0]), _results(taught, pair[0]))
    chance = fitted.chances if own else chances_of(fitted.head, _readings(rows, pair[0]))
    options = options.of_texts([row.text for row, _ in rows])
    section: dict[str, Figure] = {
        **apgr_section(-chance, weak, strong, options),
        **calibration_figures("weak", chance, weak),
    }
    figure = _matched(chance, weak, strong, None, options)
    section["strong_calls_to_match_percent"] = figure
    if all(model in prices for model in pair):
        costs = [
            np.array([call_cost(row, graded, model, prices[model]) for row, graded in rows])
            for model in pair
        ]
        section["cost_to_match_percent"] = _matched(chance, weak, strong, costs, options)
    basis = "five fits" if own else f"on {len(taught)} labels"
    return {f"cascade that sees the answer, {basis}": section}, []


def _answered(
    table: GradedTable, benchmark: str, pair: tuple[str, str], *, clean: bool
) -> tuple[Answered, int]:
    """Returns a benchmark's rows with the weak model's answer, and how many rows it has in all."""
    every = [
        (row, graded)
        for row in table.table.items
        if benchmark in ("all", row.source or "all")
        and set(pair) <= set((graded := table.graded[row.line]).results)
        and not (clean and graded.contaminated)
    ]
    return [(row, graded) for row, graded in every if pair[0] in graded.answers], len(every)


def _readings(rows: Answered, model: str) -> list[Reading]:
    return [Reading(row.text, graded.answers[model]) for row, graded in rows]


def _results(rows: Answered, model: str) -> Floats:
    return np.array([float(graded.results[model] > 0.5) for _, graded in rows])


def _matched(
    chance: Floats, weak: Floats, strong: Floats, costs: list[Floats] | None, options: Options
) -> Figure:
    """Returns the least share of strong calls, or of their cost, that keeps their accuracy.

    It is a percentage of sending everything to the strong model; nan where that one is no better.
    """

    def share(index: npt.NDArray[np.integer]) -> float:
        right = weak[index], strong[index]
        if right[0].mean() >= right[1].mean():
            return math.nan
        each = np.zeros(len(index)), np.ones(len(index))
        # Without prices a strong call counts one and a weak one nothing.
        paid = each if costs is None else (costs[0][index], costs[1][index])
        spent = rm.spending(-chance[index], *right, *paid, cascade=True, seed=options.seed)
        return 100 * spent.cost_to_reach(float(right[1].mean())) / float(paid[1].mean())

    span = paired_bootstrap(share, len(weak), options.draws)
    return Figure(share(np.arange(len(weak))), len(weak), *span)
