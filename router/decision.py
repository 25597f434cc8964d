"""Which tiers may answer a request, and which one goes first. Pure: no clock, no random, no I/O.

`decide` turns signals, the policy and what is known of each answerer into a ladder with a reason
for every rung taken and every one passed over. After each answer `next_rung` applies the same
inequality with that answer's own chance of being right.

Hard rules, in this order; each can only raise the floor (first named reason wins the headline):

    1. the triage model is missing            -> level 2, everything up when unsure
    2. the policy's hard rules                -> as written
    3. high-risk domain (finance, legal, medical, engineering safety) with high stakes -> level 3
    4. impact from $10,000                    -> level 3
    5. strategic or multi-stakeholder         -> level 3
    6. architecture decision                  -> level 3
    7. impact from $5,000; multi-factor; novel; unsafe -> level 2
    8. inside a tool loop                     -> the level that began it
    9. the client's min_tier
   10. level-1 confidence below the floor     -> that rung is passed over

Rules 3 to 7 and 10 are the fixed triggers: hard in `guarded` and `certified`, absent in
`expected_loss`. Between floor and ceiling the first rung is the argmin over all allowed rungs of
(1 - p)·S + (1 + lambda)·c + kappa·latency, where a higher rung never counts as cheaper than a lower
one (running maximum). That makes the choice monotone: raising stakes or lowering level 1's
confidence never lowers the first rung, which the property tests check. Where any rung's p is a mere
prior, `guarded` does not trust the comparison and the fixed triggers decide: the lowest allowed
rung goes first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from router.errors import NotCapable
from router.policy import DecisionSection, HardRule, Policy, usd_to_nano
from router.types import (
    NANO_PER_USD,
    Action,
    Capability,
    ChatRequest,
    Decision,
    DecisionMode,
    Domain,
    Hints,
    PSource,
    Reason,
    RequestType,
    Rung,
    RungFacts,
    Signals,
    Step,
)

HIGH_RISK = {
    Domain.FINANCE: Reason.HIGH_RISK_FINANCIAL,
    Domain.LEGAL: Reason.HIGH_RISK_LEGAL,
    Domain.MEDICAL: Reason.HIGH_RISK_MEDICAL,
    Domain.ENGINEERING_SAFETY: Reason.HIGH_RISK_ENGINEERING_SAFETY,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the client may have a say in, already reduced to what its key allows."""

    min_tier: int | None = None
    max_tier: int | None = None
    stakes_nano_usd: int | None = None
    may_lower: bool = False
    confidence_floor: float | None = None
    max_cost_nano_usd: int | None = None
    tool_loop_level: int | None = None
    pinned: str | None = None  # one answerer
    pinned_tier: str | None = None


def asked_of(hints: Hints, may_lower: bool) -> Asked:
    """Hints as `decide` reads them: raising is free, lowering needs the scope `hints:lower`."""
    return Asked(
        min_tier=hints.min_tier,
        max_tier=hints.max_tier if may_lower else None,
        stakes_nano_usd=hints.stakes_nano_usd,
        may_lower=may_lower,
        confidence_floor=hints.confidence_floor,
        max_cost_nano_usd=hints.max_cost_nano_usd,
    )


def chance(ability: float, difficulty: float, slope: float = 1.0) -> float:
    """p = sigma(a·(theta - d)), item response theory; `chance(1.0, 1.0)` is 0.5."""
    z = max(-40.0, min(40.0, slope * (ability - difficulty)))
    return 1.0 / (1.0 + math.exp(-z))


def stakes(policy: Policy, signals: Signals, asked: Asked) -> int:
    """S, what a wrong answer costs, in nano-dollars.

    The client's `stakes_usd`, else cost_of_wrong[domain, type] + loss_share[domain] x amount.
    Without the scope `hints:lower` the client's figure can only raise S.
    """
    section = policy.stakes
    own = section.cost_of_wrong_nano_usd(signals.domain, signals.request_type) + math.ceil(
        section.share(signals.domain) * signals.impact_nano_usd
    )
    if asked.stakes_nano_usd is None:
        return own
    return asked.stakes_nano_usd if asked.may_lower else max(own, asked.stakes_nano_usd)


