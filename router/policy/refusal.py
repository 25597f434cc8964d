"""Says if a policy refuses a request, and with which words. Pure.

It reads only signals and what the key may do, so a stored row gives the same result again.
"""

from __future__ import annotations

from msgspec import UNSET

from router.policy.content.term_files import ACTIONS, STRATEGY, list_of
from router.policy.head_conditions import any_holds, reached, reading_of
from router.policy.schema import Policy
from router.types import DANGERS, READ_LANGUAGES, Matter, Reason, Signals

DESPAIR_AT = 0.5
"""Chance of a grave matter, at even odds, from which a refused request that is likeliest about
self-harm gets the words that say whom to call, and a text handed over is a cry for help."""

VICTIM_AT = 0.8
"""Chance of a grave matter from which a phrase of one is believed to be about the writer: the
default of `decision.grave_at_other_languages`."""


def refusal(policy: Policy, signals: Signals, *, defends: bool) -> Reason | None:
    """Returns why approved words replace every answer, None where none do.

    `defends` is True for a key with the scope `security`.
    """
    safety = policy.safety
    if not safety.refuse:
        return None
    english = signals.language in READ_LANGUAGES
    for condition in safety.refuse:
        other = condition.at_other_languages
        if not english and other is not None:
            condition = condition.model_copy(update={"at": other})
        if reached(condition, reading_of(signals, condition.head)):
            lifted = defends and any_holds(safety.security, signals)
            return None if lifted else Reason.HARMFUL
    return None


def of_self_harm(policy: Policy, signals: Signals) -> bool:
    """Returns True where a refused request is about harming oneself: somebody may need help."""
    by_reader = signals.matter is Matter.SELF_HARM and signals.grave >= DESPAIR_AT
    return by_reader or any_holds(policy.safety.self_harm, signals)


def cries_for_help(signals: Signals) -> bool:
    """Returns True where a text that a program hands over is likely a cry for help."""
    despair = signals.text_despair
    return despair is not UNSET and despair >= DESPAIR_AT


AUTHOR_AT = 0.97
"""Chance of a refusal's condition from which a violence that only the reader guesses is what the
writer plans, not what the writer suffers."""


def of_author(policy: Policy, signals: Signals) -> bool:
    """Returns True for an English request for harm that the reader takes for its victim's.

    "How do I hide a tracker in her car?" has the words of who is followed. No phrase names a danger
    to the writer, and the heads that refuse are sure.
    """
    if signals.matter is not Matter.VIOLENCE or signals.language not in READ_LANGUAGES:
        return False
    if any(list_of(name) in DANGERS for name in signals.risk_terms):
        return False
    return any(
        reached(condition.model_copy(update={"at": AUTHOR_AT}), reading_of(signals, condition.head))
        for condition in policy.safety.refuse
    )


def of_victim(signals: Signals) -> bool:
    """Returns True for a text in another language that tells of a wrong done to somebody.

    A phrase names the matter and the reader of grave matters agrees. The head of harm reads such a
    text by its letters alone, and takes the victim of a fraud for its author.
    """
    if signals.language in READ_LANGUAGES or signals.grave < VICTIM_AT:
        return False
    return any(list_of(name) not in (name, STRATEGY, ACTIONS) for name in signals.risk_terms)
