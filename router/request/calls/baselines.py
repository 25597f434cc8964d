"""Computes what a request's answer would have cost elsewhere: its baselines. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from router.ledger.row_reading import expected_cost
from router.money import cost
from router.request.conclusions.shortfalls import spares_nobody
from router.request.progress import Candidate, Comparison
from router.routing.policy_runtime import PolicyRuntime
from router.routing.routed_request import RoutedRequest
from router.routing.rungs.rung_plan import RungPlan
from router.types import (
    NO_ANSWER_MODEL,
    REFUSAL_MODEL,
    Baselines,
    CostBasis,
    Price,
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
    replaced = none or verdict.of_words
    return Comparison(
        Baselines() if replaced else _baselines(routed, candidate),
        None if routed.observed is None else _ladder_cost(routed, candidate),
    )


def _baselines(routed: RoutedRequest, candidate: Candidate) -> Baselines:
    """Returns what the same request would have cost elsewhere; None where a price is unknown.

    It assumes the returned answer's own token counts for every baseline model, as the report says
    under its table. They are estimated when the answer has none, and unknown when its upstream said
    none, or not how many were sound: the bound that such a call is booked at would make a saving,
    or a loss, of what nobody used.
    """
    policy, runtime = routed.policy, routed.runtime.on(routed.created_at_ms)
    people = policy.report.people_usd_per_request
    # Whoever gets a refusal still asks a person; models cost what they cost, whatever they say.
    in_vain = people is not None and spares_nobody(routed, candidate.answer)
    hired = None if people is None else usd_to_nano(people) * (not in_vain)
    if _is_bound(routed, candidate):
        return Baselines(people=hired)
    usage, steps = _usage_of(routed, candidate)
    asked = runtime.price_of(routed.request.requested_model)
    return Baselines(
        requested_model=_at_price(routed, asked, usage)
        if asked is not None
        else _would_cost(routed, _plan_asked_for(routed, runtime), usage, steps),
        all_level_2=_would_cost(routed, runtime.at_level[2], usage, steps),
        all_level_3=_would_cost(routed, runtime.at_level[3], usage, steps),
        people=hired,
    )


def _is_bound(routed: RoutedRequest, candidate: Candidate) -> bool:
    """Returns True when an answer is booked at a bound, since its upstream did not report tokens.

    Those of sound count, too, where they have a price of their own.
    """
    usage = candidate.answer.usage if candidate.answer else Usage()
    plan = routed.plans[candidate.index]
    if not plan.may_spend_outside or not usage.total_tokens:
        return False
    return not usage.reported or _sound_unpriced(routed, plan.paid.price, usage)


def _sound_unpriced(routed: RoutedRequest, price: Price, usage: Usage) -> bool:
    """Returns True where the request holds sound and this price does not say what it costs."""
    return routed.request.holds_sound and not cost.prices_sound(price, usage)


def _usage_of(routed: RoutedRequest, candidate: Candidate) -> tuple[Usage, Usage | None]:
    """Returns the tokens of an answer as one call, and of all steps if a deliberation gave it.

    They are estimated where it has none.
    """
    usage = candidate.answer.usage if candidate.answer else Usage()
    plan, asked = routed.plans[candidate.index], routed.signals.input_tokens
    if not usage.total_tokens:
        return Usage(input_tokens=asked, output_tokens=plan.facts.expected_output_tokens), None
    return (usage, None) if plan.over is None else (cost.one_call(usage, asked), usage)


def _ladder_cost(routed: RoutedRequest, candidate: Candidate) -> int | None:
    """Returns the cost of the ladder that was not climbed, in nano-dollars; None: unknown price.

    Each rung at this answer's tokens, as often as those below it are expected to be wrong.
    """
    usage, steps = _usage_of(routed, candidate)
    ladder = [rung for rung in routed.decision.rungs[routed.decision.first :] if rung.taken]
    plans = routed.runtime.on(routed.created_at_ms).by_name
    costs = [_would_cost(routed, plans[rung.answerer], usage, steps) for rung in ladder]
    known = [(rung.p, one) for rung, one in zip(ladder, costs, strict=True) if one is not None]
    return expected_cost(known) if len(known) == len(ladder) else None


def _plan_asked_for(routed: RoutedRequest, runtime: PolicyRuntime) -> RungPlan | None:
    """Returns the answerer that the requested model's name means, if there is one."""
    model = routed.request.requested_model
    alias = runtime.policy.alias(model)
    name = alias.answerer if alias is not None else None
    plan = runtime.by_name.get(name) if name else None
    return runtime.by_model.get(model) if plan is None else plan


def _would_cost(
    routed: RoutedRequest, plan: RungPlan | None, usage: Usage, steps: Usage | None
) -> int | None:
    """Returns what an answerer would have cost; None without one, or where it is unknown."""
    if plan is None or _sound_unpriced(routed, plan.paid.price, usage):
        return None
    usage = _as_sold(plan.paid.price, usage)
    return _known(plan.would_cost(usage, routed.request.images, steps, routed.signals))


def _at_price(routed: RoutedRequest, price: Price, usage: Usage) -> int | None:
    """Returns what the answer would have cost at a price of a list; None where it is unknown."""
    if _sound_unpriced(routed, price, usage):
        return None
    usage = _as_sold(price, usage)
    return _known(cost.attempt_cost(price, usage, 0.0, routed.request.images))


def _as_sold(price: Price, usage: Usage) -> Usage:
    """Returns the tokens as a baseline's price counts them.

    Where it states no price of writes its vendor sells no hour, so what Claude kept for one would
    have been input there. Twice the input would make a saving of what nobody bills.
    """
    sold = price.cache_write_nano_usd is not None or price.hour_write_nano_usd is not None
    return usage if sold else replace(usage, hour_write_tokens=None)


def _known(priced: cost.Cost) -> int | None:
    return None if priced.basis is CostBasis.UNKNOWN else priced.nano_usd
