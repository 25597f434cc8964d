"""Passes over answerers whose price nobody states, where a budget counts their calls. Pure.

A call of unknown price holds nothing and counts as nothing, so no budget would bound it. Calls
inside an answer (a judge's, a deliberation's) are checked where they are held.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from router.money.budgets import Budgets, Payer
from router.routing.policy_runtime import PolicyRuntime
from router.routing.rungs.rung_plan import RungPlan, serves_dearer
from router.types import ChatRequest, CostBasis, Identity, Reason, RungFacts


def priced_within(
    budgets: Budgets, identity: Identity, runtime: PolicyRuntime, facts: Sequence[RungFacts]
) -> tuple[RungFacts, ...]:
    """Returns the facts of the rungs, with those declined that no budget of this payer bounds.

    `facts` are those of the runtime's answerers, in their order.
    """
    if budgets.unlimited:
        return tuple(facts)

    def unbounded(plan: RungPlan) -> bool:
        asked = plan.facts if plan.over is None else plan.over  # whose calls are held
        payer = Payer(identity.tenant, identity.key_id, runtime.policy.name, asked.tier)
        return plan.unpriced and not all([limit.unpriced for limit in budgets.money(payer)])

    return tuple(
        [
            replace(fact, declined=Reason.UNKNOWN_PRICE)
            if fact.declined is None and unbounded(plan)
            else fact
            for fact, plan in zip(facts, runtime.plans, strict=True)
        ]
    )


def served_dearer(
    runtime: PolicyRuntime, facts: Sequence[RungFacts], request: ChatRequest
) -> tuple[RungFacts, ...]:
    """Returns the facts of a request that providers serve sooner, at prices that nobody states."""
    return tuple(
        [
            replace(fact, cost_basis=CostBasis.UNKNOWN)
            if serves_dearer(plan.paid, request)
            else fact
            for fact, plan in zip(facts, runtime.plans, strict=True)
        ]
    )