def required(request: ChatRequest) -> frozenset[Capability]:
    """What an answerer must be able to do for this request."""
    needs = set()
    if request.tools and request.tool_choice != '"none"':
        needs.add(Capability.TOOLS)
    if request.response_format.kind != "text":
        needs.add(Capability.JSON_SCHEMA)
    if request.sampling.n > 1:
        needs.add(Capability.MULTIPLE_CHOICES)
    if request.sampling.logprobs:
        needs.add(Capability.LOGPROBS)
    kinds = {part.kind for message in request.messages for part in message.parts}
    for kind, capability in (
        ("image_url", Capability.IMAGES),
        ("input_audio", Capability.AUDIO),
        ("file", Capability.FILES),
    ):
        if kind in kinds:
            needs.add(capability)
    return frozenset(needs)


# --- floor and ceiling -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bounds:
    floor: int
    ceiling: int
    floor_reasons: tuple[Reason, ...]
    ceiling_reasons: tuple[Reason, ...]
    hard: bool  # a hard rule (not a hint) raised the floor


def bounds(policy: Policy, signals: Signals, asked: Asked, top: int) -> Bounds:
    """Floor and ceiling by the hard rules, in the order of the module's docstring."""
    rules = list(_degraded(signals))
    rules += _policy_floors(policy, signals)
    if policy.decision.mode is not DecisionMode.EXPECTED_LOSS:
        rules += _fixed_triggers(policy.decision, signals, asked)
    hard_floor = max((level for level, _ in rules), default=1)
    if asked.tool_loop_level is not None:
        rules.append((asked.tool_loop_level, Reason.TOOL_LOOP))
    if asked.min_tier is not None:
        rules.append((asked.min_tier, Reason.HINT_MIN_TIER))
    floor = min(max((level for level, _ in rules), default=1), top)
    ceiling, ceiling_reasons = _ceiling(policy, signals, asked, floor, top)
    reasons = tuple(dict.fromkeys(reason for level, reason in rules if level > 1))
    leading = [reason for level, reason in rules if min(level, top) == floor and level > 1]
    ordered = tuple(dict.fromkeys([*leading, *reasons]))
    return Bounds(floor, ceiling, ordered, ceiling_reasons, hard_floor > 1)


def _degraded(signals: Signals) -> list[tuple[int, Reason]]:
    return [(2, Reason.TRIAGE_DEGRADED)] if signals.degraded else []


def _policy_floors(policy: Policy, signals: Signals) -> list[tuple[int, Reason]]:
    domain_of = {term_list.name: term_list.domain for term_list in policy.terms}
    found = []
    for rule in policy.hard_rules:
        if rule.floor is None or not _holds(rule, signals):
            continue
        hit = next((domain_of.get(name) for name in rule.terms if name in signals.risk_terms), None)
        domain = hit or (signals.domain if rule.domains else None)
        reason = HIGH_RISK.get(domain, Reason.POLICY_RULE) if domain else Reason.POLICY_RULE
        found.append((rule.floor, reason))
    return found


def _holds(rule: HardRule, signals: Signals) -> bool:
    return (
        (not rule.terms or any(name in signals.risk_terms for name in rule.terms))
        and (not rule.domains or signals.domain in rule.domains)
        and (not rule.request_types or signals.request_type in rule.request_types)
        and (rule.stakes_high_at is None or signals.stakes_high >= rule.stakes_high_at)
        and (
            rule.impact_from_usd is None
            or signals.impact_nano_usd >= usd_to_nano(rule.impact_from_usd)
        )
    )


def _fixed_triggers(
    section: DecisionSection, signals: Signals, asked: Asked
) -> list[tuple[int, Reason]]:
    impact = max(signals.impact_nano_usd, asked.stakes_nano_usd or 0)
    strategic = signals.strategic >= section.strategic_at
    multi_factor = signals.multi_factor >= section.multi_factor_at
    in_domain = signals.domain_p >= section.domain_at
    high_risk = (
        signals.domain in HIGH_RISK and in_domain and signals.stakes_high >= section.high_risk_at
    )
    architecture = (
        signals.domain is Domain.TECHNOLOGY
        and in_domain
        and signals.request_type is RequestType.DECISION
        and multi_factor
    )
    rows = (
        (high_risk, 3, HIGH_RISK.get(signals.domain, Reason.POLICY_RULE)),
        (impact >= usd_to_nano(section.level_3_from_usd), 3, Reason.IMPACT_LEVEL_3),
        (strategic, 3, Reason.STRATEGIC),
        (architecture, 3, Reason.ARCHITECTURE),
        (impact >= usd_to_nano(section.level_2_from_usd), 2, Reason.IMPACT_LEVEL_2),
        (multi_factor, 2, Reason.MULTI_FACTOR),
        (signals.novelty >= section.novel_at, 2, Reason.NOVEL),
        (max(signals.toxic, signals.spam) >= section.unsafe_at, 2, Reason.UNSAFE),
    )
    return [(level, reason) for fires, level, reason in rows if fires]


