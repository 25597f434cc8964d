"""Sets the floor and the ceiling of a request, which no hint and no inequality overrules. Pure.

The rules apply in this order. Each can only raise the floor; the first that demands it is the
headline:

    1. the triage model is missing            -> level 2, everything up when unsure
    2. the policy's hard rules                -> as written
    3. a phrase by language that names a danger to people, in a message -> level 3
       somebody's grave matter, in any of fourteen languages -> level 3
       high-risk: P(finance, legal, medical or engineering safety) x P(high stakes) -> level 3,
       but for questions of knowledge, and where the reader of grave matters finds none
    4. impact from $10,000                    -> level 3
    5. strategic or multi-stakeholder         -> level 3
    6. architecture decision                  -> level 3
    7. impact from $5,000; high stakes; multi-factor; novel, where no rule knows the answer (see
       `decision`); unsafe -> level 2
    8. level-1 confidence below the floor     -> that rung is passed over (`decision`)

Then, within what the hard rules leave: the level that began a tool loop, the client's min_tier and
max_tier, and a tier that the client pins; a budget's soft limit lowers the ceiling by one level. A
policy's `ceiling` is a hard rule too; where a floor is above it, the floor holds. In an outage the
level that began a tool loop gives way, and ceilings of money do where the policy says so; the
client's own wishes hold. Rules 3 to 8 are the fixed triggers: hard in `guarded` and `certified`,
absent in `expected_loss`. Four of them (`LOOKS_HIGHER`, and the confidence of level 1) are reasons
to look higher, no reasons to buy an answer that is known to be worse than the one in hand.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from router.policy.content.term_files import list_of
from router.policy.schema import DecisionSection, HardRule, Policy
from router.routing.constraints import Asked, level_from
from router.routing.rule_conditions import rule_holds
from router.routing.wording.phrases import danger_named, is_strategic, lists_of_phrases
from router.routing.wording.risk_reasons import (
    RISK_OF,
    binds,
    heads_read,
    likeliest_risk,
    of_domain,
    of_matter,
    reasons_of_lists,
    risk_is_sure,
)
from router.types import (
    DANGERS,
    FORCED_FROM,
    MATTERS_NAMED_FROM,
    RECORD_VERSION,
    Decision,
    DecisionMode,
    Domain,
    Reason,
    RequestType,
    Signals,
    usd_to_nano,
)

LIFTS = {"level_3_not_below_usd": Reason.LOW_IMPACT, "soft_share": Reason.BUDGET_SOFT_LIMIT}
"""The ceilings of money that `outage_lifts` may name, by their reason."""

LOOKS_HIGHER = frozenset({Reason.MULTI_FACTOR, Reason.NOVEL, Reason.IMPACT_LEVEL_2})
"""The triggers that are reasons to look higher. Level 1's answer stays in hand meanwhile, and goes
out unverified where no higher rung is better. All other rules force their level."""


class Bounds(Struct, frozen=True):
    """Holds the levels between which a request is decided, and why."""

    floor: int
    ceiling: int
    floor_reasons: tuple[Reason, ...]
    ceiling_reasons: tuple[Reason, ...]
    hard_floor: int  # what rules demand that no answer in hand overrules
    trigger_floor: int  # what all rules demand, at most the policy's highest level
    outage_floor: int  # how low a substitute may be: the rules and the client's min_tier hold
    outage_ceiling: int  # how high: without the ceilings that the policy's `outage_lifts` names
    soft_limit: Reason | None = None  # whether a budget's soft limit lowered the ceiling
    forced: bool = False  # a rule demands more than level 1, which no tier need have

    @property
    def hard(self) -> bool:
        """Returns True when a rule set the floor, or would where the policy has level 1 alone."""
        return self.forced or self.trigger_floor > 1


Limit = tuple[int, Reason]


def bounds(
    policy: Policy,
    signals: Signals,
    asked: Asked,
    top: int,
    *,
    lower: bool = False,
    known: bool = False,
    version: int = RECORD_VERSION,
) -> Bounds:
    """Returns floor and ceiling: hard rules first, in the module's order, then hints.

    `lower` means that a budget's soft limit is reached. The ceiling is then one level lower, and
    the client's min_tier gives way to it. A hard rule's floor and the level that began a tool loop
    hold. `known` means that a rule knows the answer, so that novelty alone is no trigger. `version`
    is that of the record, whose time had its own rules.
    """
    findings = findings_of(policy, signals, known=known, version=version)
    limits = _bounds(policy, signals, findings, asked, top)
    if not lower:
        return limits
    below = limits.ceiling - 1
    if below < max(limits.trigger_floor, asked.tool_loop_level or 1):
        return replace(limits, soft_limit=Reason.BUDGET_SOFT_LIMIT_KEPT)
    if asked.min_tier is not None:
        asked = replace(asked, min_tier=min(asked.min_tier, below))
    soft = (below, Reason.BUDGET_SOFT_LIMIT)
    lowered = _bounds(policy, signals, findings, asked, top, soft)
    return replace(lowered, soft_limit=Reason.BUDGET_SOFT_LIMIT)


def _bounds(
    policy: Policy,
    signals: Signals,
    findings: Findings,
    asked: Asked,
    top: int,
    soft: Limit | None = None,
) -> Bounds:
    rules, limits = _rules(policy, signals, findings, asked)
    rules = [(level_from(policy, level, top), reason) for level, reason in rules if level > 1]
    forcing = [limit for limit in rules if limit[1] not in LOOKS_HIGHER]
    trigger_floor = _highest(rules, 1)
    hard_ceiling = max(trigger_floor, _lowest(limits, top))
    wishes = _wishes(asked, hard_ceiling)
    floor = _highest(wishes, trigger_floor)
    if asked.max_tier is not None:
        limits.append((asked.max_tier, Reason.HINT_MAX_TIER))
    if soft is not None:
        limits.append(soft)
    if _has_triggers(policy) and _low_impact(policy.decision, signals, asked):
        limits.append((2, Reason.LOW_IMPACT))
    ceiling = outage_ceiling = max(floor, min(top, _lowest(limits, top)))
    if policy.decision.outage_lifts:
        lifted = [LIFTS[name] for name in policy.decision.outage_lifts]
        kept = [limit for limit in limits if limit[1] not in lifted]
        outage_ceiling = max(floor, min(top, _lowest(kept, top)))
    return Bounds(
        floor=floor,
        ceiling=ceiling,
        floor_reasons=_floor_reasons([*rules, *wishes], floor),
        ceiling_reasons=tuple([reason for level, reason in sorted(limits) if level == ceiling])
        if ceiling < top
        else (),
        hard_floor=_highest(forcing, 1),
        trigger_floor=trigger_floor,
        outage_floor=max(trigger_floor, min(asked.min_tier or 1, hard_ceiling)),
        outage_ceiling=outage_ceiling,
        forced=bool(forcing) and findings.version >= FORCED_FROM,
    )


def demanded_level(policy: Policy, signals: Signals, asked: Asked) -> int:
    """Returns the level that the rules ask for, also where the policy has none so high."""
    return _highest(_rules(policy, signals, findings_of(policy, signals), asked)[0], 1)


def _rules(
    policy: Policy, signals: Signals, findings: Findings, asked: Asked
) -> tuple[list[Limit], list[Limit]]:
    """Returns the floors that the rules ask for, and the ceilings of the policy's own rules."""
    floors, ceilings = _policy_rules(policy, signals, findings, asked.tools)
    rules = [(2, Reason.TRIAGE_DEGRADED), *floors] if signals.degraded else floors
    if _has_triggers(policy):
        rules += _fixed_triggers(policy, signals, findings, asked)
    return rules, ceilings


