"""Budgets that admit no call, or none without `max_tokens`: what `check` and the dashboard warn of.

A call is admitted where its worst case fits, so a limit below the worst case of the shortest
request refuses all of them, on its first day as on any other. Pure; it knows nothing about what was
spent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from router.money import cost
from router.policy.schema import Policy
from router.policy.sections.budgets import MONEY, BudgetSection, LimitSection
from router.policy.warnings import PolicyWarning, WarningKind
from router.types import AnswererFacts, ChatRequest, Message, Sampling, exact_usd, usd_to_nano

_SHORT = (Message("user", "hi"),)
LEAST = ChatRequest(_SHORT, "auto", Sampling(max_output_tokens=1))
USUAL = ChatRequest(_SHORT, "auto")
"""The shortest request with the smallest cap on output, and without any."""


class _Limit(Struct, frozen=True):
    key_path: str
    nano_usd: int
    section: BudgetSection


def budget_warnings(policy: Policy, facts: Sequence[AnswererFacts]) -> list[PolicyWarning]:
    """Warns of what is unwise in `budgets` and `limits`; `facts` are of the policy's answerers.

    Answerers whose calls cost nothing, or at a price that nobody knows, fit every budget.
    """
    found = []
    for limit in _limits(policy):
        paid = [one for one in facts if _counts(limit.section, one, policy) and _least(one)]
        if paid:
            found += list(_of_limit(limit, paid))
    return found


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


def _counts(section: BudgetSection, facts: AnswererFacts, policy: Policy) -> bool:
    """Returns True when calls of an answerer of this policy count in the section."""
    if not isinstance(section, LimitSection):
        return True
    named = section.policy in (None, "*", policy.name)
    return named and section.tier in (None, "*", facts.tier)


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
    for one in paid:
        worst = cost.worst_case(one, USUAL)
        if worst <= limit.nano_usd:
            continue
        most = cost.output_that_fits(one, USUAL, limit.nano_usd)
        helps = (
            f"clients must send max_tokens of at most {most}, or lower its max_output_tokens"
            if most
            else "raise it"
        )
        yield PolicyWarning(
            WarningKind.BUDGET_NEEDS_MAX_TOKENS,
            limit.key_path,
            f"${usd} admits no call to {one.name} without max_tokens: its {one.max_output_tokens} "
            f"output tokens make the worst case ${exact_usd(worst)}; {helps}",
        )
