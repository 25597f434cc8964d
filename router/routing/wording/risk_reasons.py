"""Names the reasons of grave matters and of domains of high risk. Pure.

A reason says what was read in the text. Violence and self-harm are no matters of health, though
their words stand with those of medicine, where the numbers to call are.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.policy.schema import DecisionSection
from router.policy.sections.rules.hard_rules import TermList
from router.types import (
    MATTERS_NAMED_FROM,
    READ_LANGUAGES,
    RECORD_VERSION,
    Domain,
    Matter,
    Reason,
    Signals,
)

HIGH_RISK = {
    Domain.FINANCE: Reason.HIGH_RISK_FINANCIAL,
    Domain.LEGAL: Reason.HIGH_RISK_LEGAL,
    Domain.MEDICAL: Reason.HIGH_RISK_MEDICAL,
    Domain.ENGINEERING_SAFETY: Reason.HIGH_RISK_ENGINEERING_SAFETY,
}

RISK_OF = {reason: domain for domain, reason in HIGH_RISK.items()} | {
    Reason.HIGH_RISK_PERSONAL_SAFETY: Domain.MEDICAL
}
"""The domain whose words and review each of these reasons needs."""

LIFE_AND_HEALTH = (Reason.HIGH_RISK_MEDICAL, Reason.HIGH_RISK_PERSONAL_SAFETY)


def of_domain(domain: Domain | None) -> Reason:
    """Returns the reason that names a domain of high risk."""
    return Reason.POLICY_RULE if domain is None else HIGH_RISK.get(domain, Reason.POLICY_RULE)


def of_matter(matter: Matter, version: int = RECORD_VERSION) -> Reason:
    """Returns the reason that names a grave matter which was read or found.

    >>> of_matter(Matter.VIOLENCE).value, of_matter(Matter.POISON).value
    ('high_risk_personal_safety', 'high_risk_medical')
    """
    if matter.is_from_people and version >= MATTERS_NAMED_FROM:
        return Reason.HIGH_RISK_PERSONAL_SAFETY
    return of_domain(matter.domain)


def reasons_of_lists(lists: Sequence[TermList], version: int) -> dict[str, Reason]:
    """Returns the reason that each term list gives a rule; none for one without a domain.

    A list of the policy that has a matter's name and its domain is about that matter.
    """
    reasons = {matter.value: of_matter(matter, version) for matter in Matter}
    domains = {matter.value: matter.domain for matter in Matter}
    for one in lists:
        if one.domain is None:
            reasons.pop(one.name, None)
        elif domains.get(one.name) is not one.domain:
            reasons[one.name] = of_domain(one.domain)
    return reasons


def heads_read(signals: Signals) -> bool:
    """Returns True for the language of the heads of domain and stakes.

    In another one they guess: of harmless lines in thirteen languages they took each seventh for
    high stakes, and of 254 grave ones they raised none that the reader or a phrase had not found.
    """
    return (signals.matter_language or signals.language) in READ_LANGUAGES


def likeliest_risk(signals: Signals) -> tuple[Domain | None, float]:
    """Returns the likeliest risk domain, and the chance that the request is about any."""
    own = signals.domain_p if signals.domain in HIGH_RISK else 0.0
    if own >= signals.risk_p:
        return (signals.domain if own else None), own
    return signals.risk_domain, signals.risk_p


def risk_is_sure(section: DecisionSection, signals: Signals) -> bool:
    """Returns True where the head is sure of one domain of high risk, and reads the language.

    Else the chance is that of all of them together, of which the likeliest may be no matter of the
    text: "export my projects before I downgrade" was finance by .50.
    """
    sure = signals.domain in HIGH_RISK and signals.domain_p >= section.domain_at
    return sure and signals.domain_read


BINDS_AT, DECIDES_AT = 0.05, 0.5
"""Chances of a decision about an organisation, and of a decision at all, from which a matter of
technology is one of architecture. Of twenty questions of architecture one lies below, of twenty
about slow laptops and printers nineteen."""


def binds(signals: Signals) -> bool:
    """Returns True where what is decided binds a team, unlike which cable to try first."""
    return signals.strategic >= BINDS_AT and signals.request_type_p >= DECIDES_AT
