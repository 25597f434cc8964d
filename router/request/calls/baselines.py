"""Computes what a request's answer would have cost elsewhere: its baselines. Pure."""

from __future__ import annotations

from router.ledger.row_reading import expected_cost
from router.money import cost
from router.request.progress import Candidate, Comparison
from router.routing.policy_runtime import PolicyRuntime
from router.routing.routed_request import RoutedRequest
from router.types import (
    NO_ANSWER_MODEL,
    REFUSAL_MODEL,
    Baselines,
    CostBasis,
    Usage,
    Verdict,
    usd_to_nano,
)


def compared(routed: RoutedRequest, candidate: Candidate, verdict: Verdict) -> Comparison:
    """Returns the baselines of an answer, made once for the row and the outcome alike.

    Approved words that replace an answer are compared with nothing: the matter is not done, and
    what a person will cost is not known yet. Nor are words that only say that there is no answer:
    no tier was spared what it would have answered.
    """
    answer = candidate.answer
    none = answer is not None and answer.model in (NO_ANSWER_MODEL, REFUSAL_MODEL)
    replaced = none or verdict in (Verdict.SAFE_ANSWER, Verdict.HELD, Verdict.REFUSED)
    return Comparison(
        Baselines() if replaced else _baselines(routed, candidate),
        None if routed.observed is None else _ladder_cost(routed, candidate),
    )


def _baselines(routed: RoutedRequest, candidate: Candidate) -> Baselines:
    """Returns what the same request would have cost elsewhere; None where a price is unknown.

    It assumes the returned answer's own token counts for every baseline model, as the report says
    under its table. They are estimated when the answer has none, and unknown when its upstream said
    none: the bound that such a call is booked at would make a saving of what nobody used.
    """
    policy, runtime = routed.policy, routed.runtime.on(routed.created_at_ms)
    people = policy.report.people_usd_per_request
    hired = None if people is None else usd_to_nano(people)
    if _is_bound(routed, candidate):
        return Baselines(people=hired)
    usage, steps = _usage_of(routed, candidate)
    images = routed.request.images
    asked = runtime.price_of(routed.request.requested_model)
    return Baselines(
        requested_model=_known(cost.attempt_cost(asked, usage, 0.0, images))
        if asked is not None
        else _answerers_cost(routed, runtime, usage, images, steps),
        all_level_2=runtime.cost_at_level(2, usage, images, steps, routed.signals),
        all_level_3=runtime.cost_at_level(3, usage, images, steps, routed.signals),
        people=hired,
    )


def _is_bound(routed: RoutedRequest, candidate: Candidate) -> bool:
    """Returns True when an answer's tokens are a bound, since its upstream did not report them."""
    usage = candidate.answer.usage if candidate.answer else Usage()
    outside = routed.plans[candidate.at].may_spend_outside
    return outside and bool(usage.total_tokens) and not usage.reported


def _usage_of(routed: RoutedRequest, candidate: Candidate) -> tuple[Usage, Usage | None]:
    """Returns the tokens of an answer as one call, and of all steps if a deliberation gave it.

    They are estimated where it has none.
    """
    usage = candidate.answer.usage if candidate.answer else Usage()
    plan, asked = routed.plans[candidate.at], routed.signals.input_tokens
    if not usage.total_tokens:
        return Usage(input_tokens=asked, output_tokens=plan.facts.expected_output_tokens), None
    return (usage, None) if plan.over is None else (cost.one_call(usage, asked), usage)


def _ladder_cost(routed: RoutedRequest, candidate: Candidate) -> int | None:
    """Returns the cost of the ladder that was not climbed, in nano-dollars; None: unknown price.

    Each rung at this answer's tokens, as often as those below it are expected to be wrong.
    """
    (usage, steps), images = _usage_of(routed, candidate), routed.request.images
    ladder = [rung for rung in routed.decision.rungs[routed.decision.first :] if rung.taken]
    plans = routed.runtime.on(routed.created_at_ms).by_name
    signals = routed.signals
    priced = [plans[rung.answerer].would_cost(usage, images, steps, signals) for rung in ladder]
    costs = list(map(_known, priced))
    known = [(rung.p, one) for rung, one in zip(ladder, costs, strict=True) if one is not None]
    return expected_cost(known) if len(known) == len(ladder) else None


def _answerers_cost(
    routed: RoutedRequest, runtime: PolicyRuntime, usage: Usage, images: int, steps: Usage | None
) -> int | None:
    """Returns the cost at the answerer that the requested model's name means, if there is one."""
    model = routed.request.requested_model
    alias = runtime.policy.alias(model)
    name = alias.answerer if alias is not None else None
    plan = runtime.by_name.get(name) if name else None
    if plan is None:
        plan = runtime.by_model.get(model)
    return None if plan is None else _known(plan.would_cost(usage, images, steps, routed.signals))


def _known(priced: cost.Cost) -> int | None:
    return None if priced.basis is CostBasis.UNKNOWN else priced.nano_usd
