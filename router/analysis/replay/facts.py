"""Rebuilds the inputs of `decide` for a recorded request under another policy. It is pure.

Under the policy of the recorded row, the stored facts are used unchanged, so the row decides to the
identical ladder. Under another policy p comes from the stored difficulty and the new answerers'
abilities, and costs come from the new prices and the stored token counts. Facts that a policy
cannot supply are assumed, and every assumption that was needed is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from router.analysis.prices.reprice import PricedAs, priced_again
from router.analysis.replay.cases import Case
from router.ledger.row_reading import attempt_cost_known
from router.money import cost
from router.money.output_caps import least_cap
from router.policy.schema import Policy, ResolverAnswerer
from router.routing.constraints import Asked, Shape
from router.routing.decision import confidence_floor
from router.routing.rungs.rung_plan import RungPlan, basis_of
from router.types import (
    AnswerCalls,
    AnswererFacts,
    AttemptRow,
    Capability,
    CostBasis,
    PSource,
    Reason,
    RungFacts,
    Signals,
    Usage,
)


class Assumed(StrEnum):
    """Names an assumption about a request whose record lacks a fact."""

    MATCH = "what its approved answers know is what the recorded policy's knew"
    SURE = "where the match reaches its floor, the answer stands in place of the questions offered"
    UNSURE = "it offers no questions where the recorded policy gave an answer"
    NO_MATCH = "its approved answers have nothing for it: none were matched when it was recorded"
    CAP = "it asks for no output cap: rows of older versions do not hold it"
    NEEDS = "it needs no more than the recorded answerers lacked"
    READY = "answerers that it did not know then were ready"
    TERMS = "terms are as the recorded policy read them: what only new lists have is not found"
    HEADS = "a head that the recorded policy did not read says nothing"
    PIN = "it pins nothing: the answerer or tier that it pinned is not in this policy"
    EARLY = "a call begun early and not needed costs as much as a whole one: it is not recorded"


@dataclass(frozen=True, slots=True)
class Side:
    """Holds a policy ready to decide again: its answerers as a server would build them today."""

    policy: Policy
    policy_hash: str
    plans: tuple[RungPlan, ...]

    @property
    def name(self) -> str:
        """Returns the name that headers use: `name@hash`."""
        return f"{self.policy.name}@{self.policy_hash}"

    def plan(self, answerer: str) -> RungPlan | None:
        """Returns one answerer's plan; None when the policy has no answerer of that name."""
        return next((plan for plan in self.plans if plan.facts.name == answerer), None)

    def model(self, answerer: str) -> str:
        """Returns the model behind an answerer, or behind the one that a deliberation asks.

        Returns "" when the policy has no answerer of that name.
        """
        plan = self.plan(answerer)
        return "" if plan is None else (plan.over or plan.facts).model


def facts_under(
    side: Side, case: Case, assumed: set[Assumed]
) -> tuple[tuple[RungFacts, ...], Asked]:
    """Returns the facts of every answerer of `side`, and the client's constraints."""
    # The recorded facts include what only a live server knows, such as readiness.
    if case.policy_hash == side.policy_hash and case.facts:
        return case.facts, case.asked
    known = {fact.answerer: fact for fact in case.facts}
    # The text is not stored, so new terms cannot be looked for in it.
    if side.policy.terms:
        assumed.add(Assumed.TERMS)
    if {section.name for section in side.policy.heads} - {head.name for head in case.signals.heads}:
        assumed.add(Assumed.HEADS)
    facts = tuple(_facts(side, plan, case, known, assumed) for plan in side.plans)
    return facts, _asked(side, case.asked, assumed)


def _asked(side: Side, asked: Asked, assumed: set[Assumed]) -> Asked:
    # A pin to an answerer that does not exist would refuse every such request.
    lost = asked.pinned is not None and side.plan(asked.pinned) is None
    tiers = {plan.facts.tier for plan in side.plans}
    lost_tier = asked.pinned_tier is not None and asked.pinned_tier not in tiers
    if not (lost or lost_tier):
        return asked
    assumed.add(Assumed.PIN)
    return replace(asked, pinned=None, pinned_tier=None)