def _ceiling(
    policy: Policy, signals: Signals, asked: Asked, floor: int, top: int
) -> tuple[int, tuple[Reason, ...]]:
    """The highest level allowed; never below the floor."""
    limits = [
        (rule.ceiling, Reason.POLICY_RULE)
        for rule in policy.hard_rules
        if rule.ceiling is not None and _holds(rule, signals)
    ]
    named = asked.min_tier is not None and asked.min_tier >= 3
    impact = max(signals.impact_nano_usd, asked.stakes_nano_usd or 0)
    low = impact < usd_to_nano(policy.decision.level_3_not_below_usd)
    if low and not named and policy.decision.mode is not DecisionMode.EXPECTED_LOSS:
        limits.append((2, Reason.LOW_IMPACT))
    if asked.max_tier is not None:
        limits.append((asked.max_tier, Reason.HINT_MAX_TIER))
    ceiling = min([top, *(level for level, _ in limits)])
    if ceiling < floor:
        return floor, ()
    return ceiling, tuple(reason for level, reason in limits if level < top)


# --- the ladder --------------------------------------------------------------------------------


def decide(policy: Policy, signals: Signals, facts: Sequence[RungFacts], asked: Asked) -> Decision:
    """The ladder for one request.

    `facts` are all answerers of the policy in ladder order (by level, then as written).
    Raises NotCapable when no answerer can do what the request needs, naming what is missing.
    """
    section = policy.decision
    _refuse_impossible(facts, signals)
    stakes_nano = stakes(policy, signals, asked)
    top = max(f.level for f in facts if not f.missing and _fits(f, signals))
    limits = bounds(policy, signals, asked, top)
    threshold = confidence_floor(section, signals, asked)
    losses = expected_losses(facts, stakes_nano, section)
    passed = [_passed_over(f, limits, threshold, asked, signals) for f in facts]
    allowed = [i for i, reason in enumerate(passed) if reason is None]
    if not allowed:
        allowed = _fallback(facts, passed, limits.floor)
    first, choice = _first(facts, losses, allowed, section)
    ladder = [i for i in allowed if i >= first][: section.max_rungs]
    headline = _headline(choice, first, facts, passed, limits, asked)
    reasons = [headline if i == first else _why(i in ladder, passed[i]) for i in range(len(facts))]
    rungs = tuple(
        _rung(f, losses[i], i in ladder, reasons[i], 1.0 if i == first else 0.0)
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
    )


def expected_losses(
    facts: Sequence[RungFacts], stakes_nano: int, section: DecisionSection
) -> list[int]:
    """(1 - p)·S + running maximum of (1 + lambda)·c + kappa·latency, nano-dollars per rung.

    S = $10, p = .9 and .99, c = $0.01 and $0.50: losses $1.01 and $0.60, so the second goes first.
    """
    losses = []
    dearest = 0.0
    for f in facts:
        own = (1.0 + section.budget_pressure) * f.cost_nano_usd
        own += section.usd_per_second * NANO_PER_USD * f.latency_ms / 1000.0
        dearest = max(dearest, own)
        losses.append(math.ceil((1.0 - f.p) * stakes_nano + dearest))
    return losses


def confidence_floor(section: DecisionSection, signals: Signals, asked: Asked) -> float:
    """Level 1 answers at or above this; hints can only raise it. 0 when triggers are off."""
    if section.mode is DecisionMode.EXPECTED_LOSS:
        own = 0.0
    elif section.mode is DecisionMode.CERTIFIED:
        own = section.certificates.get(signals.domain, 1.01)
    else:
        own = section.confidence_floor
    return own if asked.confidence_floor is None else max(own, asked.confidence_floor)


