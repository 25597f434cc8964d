"""Finds the rungs that may take a request, and those that may replace them. Pure.

A rung is passed over for one reason, the first in order of precedence. Some of these reasons give
way where every answerer that should have answered has failed: what makes a higher rung too dear
(only where the policy's `outage_lifts` names it), and what makes a lower one too weak (never a hard
rule, never a capability, never what the client asked for). `next_rung` says when that is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from router.errors import MaxCostTooLow, NotCapable, PermissionDenied
from router.errors.incapable import incapable
from router.policy.schema import DecisionSection
from router.routing.constraints import Asked
from router.routing.hard_rules import Bounds
from router.types import (
    KNOWN_FIRST_FROM,
    RECORD_VERSION,
    CostBasis,
    DecisionMode,
    PSource,
    Reason,
    RungFacts,
    Signals,
    exact_usd,
)

SOFT = frozenset({Reason.LOW_IMPACT, Reason.HINT_MAX_TIER, Reason.BUDGET_SOFT_LIMIT})
"""Ceilings that give way where no rung below them can do what the request needs."""

UNFIT = frozenset({Reason.NOTHING_TO_RESOLVE, Reason.TOOLS_OFFERED, Reason.KEPT_OFF_SHELF})
"""Reasons of an answerer without a model that has no answer to a request."""


def passed_over(
    f: RungFacts,
    limits: Bounds,
    threshold: float,
    asked: Asked,
    signals: Signals,
) -> Reason | None:
    """Returns why a rung is not allowed: the first reason by precedence; None if it is allowed."""
    if f.declined is Reason.RESIDENCY:
        return f.declined
    if asked.tiers and f.tier not in asked.tiers:
        return Reason.TIER_NOT_ALLOWED
    if f.missing or not fits(f, signals):
        left_out = f.declined is Reason.TOOLS_OFFERED and not asked.is_pinned
        return Reason.TOOLS_OFFERED if left_out else Reason.NOT_CAPABLE
    if asked.max_cost_nano_usd is not None and _over(f, asked.max_cost_nano_usd):
        return Reason.OVER_MAX_COST
    if asked.is_pinned:
        unpriced = Reason.UNKNOWN_PRICE if f.declined is Reason.UNKNOWN_PRICE else None
        return unpriced if is_pinned(f, asked) else Reason.PINNED
    if f.level < limits.floor:
        return Reason.BELOW_FLOOR
    if f.level > limits.ceiling:
        return limits.ceiling_reasons[0] if limits.ceiling_reasons else Reason.ABOVE_CEILING
    return _unready(f, threshold)


def binding_first(limits: Bounds) -> Bounds:
    """Returns the same limits, where a ceiling's reasons that never give way come first.

    The first one is why a rung is passed over. Were it `low_impact` beside a policy's rule, the
    rule's ceiling would give way too.
    """
    if len(limits.ceiling_reasons) < 2:
        return limits
    reasons = tuple(sorted(limits.ceiling_reasons, key=SOFT.__contains__))
    return replace(limits, ceiling_reasons=reasons)


def is_pinned(f: RungFacts, asked: Asked) -> bool:
    """Returns True when the client's pin allows this rung; without a pin all are allowed."""
    if asked.pinned is None and asked.pinned_tier is None:
        return True
    return f.answerer == asked.pinned or f.tier == asked.pinned_tier


def _unready(f: RungFacts, threshold: float) -> Reason | None:
    """Returns why a rung between floor and ceiling has no answer that could be used."""
    if f.declined in (Reason.NOTHING_TO_RESOLVE, Reason.TOOLS_OFFERED):
        return f.declined
    if _unsure(f, threshold):
        return Reason.LOW_CONFIDENCE
    if f.declined is not None:
        return f.declined
    return None if f.ready else Reason.NOT_READY


def is_ready(f: RungFacts) -> bool:
    """Returns True for a rung that has an answer, or would be called, if the rules led there."""
    return _unready(f, 0.0) is None


def fits(f: RungFacts, signals: Signals) -> bool:
    """Returns True when the request is short enough for this answerer."""
    return f.context_tokens == 0 or f.read_tokens(signals.input_tokens) <= f.context_tokens


def _over(f: RungFacts, cap: int) -> bool:
    """Returns True when one call may cost more than the client's cap; an unknown price may."""
    return f.cost_basis is CostBasis.UNKNOWN or max(f.cost_nano_usd, f.worst_nano_usd) > cap


