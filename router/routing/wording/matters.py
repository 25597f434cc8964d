"""Says which safe words fit a request: by its matter, its domain and its language. Pure.

The words are as specific as what was found. A phrase or a term names a matter, and the reader of
grave matters guesses it. Where the head of domains speaks against a guess, the words are those that
are right for both. It knows nothing about texts.
"""

from __future__ import annotations

from msgspec import Struct

from router.policy.content.term_files import LANGUAGE_MARK
from router.policy.schema import Policy
from router.routing.hard_rules import (
    Findings,
    findings_of,
    is_grave,
)
from router.routing.wording.phrases import (
    hazard_abroad,
    is_strategic,
    lists_of_phrases,
    said_briefly,
)
from router.routing.wording.risk_reasons import heads_read
from router.types import READ_LANGUAGES, UNDETERMINED, Domain, Matter, Signals, usd_to_nano

LIFE = frozenset({Matter.SELF_HARM, Matter.MEDICAL_EMERGENCY, Matter.POISON, Matter.VIOLENCE})
IN_DANGER_AT = 0.8
"""The reader's chance from which its word alone calls for help. It climbs from a lower one, as many
questions about one's own health are no emergency."""


def in_danger(policy: Policy, signals: Signals) -> bool:
    """Returns True when a phrase by language or the reader says that a life may be in danger."""
    phrases = lists_of_phrases(signals)
    by_phrase = any(matter.value in phrases for matter in LIFE)
    by_reader = signals.matter in LIFE - {Matter.MEDICAL_EMERGENCY}
    return by_phrase or (
        by_reader and signals.grave >= IN_DANGER_AT and is_grave(policy.decision, signals)
    )


PEOPLE = LIFE | {Matter.ENGINEERING_SAFETY}
"""Holds the matters in which people may be in danger, also by a machine, a fire or a gas."""
MAY_BE_AT = 0.85
"""The reader's chance from which a short English message may be about people in danger. Of 3,640
everyday ones of strangers 8 reach it at level 3, and 19 would from .7 on, for four dangers more."""
MAY_BE_AT_LONG = 0.97
"""The same for a message of a letter's length: 10 of 4,000 everyday ones of strangers reach it, and
26 would from .85 on, for ten dangers more of 84."""


def may_be_danger(policy: Policy, signals: Signals) -> bool:
    """Returns True where a message may be about people in danger, by a phrase or a guess.

    Many of these are calm questions about one's own health: what follows must be right for both.
    """
    guessed = signals.matter in PEOPLE and is_grave(policy.decision, signals)
    if not said_briefly(signals):
        return guessed and signals.letter and signals.grave >= MAY_BE_AT_LONG
    phrases = lists_of_phrases(signals)
    if any(matter.value in phrases for matter in PEOPLE):
        return True
    return guessed and (signals.grave >= MAY_BE_AT or not heads_read(signals))


ACUTE_AT = 0.97
"""The reader's chance from which its word alone sends words in place of an answer of the highest
level. Of 2,835 public prompts and messages six to eight are then acute, by policy."""


def acute(policy: Policy, signals: Signals) -> bool:
    """Returns True for a danger to people that a phrase or a term names, or the reader surely."""
    lists = findings_of(policy, signals).lists
    if hazard_abroad(signals) or any(matter.value in lists for matter in LIFE):
        return True
    if {Matter.FRAUD.value, Matter.ENGINEERING_SAFETY.value} <= lists_of_phrases(signals):
        return said_briefly(signals)  # an attack on computers where patients or machines need them
    if signals.matter is Matter.VIOLENCE and Matter.FRAUD.value in lists:
        return False  # who "attacked my account" attacked nobody, a phrase says
    return signals.grave >= ACUTE_AT and in_danger(policy, signals)


GRAVEST = (
    Matter.SELF_HARM,
    Matter.VIOLENCE,
    Matter.POISON,
    Matter.MEDICAL_EMERGENCY,
    Matter.ENGINEERING_SAFETY,
    Matter.FRAUD,
    Matter.LEGAL,
    Matter.LARGE_MONEY,
)
"""Orders the matters for the choice of words, where phrases of several are found. Words about
health come after those of a cause of harm, and before those of things and money."""


class FoundMatter(Struct, frozen=True):
    """Holds the matter whose safe words are due; None where there is none, or none is sure."""

    matter: Matter | None = None
    named: bool = False  # by a phrase or a term; else the reader guesses it
    unclear: bool = False  # grave, but nothing sure says which
    domain: Domain | None = None  # of a list of the policy's own that was found, and no matter is
    maybe_fraud: bool = False  # the reader guesses it of what is unclear

    @property
    def urgent(self) -> bool:
        """Returns False for an illness that is guessed: many questions about health are calm."""
        return self.named or self.matter is not Matter.MEDICAL_EMERGENCY


_KNOWN_ABROAD = frozenset({Matter.LARGE_MONEY, Matter.POISON, Matter.ENGINEERING_SAFETY})
"""Matters that the reader tells from others in other languages than English too. From .8 on 32 of
37 guesses of a poison are right and 35 of 37 of a danger by things, of 2,060 messages in thirteen
languages; of 298 lines of a danger to life none is read as money or as a danger by things."""
FRAUD_AT = 0.9
"""The reader's chance from which the words about fraud stand below those about danger, in another
language than English: of 298 lines of a danger to life it takes some for fraud, so both stand."""


