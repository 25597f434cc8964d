"""Says if a policy refuses a request, and with which words. Pure.

It reads only signals and what the key may do, so a stored row gives the same result again.
"""

from __future__ import annotations

from router.policy.head_conditions import any_holds, holds, readings_of
from router.policy.schema import Policy
from router.types import READ_LANGUAGES, Matter, Reason, Signals

DESPAIR_AT = 0.5
"""Chance of a grave matter, at even odds, from which a refused request that is likeliest about
self-harm gets the words that say whom to call."""


def refusal(policy: Policy, signals: Signals, *, defends: bool) -> Reason | None:
    """Returns why approved words replace every answer, None where none do.

    `defends` is True for a key with the scope `security`.
    """
    safety = policy.safety
    if not safety.refuse:
        return None
    readings, english = readings_of(signals), signals.language in READ_LANGUAGES
    for condition in safety.refuse:
        other = condition.at_other_languages
        if not english and other is not None:
            condition = condition.model_copy(update={"at": other})
        if holds(condition, readings):
            lifted = defends and any_holds(safety.security, signals)
            return None if lifted else Reason.HARMFUL
    return None


def of_self_harm(policy: Policy, signals: Signals) -> bool:
    """Returns True where a refused request is about harming oneself: somebody may need help."""
    by_reader = signals.matter is Matter.SELF_HARM and signals.grave >= DESPAIR_AT
    return by_reader or any_holds(policy.safety.self_harm, signals)
