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
and the fixed triggers decide: the lowest allowed rung goes first. Priors may still lead higher
where a mistake is dear (`rungs.costly_mistakes`).

A trigger that is only a reason to look higher leaves level 1's answer in hand. Where the rung that
it leads to is known to be right less often, that answer has the first turn, and `next_rung` leads
on to a rung that may help. Lowering level 1's confidence still never lowers the first rung: it only
makes more rungs better than the answer in hand.

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

from router.errors.incapable import context_exceeded, lacking, residency_leaves_none
from router.policy.refusal import refusal
from router.policy.schema import DecisionSection, Policy
from router.routing.constraints import Asked
from router.routing.expected_loss import (
    chances,
    counted_costs,
    drawn,
    expected_losses,
    known_worse,
    without_caches,
)
from router.routing.hard_rules import Bounds, bounds
from router.routing.rungs.allowed_rungs import (
    answer_in_hand,
    binding_first,
    fallback,
    fits,
    floor_of,
    in_turn,
    is_pinned,
    passed_over,
    spares,
)
from router.routing.rungs.costly_mistakes import raised
from router.routing.rungs.rung_reasons import RungChoice, Weighed, reasons_of, truthful
from router.routing.stakes import domain_at_stake, least_shown, stakes
from router.types import (
    GAINS_FROM,
    IN_HAND_FROM,
    KNOWN_FIRST_FROM,
    KNOWN_IS_NOT_NOVEL_FROM,
    NO_PRESSURE,
    PINS_FROM,
    RECORD_VERSION,
    STAND_INS_FROM,
    SURE_STAKES_FROM,
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


def decide(
    policy: Policy,
    signals: Signals,
    facts: Sequence[RungFacts],
    asked: Asked,
    pressure: Pressure = NO_PRESSURE,
    draw: float | None = None,
    version: int = RECORD_VERSION,
) -> Decision:
    """Returns the ladder of one request.

    `facts` are all answerers of the policy in ladder order (by level, then as written). `pressure`
    comes from the budgets that the request counts in, and from the watch of certificates. `draw` is
    uniform in [0, 1) and lets the policy explore; with None the best rung goes first. `version` is
    that of a stored record, which is decided by the rules of its time.
    Raises NotCapable when no answerer that may take the request has the capabilities it needs; the
    message names what is missing. Raises PermissionDenied when the key's tiers leave no answerer.
    """
    section = policy.decision
    known = version >= SURE_STAKES_FROM
    domain = domain_at_stake(policy, signals, version) if known else signals.domain
    base = policy.stakes.cost_of_wrong_nano_usd(domain, signals.request_type)
    stakes_nano = stakes(policy, domain, signals.impact_nano_usd, asked, base)
    threshold = confidence_floor(
        section, signals, asked.confidence_floor, suspended=pressure.suspended
    )
    limits = _limits(policy, signals, facts, asked, threshold, pressure, version)
    if version >= GAINS_FROM:
        limits = binding_first(limits)
    if asked.pinned_tier is not None:
        asked = _within(asked, facts, limits, version)
    if not (_pin_capable(facts, signals, asked, version) or _some_capable(facts, signals, limits)):
        facts = _excused(facts, limits)
        _refuse_impossible(facts, signals, limits)
    least = 0.0 if version < IN_HAND_FROM else least_shown(section, base, stakes_nano)
    losses = expected_losses(facts, stakes_nano, section, pressure.price)
    passed = [passed_over(f, limits, threshold, asked, signals) for f in facts]
    allowed = [i for i, reason in enumerate(passed) if reason is None]
    free = bool(allowed) and not limits.hard and asked.pinned is None and asked.pinned_tier is None
    spare = None
    if version >= STAND_INS_FROM:
        spare = spares(facts, passed, limits, section, asked, least)
    outage = None
    if not allowed:
        allowed, outage = fallback(facts, passed, limits, asked, spare, signals, version)
    best, choice = _first(facts, losses, allowed, section, version)
    led = None
    by_priors = choice is Reason.FIXED_TRIGGERS_DECIDE and version >= GAINS_FROM
    if by_priors and outage is None and signals.domain_p >= section.domain_at:
        # Amounts have triggers of their own.
        of_kind = losses
        if stakes_nano != base:
            of_kind = expected_losses(facts, base, section, pressure.price)
        led = raised(facts, of_kind, passed, allowed, limits, section)
    if led is not None:
        best, choice = led.first, Reason.COSTLY_MISTAKE
        allowed, passed, limits = led.allowed, led.passed, led.limits
    if any([f.cache_nano_usd for f in facts]):
        best, choice = _warm_first(
            facts, stakes_nano, allowed, section, (best, choice), pressure.price, version
        )
    hand = None
    if version >= IN_HAND_FROM:
        choice = truthful(choice, losses, best, allowed)
        hand = _in_hand(facts, passed, limits, asked, least, best) if outage is None else None
    likely = {best if hand is None else hand: 1.0}
    if hand is not None:
        allowed = [hand, *[i for i in allowed if i > hand]]
    elif draw is not None and free:
        likely = chances(section.explore, best, allowed, stakes_nano)
    first = drawn(likely, draw or 0.0)
    ladder = _ladder(facts, [i for i in allowed if i >= first], section.max_rungs, version)
    certified = None
    if pressure.suspended and section.mode is DecisionMode.CERTIFIED:
        certified = section.certificates.get(signals.domain)
    soft_limit = _soft_limit(limits, facts[first], asked)
    threshold = floor_of(facts[first], threshold)
    chosen = RungChoice(
        best, first, hand, choice, outage, soft_limit, tuple(ladder), version, certified
    )
    reasons = reasons_of(Weighed(facts, losses, passed, chosen, limits, asked, threshold))
    return Decision(
        rungs=tuple(
            [
                _rung(f, losses[i], i in ladder, reasons[i], likely.get(i, 0.0))
                for i, f in enumerate(facts)
            ]
        ),
        first=first,
        floor=limits.floor if hand is None else 1,
        ceiling=limits.ceiling,
        floor_reasons=limits.floor_reasons if hand is None else (),
        ceiling_reasons=limits.ceiling_reasons,
        stakes_nano_usd=stakes_nano,
        mode=section.mode,
        hard_rule=limits.hard,
        confidence_floor=threshold,
        pacing=pressure.price,
        soft_limit=soft_limit,
        spare=() if spare is None else in_turn(facts, first, ladder, (*spare, *allowed), threshold),
        in_hand=hand,
        unverified_from=least,
        refused=refusal(policy, signals, defends=asked.defends),
    )


def _ladder(
    facts: Sequence[RungFacts], allowed: Sequence[int], most: int, version: int
) -> list[int]:
    """Returns at most so many rungs, of which the last one is of the highest level.

    Answerers that an alias pins do not count for `max_rungs`, so there may be more of them.
    """
    ladder = list(allowed[:most])
    highest = facts[allowed[-1]].level
    if version >= GAINS_FROM and most > 1 and facts[ladder[-1]].level < highest:
        ladder[-1] = next(i for i in allowed if facts[i].level == highest)
    return ladder


UNDERSTOOD = frozenset({Reason.EXACT_TOOL, Reason.SMALL_TALK, Reason.ASKED_FOR_SLOT})
"""Kinds of answer to a request of which a rule understands every word."""


def _is_known(f: RungFacts) -> bool:
    """Returns True for a rung that has an answer which a rule knows, in whatever language."""
    known = f.p_source is PSource.KNOWN and f.because in UNDERSTOOD
    return known and f.declined is None and f.ready


def _limits(
    policy: Policy,
    signals: Signals,
    facts: Sequence[RungFacts],
    asked: Asked,
    threshold: float,
    pressure: Pressure,
    version: int,
) -> Bounds:
    """Returns floor and ceiling. Novelty raises no floor where a known answer may go first.

    The request is then new to the model alone, which is no reason to ask another one. Where all
    else keeps that answer back, a model answers what is new to it, and novelty counts.
    """
    top = max([f.level for f in facts])
    limits = bounds(policy, signals, asked, top, lower=pressure.lower, version=version)
    novel = signals.novelty >= policy.decision.novel_at and version >= KNOWN_IS_NOT_NOVEL_FROM
    known = [f for f in facts if _is_known(f)] if novel else []
    if not known:
        return limits
    calm = bounds(policy, signals, asked, top, lower=pressure.lower, known=True, version=version)
    wished = _within(asked, facts, calm, version)
    free = any(passed_over(f, calm, threshold, wished, signals) is None for f in known)
    return calm if free else limits


def _soft_limit(limits: Bounds, first: RungFacts, asked: Asked) -> Reason | None:
    """Returns the soft limit's reason; a pinned tier, or a first rung above it, keeps its level."""
    pinned = asked.is_pinned
    if limits.soft_limit is not None and (pinned or first.level > limits.ceiling):
        return Reason.BUDGET_SOFT_LIMIT_KEPT
    return limits.soft_limit


def _within(asked: Asked, facts: Sequence[RungFacts], limits: Bounds, version: int) -> Asked:
    """Drops the tier that the client pins where rules force a higher level.

    A reason to look higher (novelty, several factors, a middling amount) forces none: who names a
    tier has looked.
    """
    level = max((f.level for f in facts if f.tier == asked.pinned_tier), default=0)
    least = limits.hard_floor if version >= PINS_FROM else limits.trigger_floor
    return asked if level >= least else replace(asked, pinned_tier=None)


def _pin_capable(facts: Sequence[RungFacts], signals: Signals, asked: Asked, version: int) -> bool:
    """Returns True when a rung that the client pins has the capabilities that are needed."""
    if version < PINS_FROM or (asked.pinned is None and asked.pinned_tier is None):
        return False
    named = [f for f in facts if is_pinned(f, asked) and f.declined is not Reason.RESIDENCY]
    return any(not f.missing and fits(f, signals) for f in named)


def _some_capable(facts: Sequence[RungFacts], signals: Signals, limits: Bounds) -> bool:
    """Returns True when a rung that the hard rules leave has the capabilities that are needed."""
    for f in facts:
        allowed = f.declined is not Reason.RESIDENCY
        if f.level >= limits.trigger_floor and allowed and not f.missing and fits(f, signals):
            return True
    return False


def _excused(facts: Sequence[RungFacts], limits: Bounds) -> tuple[RungFacts, ...]:
    """Forgives missing capabilities that may be left out, where hard rules leave no capable rung.

    Tools that the model is free not to call may be left out: a medical emergency in an agent's
    conversation goes to the tier for emergencies although that one calls no tools.
    """
    if not limits.hard:
        return tuple(facts)
    return tuple(
        replace(f, missing=()) if f.excused and f.level >= limits.trigger_floor else f
        for f in facts
    )


def confidence_floor(
    section: DecisionSection, signals: Signals, hinted: float | None, *, suspended: bool = False
) -> float:
    """Returns the chance from which level 1 answers; a hint raises it. 0 when triggers are off.

    A suspended certificate never lets more through than `confidence_floor` does.
    """
    if section.mode is DecisionMode.EXPECTED_LOSS:
        own = 0.0
    elif section.mode is DecisionMode.CERTIFIED:
        own = section.certificates.get(signals.domain, 1.01)
        own = max(own, section.confidence_floor) if suspended else own
    else:
        own = section.confidence_floor
    return own if hinted is None else max(own, hinted)


def chance(ability: float, difficulty: float, slope: float = 1.0) -> float:
    """Returns p = sigma(a·(theta - d)), item response theory; `chance(1.0, 1.0)` is 0.5."""
    z = max(-40.0, min(40.0, slope * (ability - difficulty)))
    return 1.0 / (1.0 + math.exp(-z))


def _refuse_impossible(facts: Sequence[RungFacts], signals: Signals, limits: Bounds) -> None:
    if _some_capable(facts, signals, limits):
        return
    may = [f for f in facts if f.level >= limits.trigger_floor]
    where = (
        f"no answerer at level {limits.trigger_floor} or higher, where this request must go "
        f"({', '.join(limits.floor_reasons)}),"
        if limits.hard and any(not f.missing and fits(f, signals) for f in facts)
        else "no answerer of this policy"
    )
    if any(f.declined is Reason.RESIDENCY for f in may):
        raise residency_leaves_none("every answerer that could take it")
    fewest = min(may, key=lambda f: len(f.missing))
    if fewest.missing:
        raise lacking(fewest.missing, where)
    raise context_exceeded(may, signals, where)


def _first(
    facts: Sequence[RungFacts],
    losses: Sequence[int],
    allowed: Sequence[int],
    section: DecisionSection,
    version: int,
) -> tuple[int, Reason]:
    """Returns the first rung among those allowed, and the reason."""
    if section.mode is not DecisionMode.EXPECTED_LOSS:
        for f in facts:
            if f.p_source is PSource.PRIOR or f.cost_basis is CostBasis.UNKNOWN:
                return _lowest(facts, allowed, version), Reason.FIXED_TRIGGERS_DECIDE
    best = min(allowed, key=lambda i: (losses[i], i))
    costs = counted_costs(facts, section)
    least = facts[best].p - section.min_gain
    gained = next(
        i for i in allowed if i == best or (facts[i].p > least and costs[i] <= costs[best])
    )
    return gained, Reason.LOWEST_EXPECTED_LOSS


def _lowest(facts: Sequence[RungFacts], allowed: Sequence[int], version: int) -> int:
    """Returns the lowest rung allowed; of its level, the first that knows the answer better.

    A sum that is computed goes before a question back, in whatever order the policy lists them.
    """
    lowest = facts[allowed[0]]
    if version >= KNOWN_FIRST_FROM:
        for i in allowed:
            f = facts[i]
            if f.level == lowest.level and _is_known(f) and f.p > lowest.p:
                return i
    return allowed[0]


def _warm_first(
    facts: Sequence[RungFacts],
    stakes_nano: int,
    allowed: Sequence[int],
    section: DecisionSection,
    coldly: tuple[int, Reason],
    pacing: float,
    version: int,
) -> tuple[int, Reason]:
    """Returns the first rung where prompt caches are warm, and the reason.

    `coldly` is the choice without regard to caches. Where it was made by priors, chances are not
    compared but money is: a warm rung that is no lower and costs no more goes before it.
    """
    first, choice = coldly
    if choice in (Reason.FIXED_TRIGGERS_DECIDE, Reason.COSTLY_MISTAKE):
        warm = [
            i
            for i in allowed
            if facts[i].cache_nano_usd
            and facts[i].level >= facts[first].level
            and facts[i].cost_nano_usd <= facts[first].cost_nano_usd
        ]
        known = facts[first].cost_basis is not CostBasis.UNKNOWN
        if not warm or not known or facts[first].cache_nano_usd:
            return first, choice
        return min(warm, key=lambda i: (facts[i].cost_nano_usd, i)), Reason.WARM_CACHE
    cold = without_caches(facts)
    losses = expected_losses(cold, stakes_nano, section, pacing)
    moved = _first(cold, losses, allowed, section, version)[0] != first
    return first, Reason.WARM_CACHE if moved else choice


def _in_hand(
    facts: Sequence[RungFacts],
    passed: Sequence[Reason | None],
    limits: Bounds,
    asked: Asked,
    least: float,
    best: int,
) -> int | None:
    """Returns the rung whose answer is in hand, where the best one above it is known to be worse.

    None: there is no such answer, or the best rung may help.
    """
    hand = answer_in_hand(facts, passed, limits, asked, least)
    if hand is None or hand == best or known_worse(facts[best], facts[hand].p):
        return hand
    return None


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