# Reasons that an outage lifts, where floor, ceiling and confidence let it. All others stay.
_YIELDING = frozenset(
    {Reason.BELOW_FLOOR, Reason.LOW_CONFIDENCE, Reason.POLICY_RULE, Reason.ABOVE_CEILING, *SOFT}
)


def spares(
    facts: Sequence[RungFacts],
    passed: Sequence[Reason | None],
    limits: Bounds,
    section: DecisionSection,
    asked: Asked,
    least: float,
) -> list[int]:
    """Returns those that were passed over and may answer where the others have failed.

    A level 1 that is less sure than `confidence_floor` may, from `least` on and from `accept_at`
    on: below that its answer would count as failed. It may not where the client named the floor or
    a certificate did, since both promise something.
    """
    least = max(least, section.accept_at)
    if section.mode is DecisionMode.CERTIFIED:
        least = 1.01
    elif asked.confidence_floor is not None:
        least = max(least, asked.confidence_floor)
    return [
        i
        for i, (f, reason) in enumerate(zip(facts, passed, strict=True))
        if reason in _YIELDING
        and limits.outage_floor <= f.level <= limits.outage_ceiling
        and _unready(f, least) is None
    ]


def answer_in_hand(
    facts: Sequence[RungFacts],
    passed: Sequence[Reason | None],
    limits: Bounds,
    asked: Asked,
    least: float,
) -> int | None:
    """Returns the rung of level 1 whose answer is in hand while a trigger looks higher.

    Its chance is known and at least `least`, it declines nothing, and only its own confidence or a
    trigger of `LOOKS_HIGHER` holds it back. Of several the surest counts. What the client asked
    for, and every other rule, force their level.
    """
    wished = max(asked.min_tier or 1, asked.tool_loop_level or 1)
    if limits.forced or max(limits.hard_floor, wished) > 1:
        return None
    held_back = (Reason.LOW_CONFIDENCE, Reason.BELOW_FLOOR)
    able = [
        i
        for i, (f, reason) in enumerate(zip(facts, passed, strict=True))
        if reason in held_back
        and f.level == 1
        and f.p >= least
        and f.p_source is not PSource.PRIOR
        and is_ready(f)
    ]
    return max(able, key=lambda i: (facts[i].p, -i)) if able else None


def in_turn(
    facts: Sequence[RungFacts],
    first: int,
    ladder: Sequence[int],
    candidates: Iterable[int],
    threshold: float,
) -> tuple[int, ...]:
    """Returns those candidates that are not of the ladder, in the order in which they are tried.

    First of the first rung's level, then higher ones from the lowest on, then lower ones from the
    highest on. An unsure level 1 comes last.
    """
    level = facts[first].level

    def place(i: int) -> tuple[bool, int, bool]:
        f = facts[i]
        return f.level < level or _unsure(f, threshold), abs(f.level - level), _unsure(f, threshold)

    others = sorted(set(candidates).difference(ladder))
    return tuple(sorted(others, key=place)) if others else ()


def _unsure(f: RungFacts, threshold: float) -> bool:
    return f.level == 1 and f.p < floor_of(f, threshold)


def floor_of(f: RungFacts, threshold: float) -> float:
    """Returns the chance from which a rung's answer may go out; a question has its own."""
    return threshold if f.least is None else min(f.least, threshold)


def fallback(
    facts: Sequence[RungFacts],
    passed: Sequence[Reason | None],
    limits: Bounds,
    asked: Asked,
    spare: Sequence[int] | None,
    signals: Signals,
    version: int = RECORD_VERSION,
) -> tuple[list[int], Reason | None]:
    """Returns what takes a request that nothing between floor and ceiling may take, and why.

    When an answerer that should have taken it is not ready, that is an outage: rungs of `spare`
    replace it, a higher level before a lower one. Otherwise, the request goes past soft ceilings
    upward, never below a floor. A rung that is only not ready stays in reach as the last resort,
    so that the gateway can say what failed; and so does one of unknown price, whose call a budget
    will refuse. So does an unsure level 1 if the policy has nothing above it, and last a rung that
    has nothing to say: it declines, and approved words go out. `spare` is None for older rows,
    decided without substitutes: ceilings then gave way by themselves.
    Raises NotCapable when the client's cost cap or a hard ceiling leaves nothing, or when what a
    pin, the key and the ceiling leave is too small for it; PermissionDenied when the key may not
    use the tiers that are left.
    """
    awaited = [facts[i].level for i, r in enumerate(passed) if r is Reason.NOT_READY]
    if awaited and spare:
        higher = [i for i in spare if facts[i].level > min(awaited)]
        level = (min if higher else max)(facts[i].level for i in higher or spare)
        group = [i for i in higher or spare if facts[i].level == level]
        return group, Reason.OUTAGE_HIGHER if higher else Reason.OUTAGE_LOWER
    ceilings = SOFT if spare is None or not awaited else frozenset()
    silent: frozenset[int] = frozenset()
    if version >= KNOWN_FIRST_FROM:
        silent = frozenset([i for i, f in enumerate(facts) if f.declined in UNFIT])
    group = _past_ceilings(facts, passed, limits, asked, ceilings, silent)
    return group or _nothing_left(facts, passed, limits, asked, signals), None