def _facts(
    side: Side, plan: RungPlan, case: Case, known: dict[str, RungFacts], assumed: set[Assumed]
) -> RungFacts:
    facts, signals, stored = plan.facts, case.signals, known.get(plan.facts.name)
    shape = case.shape or Shape((), None)
    if case.shape is None:
        assumed.add(Assumed.CAP)
    expected = plan.expected_cost(signals, shape.output_cap, shape.images)
    p, source, count, because = _p(side, plan, case, stored, assumed)
    missing = _missing(facts, case, known, assumed)
    if stored is None:
        assumed.add(Assumed.READY)
    return RungFacts(
        answerer=facts.name,
        tier=facts.tier,
        level=facts.level,
        p=p,
        p_source=source,
        p_count=count,
        cost_nano_usd=expected.nano_usd,
        cost_basis=basis_of(plan, expected),
        latency_ms=plan.expected_ms,
        missing=missing,
        context_tokens=facts.context_tokens,
        worst_nano_usd=_worst(plan, shape, signals),
        declined=_declined(plan, case, known, assumed),
        excused=set(missing) == {Capability.TOOLS} and not shape.forces_tools,
        ready=stored is None or stored.ready,
        because=because,
        least=None if stored is None or because is None else stored.least,
        thought_tokens=_thought_tokens(facts, case),
    )


def _thought_tokens(facts: AnswererFacts, case: Case) -> int | UnsetType:
    """Returns what any recorded answerer got back of earlier thoughts, where this one gets them."""
    known = [fact.thought_tokens for fact in case.facts if fact.thought_tokens is not UNSET]
    return max(known, default=UNSET) if facts.reasoning_key else UNSET


def _p(
    side: Side, plan: RungPlan, case: Case, stored: RungFacts | None, assumed: set[Assumed]
) -> tuple[float, PSource, int, Reason | None]:
    """Returns the chance of being right, and the kind of answer where it was known beforehand.

    It is level 1's own match, what the row says of an exact tool or a quotation, or sigma(a·(theta
    - d)).
    """
    signals = case.signals
    if plan.previews is not None and not plan.facts.without_model:
        return 0.0, PSource.KNOWN, 1, Reason.NO_MODEL  # it gives approved words only
    if plan.previews is not None:
        if stored is None:
            return 0.0, PSource.KNOWN, 1, None
        return stored.p, stored.p_source, stored.p_count, stored.because
    if plan.facts.kind == "resolver":
        return _of_match(side, plan, case, stored, assumed)
    if plan.facts.kind == "documents" and signals.quotable is not None:
        return signals.quotable, PSource.MATCH, 1, None
    ability = plan.ability
    return ability.p(signals.domain, signals.difficulty), ability.source, ability.count, None


def _of_match(
    side: Side, plan: RungPlan, case: Case, stored: RungFacts | None, assumed: set[Assumed]
) -> tuple[float, PSource, int, Reason | None]:
    """Returns the same for a resolver, which is right as often as its match is.

    It offers questions where no single answer reaches the floor, which another policy may lower.
    """
    match = case.signals.match
    if match is None:
        return 0.0, PSource.MATCH, 1, None
    sure = _sure_enough(side, case)
    if stored is not None and stored.because is not None:
        if not (sure and stored.because is Reason.ASKED_WHICH):
            return stored.p, stored.p_source, stored.p_count, stored.because  # it asked back
        assumed.add(Assumed.SURE)
    section = plan.section
    offers = isinstance(section, ResolverAnswerer) and section.clarify is not None
    if offers and not sure and case.first == plan.facts.name:
        assumed.add(Assumed.UNSURE)
    return match.confidence, PSource.MATCH, 1, None


def _sure_enough(side: Side, case: Case) -> bool:
    """Returns True where the match reaches the floor, so that no questions would be offered."""
    match = case.signals.match
    # What asks for several things is asked back however sure each answer is.
    if match is None or match.asked:
        return False
    hinted = case.asked.confidence_floor
    return match.confidence >= confidence_floor(side.policy.decision, case.signals, hinted)


def answering_instead(side: Side, case: Case) -> frozenset[str]:
    """Returns the answerers that offered questions, and would give an answer under `side`.

    What was recorded of their questions says nothing of that answer.
    """
    if case.policy_hash == side.policy_hash or not _sure_enough(side, case):
        return frozenset()
    return frozenset(fact.answerer for fact in case.facts if fact.because is Reason.ASKED_WHICH)


