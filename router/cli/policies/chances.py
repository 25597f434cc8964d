"""Writes the chances that triage read, each beside the threshold of its trigger."""

from __future__ import annotations

from router.api.http.decision_views import EVEN
from router.policy.content.term_files import STRATEGY, list_of
from router.policy.schema import DecisionSection
from router.rendering.figures_in_words import usd
from router.routing.hard_rules import heads_read, likeliest_risk
from router.routing.wording.phrases import strategy_named
from router.types import Reason, Signals

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
    return shown(chance, at) + ("" if at is None else f" (level {level} from {_threshold(at)})")


def shown(chance: float, at: float | None) -> str:
    """Writes a chance in two places, or in as many as show on which side of `at` it is."""
    places = 2
    while at is not None and places < 6 and (round(chance, places) >= at) != (chance >= at):
        places += 1
    return f"{chance:.{places}f}"


def _threshold(at: float) -> str:
    return f"{at:.2f}" if round(at, 2) == at else f"{at:g}"


def told(reason: Reason, signals: Signals, section: DecisionSection) -> str:
    """Returns a reason, with the figure that it rests on and the threshold that this reached.

    A trigger may fire for something else than its chance, such as a phrase: it has no figure then.
    """
    if reason is Reason.LOW_IMPACT:
        named = usd(signals.impact_nano_usd) if signals.impact_nano_usd else "no amount"
        return f"{reason}: {named} is at stake"
    chance, at = {
        Reason.HIGH_STAKES: (signals.stakes_high, section.high_stakes_at),
        Reason.MULTI_FACTOR: (signals.multi_factor, section.multi_factor_at),
        Reason.STRATEGIC: (signals.strategic, section.strategic_at),
        Reason.NOVEL: (signals.novelty, section.novel_at),
        Reason.UNSAFE: (max(signals.toxic, signals.spam), section.unsafe_at),
    }.get(reason, (0.0, 1.0))
    if chance < at:
        return str(reason)
    return f"{reason}: its chance {shown(chance, at)} reaches {_threshold(at)}"


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
    high = f"{signals.stakes_high:.2f}"
    knowledge = shown(signals.knowledge, section.knowledge_at)
    return (
        f"{name} {domain_p:.2f} times stakes high {high} is {both}; grave matter "
        f"{shown(signals.grave, grave_at)}{named}, {AS_IF_HALF} (level 3 from "
        f"{_threshold(grave_at)}); general knowledge {knowledge} (from "
        f"{_threshold(section.knowledge_at)} on nobody's matter)"
    )
