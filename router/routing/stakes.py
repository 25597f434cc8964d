"""Works out S, what a wrong answer costs, from the policy's table and the domain that counts. Pure.

It knows nothing about rungs.
"""

from __future__ import annotations

import math

from router.policy.schema import DecisionSection, Policy
from router.routing.constraints import Asked
from router.routing.hard_rules import (
    NOTHING_AT_STAKE,
    findings_of,
    reader_is_calm,
)
from router.routing.wording.matters import matter_of
from router.routing.wording.phrases import is_strategic
from router.routing.wording.risk_reasons import heads_read
from router.types import RECORD_VERSION, Domain, Signals


def domain_at_stake(policy: Policy, signals: Signals, version: int = RECORD_VERSION) -> Domain:
    """Returns the domain whose costs S counts; the general one where the head only guesses.

    A guess is below `domain_at`. So is a domain in a language that the head cannot read, where the
    reader of grave matters, which can, is calm; rows that do not say so want a low chance of high
    stakes beside it. Grave matters and decisions about a company have the costs of their own
    domains, as the reasons name them. `version` is that of the rules (`RECORD_VERSION`).
    """
    section = policy.decision
    sure = signals.domain_p >= section.domain_at
    if sure and heads_read(signals):
        return signals.domain
    findings = findings_of(policy, signals)
    matter = matter_of(policy, signals, findings)
    named = matter.domain if matter.matter is None else matter.matter.domain
    if named is None and findings.grave and signals.matter is not None:
        named = signals.matter.domain
    if named is not None:
        return named
    if is_strategic(section, signals, version):
        return Domain.BUSINESS_STRATEGY
    calm = reader_is_calm(section, signals)
    if signals.domain_read:  # elsewhere the chance of high stakes is a guess, too
        calm = calm and signals.stakes_high < NOTHING_AT_STAKE
    doubted = sure and not calm
    return signals.domain if doubted or findings.grave or findings.lists else Domain.GENERAL


def stakes(policy: Policy, domain: Domain, impact_nano_usd: int, asked: Asked, base: int) -> int:
    """Returns S, the cost of a wrong answer, in nano-dollars.

    S is the client's `stakes_usd`; without one it is `base`, which is cost_of_wrong[domain, type],
    + loss_share[domain] x amount. Without the scope `hints:lower` the client's figure can only
    raise S.
    """
    own = base + math.ceil(policy.stakes.share(domain) * impact_nano_usd)
    if asked.stakes_nano_usd is None:
        return own
    return asked.stakes_nano_usd if asked.may_lower else max(own, asked.stakes_nano_usd)


def least_shown(section: DecisionSection, base: int, stakes_nano: int) -> float:
    """Returns the chance from which level 1's answer may go out unverified.

    It is the policy's `unverified_from`; without one S / (S + base), at least `accept_at`. So a
    right answer is taken to be worth what a wrong one of its domain and type costs (`base`), and an
    amount at stake raises the bound: a base of $2 and S $12 give .857.
    """
    if section.unverified_from is not None:
        return section.unverified_from
    total = stakes_nano + base
    return max(section.accept_at, stakes_nano / total if total else 0.0)
