"""Warns of budgets that admit no call, none without `max_tokens`, or none of an unknown price.

`check` and the dashboard show these warnings. A call is admitted when its worst case fits. A limit
below the worst case of the shortest request therefore refuses every call, on its first day and on
any other. Pure. It knows nothing about past spending.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from router.money import cost
from router.money.output_caps import least_cap, with_least_cap
from router.money.worst_case import LEAST, SHORT
from router.policy.schema import Policy
from router.policy.sections.budgets import MONEY, BudgetSection, LimitSection
from router.policy.warnings import PolicyWarning, WarningKind
from router.types import AnswererFacts, ChatRequest, CostBasis, exact_usd, usd_to_nano

USUAL = ChatRequest(SHORT, "auto")
"""Is the shortest request, without a limit on its output."""


class _Limit(Struct, frozen=True):
    key_path: str
    nano_usd: int
    section: BudgetSection


def budget_warnings(policy: Policy, facts: Sequence[AnswererFacts]) -> list[PolicyWarning]:
    """Returns warnings about `budgets` and `limits`. `facts` describe the policy's answerers.

    Answerers whose calls are free fit every budget.
    """
    warnings = []
    for limit in _limits(policy):
        unpriced = refused_unpriced([limit.section], facts, policy)
        if unpriced:
            warnings.append(_needs_price(limit.key_path, unpriced))
        paid = [
            answerer
            for answerer in facts
            if _counts(limit.section, answerer.tier, policy.name) and _least(answerer)
        ]
        if paid:
            warnings += list(_of_limit(limit, paid))
    return warnings


def _limits(policy: Policy) -> Iterator[_Limit]:
    sections: list[tuple[str, BudgetSection]] = [
        (f"budgets.{tenant}", section) for tenant, section in policy.budgets.items()
    ]
    sections += [(f"limits[{i}]", section) for i, section in enumerate(policy.limits)]
    for path, section in sections:
        for name in MONEY:
            usd = getattr(section, name)
            if usd is not None:
                yield _Limit(f"{path}.{name}", usd_to_nano(usd), section)


def refused_unpriced(
    sections: Sequence[BudgetSection], facts: Sequence[AnswererFacts], policy: Policy
) -> list[str]:
    """Returns who of a policy makes calls that these sections count and nobody prices.

    Each is an answerer or an embedder, as `name (model)`. `sections` are those of the default
    policy; those without a limit of money count no calls.
    """
    strict = [
        section
        for section in sections
        if section.unknown_price == "refuse"
        and any(getattr(section, name) is not None for name in MONEY)
    ]
    answerers = [
        f"{one.name} ({one.model})"
        for one in facts
        if one.is_remote
        and one.price.basis is CostBasis.UNKNOWN
        and any(_counts(section, one.tier, policy.name) for section in strict)
    ]
    embedders = [
        f"{one.name} ({one.model})"
        for one in policy.embedders
        if one.price.to_price().basis is CostBasis.UNKNOWN
        and any(_counts(section, None, policy.name) for section in strict)
    ]
    return answerers + embedders


def _needs_price(key_path: str, unpriced: Sequence[str]) -> PolicyWarning:
    named = ", ".join(unpriced)
    return PolicyWarning(
        WarningKind.BUDGET_NEEDS_PRICE,
        key_path,
        f"its calls to {named} are refused, since no price is known: state `price` there or the "
        "model in the price book, or write `unknown_price: allow` beside this limit",
    )


def _counts(section: BudgetSection, tier: str | None, policy: str) -> bool:
    """Returns True when calls to a tier of this policy (None: to none) count in the section."""
    if not isinstance(section, LimitSection):
        return True
    same_policy = section.policy in (None, "*", policy)
    return same_policy and section.tier in (None, "*", tier)


def _least(facts: AnswererFacts) -> int:
    return cost.worst_case(facts, LEAST)


def _of_limit(limit: _Limit, paid: Sequence[AnswererFacts]) -> Iterator[PolicyWarning]:
    usd = exact_usd(limit.nano_usd)
    cheapest = min(paid, key=_least)
    if _least(cheapest) > limit.nano_usd:
        yield PolicyWarning(
            WarningKind.BUDGET_ADMITS_NO_CALL,
            limit.key_path,
            f"${usd} admits no call that costs something: the shortest request to {cheapest.name}, "
            f"the cheapest, is held at ${exact_usd(_least(cheapest))}; raise it",
        )
        return
    # Without max_tokens, the worst case includes the answerer's output limit, as low as it gets.
    for answerer in paid:
        worst = cost.worst_case(answerer, with_least_cap(answerer, USUAL))
        if worst <= limit.nano_usd:
            continue
        most = cost.output_that_fits(answerer, USUAL, limit.nano_usd)
        advice = (
            f"clients must send max_tokens of at most {most}, or lower its max_output_tokens"
            if most
            else "raise it"
        )
        yield PolicyWarning(
            WarningKind.BUDGET_NEEDS_MAX_TOKENS,
            limit.key_path,
            f"${usd} admits no call to {answerer.name} without max_tokens: its "
            f"{least_cap(answerer)} output tokens make the worst case "
            f"${exact_usd(worst)}; {advice}",
        )
