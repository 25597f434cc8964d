"""Writes the chances that triage read beside their thresholds, and what each reason rests on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from router.api.http.decision_views import EVEN
from router.policy.content.term_files import STRATEGY, list_of
from router.policy.head_conditions import reached, reading_of
from router.policy.schema import DecisionSection, HardRule, Policy
from router.policy.sections.base import beside_bound
from router.policy.sections.rules.heads import HeadCondition
from router.rendering.figures_in_words import usd
from router.routing.constraints import ruled_tools
from router.routing.hard_rules import (
    Findings,
    findings_of,
    held_rules,
    reason_of_grave,
    risk_at_stake,
)
from router.routing.rungs.allowed_rungs import fits
from router.routing.wording.phrases import danger_named, strategy_named
from router.routing.wording.risk_reasons import (
    BINDS_AT,
    DECIDES_AT,
    heads_read,
    likeliest_risk,
    of_domain,
    of_matter,
    risk_is_sure,
)
from router.triage.facts.phrase_lists import MISTYPED, list_told
from router.types import (
    ChatRequest,
    DecisionMode,
    Domain,
    Hints,
    Reason,
    Rung,
    RungFacts,
    Signals,
    usd_to_nano,
)

AS_IF_HALF = "as if half of all messages were grave"
"""Says what the chance of a grave matter means: its head is calibrated at even odds."""


def chance_lines(signals: Signals, section: DecisionSection | None) -> list[tuple[str, str]]:
    """Returns the lines "chances" and "risk"; `section` is None where no trigger counts."""
    limits = section or DecisionSection()
    chances = (
        ("stakes high", signals.stakes_high, limits.high_stakes_at, 2, ""),
        ("multi-factor", signals.multi_factor, limits.multi_factor_at, 2, ""),
        ("strategic", signals.strategic, limits.strategic_at, 3, _phrase(signals)),
        ("novelty", signals.novelty, limits.novel_at, 2, ""),
        ("toxic", signals.toxic, limits.unsafe_at, 2, ""),
        ("spam", signals.spam, limits.unsafe_at, 2, ""),
    )
    lines = [
        f"{name} {beside(chance, None if section is None else at, level)}{more}"
        for name, chance, at, level, more in chances
    ]
    return [("chances", ", ".join(lines)), ("risk", _risk(signals, section))]


def beside(chance: float, at: float | None, level: int) -> str:
    """Writes "0.51 (level 2 from 0.50)", with as many digits as show on which side it is.

    >>> beside(0.9, 0.5, 2), beside(0.4996, 0.5, 2), beside(0.2, None, 2)
    ('0.90 (level 2 from 0.50)', '0.4996 (level 2 from 0.50)', '0.20')
    """
    if at is None:
        return f"{chance:.2f}"
    written, bound = beside_bound(chance, at)
    return f"{written} (level {level} from {bound})"


MOST_QUOTED = 3
"""Phrases that are quoted beside one reason; a line for each stands below."""


class Grounds(Struct, frozen=True):
    """Holds what the reasons of a decision rest on."""

    policy: Policy
    signals: Signals
    findings: Findings
    impact_nano_usd: int  # what was read, or what the client says if that is more
    hints: Hints
    ruled_tools: tuple[str, ...]  # offered ones that a hard rule names
    lines: tuple[str, ...]  # of words found, as `found_phrases` writes them
    offered_tools: tuple[str, ...]  # all tools that the request offers
    facts: Mapping[str, RungFacts]  # of each answerer, by its name

    @classmethod
    def of(
        cls,
        request: ChatRequest,
        policy: Policy,
        signals: Signals,
        lines: Sequence[str],
        facts: Sequence[RungFacts] = (),
    ) -> Grounds:
        hints, tools = request.hints, ruled_tools(policy, request)
        impact = max(signals.impact_nano_usd, hints.stakes_nano_usd or 0)
        found = findings_of(policy, signals)
        offered = tuple([tool.name for tool in request.tools])
        by_name = {each.answerer: each for each in facts}
        return cls(policy, signals, found, impact, hints, tools, tuple(lines), offered, by_name)

    @property
    def impact(self) -> str:
        """Returns the sum that counts, and says of one that the text does not name whose it is."""
        theirs = self.impact_nano_usd > self.signals.impact_nano_usd
        return usd(self.impact_nano_usd) + (", which the client states," if theirs else "")

    def quoted(self, lists: Collection[str]) -> str:
        """Returns the phrases found of these lists: `the phrase "pension"`."""
        quotes = dict.fromkeys(
            quote
            for line in self.lines
            if list_of(list_told(line)) in lists
            for quote in _quotes(line)
        )
        if not quotes:
            return f"the list {', '.join(lists)}"
        return f"the phrase{'s' if len(quotes) > 1 else ''} {', '.join([*quotes][:MOST_QUOTED])}"


def _quotes(line: str) -> list[str]:
    """Returns what a line of `found_phrases` has, in quotes: one phrase, or several terms.

    >>> _quotes("finance: pension, loan (mistyped)"), _quotes("poison:en: boy … drunk")
    (['"pension" (mistyped)', '"loan" (mistyped)'], ['"boy … drunk"'])
    """
    name, _, said = line.partition(": ")
    plain = said.removesuffix(f" {MISTYPED}")
    # A phrase by language is one piece; of a policy's list several terms may be named.
    pieces = plain.split(", ") if list_of(name) == name else [plain]
    return [f'"{piece}"' + said[len(plain) :] for piece in pieces]


def told(reason: Reason, grounds: Grounds, *, ceiling: bool = False) -> str:
    """Returns a reason of a floor, or of a ceiling, with the rule, phrase or figure it rests on."""
    if reason is Reason.LOW_IMPACT:
        if not grounds.impact_nano_usd:
            return f"{reason}: no amount is at stake"
        least = usd(usd_to_nano(grounds.policy.decision.level_3_not_below_usd))
        return f"{reason}: {grounds.impact} is at stake, less than {least}"
    hinted = {
        Reason.HINT_MIN_TIER: grounds.hints.min_tier,
        Reason.HINT_MAX_TIER: grounds.hints.max_tier,
    }.get(reason)
    if hinted is not None:
        return f"{reason}: level {hinted}"
    rests_on = list(_of_rules(reason, grounds, ceiling=ceiling))
    if not ceiling and grounds.policy.decision.mode is not DecisionMode.EXPECTED_LOSS:
        # A rule on a danger's list has said by which phrases that danger is named.
        said = " ".join(rests_on)
        triggers = (*_of_risk(reason, grounds), *_of_trigger(reason, grounds))
        rests_on += [one for one in triggers if one not in said]
    return f"{reason}: {' and '.join(rests_on)}" if rests_on else str(reason)


MOST_TOOLS_NAMED = 3
"""Offered tools that are named beside one reason; agents offer dozens."""


def told_of_rung(reason: Reason, rung: Rung, grounds: Grounds) -> str:
    """Returns a reason of a rung, with what it lacks or with the tools that it stands back for."""
    facts = grounds.facts.get(rung.answerer)
    rests_on = ""
    if reason is Reason.TOOLS_OFFERED and grounds.offered_tools:
        more = len(grounds.offered_tools) - MOST_TOOLS_NAMED
        rests_on = ", ".join(grounds.offered_tools[:MOST_TOOLS_NAMED]) + (
            f", {more} more" * (more > 0)
        )
    elif reason is Reason.NOT_CAPABLE and facts is not None and not rung.taken:
        if facts.missing:
            rests_on = f"lacks {', '.join(facts.missing)}"
        elif not fits(facts, grounds.signals):
            tokens = facts.read_tokens(grounds.signals.input_tokens)
            rests_on = f"reads {facts.context_tokens} tokens, about {tokens} are there"
    return f"{reason} ({rests_on})" if rests_on else str(reason)


def _of_rules(reason: Reason, grounds: Grounds, *, ceiling: bool) -> Iterator[str]:
    held = held_rules(grounds.policy, grounds.signals, grounds.findings, grounds.ruled_tools)
    for rule, named in held:
        given = Reason.POLICY_RULE if ceiling else named
        level = rule.ceiling if ceiling else rule.floor
        if level is not None and reason is given:
            yield _rule(rule, grounds)


def _rule(rule: HardRule, grounds: Grounds) -> str:
    return f"hard rule {rule.name} on {', '.join(_conditions(rule, grounds))}"


def _conditions(rule: HardRule, grounds: Grounds) -> Iterator[str]:
    """Yields by what each condition of a rule holds, in the order of its fields."""
    signals = grounds.signals
    if lists := [name for name in rule.terms if name in grounds.findings.lists]:
        yield grounds.quoted(lists)
    if rule.domains:
        yield f"the domain {signals.domain.value} {signals.domain_p:.2f}"
    if rule.request_types:
        yield f"the type {signals.request_type.value} {signals.request_type_p:.2f}"
    if rule.stakes_high_at is not None:
        yield f"stakes high {_from(signals.stakes_high, rule.stakes_high_at)}"
    if rule.impact_from_usd is not None:
        least = usd(usd_to_nano(rule.impact_from_usd))
        yield f"{usd(signals.impact_nano_usd)} (from {least})"
    for condition in rule.heads:
        if label := _class_reached(condition, signals):
            known = condition.head == "terms"
            yield (
                grounds.quoted([label[0]])
                if known
                else (f"the head {condition.head}, {label[0]} {_from(label[1], condition.at)}")
            )
    if rule.tools:
        yield f"the tool {', '.join(grounds.ruled_tools)}"


def _class_reached(condition: HeadCondition, signals: Signals) -> tuple[str, float] | None:
    classes = reading_of(signals, condition.head)
    return next((one for one in classes if reached(condition, [one])), None)


def _of_risk(reason: Reason, grounds: Grounds) -> Iterator[str]:
    """Yields on what a reason `high_risk_...` rests beside the policy's own rules."""
    signals, section = grounds.signals, grounds.policy.decision
    danger = danger_named(signals) if signals.risk_terms else None
    if danger is not None and reason is of_matter(danger):
        yield grounds.quoted([danger.value])
    if reason is reason_of_grave(signals, grounds.findings):
        at = section.grave_at if heads_read(signals) else section.grave_at_other_languages
        yield f"its chance of a grave matter {_reaches(signals.grave, at)}"
    risk = risk_at_stake(section, signals, grounds.findings)
    named = of_domain(risk) if risk_is_sure(section, signals) else Reason.HIGH_RISK
    if risk is not None and reason is named:
        p = likeliest_risk(signals)[1]
        product = _from(p * signals.stakes_high, section.high_risk_at)
        high = beside_bound(signals.stakes_high, section.high_stakes_at)[0]
        yield f"{risk.value} {p:.2f} times stakes high {high} is {product}"