def _past_ceilings(
    facts: Sequence[RungFacts],
    passed: Sequence[Reason | None],
    limits: Bounds,
    asked: Asked,
    soft: frozenset[Reason],
    silent: frozenset[int],
) -> list[int]:
    """Returns what is in reach past these ceilings, [] for nothing. Raises MaxCostTooLow.

    `silent` are rungs with nothing to say, which take no request that another one may take.
    """
    # An unknown price comes last: 0 would make it the cheapest.
    capped = [
        (f.cost_basis is CostBasis.UNKNOWN, max(f.cost_nano_usd, f.worst_nano_usd), f.answerer)
        for f, r in zip(facts, passed, strict=True)
        if r is Reason.OVER_MAX_COST and f.level >= limits.floor and is_pinned(f, asked)
    ]
    unsure = frozenset() if capped else {Reason.LOW_CONFIDENCE}
    unpriced = frozenset({Reason.UNKNOWN_PRICE})
    for reasons in (soft, soft | {Reason.NOT_READY}, unpriced, unsure):
        reached = [
            i for i, r in enumerate(passed) if r in reasons and facts[i].level >= limits.floor
        ]
        speaking = [i for i in reached if i not in silent] or reached
        if speaking:
            lowest = facts[speaking[0]].level
            return [i for i in speaking if facts[i].level == lowest]
    if capped and asked.max_cost_nano_usd is not None:
        unknown, needed, cheapest = min(capped)
        most = (
            f"nobody states what a call to {', '.join(name for _, _, name in sorted(capped))} costs"
            if unknown
            else f"a call to {cheapest}, the cheapest that this request may go to, can cost "
            f"${exact_usd(needed)}"
        )
        raise MaxCostTooLow(
            f"max_cost_usd is {_told(asked.max_cost_nano_usd)}; {most}.",
            answerer=cheapest,
            needed_nano_usd=None if unknown else needed,
        )
    return []


def _told(nano_usd: int) -> str:
    """Writes an amount; the smallest that is counted stands for all below it."""
    return f"{'at most ' if nano_usd == 1 else ''}${exact_usd(nano_usd)}"


def _nothing_left(
    facts: Sequence[RungFacts],
    passed: Sequence[Reason | None],
    limits: Bounds,
    asked: Asked,
    signals: Signals,
) -> list[int]:
    """Returns the highest rung that has nothing to say, in a list, where no other may take it.

    Raises NotCapable or PermissionDenied where a rule keeps the request from every rung.
    """
    pinned = asked.is_pinned
    unable = [
        f
        for f, r in zip(facts, passed, strict=True)
        if (r is Reason.NOT_CAPABLE or (r is Reason.TOOLS_OFFERED and f.missing))
        and is_pinned(f, asked)
        and (pinned or limits.floor <= f.level <= limits.ceiling)
    ]
    if unable:
        raise incapable(unable, signals, "no answerer that this request may go to")
    if any(
        r is Reason.TIER_NOT_ALLOWED and f.level >= limits.floor
        for f, r in zip(facts, passed, strict=True)
    ):
        why = f" ({', '.join(limits.floor_reasons)})" if limits.floor_reasons else ""
        raise PermissionDenied(
            f"This request must go to level {limits.floor} or higher{why}; this key's tiers are "
            f"{', '.join(asked.tiers)}, none of which may take it. Use another key.",
            param="model",
            code="model_not_allowed",
        )
    silent = [i for i, r in enumerate(passed) if r in UNFIT and facts[i].level >= limits.floor]
    if silent:
        return silent[-1:]
    raise NotCapable(
        "No tier may take this request: "
        + ", ".join(f"{f.answerer} {r}" for f, r in zip(facts, passed, strict=True) if r)
        + ". Change the policy's rules, or ask for something else.",
        code="no_tier_allowed",
    )