def _refuse_impossible(facts: Sequence[RungFacts], signals: Signals) -> None:
    able = [f for f in facts if not f.missing and _fits(f, signals)]
    if able:
        return
    fewest = min(facts, key=lambda f: len(f.missing))
    if fewest.missing:
        names = ", ".join(sorted(c.value for c in fewest.missing))
        raise NotCapable(
            f"This request needs {names}, which no answerer of this policy offers. Remove it from "
            f"the request, or add an answerer with that capability to the policy."
        )
    longest = max(f.context_tokens for f in facts)
    raise NotCapable(
        f"This request has about {signals.input_tokens} tokens; the longest context of this policy "
        f"is {longest}. Shorten the request or add an answerer with a longer context.",
        code="context_length_exceeded",
        param="messages",
    )


def _fits(f: RungFacts, signals: Signals) -> bool:
    return f.context_tokens == 0 or signals.input_tokens <= f.context_tokens


def _passed_over(
    f: RungFacts,
    limits: Bounds,
    threshold: float,
    asked: Asked,
    signals: Signals,
) -> Reason | None:
    """Why a rung is not allowed; None when it is. First reason in order of precedence."""
    if f.missing or not _fits(f, signals):
        return Reason.NOT_CAPABLE
    if asked.pinned is not None or asked.pinned_tier is not None:
        chosen = f.answerer == asked.pinned or f.tier == asked.pinned_tier
        return None if chosen else Reason.PINNED
    if f.level < limits.floor:
        return Reason.BELOW_FLOOR
    if f.level > limits.ceiling:
        return limits.ceiling_reasons[0] if limits.ceiling_reasons else Reason.ABOVE_CEILING
    if f.declined is Reason.NOTHING_TO_RESOLVE:
        return f.declined
    if f.level == 1 and f.p < threshold:
        return Reason.LOW_CONFIDENCE
    if f.declined is not None:
        return f.declined
    if not f.ready:
        return Reason.NOT_READY
    if asked.max_cost_nano_usd is not None and f.cost_nano_usd > asked.max_cost_nano_usd:
        return Reason.OVER_MAX_COST
    return None


def _fallback(facts: Sequence[RungFacts], passed: Sequence[Reason | None], floor: int) -> list[int]:
    """Nothing is allowed between floor and ceiling: go up, never below the floor.

    A rung that is merely not ready or over the client's cost cap stays in reach as the last
    resort, so that the gateway can say what failed instead of answering from too low a tier.
    """
    soft = {Reason.LOW_IMPACT, Reason.ABOVE_CEILING, Reason.HINT_MAX_TIER, Reason.POLICY_RULE}
    last = {Reason.NOT_READY}
    for reasons in (soft, soft | last):
        upward = [i for i, r in enumerate(passed) if r in reasons and facts[i].level >= floor]
        if upward:
            lowest = facts[upward[0]].level
            return [i for i in upward if facts[i].level == lowest]
    if any(r is Reason.OVER_MAX_COST for r in passed):
        cheapest = min(
            (
                f.cost_nano_usd
                for f, r in zip(facts, passed, strict=True)
                if r is Reason.OVER_MAX_COST
            )
        )
        raise NotCapable(
            f"max_cost_usd is below the cheapest tier this request may go to, which is expected to "
            f"cost ${cheapest / NANO_PER_USD:.6f}. Raise max_cost_usd.",
            code="max_cost_too_low",
            param="routing.max_cost_usd",
        )
    below = [i for i, r in enumerate(passed) if r in (Reason.BELOW_FLOOR, Reason.LOW_CONFIDENCE)]
    if below:
        return [below[-1]]
    raise NotCapable("No answerer of this policy can take this request.")


def _first(
    facts: Sequence[RungFacts],
    losses: Sequence[int],
    allowed: Sequence[int],
    section: DecisionSection,
) -> tuple[int, Reason]:
    """The first rung among those allowed, and why."""
    lowest = allowed[0]
    guarded = section.mode is not DecisionMode.EXPECTED_LOSS
    if guarded and any(f.p_source is PSource.PRIOR for f in facts):
        return lowest, Reason.FIXED_TRIGGERS_DECIDE
    best = min(allowed, key=lambda i: (losses[i], i))
    gained = next(i for i in allowed if i == best or facts[i].p > facts[best].p - section.min_gain)
    return gained, Reason.LOWEST_EXPECTED_LOSS


