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
from router.policy.schema import DocumentsAnswerer, Policy, ResolverAnswerer
from router.routing.constraints import Asked, Shape
from router.routing.decision import confidence_floor
from router.routing.rungs.rung_plan import Chance, RungPlan, basis_of
from router.routing.told.shifts import shifted, shifts_in, unmoved
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

THINKING_LEVEL = 3
"""The level of models that reason: a model there may think, whatever its name tells."""


class Assumed(StrEnum):
    """Names an assumption about a request whose record lacks a fact."""

    MATCH = "what its approved answers know is what the recorded policy's knew"
    SURE = "where the match reaches its floor, the answer stands in place of the questions offered"
    UNSURE = "it offers no questions where the recorded policy gave an answer"
    NO_MATCH = (
        "what computes or looks up answers has none for it: nothing recorded says that it had one"
    )
    CAP = "it asks for no output cap: rows of older versions do not hold it"
    NEEDS = "it needs no more than the recorded answerers lacked"
    STATED = (
        "a model that may think (at level 3, or known to) is priced at the stated "
        "`expected_output_tokens`: the recorded answer, of another model, had fewer tokens"
    )
    RECORDED = (
        "a model that was not called then is priced at the tokens of the recorded answer, not at "
        "the `expected_output_tokens` that the policy states"
    )
    NO_TOKENS = (
        "no tokens of its answer are recorded, so it is priced at the answerer's "
        "`expected_output_tokens`"
    )
    FOUND = "documents that were not searched hold an answer as often as their chance says"
    READY = "answerers that it did not know then were ready"
    TERMS = "terms are as the recorded policy read them: what only new lists have is not found"
    HEADS = "a head that the recorded policy did not read says nothing"
    DOCUMENTS = "its documents hold what the recorded policy's did, and nothing where none searched"
    TOLD = "what was told of past answers moves chances as it moved the recorded ones"
    PARTS = "its images and files came as data, and its tools are not one provider's own"
    RESIDENCY = (
        "rules of residency keep from an answerer what was kept from it when it was recorded"
    )
    COLD = "no provider's prompt cache was warm: what one saved is recorded of its answerer alone"
    HELP = "its text names an emergency where words went out before any call, and none elsewhere"
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
    case = _searched(side, case, assumed)
    if any(fact.cache_nano_usd for fact in case.facts):
        assumed.add(Assumed.COLD)
    facts = tuple(_facts(side, plan, case, known, assumed) for plan in side.plans)
    return _told(side, case, facts, assumed), _asked(side, case.asked, assumed)


def _searched(side: Side, case: Case, assumed: set[Assumed]) -> Case:
    """Returns the case with the chance that documents hold an answer, where the side asks for it.

    As `quotable_of`: one answerer that asks for a search before deciding asks for all.
    """
    quoting = [plan.section for plan in side.plans if isinstance(plan.section, DocumentsAnswerer)]
    if any(section.search_first for section in quoting):
        assumed.add(Assumed.DOCUMENTS)
        return case
    return case.unsearched()


def _told(
    side: Side, case: Case, facts: tuple[RungFacts, ...], assumed: set[Assumed]
) -> tuple[RungFacts, ...]:
    """Returns the facts with the chances that were told of moved, where the side wants that."""
    if side.policy.online is None:
        return facts
    assumed.add(Assumed.TOLD)
    # Words of a model that the side has exchanged say nothing of its new one.
    recorded = [fact for fact in case.facts if fact.answerer not in case.unknown]
    return shifted(facts, case.signals, shifts_in(recorded, case.signals))


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
    chance, because = _chance(side, plan, case, stored, assumed)
    missing = _missing(side, plan, case, known, assumed)
    if stored is None:
        assumed.add(Assumed.READY)
    return RungFacts(
        answerer=facts.name,
        tier=facts.tier,
        level=facts.level,
        p=chance.p,
        p_source=chance.source,
        p_count=chance.count,
        cost_nano_usd=expected.nano_usd,
        cost_basis=basis_of(plan, expected),
        latency_ms=plan.expected_ms,
        missing=missing,
        context_tokens=facts.context_tokens,
        worst_nano_usd=_worst(plan, shape, signals),
        declined=_declined(side, plan, case, known, assumed),
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


def _chance(
    side: Side, plan: RungPlan, case: Case, stored: RungFacts | None, assumed: set[Assumed]
) -> tuple[Chance, Reason | None]:
    """Returns the chance of being right, and the kind of answer where it was known beforehand.

    What only the text tells (an exact tool, a quotation, a question back) is as the row says. All
    else is worked out as a server does.
    """
    if plan.previews is not None and not plan.facts.without_model:
        return Chance(0.0, PSource.KNOWN), Reason.NO_MODEL  # it gives approved words only
    if plan.previews is not None:
        return (Chance(0.0, PSource.KNOWN), None) if stored is None else _as_recorded(stored)
    if plan.facts.kind == "resolver" and case.signals.match is not None:
        if stored is not None and _asks_again(side, case, stored, assumed):
            return _as_recorded(stored)
        _offers_none(side, plan, case, assumed)
    return plan.chance(case.signals), None


def _as_recorded(stored: RungFacts) -> tuple[Chance, Reason | None]:
    return Chance(unmoved(stored), stored.p_source, stored.p_count), stored.because


def _asks_again(side: Side, case: Case, stored: RungFacts, assumed: set[Assumed]) -> bool:
    """Returns True where a resolver asked back when it was recorded, and would do so again.

    It offers questions where no single answer reaches the floor, which another policy may lower.
    """
    if stored.because is None:
        return False
    if stored.because is not Reason.ASKED_WHICH or not _sure_enough(side, case):
        return True
    assumed.add(Assumed.SURE)
    return False


def _offers_none(side: Side, plan: RungPlan, case: Case, assumed: set[Assumed]) -> None:
    """Notes where a resolver may offer questions in place of the answer that was recorded."""
    section = plan.section
    offers = isinstance(section, ResolverAnswerer) and section.clarify is not None
    if offers and case.first == plan.facts.name and not _sure_enough(side, case):
        assumed.add(Assumed.UNSURE)


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
    side: Side, plan: RungPlan, case: Case, known: dict[str, RungFacts], assumed: set[Assumed]
) -> tuple[Capability, ...]:
    """Returns what the request needs and the answerer lacks."""
    facts = plan.facts
    if case.shape is not None:
        if _may_not_read(side, facts, case.shape, known):
            assumed.add(Assumed.PARTS)
        return tuple(sorted(set(case.shape.needs) - facts.capabilities))
    # Older rows hold no needs; what answerers lacked then is a lower bound of them.
    lacked = {need for fact in known.values() for need in fact.missing}
    if lacked or facts.name not in known:
        assumed.add(Assumed.NEEDS)
    return tuple(sorted(lacked - facts.capabilities))


