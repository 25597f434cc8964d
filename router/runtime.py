"""A policy made ready to serve: its answerers, what is known of each, and the words it may release.

An immutable snapshot. A request keeps the one it began with, so a reload swaps the next requests
only. It knows nothing about HTTP, the ledger or how answerers were built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from router import cost
from router.decision import Asked, chance, required
from router.errors import ModelNotFound
from router.policy import AnswererSection, Policy
from router.types import (
    Answerer,
    AnswererFacts,
    AnswererState,
    Capability,
    ChatRequest,
    CostBasis,
    Domain,
    PSource,
    Reason,
    RungFacts,
    SessionMemory,
    Signals,
    Triage,
    VerifyMode,
)
from router.verification import AnswerCalibration

PRIOR_ABILITY = {1: 0.5, 2: 2.0, 3: 3.5}
"""Abilities by level where nothing is known: a question of mean difficulty 0 gets .62, .88, .97.
Shown as `prior`; under `guarded` they decide nothing."""


@dataclass(frozen=True, slots=True)
class Ability:
    """How able an answerer is: theta per domain on the scale of difficulty, and its source."""

    theta: float
    by_domain: Mapping[Domain, float]
    slope: float
    source: PSource
    count: int

    def p(self, domain: Domain, difficulty: float) -> float:
        return chance(self.by_domain.get(domain, self.theta), difficulty, self.slope)


def prior_ability(level: int) -> Ability:
    return Ability(PRIOR_ABILITY.get(level, 3.5), {}, 1.0, PSource.PRIOR, 0)


Declines = Callable[[ChatRequest, Signals], Reason | None]


@dataclass(frozen=True, slots=True)
class RungPlan:
    """One answerer of the policy with all that the gateway knows of it."""

    answerer: Answerer
    section: AnswererSection
    facts: AnswererFacts
    ability: Ability
    calibration: AnswerCalibration | None = None
    composite: bool = False  # its money is spent by the calls it makes
    declines: Declines | None = None  # why a resolver has nothing for a request, None: it has

    def verify_mode(self, hard_rule: bool) -> VerifyMode:
        return self.section.verify.hard_rule if hard_rule else self.section.verify.default

    @property
    def spends_outside(self) -> bool:
        return self.facts.kind in ("upstream", "litellm")


@dataclass(frozen=True, slots=True)
class PolicyRuntime:
    """Everything one policy needs to serve."""

    policy: Policy
    policy_hash: str
    plans: tuple[RungPlan, ...]  # ladder order
    triage: Triage
    safe_answer: Callable[[Domain, str, str, Sequence[str]], str]
    remember: Callable[[Signals, SessionMemory | None, int], SessionMemory]

    @property
    def facts_by_name(self) -> dict[str, AnswererFacts]:
        return {plan.facts.name: plan.facts for plan in self.plans}

    def plan(self, name: str) -> RungPlan | None:
        return next((p for p in self.plans if p.facts.name == name), None)

    def rung_facts(self, request: ChatRequest, signals: Signals) -> tuple[RungFacts, ...]:
        """What `decide` is told about every answerer for this request, in ladder order."""
        needs = required(request)
        return tuple(_rung_facts(plan, request, signals, needs) for plan in self.plans)


def _rung_facts(
    plan: RungPlan, request: ChatRequest, signals: Signals, needs: frozenset[Capability]
) -> RungFacts:
    facts = plan.facts
    expected = cost.expected_cost(facts, request, signals.input_tokens)
    if facts.kind == "resolver":
        p = signals.match.confidence if signals.match else 0.0
        source, count = PSource.MATCH, 1
    else:
        p = plan.ability.p(signals.domain, signals.difficulty)
        source, count = plan.ability.source, plan.ability.count
    missing = needs - facts.capabilities
    return RungFacts(
        answerer=facts.name,
        tier=facts.tier,
        level=facts.level,
        p=p,
        p_source=source,
        p_count=count,
        cost_nano_usd=expected.nano_usd,
        cost_basis=expected.basis if plan.facts.kind != "resolver" else _resolver_basis(expected),
        latency_ms=facts.latency_ms,
        missing=tuple(sorted(missing)) if missing else (),
        context_tokens=facts.context_tokens,
        declined=plan.declines(request, signals) if plan.declines else None,
        ready=plan.answerer.status().state
        not in (AnswererState.FAILED, AnswererState.OPEN_BREAKER),
    )


def _resolver_basis(expected: cost.Cost) -> CostBasis:
    """A resolver without a price spends own compute only, too little to meter."""
    return CostBasis.OWN_COMPUTE if expected.basis is CostBasis.UNKNOWN else expected.basis


@dataclass(frozen=True, slots=True)
class Selected:
    """What the client's model name and hints lead to."""

    runtime: PolicyRuntime
    pinned: str | None = None
    pinned_tier: str | None = None


def select(runtimes: Mapping[str, PolicyRuntime], default: str, request: ChatRequest) -> Selected:
    """The policy, tier or answerer that `model` (and the hint `policy`) name.

    `auto`, `auto:<policy>`, `tier:<name>`, an alias of the policy, or ModelNotFound, whose message
    lists what is known.
    """
    runtime = _policy(runtimes, request.hints.policy or default)
    model = request.requested_model
    alias = None if _is_route(model) else runtime.policy.alias(model)
    if alias is not None and alias.answerer is not None:
        return Selected(runtime, pinned=alias.answerer if alias.pinned else None)
    target = model if alias is None else alias.to or model
    if target == "auto":
        return Selected(runtime)
    if target.startswith("auto:"):
        named = _policy(runtimes, target[5:])
        return Selected(named if request.hints.policy is None else runtime)
    if target.startswith("tier:") and any(t.name == target[5:] for t in runtime.policy.tiers):
        return Selected(runtime, pinned_tier=target[5:])
    if runtime.policy.mode == "observe":
        plan = next((p for p in runtime.plans if p.facts.model == model), None)
        if plan is not None:
            return Selected(runtime, pinned=plan.facts.name)
    raise ModelNotFound(
        f"The model {model!r} is unknown here. Known are: "
        f"{', '.join(known_models(runtimes, runtime))}. "
        f"Add an alias to the policy {runtime.policy.name!r} to make {model!r} work.",
        param="model",
    )


def known_models(runtimes: Mapping[str, PolicyRuntime], runtime: PolicyRuntime) -> Sequence[str]:
    """Names that clients may send as `model`."""
    return (
        "auto",
        *(f"auto:{name}" for name in runtimes),
        *(f"tier:{tier.name}" for tier in runtime.policy.tiers),
        *runtime.policy.aliases,
    )


def _is_route(model: str) -> bool:
    return model == "auto" or model.startswith(("auto:", "tier:"))


def _policy(runtimes: Mapping[str, PolicyRuntime], name: str) -> PolicyRuntime:
    runtime = runtimes.get(name)
    if runtime is None:
        raise ModelNotFound(
            f"The policy {name!r} is not served here. Known are: {', '.join(runtimes)}.",
            param="routing.policy",
        )
    return runtime


def pinned(asked: Asked, selected: Selected, memory: SessionMemory | None, loop: bool) -> Asked:
    """`asked` with what the model name pins and, inside a tool loop, the tier that began it."""
    level = memory.last_tier_number if loop and memory is not None else 0
    return replace(
        asked,
        pinned=selected.pinned,
        pinned_tier=selected.pinned_tier,
        tool_loop_level=level or None,
    )
