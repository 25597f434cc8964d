"""Says what the guesses of the reader of grave matters and of the heads are worth. Pure.

It knows nothing about policies.
"""

from __future__ import annotations

from router.routing.wording.phrases import danger_named
from router.types import READ_LANGUAGES, Domain, Signals


def heads_read(signals: Signals) -> bool:
    """Returns True for the language of the heads of domain and stakes.

    In another one they guess: of harmless lines in thirteen languages they took each seventh for
    high stakes, and of 254 grave ones they raised none that the reader or a phrase had not found.
    """
    return (signals.matter_language or signals.language) in READ_LANGUAGES


SURE_OF_DOMAIN = 0.83
"""The head's chance from which its domain counts against the matter that the reader guesses. As
many harmless lines reach it as reached .8 before the head was made less sure."""


def heads_say(signals: Signals, domain: Domain) -> bool:
    """Returns True where the head of domains is sure of a domain, in a language that it reads."""
    sure = signals.domain is domain and signals.domain_p >= SURE_OF_DOMAIN
    return sure and heads_read(signals)


def only_reworked(signals: Signals) -> bool:
    """Returns True where a text is only to be reworked, and no phrase in it names a danger."""
    return signals.reworks and danger_named(signals) is None