def _has_triggers(policy: Policy) -> bool:
    return policy.decision.mode is not DecisionMode.EXPECTED_LOSS


# Most requests meet no rule at all, so the three below return at once for empty lists.


def _highest(limits: list[Limit], least: int) -> int:
    return max(least, max(limits)[0]) if limits else least


def _lowest(limits: list[Limit], most: int) -> int:
    return min(limits)[0] if limits else most


def _floor_reasons(raised: list[Limit], floor: int) -> tuple[Reason, ...]:
    """Returns every reason once, those that demand the floor itself first."""
    if not raised:
        return ()
    binding = [reason for level, reason in raised if level == floor]
    return tuple(dict.fromkeys([*binding, *[reason for _, reason in raised]]))


def _wishes(asked: Asked, hard_ceiling: int) -> list[Limit]:
    """Returns what raises the floor without being a hard rule; never above a hard ceiling."""
    if asked.tool_loop_level is None and asked.min_tier is None:
        return []
    wishes = ((asked.tool_loop_level, Reason.TOOL_LOOP), (asked.min_tier, Reason.HINT_MIN_TIER))
    return [
        (min(level, hard_ceiling), reason)
        for level, reason in wishes
        if level is not None and level > 1
    ]


def _low_impact(section: DecisionSection, signals: Signals, asked: Asked) -> bool:
    """Returns True when level 3 is passed over: little is at stake and nobody named it."""
    named = asked.min_tier is not None and asked.min_tier >= 3
    return not named and _impact(signals, asked) < usd_to_nano(section.level_3_not_below_usd)


