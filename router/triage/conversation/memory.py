"""Says what a session remembers of a conversation once a request was answered. Pure."""

from __future__ import annotations

from router.policy.head_conditions import highest
from router.triage.conversation.cautious import Grave, higher_domain, likelier, second
from router.triage.facts.turn_facts import names_of
from router.triage.text.amount_lists import no_material, own_impact
from router.types import SessionMemory, Signals


def memory_after(signals: Signals, memory: SessionMemory | None, tier_number: int) -> SessionMemory:
    """Returns what a session remembers once a request with these signals was answered at a tier.

    Nothing that may only rise falls; request type, difficulty and match are those of this request.
    """
    domain = (signals.domain, signals.domain_p)
    risk = (signals.risk_domain, signals.risk_p)
    stakes, impact = signals.stakes_high, signals.impact_nano_usd
    strategic, multi_factor, names = signals.strategic, signals.multi_factor, signals.risk_terms
    heads = signals.heads
    knowledge = signals.terms_knowledge
    brief, letter = signals.brief, signals.letter
    quoted = max((amount.nano_usd for amount in signals.amounts if amount.quoted), default=0)
    # What a later request of the session does with a sum, nobody knows yet: it counts from then on.
    impact = max(impact, own_impact(no_material(signals.amounts)))
    grave: Grave = (signals.grave, signals.matter, signals.matter_language)
    if memory is not None:
        quoted = max(quoted, memory.quoted_nano_usd)
        grave = likelier(grave, (memory.grave, memory.matter, memory.matter_language))
        brief, letter = brief and memory.brief, letter and memory.letter
        domain = higher_domain(domain, (memory.domain, memory.domain_p))
        risk = max(risk, (memory.risk_domain, memory.risk_p), key=second)
        stakes = max(stakes, memory.stakes_high)
        impact = max(impact, memory.impact_nano_usd)
        strategic = max(strategic, memory.strategic)
        multi_factor = max(multi_factor, memory.multi_factor)
        if memory.risk_terms:
            knowledge = min(knowledge, memory.terms_knowledge) if names else memory.terms_knowledge
        names = names_of((memory.risk_terms, names))
        heads = highest((memory.heads, heads)) if memory.heads else heads
    own = domain == (signals.domain, signals.domain_p)
    return SessionMemory(
        domain=domain[0],
        domain_p=domain[1],
        risk_domain=risk[0],
        risk_p=risk[1],
        request_type=signals.request_type,
        stakes_high=stakes,
        impact_nano_usd=impact,
        strategic=strategic,
        multi_factor=multi_factor,
        risk_terms=names,
        difficulty=signals.difficulty,
        last_tier_number=tier_number,
        match=signals.match,
        heads=heads,
        quoted_nano_usd=quoted,
        grave=grave[0],
        matter=grave[1],
        matter_language=grave[2],
        language=signals.language or ("" if memory is None else memory.language),
        terms_knowledge=knowledge,
        brief=brief,
        letter=letter,
        briefly=signals.briefly,
        domain_read=signals.domain_read if own or memory is None else memory.domain_read,
    )