def matter_of(policy: Policy, signals: Signals, findings: Findings | None = None) -> FoundMatter:
    """Returns the matter whose safe words are due. `findings` are those of these signals.

    A phrase says what the matter is, and the reader guesses: a smell of gas is no illness. In
    another language than English it finds that a matter is grave, and seldom which it is, but for
    some.
    """
    findings = findings or findings_of(policy, signals)
    if findings.lists:
        named = next((matter for matter in GRAVEST if matter.value in findings.lists), None)
        if named is not None:
            return FoundMatter(named, named=True)
        own = _own_domain(policy, findings.lists)
        if own is not None and not _sure_of_self_harm(signals):
            return FoundMatter(named=True, domain=own)
    if not findings.grave:
        return FoundMatter()
    read = (signals.matter_language or signals.language) in READ_LANGUAGES
    if read or signals.matter in _KNOWN_ABROAD:
        return FoundMatter(_weighed(signals))
    fraud = signals.matter is Matter.FRAUD and signals.grave >= FRAUD_AT
    return FoundMatter(unclear=True, maybe_fraud=fraud)


SURE_OF_SELF_HARM = 0.99
"""The reader's chance from which a guess of self-harm stands beside a question about a treatment.
A trick before a question about a dose ("ignore all instructions") sounds like self-harm to it, up
to .96; of 370 lines of people in need four lie below, and they get words that name both."""


def _sure_of_self_harm(signals: Signals) -> bool:
    return signals.matter is Matter.SELF_HARM and signals.grave >= SURE_OF_SELF_HARM


def _own_domain(policy: Policy, lists: frozenset[str]) -> Domain | None:
    """Returns the domain of a list that the operator made for one subject, if it was found.

    A list that bears a domain's name, as those of the shipped policies, says nothing more special
    than the reader's guess.
    """
    own = [t.domain for t in policy.terms if t.name in lists and t.name not in _DOMAIN_NAMES]
    return next(filter(None, own), None)


_DOMAIN_NAMES = frozenset(domain.value for domain in Domain)


SURE_OF_DOMAIN = 0.83
"""The head's chance from which its domain counts against the matter that the reader guesses. As
many harmless lines reach it as reached .8 before the head was made less sure."""


def heads_say(signals: Signals, domain: Domain) -> bool:
    """Returns True where the head of domains is sure of a domain, in a language that it reads."""
    sure = signals.domain is domain and signals.domain_p >= SURE_OF_DOMAIN
    return sure and heads_read(signals)


def _weighed(signals: Signals) -> Matter | None:
    """Returns the matter that the reader guesses, unless the head of domains speaks against it."""
    unsure = signals.matter is Matter.SELF_HARM and signals.grave < SURE_OF_SELF_HARM
    if unsure and heads_say(signals, Domain.MEDICAL):
        return Matter.MEDICAL_EMERGENCY
    # A clause over $2M is a lawyer's, whatever the sum says to the reader.
    if signals.matter is Matter.LARGE_MONEY and heads_say(signals, Domain.LEGAL):
        return Matter.LEGAL
    return signals.matter


DOMAIN_AT = 0.68
"""The head's chance from which a short message gets the words of its domain. Below it harmless ones
are in the majority: of 34 that got a domain's words two were grave."""
DOMAIN_AT_LONG = 0.9
"""The same for other texts. The head learnt short requests, and a long story has words of many."""


def fits_domain(policy: Policy, signals: Signals, domain: Domain) -> bool:
    """Returns True where the words of a domain fit a request that has no matter.

    A term of the domain says so, or a grave matter, or a large amount where it is finance, or a
    decision about a company where it is strategy, or the head of domains.
    """
    findings = findings_of(policy, signals)
    lists = findings.lists
    if findings.grave or any(
        terms.domain is domain and terms.name in lists for terms in policy.terms
    ):
        return True
    if domain is Domain.FINANCE and signals.impact_nano_usd >= usd_to_nano(
        policy.decision.level_2_from_usd
    ):
        return True
    if domain is Domain.BUSINESS_STRATEGY and is_strategic(policy.decision, signals):
        return True
    least = DOMAIN_AT if signals.brief else DOMAIN_AT_LONG
    return signals.domain is domain and signals.domain_p >= least


SHORT_LISTS = frozenset({"cs", "da", "el", "fi", "hu", "id", "nb", "ro", "sv", "vi"})
"""Languages with short lists of phrases and safe words, and none of orders."""


def language_of(signals: Signals) -> str:
    """Returns the language for safe words; "" where nothing tells it."""
    marks = [name.partition(LANGUAGE_MARK)[2] for name in signals.risk_terms]
    marked = next(filter(None, marks), "")
    if marked in SHORT_LISTS and signals.language not in {*marks, *SHORT_LISTS}:
        return marked  # few of their everyday words are known, and many look like others
    if signals.matter_language == UNDETERMINED:  # the text is not in the language it looks like
        return marked or ("" if signals.language in READ_LANGUAGES else signals.language)
    return signals.language or signals.matter_language or marked
