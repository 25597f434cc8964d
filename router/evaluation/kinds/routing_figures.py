"""Computes the figures of one ranking of a benchmark's prompts: APGR, CPT, differences, chances."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from router.evaluation.kinds import routing_measures as rm
from router.evaluation.options import Options
from router.stats.calibration import Floats, auroc, ece
from router.stats.measures import Figure, ece_if_calibrated, intervals, paired_bootstrap


def apgr_section(rank: Floats, weak: Floats, strong: Floats, options: Options) -> dict[str, Figure]:
    """Returns APGR and CPT20/50/80 in percent, with intervals.

    They are computed in RouteLLM's way, with ten bins, and exactly.
    """
    figures: dict[str, Figure] = {}
    count = len(rank)
    for suffix, curve_of in (("", rm.binned_curve), ("_exact", rm.exact_curve)):
        # The default argument keeps this turn's curve: a closure would see the last one.
        def again(rows: npt.NDArray[np.integer], curve_of: CurveOf = curve_of) -> tuple[float, ...]:
            return _summary(_positive(curve_of, rank, weak, strong, rows, options.seed))

        spans = intervals(again, count, options.draws)
        names = ["apgr", *(f"cpt{round(target * 100)}" for target in rm.TARGETS)]
        whole = _summary(curve_of(rank, weak, strong, options.seed))
        for name, value, span in zip(names, whole, spans, strict=True):
            figures[f"{name}{suffix}"] = Figure(value, count, *span)
    return figures


def _summary(curve: rm.Curve) -> tuple[float, ...]:
    return curve.apgr, *(100 * curve.cpt(target) for target in rm.TARGETS)


CurveOf = Callable[[Floats, Floats, Floats, int], rm.Curve]
EMPTY = rm.Curve(np.array([0.0, 1.0]), np.array([np.nan, np.nan]))


def _positive(
    curve_of: CurveOf,
    rank: Floats,
    weak: Floats,
    strong: Floats,
    rows: npt.NDArray[np.integer],
    seed: int,
) -> rm.Curve:
    """Returns the curve of a resample; without a gap where the strong model is no better there."""
    # PGR divides by the gap between the two models.
    if strong[rows].sum() <= weak[rows].sum():
        return EMPTY
    return curve_of(rank[rows], weak[rows], strong[rows], seed)


def difference(
    rank: Floats, other: Floats, weak: Floats, strong: Floats, options: Options
) -> Figure:
    """Returns the APGR of one ranking minus another's, with ten bins, on the same resamples."""

    def apart(rows: npt.NDArray[np.integer]) -> float:
        first, second = (
            _positive(rm.binned_curve, r, weak, strong, rows, options.seed).apgr
            for r in (rank, other)
        )
        return first - second

    every = np.arange(len(rank))
    span = paired_bootstrap(apart, len(rank), options.draws)
    return Figure(apart(every), len(rank), *span)


def chance_figures(
    weak: Floats, strong: Floats, weak_right: Floats, strong_right: Floats
) -> dict[str, Figure]:
    """Returns AUROC and ECE of P(right) of each model, and of both being wrong.

    The chance of both being wrong is the product of the two chances, the simplest joint chance.
    """
    rows = len(weak)
    figures = calibration_figures("weak", weak, weak_right)
    figures |= calibration_figures("strong", strong, strong_right)
    neither = (1 - weak) * (1 - strong)
    truth = ((weak_right <= 0.5) & (strong_right <= 0.5)).astype(float)
    figures["neither_right_auroc"] = Figure(auroc(neither, truth > 0.5), rows)
    figures["neither_right_ece"] = Figure(ece(neither, truth), rows)
    return figures


def calibration_figures(name: str, chance: Floats, right: Floats) -> dict[str, Figure]:
    """Returns AUROC and ECE of one model's P(right)."""
    rows = len(chance)
    return {
        f"{name}_auroc": Figure(auroc(chance, right > 0.5), rows),
        f"{name}_ece": Figure(ece(chance, right), rows),
        f"{name}_ece_if_calibrated": Figure(ece_if_calibrated(chance), rows),
    }