def _impact(signals: Signals, asked: Asked) -> int:
    """Returns the amount that triggers compare: the one read, or the client's if it is more."""
    return max(signals.impact_nano_usd, asked.stakes_nano_usd or 0)


def _policy_rules(
    policy: Policy, signals: Signals, findings: Findings, tools: tuple[str, ...]
) -> tuple[list[Limit], list[Limit]]:
    """Returns the floors and the ceilings of the policy's own rules that hold."""
    held = held_rules(policy, signals, findings, tools)
    if not held:
        return [], []
    floors = [(rule.floor, reason) for rule, reason in held if rule.floor is not None]
    ceilings = [(rule.ceiling, Reason.POLICY_RULE) for rule, _ in held if rule.ceiling is not None]
    return floors, ceilings


def held_rules(
    policy: Policy, signals: Signals, findings: Findings, tools: tuple[str, ...]
) -> list[tuple[HardRule, Reason]]:
    """Returns the policy's own rules that hold, each with the reason that its floor has."""
    lists, learns = findings.lists, findings.knowledge
    # Most rules name terms, and most requests have none.
    rules = [rule for rule in policy.hard_rules if lists or not rule.terms]
    held = [rule for rule in rules if rule_holds(rule, signals, lists, tools, learns=learns)]
    reasons = reasons_of_lists(policy.terms, findings.version) if held else {}
    pairs = []
    for rule in held:
        hit = next((reasons.get(name) for name in rule.terms if name in lists), None)
        reason = hit or (of_domain(signals.domain) if rule.domains else Reason.POLICY_RULE)
        pairs.append((rule, reason))
    return pairs


class Findings(Struct, frozen=True):
    """Holds what is read from the signals once, for all rules."""

    lists: frozenset[str]  # the term lists that count, whichever language they were found in
    grave: bool  # somebody's grave matter is likely enough for the language it is in
    knowledge: bool  # asks for general knowledge only
    novel: bool  # is new enough, and no rule knows its answer
    version: int = RECORD_VERSION  # of the rules that count


def findings_of(
    policy: Policy, signals: Signals, *, known: bool = False, version: int = RECORD_VERSION
) -> Findings:
    """Returns what the rules need of the signals.

    A request for knowledge only makes its domain a subject, and nobody's decision: it starts no
    trigger, no review and no safe answer. A term that counts and an amount that triggers compare
    say otherwise.
    """
    section = policy.decision
    grave = is_grave(section, signals) and not _rather_strategic(section, signals)
    knows_only = signals.knowledge >= section.knowledge_at and not grave
    soft = knows_only or (_asked_about(section, signals) and not grave)
    lists = _lists(policy, signals, soft) if signals.risk_terms else frozenset[str]()
    small = signals.impact_nano_usd < usd_to_nano(section.level_2_from_usd)
    novel = signals.novelty >= section.novel_at and not known
    return Findings(lists, grave, knows_only and small and not lists, novel, version)


