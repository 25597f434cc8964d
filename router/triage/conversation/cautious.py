"""Compares readings: which of two is the more cautious, and the graver. Pure."""

from __future__ import annotations

from router.policy.head_conditions import highest
from router.triage.reading import ModelRow, TurnReading
from router.types import Domain, Matter

DOMAIN_COUNTS_AT = 0.55  # an earlier domain stays from this chance on
# Domains whose mistakes hurt most; the order within a rank does not matter.
_CAUTION = {
    Domain.MEDICAL: 2,
    Domain.LEGAL: 2,
    Domain.FINANCE: 2,
    Domain.ENGINEERING_SAFETY: 2,
    Domain.BUSINESS_STRATEGY: 1,
}
Grave = tuple[float, Matter | None, str]
"""Holds the chance of a grave matter, the likeliest one, and the language of its turn."""


def more_cautious(one: ModelRow, other: ModelRow) -> ModelRow:
    """Returns the higher of every signal, and the domain that needs more care."""
    domain, domain_p = higher_domain((one.domain, one.domain_p), (other.domain, other.domain_p))
    risk = max((one.risk_domain, one.risk_p), (other.risk_domain, other.risk_p), key=second)
    return one._replace(
        domain=domain,
        domain_p=domain_p,
        risk_domain=risk[0],
        risk_p=risk[1],
        difficulty=max(one.difficulty, other.difficulty),
        stakes_high=max(one.stakes_high, other.stakes_high),
        multi_factor=max(one.multi_factor, other.multi_factor),
        strategic=max(one.strategic, other.strategic),
        novelty=max(one.novelty, other.novelty),
        toxic=max(one.toxic, other.toxic),
        spam=max(one.spam, other.spam),
        heads=highest((one.heads, other.heads)),
        grave=max(one.grave, other.grave),
        matter=other.matter if other.grave > one.grave else one.matter,
        read_as=other.read_as if other.grave > one.grave else one.read_as,
        knowledge=min(one.knowledge, other.knowledge),
        guessed=one.guessed if domain is one.domain else other.guessed,
    )


def grave_of(turn: TurnReading) -> Grave:
    """Returns the grave matter of one turn."""
    return turn.row.grave, turn.row.matter, turn.row.read_as or turn.language


def likelier(one: Grave, other: Grave) -> Grave:
    """Returns the likelier of two grave matters with its chance; the first where they are even."""
    return other if other[0] > one[0] else one


def second(pair: tuple[Domain | None, float]) -> float:
    """Returns the chance of a domain with its chance."""
    return pair[1]


def higher_domain(now: tuple[Domain, float], before: tuple[Domain, float]) -> tuple[Domain, float]:
    """Returns the present domain, or an earlier one that needs more care and was likely enough.

    >>> higher_domain((Domain.GENERAL, 0.9), (Domain.MEDICAL, 0.6))
    (<Domain.MEDICAL: 'medical'>, 0.6)
    """
    if before[0] is now[0]:
        return now if now[1] >= before[1] else before
    if before[1] < DOMAIN_COUNTS_AT:
        return now
    return before if _CAUTION.get(before[0], 0) > _CAUTION.get(now[0], 0) else now
