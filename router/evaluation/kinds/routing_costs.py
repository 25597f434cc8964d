"""Measures the cost of routing: to match the best model, and at every budget, with the oracle's.

Two models are ranked by the shipped gain, routed and as a cascade. Then every model with a known
price and ability is a choice for each request. Costs are estimates by `graded_table.call_cost`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from router.evaluation.kinds import routing_measures as rm
from router.evaluation.kinds.graded_table import Graded, Price, call_cost
from router.evaluation.kinds.known_models import KnownModels
from router.evaluation.options import Options, Section, Subject
from router.evaluation.rows import Row
from router.stats.calibration import Floats, auroc, ece
from router.stats.measures import Figure, paired_bootstrap

BUDGETS = (10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
"""Lists budgets in percent of the cost of sending everything to the dearer of the best models."""

NEARLY_ALL = 0.95
"""Sets the share of prompts that a model must have answered to compete.

A model with gaps would cost the others rows.
"""
LEAST_ROWS = 20

Costed = tuple[dict[str, Section], list[str]]


def cost_sections(
    subject: Subject,
    known: KnownModels,
    rows: Sequence[Row],
    graded: Sequence[Graded],
    pair: tuple[str, str],
    prices: Mapping[str, Price],
    options: Options,
) -> Costed:
    """Returns sections on cost, and a note where prices or abilities are missing."""
    sections: dict[str, Section] = {}
    notes: list[str] = []
    chances = known.pair(subject, rows, pair)
    # A guessed price would look like a measured one.
    if any(model not in prices for model in pair):
        notes.append("no price for one of the two models: --prices FILE gives cost figures")
    elif chances is not None:
        sections |= _two(rows, graded, pair, prices, chances[1] - chances[0], options)
    names, answered = _everyone(graded)
    # Models can only compete on prompts that all of them answered.
    if len(names) > 2 and len(answered) < len(rows):
        left = len(rows) - len(answered)
        notes.append(f"{left} rows that not every model answered are left out where all compete")
    rows, graded = [rows[i] for i in answered], [graded[i] for i in answered]
    if len(names) < 3 or len(rows) < LEAST_ROWS:
        return sections, notes
    every = known.chances(subject, rows, names)
    able = [place for place in range(len(names)) if not np.isnan(every[:, place]).any()]
    if len(able) > 2:
        results = _results(graded, [names[i] for i in able])
        sections["every known model"] = _foretelling(every[:, able], results)
        priced = [i for i in able if names[i] in prices]
        if len(priced) > 2:
            models = [names[i] for i in priced]
            sections |= _many(rows, graded, models, prices, every[:, priced], options)
    return sections, notes


def _everyone(graded: Sequence[Graded]) -> tuple[list[str], list[int]]:
    """Returns the models that answered nearly all of these prompts, and the prompts
    that all did.
    """
    seen = Counter(name for row in graded for name in row.results)
    names = sorted(name for name, count in seen.items() if count >= NEARLY_ALL * len(graded))
    answered = [place for place, row in enumerate(graded) if set(names) <= set(row.results)]
    return names, answered


def _results(graded: Sequence[Graded], models: Sequence[str]) -> Floats:
    return np.array([[row.results[model] for model in models] for row in graded])


def _costs(
    rows: Sequence[Row], graded: Sequence[Graded], model: str, prices: Mapping[str, Price]
) -> Floats:
    return np.array(
        [
            call_cost(row, grades, model, prices[model])
            for row, grades in zip(rows, graded, strict=True)
        ]
    )


def _foretelling(chances: Floats, results: Floats) -> Section:
    """Returns AUROC and ECE of P(right) over all pairs of prompt and model."""
    flat, right = chances.ravel(), results.ravel()
    return {
        "models": Figure(float(results.shape[1]), len(results)),
        "auroc": Figure(auroc(flat, right > 0.5), len(flat)),
        "ece": Figure(ece(flat, right), len(flat)),
    }


def _percent(part: float, whole: float) -> float:
    """Returns a part as a percentage of the whole; nan for a model that costs nothing."""
    return 100 * part / whole if whole else math.nan


# -- two models -----------------------------------------------------------------------------------


def _two(
    rows: Sequence[Row],
    graded: Sequence[Graded],
    pair: tuple[str, str],
    prices: Mapping[str, Price],
    rank: Floats,
    options: Options,
) -> dict[str, Section]:
    weak, strong = _results(graded, pair).T
    costs = [_costs(rows, graded, model, prices) for model in pair]
    sections: dict[str, Section] = {}
    for name, cascade in (("routed", False), ("cascade", True)):

        def share(index: npt.NDArray[np.integer], order: Floats, cascade: bool = cascade) -> float:
            """Returns the cost to match the better model, as a percentage of that
            model's own cost.
            """
            own = [values[index] for values in (weak, strong, *costs)]
            if own[0].mean() >= own[1].mean():
                return math.nan
            spent = rm.spending(order[index], *own, cascade=cascade, seed=options.seed)
            return _percent(spent.cost_to_reach(float(own[1].mean())), float(own[3].mean()))

        every = np.arange(len(rows))
        oracle = rm.oracle_rank(weak, strong, *costs)
        figures = {}
        for label, order in (("cost_to_match_percent", rank), ("oracle_cost_percent", oracle)):
            span = paired_bootstrap(
                lambda index, order=order, share=share: share(index, order),  # type: ignore[misc]
                len(rows),
                options.draws,
            )
            figures[label] = Figure(share(every, order), len(rows), *span)
        sections[f"cost to match the strong model, {name}"] = figures
        spent = rm.spending(rank, weak, strong, *costs, cascade=cascade, seed=options.seed)
        best = rm.spending(oracle, weak, strong, *costs, cascade=cascade, seed=options.seed)
        pairs = zip(costs, (weak, strong), strict=True)
        singles = [(float(cost.mean()), float(right.mean())) for cost, right in pairs]
        sections[f"accuracy at every budget, {name}"] = budgets(spent, best, singles, len(rows))
    return sections


def budgets(
    spent: rm.Spending | rm.Choices,
    oracle: rm.Spending | rm.Choices,
    singles: Sequence[tuple[float, float]],
    rows: int,
) -> dict[str, Figure]:
    """Returns the accuracy of the router, the best single model and the oracle at each budget.

    `singles` are (mean cost, accuracy) of each model. A budget is a percentage of the cost of the
    most accurate one; nan where no choice is that cheap.
    """
    whole = max(singles, key=lambda single: single[1])[0]
    figures = {}
    for percent in BUDGETS:
        budget = whole * percent / 100
        # Sums of floats may be a little above an equal budget.
        affordable = [right for cost, right in singles if cost <= budget * (1 + 1e-12)]
        figures[f"router_at_{percent}"] = Figure(spent.best_within(budget), rows)
        figures[f"best_single_at_{percent}"] = Figure(max(affordable, default=math.nan), rows)
        figures[f"oracle_at_{percent}"] = Figure(oracle.best_within(budget), rows)
    return figures


# -- many models ----------------------------------------------------------------------------------


def _many(
    rows: Sequence[Row],
    graded: Sequence[Graded],
    models: Sequence[str],
    prices: Mapping[str, Price],
    chances: Floats,
    options: Options,
) -> dict[str, Section]:
    """Returns sections on routing among every model with a price and an ability."""
    results = _results(graded, models)
    costs = np.column_stack([_costs(rows, graded, model, prices) for model in models])

    def share(index: npt.NDArray[np.integer], chances: Floats = chances) -> float:
        best = int(results[index].mean(axis=0).argmax())
        spent = rm.ways(chances[index], results[index], costs[index])
        reached = spent.cost_to_reach(float(results[index, best].mean()))
        return _percent(reached, float(costs[index, best].mean()))

    every = np.arange(len(rows))
    figures = {}
    for name, measure in (
        ("cost_to_match_percent", share),
        ("oracle_cost_percent", partial(share, chances=results)),
    ):
        span = paired_bootstrap(
            measure,
            len(rows),
            replace(options.draws, resamples=min(options.resamples, 200)),
        )
        figures[name] = Figure(measure(every), len(rows), *span)
    singles = list(zip(costs.mean(axis=0).tolist(), results.mean(axis=0).tolist(), strict=True))
    spent = rm.ways(chances, results, costs)
    oracle = rm.ways(results, results, costs)
    best = max(range(len(models)), key=lambda i: singles[i][1])
    return {
        f"cost to match {models[best]}, {len(models)} models": figures,
        f"accuracy at every budget, {len(models)} models": budgets(
            spent, oracle, singles, len(rows)
        ),
        f"mixtures chosen on the other half, {len(models)} models": _chosen_elsewhere(
            chances, results, costs
        ),
    }


def _chosen_elsewhere(chances: Floats, results: Floats, costs: Floats) -> dict[str, Figure]:
    """Returns what mixtures chosen on one half of the rows do on the other, at every budget.

    A budget is a percentage of the best single model's cost. `spent_at` is the percentage that was
    really spent; `above_single_at` is the accuracy less that of the best single model, or mixture
    of single models, at the money really spent.
    """
    halves = [np.arange(start, len(results), 2) for start in (0, 1)]
    # Both halves have the same prices, so that a way of one is the same way on the other.
    dearest = float(costs.max())
    made = [rm.ways(chances[half], results[half], costs[half], dearest=dearest) for half in halves]
    models = results.shape[1]
    figures: dict[str, Figure] = {}
    for percent in BUDGETS:
        right, spent, above = [], [], []
        for chosen, judged in ((made[0], made[1]), (made[1], made[0])):
            alone = rm.Choices(judged.cost[-models:], judged.accuracy[-models:])
            best = int(chosen.accuracy[-models:].argmax())
            mixture = chosen.mixture(float(chosen.cost[-models:][best]) * percent / 100)
            right.append(rm.mixed(judged.accuracy, *mixture))
            paid = rm.mixed(judged.cost, *mixture)
            spent.append(_percent(paid, float(alone.cost[best])))
            above.append(right[-1] - alone.best_within(max(paid, float(alone.cost.min()))))
        rows = len(results)
        figures[f"router_at_{percent}"] = Figure(float(np.mean(right)), rows)
        figures[f"spent_at_{percent}"] = Figure(float(np.mean(spent)), rows)
        figures[f"above_single_at_{percent}"] = Figure(float(np.mean(above)), rows)
    return figures
