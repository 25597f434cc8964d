"""Finds the chance from which a head changes what a policy does. Pure."""

from __future__ import annotations

from router.policy.content.shelf_veto import HARM, HARM_AT
from router.policy.schema import Policy


def lowest_heard(policy: Policy, name: str) -> float:
    """Returns the lowest chance of a head at which a condition of the policy holds, for English.

    The head gives one chance. Returns 0 where every chance counts: where an answerer's ability
    comes from the head, or where no condition names it.
    """
    if any(section.ability.head == name for _, section in policy.rungs()):
        return 0.0
    safety = policy.safety
    every = [*safety.refuse, *safety.self_harm, *safety.security]
    for rule in policy.hard_rules:
        every += rule.heads
    return min([condition.at for condition in every if condition.head == name], default=0.0)


def lowest_on_shelf(policy: Policy, name: str) -> float:
    """Returns the lowest chance that counts for a text that is near to an approved question."""
    lowest = lowest_heard(policy, name)
    return min(lowest, HARM_AT) if name == HARM else lowest
