"""What became of answers, where somebody said so: error rate, first contact, time, satisfaction.

Outcomes come from feedback and review; the ledger's rows know none of it. What nobody measured is
None, never 0. Rates have Wilson's interval (Wilson 1927; Brown, Cai and DasGupta 2001), means the
central limit theorem's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from router.analysis.report.figures import Interval, Measure
from router.analysis.report.savings import MIN_FOR_INTERVAL, Z_95
from router.types import NANO_PER_USD, TrueOutcome


def measures(outcomes: Iterable[TrueOutcome]) -> tuple[Measure, ...]:
    """The measures in the order of the report, those that nobody measured among them.

    Correct answers overall and per level that was judged, correct drafts that no client got,
    first-contact resolution, minutes to resolution, satisfaction, and the dollars that wrong
    answers cost (their sum).
    """
    told = list(outcomes)
    judged = [(one.level, one.correct) for one in told if one.correct is not None and not one.draft]
    drafts = [one.correct for one in told if one.correct is not None and one.draft]
    found = [_rate("accuracy", "Answers that were right", [right for _, right in judged])]
    for level in sorted({level for level, _ in judged if level is not None}):
        its = [right for at, right in judged if at == level]
        found.append(_rate(f"accuracy_level_{level}", f"Right at level {level}", its))
    if drafts:
        found.append(_rate("accuracy_drafts", "Drafts held back that were right", drafts))
    first = [one.resolved_first_contact for one in told if one.resolved_first_contact is not None]
    minutes = [one.handle_minutes for one in told if one.handle_minutes is not None]
    csat = [one.csat for one in told if one.csat is not None]
    losses = [one.loss_nano_usd for one in told if one.loss_nano_usd is not None]
    return (
        *found,
        _rate("first_contact_resolution", "Resolved at first contact", first),
        _mean("resolution_minutes", "Minutes to resolution, mean", "minutes", minutes),
        _mean("satisfaction", "Satisfaction, mean", "score", csat),
        Measure(
            "loss_usd", "Cost of wrong answers, as told", "usd",
            sum(losses) / NANO_PER_USD if losses else None, None, len(losses),
        ),
    )  # fmt: skip


def wilson(successes: int, total: int) -> Interval:
    """Wilson's 95 % interval of a rate: 0 of 10 gives 0 to 0.278, 5 of 10 gives 0.237 to 0.763."""
    z2 = Z_95 * Z_95
    middle = (successes + z2 / 2) / (total + z2)
    spread = successes * (total - successes) / total + z2 / 4
    half = Z_95 * math.sqrt(spread) / (total + z2)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def _rate(key: str, label: str, told: Sequence[bool]) -> Measure:
    if not told:
        return Measure(key, label, "share", None, None, 0)
    successes = sum(told)
    share = successes / len(told)
    return Measure(key, label, "share", share, wilson(successes, len(told)), len(told))


def _mean(key: str, label: str, unit: str, told: Sequence[float]) -> Measure:
    if not told:
        return Measure(key, label, unit, None, None, 0)
    mean = math.fsum(told) / len(told)
    between = None
    if len(told) >= MIN_FOR_INTERVAL:
        variance = math.fsum((one - mean) ** 2 for one in told) / (len(told) - 1)
        half = Z_95 * math.sqrt(variance / len(told))
        between = Interval(mean - half, mean + half)
    return Measure(key, label, unit, mean, between, len(told))