def _asked_about(section: DecisionSection, signals: Signals) -> bool:
    """Returns True where all turns with a term asked for knowledge, and nothing else is at stake.

    "What is a lawsuit?" makes "explain it more simply" nobody's lawsuit.
    """
    asked = signals.terms_knowledge >= section.knowledge_at
    return asked and signals.stakes_high < section.high_stakes_at


def _lists(policy: Policy, signals: Signals, knows_only: bool) -> frozenset[str]:
    lists = frozenset(map(list_of, signals.risk_terms))
    if not knows_only:
        return lists
    soft = frozenset(terms.name for terms in policy.terms if terms.not_for_knowledge)
    # A phrase by language is about somebody, so that one of those counts in any case.
    return lists - (soft - lists_of_phrases(signals))


def is_grave(section: DecisionSection, signals: Signals) -> bool:
    """Returns True when somebody's grave matter is likely enough for the language it is in."""
    threshold = section.grave_at if heads_read(signals) else section.grave_at_other_languages
    return signals.matter is not None and signals.grave >= threshold


def _rather_strategic(section: DecisionSection, signals: Signals) -> bool:
    """Returns True where a decision about an organisation is likelier than a grave matter.

    "Close the mill in Melle" may sound like law to the reader. A danger to people goes first.
    """
    if signals.matter in DANGERS or signals.strategic < section.strategic_at:
        return False
    return signals.strategic >= signals.grave


READ_FOR = frozenset({Domain.MEDICAL, Domain.LEGAL, Domain.ENGINEERING_SAFETY})
"""Domains in which the reader's calm counts. In finance it does not: of 35 requests that the heads
raised while the reader was calm, 8 were large matters of money."""

NOTHING_AT_STAKE = 0.1
"""Chance of high stakes below which a subject of money is nobody's decision, where no sum asks for
level 2: of 440 English requests that nobody had fitted, none below it was grave."""


def _calm(section: DecisionSection, signals: Signals, domain: Domain | None) -> bool:
    """Returns True when the reader finds nobody's grave matter in what sounds like a domain.

    "This heat is killing me" sounds like health, "what is a hedge fund?" like money; a toast or a
    short story may mention accidents. A long text is never calm, since the reader knows messages,
    not documents; nor is anything for a model without a reader.
    """
    if not reader_is_calm(section, signals):
        return _calm_letter(section, signals, domain)
    small = signals.impact_nano_usd < usd_to_nano(section.level_2_from_usd)
    nothing = small and signals.stakes_high < NOTHING_AT_STAKE
    return nothing or domain in READ_FOR or not heads_read(signals)


def reader_is_calm(section: DecisionSection, signals: Signals) -> bool:
    judged = signals.brief and signals.matter is not None
    return judged and signals.grave < section.calm_below


def _calm_letter(section: DecisionSection, signals: Signals, domain: Domain | None) -> bool:
    # A short message has a bound of its own, which may be lower.
    longer = signals.letter and not signals.brief
    judged = longer and signals.matter is not None and heads_read(signals)
    return judged and domain in READ_FOR and signals.grave < section.calm_letter_below


def for_knowledge(policy: Policy, signals: Signals) -> bool:
    """Returns True for a request that asks for general knowledge only."""
    return findings_of(policy, signals).knowledge


def disclaimer_of(policy: Policy, signals: Signals) -> str:
    """Returns the policy's sentence for an answer to a question of knowledge; "" for none."""
    if not policy.disclaimers or signals.domain_p < policy.decision.domain_at:
        return ""
    text = policy.disclaimers.get(signals.domain, "")
    return text if text and for_knowledge(policy, signals) else ""


