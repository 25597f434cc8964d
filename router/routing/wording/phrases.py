"""Says which phrases by language were found, and the danger to people that they name. Pure.

Such phrases are about somebody, so that neither novelty nor the chance of a domain counts beside
them. It knows nothing about policies.
"""

from __future__ import annotations

from router.policy.content.term_files import LANGUAGE_MARK, STRATEGY, list_of
from router.policy.schema import DecisionSection
from router.types import DANGERS, READ_LANGUAGES, RECORD_VERSION, Matter, Signals


def lists_of_phrases(signals: Signals) -> frozenset[str]:
    """Returns the lists of which a phrase by language was found, not a term of the policy's own."""
    return frozenset(list_of(name) for name in signals.risk_terms if name != list_of(name))


def said_briefly(signals: Signals) -> bool:
    """Returns True where short messages say what is grave; a long text may be a tale of it."""
    return signals.brief or signals.briefly


def danger_named(signals: Signals) -> Matter | None:
    """Returns the gravest danger to people that a phrase by language names in a short message; None
    without one."""
    if not said_briefly(signals):
        return None
    phrases = lists_of_phrases(signals)
    return next((matter for matter in DANGERS if matter.value in phrases), None)


SMALL_SENSE = 0.01
"""Chance of a decision about an organisation below which a phrase of one is meant in a small sense
("when does the plant close on Friday?"). In two of five decisions a phrase is found, and in one of
two hundred other messages: at a prior of one in twenty a phrase then makes a decision less likely
than not."""
ANY_MATTER = 0.7  # from here on the message may be grave, so that the phrase counts
STRATEGY_ABROAD_FROM = 10
"""Rows of earlier versions (`RECORD_VERSION`) let the reader set aside what a phrase of a decision
about a company had found in a language whose decisions it never learnt."""
DECISIONS_READ = frozenset({"en", "de", "fr", "es", "it", "nl", "pl", "pt"})
"""Languages of which the reader learnt decisions about organisations. Elsewhere it guesses: "Ska vi
sälja dotterbolaget?" had less than .0001, a meal in Norway .0004."""


def strategy_named(signals: Signals, version: int = RECORD_VERSION) -> bool:
    """Returns True where a message held a phrase of a decision about a whole company.

    In a short one the reader of grave matters must not find it to be nothing of the kind, in a
    language whose decisions it learnt. `version` is that of the rules (`RECORD_VERSION`).
    """
    if not signals.risk_terms or STRATEGY not in lists_of_phrases(signals):
        return False
    if version >= STRATEGY_ABROAD_FROM and _strategy_abroad(signals):
        return True
    read = signals.brief and signals.matter is not None
    small = signals.strategic < SMALL_SENSE and signals.grave < ANY_MATTER
    return not (read and small)


def _strategy_abroad(signals: Signals) -> bool:
    """Returns True for a phrase of such a decision in a language whose decisions were not learnt.

    Rows of a policy's own term list of that name have no mark of a language.
    """
    mark = f"{STRATEGY}{LANGUAGE_MARK}"
    languages = [term.removeprefix(mark) for term in signals.risk_terms if term.startswith(mark)]
    return any(language not in DECISIONS_READ for language in languages)


def is_strategic(section: DecisionSection, signals: Signals, version: int = RECORD_VERSION) -> bool:
    """Returns True for a decision about a whole company, which the reader or a phrase finds."""
    return signals.strategic >= section.strategic_at or strategy_named(signals, version)


def hazard_abroad(signals: Signals) -> bool:
    """Returns True for a phrase of fire, gas or the like in another language than English.

    The emergency terms of the safe answers are English.
    """
    mark = f"{Matter.ENGINEERING_SAFETY.value}{LANGUAGE_MARK}"
    languages = [term.removeprefix(mark) for term in signals.risk_terms if term.startswith(mark)]
    return any(language not in READ_LANGUAGES for language in languages)