def _headline(
    choice: Reason,
    first: int,
    facts: Sequence[RungFacts],
    passed: Sequence[Reason | None],
    limits: Bounds,
    asked: Asked,
) -> tuple[Reason, ...]:
    """Why the first rung goes first: the rule that decided, then all others that fired."""
    if asked.pinned is not None or asked.pinned_tier is not None:
        return (Reason.PINNED,)
    if facts[first].level == limits.floor > 1:
        return limits.floor_reasons or (Reason.FLOOR,)
    lower = [r for f, r in zip(facts, passed, strict=True) if f.level < facts[first].level]
    for reason in (Reason.SLOT_UNFILLED, Reason.LOW_CONFIDENCE, Reason.NOTHING_TO_RESOLVE):
        if limits.floor == 1 and reason in lower:
            return (reason, choice)
    return (choice, *limits.floor_reasons)


def _why(in_ladder: bool, passed: Reason | None) -> tuple[Reason, ...]:
    if in_ladder:
        return (Reason.FALLBACK,)
    return (Reason.HIGHER_EXPECTED_LOSS if passed is None else passed,)


def _rung(
    f: RungFacts, loss: int, taken: bool, reasons: tuple[Reason, ...], propensity: float
) -> Rung:
    """Nothing is explored by chance yet, so the chosen rung's propensity is 1, all others' 0."""
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
    )


# --- after an answer ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Left:
    """What may still be spent. None: no limit."""

    nano_usd: int | None = None
    time_ms: float | None = None


def next_rung(
    decision: Decision,
    current: int,
    p_answer: float | None,
    failure: Reason | None,
    left: Left,
    section: DecisionSection,
    *,
    verified: bool = True,
) -> Step:
    """Accept the answer in hand, climb (perhaps skipping rungs), or stop.

    `p_answer` is the calibrated chance that *this* answer is right; `failure` says why there is
    no usable answer. Go on to j iff S·(p_j - p) > (1 + lambda)·c_j + kappa·latency_j and the gain
    is at least `min_gain`; where p_j is a mere prior, iff p is below the confidence floor. A failed
    rung climbs to the next one that money and time allow. Where the policy asks for no
    verification (`verified` False), an answer of sound structure is taken as it is.
    """
    above = [i for i, r in enumerate(decision.rungs) if i > current and r.taken]
    affordable = [i for i in above if _affordable(decision.rungs[i], left)]
    if failure is not None or p_answer is None:
        if affordable:
            return Step(Action.CLIMB, affordable[0], failure or Reason.ANSWERER_FAILED)
        return Step(Action.STOP, None, _why_stopped(above, decision, left))
    if not verified:
        return Step(Action.ACCEPT, None, Reason.ANSWER_ACCEPTED)
    gains = {i: _gain(decision, i, p_answer, section) for i in affordable}
    worth = [i for i, gain in gains.items() if gain > 0]
    if worth:
        best = max(worth, key=lambda i: (gains[i], -i))
        return Step(Action.CLIMB, best, Reason.ANSWER_NOT_TRUSTED)
    if above and not affordable:
        return Step(Action.ACCEPT, None, _why_stopped(above, decision, left))
    if above and p_answer < decision.confidence_floor:
        return Step(Action.ACCEPT, None, Reason.GAIN_BELOW_COST)
    return Step(Action.ACCEPT, None, Reason.ANSWER_ACCEPTED)


def _gain(decision: Decision, i: int, p_answer: float, section: DecisionSection) -> float:
    """Nano-dollars won by going on to rung i; not positive means not worth it."""
    rung = decision.rungs[i]
    if rung.p - p_answer < section.min_gain:
        return 0.0
    if rung.p_source is PSource.PRIOR and section.mode is not DecisionMode.EXPECTED_LOSS:
        return 1.0 if p_answer < decision.confidence_floor else 0.0
    cost = (1.0 + section.budget_pressure) * rung.cost_nano_usd
    cost += section.usd_per_second * NANO_PER_USD * rung.latency_ms / 1000.0
    return decision.stakes_nano_usd * (rung.p - p_answer) - cost


def _affordable(rung: Rung, left: Left) -> bool:
    money = left.nano_usd is None or rung.cost_nano_usd <= left.nano_usd
    return money and (left.time_ms is None or left.time_ms > 0)


def _why_stopped(above: Sequence[int], decision: Decision, left: Left) -> Reason:
    if not above:
        return Reason.LADDER_EXHAUSTED
    if left.time_ms is not None and left.time_ms <= 0:
        return Reason.TIME_EXHAUSTED
    return Reason.BUDGET_EXHAUSTED