def _missing(
    facts: AnswererFacts, case: Case, known: dict[str, RungFacts], assumed: set[Assumed]
) -> tuple[Capability, ...]:
    """Returns what the request needs and the answerer lacks."""
    if case.shape is not None:
        return tuple(sorted(set(case.shape.needs) - facts.capabilities))
    # Older rows hold no needs; what answerers lacked then is a lower bound of them.
    lacked = {need for fact in known.values() for need in fact.missing}
    if lacked or facts.name not in known:
        assumed.add(Assumed.NEEDS)
    return tuple(sorted(lacked - facts.capabilities))


def _declined(
    plan: RungPlan, case: Case, known: dict[str, RungFacts], assumed: set[Assumed]
) -> Reason | None:
    """Returns why a resolver has no answer, as recorded: knowledge needs text, which rows lack."""
    if not plan.facts.without_model:
        return None
    if plan.previews is not None:
        stored = known.get(plan.facts.name)
        if stored is None:
            assumed.add(Assumed.NO_MATCH)
        return Reason.NOTHING_TO_RESOLVE if stored is None else stored.declined
    resolvers = [fact for fact in known.values() if fact.p_source is PSource.MATCH]
    if case.signals.match is None or not resolvers:
        assumed.add(Assumed.NO_MATCH)
        return Reason.NOTHING_TO_RESOLVE
    assumed.add(Assumed.MATCH)
    # Policies usually have one resolver; another name then means the same knowledge.
    stored = known.get(plan.facts.name) or resolvers[0]
    return stored.declined


def _worst(plan: RungPlan, shape: Shape, signals: Signals) -> int:
    """Returns the highest possible cost of a rung, where a client's cap asked for that bound."""
    if not shape.input_bound:
        return 0
    facts = plan.paid
    cap = least_cap(facts)
    calls = plan.calls(signals, cap)
    if facts is plan.facts:
        cap = cap if shape.output_cap is None else min(shape.output_cap, cap)
        calls = AnswerCalls(1, 0, cap * shape.choices)
    inputs = shape.input_bound + shape.images * facts.image_tokens + facts.added_input_tokens
    each_ms = float(facts.deadline_ms)
    return cost.calls_cost(facts, calls, inputs, shape.images, each_ms=each_ms).nano_usd


def would_cost(plan: RungPlan, case: Case) -> int | None:
    """Returns the cost of this request's answer here; None where the price is unknown.

    It uses the recorded answer's token counts for this answerer. Where there are none, it uses the
    tokens that triage counted and the answerer's `expected_output_tokens`.
    """
    usage, steps = case.usage, None
    if not usage.total_tokens:
        usage = Usage(
            input_tokens=case.signals.input_tokens, output_tokens=plan.facts.expected_output_tokens
        )
    elif case.deliberated:
        usage, steps = cost.one_call(usage, case.signals.input_tokens), usage
    images = case.shape.images if case.shape else 0
    paid = plan.would_cost(usage, images, steps, case.signals)
    return None if basis_of(plan, paid) is CostBasis.UNKNOWN else paid.nano_usd


def may_hold(plan: RungPlan, case: Case) -> int:
    """Returns the highest cost of a call here; triage's token count replaces a missing bound."""
    shape = case.shape or Shape((), None)
    bound = shape.input_bound or case.signals.input_tokens
    return _worst(plan, replace(shape, input_bound=bound), case.signals)


def booked_again(side: Side, case: Case, attempts: tuple[AttemptRow, ...]) -> int | None:
    """Returns the cost of these recorded calls at `side`'s prices; None where it is not known.

    A call that was cut, or of an answerer that `side` lacks, keeps its booked cost. One of unknown
    cost stays so: its hold is no cost, and on both sides it would hide how much they differ.
    """
    total = 0
    for attempt in attempts:
        plan = side.plan(attempt.answerer)
        if case.policy_hash == side.policy_hash or plan is None:
            if not attempt_cost_known(attempt):
                return None
            total += attempt.cost_nano_usd
            continue
        again = priced_again(attempt, plan.facts.price)
        estimated = again.outcome is PricedAs.NO_USAGE and attempt_cost_known(attempt)
        if again.nano_usd is None and not estimated:
            return None
        total += attempt.cost_nano_usd if again.nano_usd is None else again.nano_usd
    return total
