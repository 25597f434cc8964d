"""Says from which chance on a head changes what a policy does. Pure."""

from __future__ import annotations

from router.policy.content.shelf_veto import HARM, HARM_AT
from router.policy.schema import Policy


def lowest_heard(policy: Policy, name: str) -> float:
    """Returns the lowest chance of a head of one chance at which a condition of the policy holds.

    English texts are meant. 0, where every chance counts: an ability is read off the head, or no
    condition names it, so that nobody knows what it is for.
    """
    if any(section.ability.head == name for _, section in policy.rungs()):
        return 0.0
    safety = policy.safety
    every = [*safety.refuse, *safety.self_harm, *safety.security]
    for rule in policy.hard_rules:
        every += rule.heads
    return min([condition.at for condition in every if condition.head == name], default=0.0)


def lowest_on_shelf(policy: Policy, name: str) -> float:
    """Returns the same of a text that is near to an approved question."""
    heard = lowest_heard(policy, name)
    return min(heard, HARM_AT) if name == HARM else heard
