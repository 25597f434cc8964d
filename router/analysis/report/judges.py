"""Measures judges: how far they agree with people, and which answers they prefer. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from router.analysis.report.figures import Interval, Measure
from router.analysis.report.outcomes import wilson
from router.types import PairNote, TrueOutcome

RESAMPLES = 200
"""Resamples of a kappa's interval: its ends then move by a fifth of their distance from it."""


def judge_measures(
    outcomes: Iterable[TrueOutcome], pairs: Mapping[str, PairNote]
) -> tuple[Measure, ...]:
    """Returns the figures of each judge with its rubric; none where nothing was judged.

    An answer is right by its judge where its score was high enough to go out. Of a pair, the shown
    answer is right by its judge unless the shadow is better. Kappa is 1 for full agreement with
    people and 0 for that of chance.
    """
    judged = list(outcomes)
    checks: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for one in judged:
        if one.judged is not None and one.judged.score is not None and one.correct is not None:
            name = f"{one.judged.judge} with {one.judged.rubric}"
            checks[name].append((not one.judged.low, one.correct))
    correct = {one.request_id: one.correct for one in judged if one.correct is not None}
    compared: dict[str, list[PairNote]] = defaultdict(list)
    both: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for request_id, pair in pairs.items():
        if not pair.better:
            continue
        name = f"{pair.judge} with {pair.rubric}"
        compared[name].append(pair)
        if request_id in correct:
            both[name].append((pair.better != "shadow", correct[request_id]))
    figures: list[Measure] = []
    for name, words in sorted(checks.items()):
        figures.append(_kappa(f"judge_kappa:{name}", f"{name}: kappa with outcomes", words))
    for name, notes in sorted(compared.items()):
        figures += _preferences(name, notes)
        if both[name]:
            label = f"{name}: kappa with outcomes, pairs"
            figures.append(_kappa(f"judge_pairs_kappa:{name}", label, both[name]))
    return tuple(figures)


def _preferences(name: str, notes: Sequence[PairNote]) -> list[Measure]:
    shares = (
        ("shadow_better", "shadow is better", [note.better == "shadow" for note in notes]),
        ("shown_better", "shown answer is better", [note.better == "shown" for note in notes]),
        ("pairs_flipped", "the place decided (a tie)", [note.flipped for note in notes]),
    )
    return [
        Measure(
            f"{key}:{name}",
            f"{name}: {label}",
            "share",
            sum(flags) / len(flags),
            wilson(sum(flags), len(flags)),
            len(flags),
        )
        for key, label, flags in shares
    ]


def _kappa(key: str, label: str, words: Sequence[tuple[bool, bool]]) -> Measure:
    """Returns Cohen's kappa of judge and people; None where one of them says one word only."""
    from router.stats.agreement import agreement_figures  # reports without judges need no numpy

    figure = agreement_figures(
        [int(judge) for judge, _ in words],
        [int(person) for _, person in words],
        resamples=RESAMPLES,
    )["kappa"]
    value = None if math.isnan(figure.value) else figure.value
    between = None if math.isnan(figure.low) else Interval(figure.low, figure.high)
    return Measure(key, label, "kappa", value, between, len(words))
