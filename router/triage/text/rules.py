"""Reads a turn without the model: by its words, and raises everything when unsure.

Used when the model's files are missing or corrupt, or when the model fails on a text; signals say
so (`degraded`). It claims little: nothing matches, everything is novel, and text that looks risky
has at least even odds of high stakes. It knows nothing about models.
"""

# ruff: noqa: SIM905 - word lists read better as text

from __future__ import annotations

from router.triage.facts.turn_facts import TurnFacts
from router.triage.reading import ModelRow
from router.types import NANO_PER_USD, RISK_DOMAINS, Domain, RequestType

VERSION = "rules-1"
UNSURE = 0.5
DIFFICULTY = 1.0  # harder than the average request, on the scale of abilities
LOOKS_COSTLY_NANO_USD = 1_000 * NANO_PER_USD

# The first domain with the most words wins, so that those which need care stand first.
_WORDS = {
    Domain.MEDICAL: """pain doctor symptom symptoms medication medicine dose dosage pregnant
        pregnancy diabetes cancer fever bleeding surgery pill pills hospital diagnosis blood
        suicide overdose rash infection tablet tablets allergy heart stroke breathe""",
    Domain.LEGAL: """lawyer attorney sue sued lawsuit contract clause liability court legal
        law tenant landlord custody divorce patent copyright gdpr compliance visa settlement
        negligence police evict evicted eviction lease arrested""",
    Domain.FINANCE: """invest investing investment stocks bonds mortgage loan tax taxes
        pension portfolio retirement etf hedge merger acquisition equity crypto bitcoin
        interest dividend audit wire bank""",
    Domain.ENGINEERING_SAFETY: """voltage wiring circuit breaker beam load pressure valve
        boiler scaffold crane explosive flammable toxic reactor brake brakes structural gas
        leak interlock turbine asbestos""",
    Domain.BUSINESS_STRATEGY: """strategy market competitor competitors expansion expand
        acquire reorganize layoffs pricing roadmap stakeholders board investors launch
        hiring""",
    Domain.CUSTOMER_SUPPORT: """refund order delivery shipping return parcel account
        password login cancel subscription invoice charged package tracking exchange
        warranty""",
    Domain.TECHNOLOGY: """code python javascript error bug server database api sql function
        deploy docker kubernetes linux windows compile script laptop router wifi""",
    Domain.SCIENCE_MATH: """prove proof theorem equation integral derivative physics
        chemistry biology probability algebra geometry molecule energy""",
}
_LEXICON = {domain: frozenset(words.split()) for domain, words in _WORDS.items()}
_RISKY = (Domain.MEDICAL, Domain.LEGAL, Domain.FINANCE, Domain.ENGINEERING_SAFETY)
_STRATEGIC = frozenset(
    """strategy strategic architecture roadmap merger acquisition acquire expansion
    stakeholders board restructure reorganize migrate migration investors""".split()
)
_TYPES = (
    (RequestType.DECISION, frozenset("should decide choose whether".split())),
    (RequestType.ANALYSIS, frozenset("analyse analyze compare evaluate assess tradeoffs".split())),
    (RequestType.CODING, frozenset("code function script bug compile sql".split())),
    (RequestType.MATH, frozenset("prove solve calculate integral equation".split())),
    (RequestType.WRITING, frozenset("write draft essay email letter poem".split())),
    (RequestType.STATUS, frozenset("where status track tracking".split())),
    (RequestType.TRANSACTION, frozenset("refund cancel return change update transfer".split())),
    (RequestType.EXPLANATION, frozenset("why explain how".split())),
)
_MANY_WORDS = 60  # from here on a text probably has more than one concern


def read_by_rules(facts: TurnFacts) -> ModelRow:
    """Returns the reading of one turn only by its words, its amounts and its terms."""
    words = frozenset(facts.folded.words)
    hits = {domain: len(words & lexicon) for domain, lexicon in _LEXICON.items()}
    domain = max(hits, key=hits.__getitem__)
    if not hits[domain]:
        domain = Domain.GENERAL
    risky = bool(facts.risk_terms) or any(hits[d] for d in _RISKY)
    costly = bool(facts.amounts) and facts.amounts[0].nano_usd >= LOOKS_COSTLY_NANO_USD
    several = len(facts.folded.words) > _MANY_WORDS or facts.folded.text.count("?") > 1
    found = next((kind for kind, cues in _TYPES if not cues.isdisjoint(words)), None)
    return ModelRow(
        request_type=found or RequestType.FACTUAL,
        request_type_p=UNSURE if found else 0.0,
        domain=domain,
        domain_p=UNSURE,
        risk_domain=domain if domain in RISK_DOMAINS else RISK_DOMAINS[0],
        risk_p=UNSURE if domain in RISK_DOMAINS or risky else 0.0,
        difficulty=DIFFICULTY,
        stakes_high=UNSURE if risky or costly else 0.25,
        multi_factor=UNSURE if several else 0.1,
        strategic=UNSURE if not _STRATEGIC.isdisjoint(words) else 0.25,
        novelty=1.0,
        toxic=0.0,
        spam=0.0,
    )