def _of_trigger(reason: Reason, grounds: Grounds) -> Iterator[str]:
    """Yields on what the reason of another fixed trigger rests."""
    signals, section = grounds.signals, grounds.policy.decision
    of_unsafe = max(("toxic", signals.toxic), ("spam", signals.spam), key=lambda pair: pair[1])
    name, chance, at = {
        Reason.HIGH_STAKES: ("its chance", signals.stakes_high, section.high_stakes_at),
        Reason.MULTI_FACTOR: ("its chance", signals.multi_factor, section.multi_factor_at),
        Reason.STRATEGIC: ("its chance", signals.strategic, section.strategic_at),
        Reason.NOVEL: ("its chance", signals.novelty, section.novel_at),
        Reason.UNSAFE: (f"its chance of {of_unsafe[0]}", of_unsafe[1], section.unsafe_at),
    }.get(reason, ("", 0.0, 1.0))
    least_usd = {
        Reason.IMPACT_LEVEL_2: section.level_2_from_usd,
        Reason.IMPACT_LEVEL_3: section.level_3_from_usd,
    }.get(reason)
    if chance >= at:
        yield f"{name} {_reaches(chance, at)}"
    elif reason is Reason.STRATEGIC and strategy_named(signals):
        yield grounds.quoted([STRATEGY])
    elif least_usd is not None:
        yield f"{grounds.impact} reaches {usd(usd_to_nano(least_usd))}"
    elif reason is Reason.ARCHITECTURE:
        several = _from(signals.multi_factor, section.multi_factor_at)
        about = _from(signals.domain_p, section.domain_at)
        decides = _from(signals.request_type_p, DECIDES_AT)
        binds = _from(signals.strategic, BINDS_AT)
        matter = f"{Domain.TECHNOLOGY.value} {about}, decision {decides}"
        yield f"multi-factor {several}, {matter}, strategic {binds}"


