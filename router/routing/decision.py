"""Decides which tiers may answer a request and which one goes first. Pure: no clock, no chance.

`decide` turns signals, the policy and the facts of each answerer into a ladder. Each rung has a
reason, whether it was taken or passed over. After each answer `next_rung` applies the same
inequality with that answer's own chance of being right.

Hard rules (`hard_rules`) set floor and ceiling. A capability that no rung at the hard floor has is
an error, never a reason to go below it. Between floor and ceiling the first rung is the argmin over
all allowed rungs of (1 - p)·S + (1 + lambda)·c + kappa·latency, where a higher rung never counts as
cheaper than a lower one (running maximum). That makes the choice monotone: raising stakes or
lowering level 1's confidence never lowers the first rung, which the property tests check. Where any
rung's p is a mere prior or its price unknown, `guarded` and `certified` do not trust the comparison
and the fixed triggers decide: the lowest allowed rung goes first.

A rung whose provider's prompt cache holds the conversation costs what it costs with that cache, so
a switch must be worth more than the cache it loses. Warmth moves nothing between levels but up: a
warm rung counts as cheaper than others of its level, never than a lower one, and floors, ceilings
and hard rules know nothing of it.

The decision also lists the rungs that may be tried in an outage, where all of the ladder has failed
(`allowed_rungs`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec.structs import replace

from router.errors import NotCapable
from router.policy.schema import DecisionSection, Policy
from router.routing.allowed_rungs import fallback, fits, in_turn, passed_over, stand_ins
from router.routing.constraints import Asked
from router.routing.expected_loss import counted_costs, expected_losses, without_caches
from router.routing.exploration import chances, drawn
from router.routing.hard_rules import Bounds, bounds
from router.types import (
    NO_PRESSURE,
    Capability,
    CostBasis,
    Decision,
    DecisionMode,
    Pressure,
    PSource,
    Reason,
    Rung,
    RungFacts,
    Signals,
)


def chance(ability: float, difficulty: float, slope: float = 1.0) -> float:
    """Returns p = sigma(a·(theta - d)), item response theory; `chance(1.0, 1.0)` is 0.5."""
    z = max(-40.0, min(40.0, slope * (ability - difficulty)))
    return 1.0 / (1.0 + math.exp(-z))


def stakes(policy: Policy, signals: Signals, asked: Asked) -> int:
    """Returns S, the cost of a wrong answer, in nano-dollars.

    S is the client's `stakes_usd`; without one it is cost_of_wrong[domain, type] +
    loss_share[domain] x amount. Without the scope `hints:lower` the client's figure can only raise
    S.
    """
    section = policy.stakes
    own = section.cost_of_wrong_nano_usd(signals.domain, signals.request_type) + math.ceil(
        section.share(signals.domain) * signals.impact_nano_usd
    )
    if asked.stakes_nano_usd is None:
        return own
    return asked.stakes_nano_usd if asked.may_lower else max(own, asked.stakes_nano_usd)


def decide(
    policy: Policy,
    signals: Signals,
    facts: Sequence[RungFacts],
    asked: Asked,
    pressure: Pressure = NO_PRESSURE,
    draw: float | None = None,
    outages: bool = True,
) -> Decision:
    """Returns the ladder of one request.

    `facts` are all answerers of the policy in ladder order (by level, then as written). `pressure`
    comes from the budgets that the request counts in. `draw` is uniform in [0, 1) and lets the
    policy explore; with None the best rung goes first. `outages` False decides as older versions
    did, which had no rungs that replace failed ones.
    Raises NotCapable when no answerer that may take the request has the capabilities it needs; the
    message names what is missing. Raises PermissionDenied when the key's tiers leave no answerer.
    """
    section = policy.decision
    stakes_nano = stakes(policy, signals, asked)
    top = max([f.level for f in facts])
    limits = bounds(policy, signals, asked, top, lower=pressure.lower)
    asked = _within(asked, facts, limits)
    if not _some_capable(facts, signals, limits):
        facts = _excused(facts, limits)
        _refuse_impossible(facts, signals, limits)
    threshold = confidence_floor(section, signals, asked)
    losses = expected_losses(facts, stakes_nano, section, pressure.price)
    passed = [passed_over(f, limits, threshold, asked, signals) for f in facts]
    allowed = [i for i, reason in enumerate(passed) if reason is None]
    free = bool(allowed) and not limits.hard and asked.pinned is None and asked.pinned_tier is None
    spare = stand_ins(facts, passed, limits, section, asked) if outages else None
    outage = None
    if not allowed:
        allowed, outage = fallback(facts, passed, limits, asked, spare)
    best, choice = _first(facts, losses, allowed, section)
    if any([f.cache_nano_usd for f in facts]):
        best, choice = _warm_first(
            facts, stakes_nano, allowed, section, (best, choice), pressure.price
        )
    likely = {best: 1.0}
    if draw is not None and free:
        likely = chances(section.explore, best, allowed, stakes_nano)
    first = drawn(likely, draw or 0.0)
    ladder = [i for i in allowed if i >= first][: section.max_rungs]
    lower = _lower(facts, passed, best, threshold)
    headline = _headline(choice, facts[best], lower, limits, asked)
    if outage is not None:
        headline = (outage, *headline)
    soft_limit = _soft_limit(limits, facts[first], asked)
    if soft_limit is not None:
        headline = tuple(dict.fromkeys((*headline, soft_limit)))
    if first != best:
        headline = (Reason.EXPLORED, *headline)
        passed[best] = Reason.EXPLORED
    rungs = tuple(
        _rung(
            f,
            losses[i],
            i in ladder,
            headline if i == first else _why(i in ladder, passed[i]),
            likely.get(i, 0.0),
        )
        for i, f in enumerate(facts)
    )
    return Decision(
        rungs=rungs,
        first=first,
        floor=limits.floor,
        ceiling=limits.ceiling,
        floor_reasons=limits.floor_reasons,
        ceiling_reasons=limits.ceiling_reasons,
        stakes_nano_usd=stakes_nano,
        mode=section.mode,
        hard_rule=limits.hard,
        confidence_floor=threshold,
        pacing=pressure.price,
        soft_limit=soft_limit,
        spare=() if spare is None else in_turn(facts, first, ladder, (*spare, *allowed), threshold),
    )


def _soft_limit(limits: Bounds, first: RungFacts, asked: Asked) -> Reason | None:
    """Returns the soft limit's reason; a pinned tier, or a first rung above it, keeps its level."""
    pinned = asked.pinned is not None or asked.pinned_tier is not None
    if limits.soft_limit is not None and (pinned or first.level > limits.ceiling):
        return Reason.BUDGET_SOFT_LIMIT_KEPT
    return limits.soft_limit