def _fixed_triggers(
    policy: Policy, signals: Signals, findings: Findings, asked: Asked
) -> Iterator[Limit]:
    """Yields the level that each trigger demands which fires, in the module's order."""
    section = policy.decision
    impact = _impact(signals, asked)
    multi_factor = signals.multi_factor >= section.multi_factor_at
    if signals.risk_terms and (danger := danger_named(signals)) is not None:
        yield 3, of_matter(danger, findings.version)
    if (grave := reason_of_grave(signals, findings)) is not None:
        yield 3, grave
    risk = risk_at_stake(section, signals, findings)
    unnamed = False
    if risk is not None:
        unnamed = not (risk_is_sure(section, signals) or findings.version < MATTERS_NAMED_FROM)
        if not unnamed:
            yield 3, of_domain(risk)
    if impact >= usd_to_nano(section.level_3_from_usd):
        yield 3, Reason.IMPACT_LEVEL_3
    if is_strategic(section, signals, findings.version):
        yield 3, Reason.STRATEGIC
    if (
        multi_factor
        and signals.known_domain is Domain.TECHNOLOGY
        and signals.domain_p >= section.domain_at
        and signals.request_type is RequestType.DECISION
        and signals.request_type_read
        and (findings.version < MATTERS_NAMED_FROM or binds(signals))
    ):
        yield 3, Reason.ARCHITECTURE
    if unnamed:
        yield 3, Reason.HIGH_RISK
    if impact >= usd_to_nano(section.level_2_from_usd):
        yield 2, Reason.IMPACT_LEVEL_2
    high_stakes = signals.stakes_high >= section.high_stakes_at and not findings.knowledge
    # Heads that cannot read a language do not overrule the reader of grave matters, which can.
    if high_stakes and (heads_read(signals) or not reader_is_calm(section, signals)):
        yield 2, Reason.HIGH_STAKES
    if multi_factor:
        yield 2, Reason.MULTI_FACTOR
    if findings.novel:
        yield 2, Reason.NOVEL
    if signals.toxic >= section.unsafe_at or signals.spam >= section.unsafe_at:
        yield 2, Reason.UNSAFE


def reason_of_grave(signals: Signals, findings: Findings) -> Reason | None:
    """Returns the reason of the grave matter that the reader found, None where it counts none."""
    if not findings.grave or signals.matter is None:
        return None
    # In other languages the reader finds that a matter is grave, and seldom which it is.
    if heads_read(signals):
        return of_matter(signals.matter, findings.version)
    return of_domain(signals.matter.domain)


def risk_at_stake(section: DecisionSection, signals: Signals, findings: Findings) -> Domain | None:
    """Returns the domain of high risk that is likely enough together with high stakes."""
    risk, p = likeliest_risk(signals)
    if risk is None or findings.knowledge or p * signals.stakes_high < section.high_risk_at:
        return None
    return None if _calm(section, signals, risk) else risk


def risk_domain_of(policy: Policy, signals: Signals, decision: Decision) -> Domain | None:
    """Returns the domain whose `exhausted` rule counts: of the rule that fired, or the one read."""
    for reason in decision.floor_reasons:
        if reason in RISK_OF:
            return RISK_OF[reason]
    ruled, strategy = policy.exhausted.by_domain, Domain.BUSINESS_STRATEGY
    if Reason.STRATEGIC in decision.floor_reasons and strategy in ruled:
        return strategy  # the head of domains need not say so, nor read the language
    if Reason.HIGH_RISK in decision.floor_reasons:
        return likeliest_risk(signals)[0]
    calm = _calm(policy.decision, signals, signals.domain)
    if calm or for_knowledge(policy, signals):
        return None
    if signals.domain is strategy and decision.floor < 3:
        return None  # it speaks of business, and decides nothing
    sure = signals.domain_p >= policy.decision.domain_at
    return signals.domain if sure and signals.domain in ruled else None