def _reaches(chance: float, at: float) -> str:
    return " reaches ".join(beside_bound(chance, at))


def _from(chance: float, at: float) -> str:
    written, bound = beside_bound(chance, at)
    return f"{written} (from {bound})"


def _phrase(signals: Signals) -> str:
    """Returns the phrases by which a decision about an organisation was found, "" for none."""
    if signals.strategic >= EVEN or not strategy_named(signals):
        return ""
    found = [term for term in signals.risk_terms if list_of(term) == STRATEGY]
    return f" (a phrase says it: {', '.join(found)})"


def _risk(signals: Signals, section: DecisionSection | None) -> str:
    """Returns the chances behind the reasons `high_risk_...`, and behind their absence."""
    domain, domain_p = likeliest_risk(signals)
    name = "any risk domain" if domain is None else domain.value
    named = f" ({signals.matter.value})" if signals.matter and signals.grave >= EVEN else ""
    if section is None:
        return (
            f"{name} {domain_p:.2f}, grave matter {signals.grave:.2f}{named}, {AS_IF_HALF}, "
            f"general knowledge {signals.knowledge:.2f}"
        )
    own = heads_read(signals)
    grave_at = section.grave_at if own else section.grave_at_other_languages
    both = beside(domain_p * signals.stakes_high, section.high_risk_at, 3)
    high = beside_bound(signals.stakes_high, section.high_stakes_at)[0]
    grave, least = beside_bound(signals.grave, grave_at)
    knowledge, known_from = beside_bound(signals.knowledge, section.knowledge_at)
    return (
        f"{name} {domain_p:.2f} times stakes high {high} is {both}; grave matter {grave}{named}, "
        f"{AS_IF_HALF} (level 3 from {least}); general knowledge {knowledge} (from {known_from} "
        "on nobody's matter)"
    )