def _within(asked: Asked, facts: Sequence[RungFacts], limits: Bounds) -> Asked:
    """Drops the tier that the client pins where hard rules demand a higher one."""
    if asked.pinned_tier is None:
        return asked
    level = max((f.level for f in facts if f.tier == asked.pinned_tier), default=0)
    return asked if level >= limits.hard_floor else replace(asked, pinned_tier=None)


def _some_capable(facts: Sequence[RungFacts], signals: Signals, limits: Bounds) -> bool:
    """Returns True when a rung that the hard rules leave has the capabilities that are needed."""
    return any(f.level >= limits.hard_floor and not f.missing and fits(f, signals) for f in facts)


def _excused(facts: Sequence[RungFacts], limits: Bounds) -> tuple[RungFacts, ...]:
    """Forgives missing capabilities that may be left out, where hard rules leave no capable rung.

    Tools that the model is free not to call may be left out: a medical emergency in an agent's
    conversation goes to the tier for emergencies although that one calls no tools.
    """
    if not limits.hard:
        return tuple(facts)
    return tuple(
        replace(f, missing=()) if f.excused and f.level >= limits.hard_floor else f for f in facts
    )


def confidence_floor(section: DecisionSection, signals: Signals, asked: Asked) -> float:
    """Returns the chance from which level 1 answers; hints raise it. 0 when triggers are off."""
    if section.mode is DecisionMode.EXPECTED_LOSS:
        own = 0.0
    elif section.mode is DecisionMode.CERTIFIED:
        own = section.certificates.get(signals.domain, 1.01)
    else:
        own = section.confidence_floor
    return own if asked.confidence_floor is None else max(own, asked.confidence_floor)


def _refuse_impossible(facts: Sequence[RungFacts], signals: Signals, limits: Bounds) -> None:
    if _some_capable(facts, signals, limits):
        return
    may = [f for f in facts if f.level >= limits.hard_floor]
    where = (
        f"no answerer at level {limits.hard_floor} or higher, where this request must go "
        f"({', '.join(limits.floor_reasons)}),"
        if limits.hard
        else "no answerer of this policy"
    )
    fewest = min(may, key=lambda f: len(f.missing))
    if fewest.missing:
        names = ", ".join(sorted(c.value for c in fewest.missing))
        raise NotCapable(
            f"This request needs {names}, which {where} offers. Leave it out of the request, or "
            f"add an answerer with that capability to the policy.{_inline(fewest.missing)}"
        )
    longest = max(f.context_tokens for f in may)
    raise NotCapable(
        f"This request has about {signals.input_tokens} tokens, which {where} takes; the longest "
        f"context there is {longest}. Shorten it, or add an answerer with a longer context.",
        code="context_length_exceeded",
        param="messages",
    )


def _inline(missing: tuple[Capability, ...]) -> str:
    """Returns advice for an image or a file that is sent by its address, "" for other requests."""
    if not {Capability.IMAGES, Capability.FILES} & set(missing):
        return ""
    return " What stands at an address is not fetched for answerers of kind litellm: send its data."


