"""Finds the rung that the price of a mistake leads to, where chances are only priors. Pure.

Fixed triggers decide then, since priors are too rough to compare small sums. A sum that is large
by any of them still counts: a wrong answer about two medicines that costs $200 is dear at .85 and
at .8. So priors may lead to a higher rung and never to a lower one, and only from a stated gain on.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from router.policy.schema import DecisionSection
from router.routing.hard_rules import Bounds
from router.routing.rungs.allowed_rungs import is_ready
from router.types import CostBasis, PSource, Reason, RungFacts, usd_to_nano


class Raised(Struct, frozen=True):
    """Holds the rung that goes first, and what the rules then allow."""

    first: int
    allowed: list[int]
    passed: list[Reason | None]
    limits: Bounds


def raised(
    facts: Sequence[RungFacts],
    losses: Sequence[int],
    passed: Sequence[Reason | None],
    allowed: Sequence[int],
    limits: Bounds,
    section: DecisionSection,
) -> Raised | None:
    """Returns the rung of the highest level whose expected loss is lower by enough; None for none.

    `losses` (one per rung, nano-dollars) leave out the amount that is at stake in the request.
    The gain is to the lowest expected loss of all lower rungs that are allowed. Level 2 takes
    `level_2_gain_usd`, a higher one `level_3_gain_usd`, which also opens a level that `low_impact`
    alone keeps closed. Nothing is raised above a rung whose own chance is more than a prior. So
    whatever takes a lower rung away never lowers the one that goes first.

    Losses $28.85, $7.25 and $1.72 by priors, gains of $0.50 and $10: the second goes first.
    """
    closed = _closed_by_impact(facts, passed, limits)
    candidates = sorted({*allowed, *closed})
    for level in sorted({facts[i].level for i in candidates}, reverse=True):
        lower = [i for i in candidates if facts[i].level < level]
        if not lower or any([facts[i].p_source is not PSource.PRIOR for i in lower]):
            continue
        gain = section.level_2_gain_usd if level == 2 else section.level_3_gain_usd
        least = min([losses[i] for i in lower])
        for i in candidates:
            if facts[i].level != level or facts[i].cost_basis is CostBasis.UNKNOWN:
                continue
            if least - losses[i] >= usd_to_nano(gain):
                return _at(i, facts, passed, allowed, closed, limits)
    return None


def _closed_by_impact(
    facts: Sequence[RungFacts], passed: Sequence[Reason | None], limits: Bounds
) -> list[int]:
    """Returns the rungs that answer, and that only the smallness of the amount keeps closed."""
    if limits.ceiling_reasons != (Reason.LOW_IMPACT,):
        return []
    return [i for i, why in enumerate(passed) if why is Reason.LOW_IMPACT and is_ready(facts[i])]


def _at(
    first: int,
    facts: Sequence[RungFacts],
    passed: Sequence[Reason | None],
    allowed: Sequence[int],
    closed: Sequence[int],
    limits: Bounds,
) -> Raised:
    """Returns what the rules allow once this rung goes first."""
    level = facts[first].level
    opened = {i for i in closed if facts[i].level <= level}
    if opened:
        limits = replace(limits, ceiling=max(limits.ceiling, level), ceiling_reasons=())
    return Raised(
        first,
        sorted({*allowed, *opened}),
        [None if i in opened else why for i, why in enumerate(passed)],
        limits,
    )