def _may_not_read(
    side: Side, facts: AnswererFacts, shape: Shape, known: dict[str, RungFacts]
) -> bool:
    """Returns True where an answerer of this kind may be unable to read what it is able to take.

    A server looks at the parts: litellm fetches no address, a format knows no other one's ids nor
    its own tools. No recorded answerer of the same kind shows that the request has none of these.
    """
    doubtful = _unread_by(facts, shape).intersection(shape.needs, facts.capabilities)
    for plan in side.plans if doubtful else ():
        alike = plan.facts.kind == facts.kind
        alike = alike and plan.facts.speaks_anthropic == facts.speaks_anthropic
        if alike and plan.facts.name in known:
            doubtful = doubtful.intersection(known[plan.facts.name].missing)
    return bool(doubtful)


def _unread_by(facts: AnswererFacts, shape: Shape) -> frozenset[Capability]:
    parts = {Capability.IMAGES, Capability.FILES} if facts.kind == "litellm" else set[Capability]()
    if facts.speaks_anthropic:
        parts.add(Capability.FILES)
    elif shape.forces_tools and not facts.without_model:
        parts.add(Capability.TOOLS)
    return frozenset(parts)


def _kept_from(
    side: Side, plan: RungPlan, stored: RungFacts | None, assumed: set[Assumed]
) -> Reason | None:
    """Returns why nobody may ask a model, as recorded: the text and the budgets say so."""
    if side.policy.privacy.residency and plan.may_spend_outside:
        assumed.add(Assumed.RESIDENCY)
        if stored is not None and stored.declined is Reason.RESIDENCY:
            return stored.declined
    priceless = stored is not None and stored.declined is Reason.UNKNOWN_PRICE
    return Reason.UNKNOWN_PRICE if priceless and plan.unpriced else None


def _declined(
    side: Side,
    plan: RungPlan,
    case: Case,
    known: dict[str, RungFacts],
    assumed: set[Assumed],
) -> Reason | None:
    """Returns why a resolver has no answer, as recorded: knowledge needs text, which rows lack."""
    if not plan.facts.without_model or plan.facts.kind == "documents":
        return _kept_from(side, plan, known.get(plan.facts.name), assumed)
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


def would_cost(plan: RungPlan, case: Case, assumed: set[Assumed]) -> int | None:
    """Returns the cost of this request's answer here; None where the price is unknown.

    It uses the recorded answer's token counts for this answerer. Where there are none, it uses the
    tokens that triage counted and the answerer's `expected_output_tokens`. So it does for a model
    that may think, where the policy states more than the answer of another model had: what that
    one wrote says nothing of what this one thinks. Two models that do not think write answers of
    similar length, so the recorded one tells more of this request than one number for all.
    """
    usage, steps = case.usage, None
    facts = plan.facts
    if not usage.total_tokens:
        usage = Usage(
            input_tokens=case.signals.input_tokens, output_tokens=plan.facts.expected_output_tokens
        )
        if plan.may_spend_outside:
            assumed.add(Assumed.NO_TOKENS)
    elif "expected_output_tokens" in plan.section.model_fields_set and _by_another(facts, case):
        more = usage.output_tokens < facts.expected_output_tokens
        if more and (facts.hides_reasoning or facts.level >= THINKING_LEVEL):
            assumed.add(Assumed.STATED)
            usage = replace(usage, output_tokens=facts.expected_output_tokens)
        elif usage.output_tokens != facts.expected_output_tokens:
            assumed.add(Assumed.RECORDED)
    if case.usage.total_tokens and case.deliberated:
        usage, steps = cost.one_call(usage, case.signals.input_tokens), usage
    images = case.shape.images if case.shape else 0
    paid = plan.would_cost(usage, images, steps, case.signals)
    return None if basis_of(plan, paid) is CostBasis.UNKNOWN else paid.nano_usd


def _by_another(facts: AnswererFacts, case: Case) -> bool:
    """Returns True where no call to this model is recorded of the request."""
    recorded = case.called.values()
    models = {attempt.model for call in recorded for attempt in call.attempts}
    return facts.model not in models


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