def _first(
    facts: Sequence[RungFacts],
    losses: Sequence[int],
    allowed: Sequence[int],
    section: DecisionSection,
) -> tuple[int, Reason]:
    """Returns the first rung among those allowed, and the reason."""
    lowest = allowed[0]
    guarded = section.mode is not DecisionMode.EXPECTED_LOSS
    if guarded and any(
        f.p_source is PSource.PRIOR or f.cost_basis is CostBasis.UNKNOWN for f in facts
    ):
        return lowest, Reason.FIXED_TRIGGERS_DECIDE
    best = min(allowed, key=lambda i: (losses[i], i))
    costs = counted_costs(facts, section)
    least = facts[best].p - section.min_gain
    gained = next(
        i for i in allowed if i == best or (facts[i].p > least and costs[i] <= costs[best])
    )
    return gained, Reason.LOWEST_EXPECTED_LOSS


def _warm_first(
    facts: Sequence[RungFacts],
    stakes_nano: int,
    allowed: Sequence[int],
    section: DecisionSection,
    coldly: tuple[int, Reason],
    pacing: float,
) -> tuple[int, Reason]:
    """Returns the first rung where prompt caches are warm, and the reason.

    `coldly` is the choice without regard to caches. Where the fixed triggers decide, chances are
    not compared but money is: a warm rung that is no lower and costs no more goes before the lowest
    allowed one.
    """
    first, choice = coldly
    if choice is Reason.FIXED_TRIGGERS_DECIDE:
        warm = [
            i
            for i in allowed
            if facts[i].cache_nano_usd and facts[i].cost_nano_usd <= facts[first].cost_nano_usd
        ]
        known = facts[first].cost_basis is not CostBasis.UNKNOWN
        if not warm or not known or facts[first].cache_nano_usd:
            return first, choice
        return min(warm, key=lambda i: (facts[i].cost_nano_usd, i)), Reason.WARM_CACHE
    cold = without_caches(facts)
    losses = expected_losses(cold, stakes_nano, section, pacing)
    moved = _first(cold, losses, allowed, section)[0] != first
    return first, Reason.WARM_CACHE if moved else choice


def _headline(
    choice: Reason,
    first: RungFacts,
    lower: Sequence[Reason | None],
    limits: Bounds,
    asked: Asked,
) -> tuple[Reason, ...]:
    """Returns why the first rung goes first: the deciding rule, then all others that fired."""
    if asked.pinned is not None or asked.pinned_tier is not None:
        return (Reason.PINNED,)
    if first.level == limits.floor > 1:
        warm = (choice,) if choice is Reason.WARM_CACHE else ()
        return (*(limits.floor_reasons or (Reason.FLOOR,)), *warm)
    for reason in (
        Reason.KEPT_OFF_SHELF,
        Reason.SLOT_UNFILLED,
        Reason.NOT_CAPABLE,
        Reason.LOW_CONFIDENCE,
        Reason.NOTHING_TO_RESOLVE,
    ):
        if limits.floor == 1 and reason in lower:
            return (reason, choice)
    return (choice, *limits.floor_reasons)


def _lower(
    facts: Sequence[RungFacts], passed: Sequence[Reason | None], first: int, threshold: float
) -> list[Reason | None]:
    """Returns why levels below the first rung's were passed over.

    A missing capability counts only where the rung would otherwise have answered.
    """
    return [
        reason
        for f, reason in zip(facts, passed, strict=True)
        if f.level < facts[first].level
        and (reason is not Reason.NOT_CAPABLE or _would_answer(f, threshold))
    ]


def _would_answer(f: RungFacts, threshold: float) -> bool:
    """Returns True when level 1 is sure of its answer, so that only a capability holds it back."""
    return f.level == 1 and f.p >= threshold and f.declined is not Reason.NOTHING_TO_RESOLVE


def _why(in_ladder: bool, passed: Reason | None) -> tuple[Reason, ...]:
    if in_ladder:
        return (Reason.FALLBACK,)
    return (Reason.HIGHER_EXPECTED_LOSS if passed is None else passed,)


def _rung(
    f: RungFacts, loss: int, taken: bool, reasons: tuple[Reason, ...], propensity: float
) -> Rung:
    """Returns the rung as the record keeps it, with its chance of going first."""
    return Rung(
        answerer=f.answerer,
        tier=f.tier,
        level=f.level,
        taken=taken,
        reasons=reasons,
        p=f.p,
        p_source=f.p_source,
        p_count=f.p_count,
        cost_nano_usd=f.cost_nano_usd,
        cost_basis=f.cost_basis,
        latency_ms=f.latency_ms,
        expected_loss_nano_usd=loss,
        propensity=propensity,
        cache_nano_usd=f.cache_nano_usd,
    )
