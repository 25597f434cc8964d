"""Tests a policy's conditions on the heads' readings of a request, and says from which chance a
head changes what the policy does. Pure.

It reads only values in the signals, so a stored row gives the same result as the request did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from router.policy.content.shelf_veto import HARM, HARM_AT
from router.policy.content.term_files import list_of
from router.policy.schema import Policy
from router.policy.sections.rules.heads import HeadCondition
from router.types import RISK_DOMAINS, HeadReading, Signals

Chances = Sequence[tuple[str, float]]
"""Lists classes with their chances, likeliest first. A head of one chance has one class."""

NONE_FOUND: Chances = (("none", 0.0),)
"""What a built-in head of several classes says where it finds none of them."""


def _matter(signals: Signals) -> Chances:
    return NONE_FOUND if signals.matter is None else ((signals.matter.value, signals.grave),)


def _domain(signals: Signals) -> Chances:
    """Returns the domain; nothing where it is a guess, but for one of high risk, which warns."""
    told = signals.domain_read or signals.domain in RISK_DOMAINS
    return ((signals.domain.value, signals.domain_p),) if told else ()


def _type(signals: Signals) -> Chances:
    told = signals.request_type_read
    return ((signals.request_type.value, signals.request_type_p),) if told else ()


_BUILT_IN: Mapping[str, Callable[[Signals], Chances]] = {
    "request_type": _type,
    "domain": _domain,
    "novelty": lambda signals: (("novel", signals.novelty),),
    "stakes": lambda signals: (("high", signals.stakes_high),),
    "multi_factor": lambda signals: (("yes", signals.multi_factor),),
    "strategic": lambda signals: (("yes", signals.strategic),),
    "toxic": lambda signals: (("toxic", signals.toxic),),
    "spam": lambda signals: (("spam", signals.spam),),
    "grave": lambda signals: (("grave", signals.grave),),
    "knowledge": lambda signals: (("knowledge", signals.knowledge),),
    "matter": _matter,
    "terms": lambda signals: lists_of(signals.risk_terms),
}


def lists_of(names: Iterable[str]) -> Chances:
    """Returns the term lists that were found, those by language under one name.

    >>> lists_of(["self_harm", "self_harm:de", "legal"])
    (('self_harm', 1.0), ('legal', 1.0))
    """
    return tuple((name, 1.0) for name in dict.fromkeys(map(list_of, names))) or NONE_FOUND


def readings_of(signals: Signals) -> dict[str, Chances]:
    """Returns the readings of every head, also the built-in ones, by their names in policies."""
    built_in = {name: read(signals) for name, read in _BUILT_IN.items()}
    return built_in | {reading.name: reading.classes for reading in signals.heads}


def reading_of(signals: Signals, head: str) -> Chances:
    """Returns the reading of one head, nothing where it read nothing."""
    for reading in signals.heads:
        if reading.name == head:
            return reading.classes
    built_in = _BUILT_IN.get(head)
    return () if built_in is None else built_in(signals)


def lists_asked(policy: Policy) -> frozenset[str]:
    """Returns the term lists that a rule of the policy looks for."""
    safety = policy.safety
    conditions: list[HeadCondition] = [*safety.refuse, *safety.self_harm, *safety.security]
    conditions += [one for rule in policy.hard_rules for one in rule.heads]
    for endpoint in policy.endpoints:
        rules = () if endpoint.verdict is None else endpoint.verdict.rules
        rows = (row for rule in rules for row in rule.any)
        conditions += [row.head for row in rows if row.head is not None]
    if policy.specialist is not None:
        conditions += [one for rule in policy.specialist.verdict.rules for one in rule.any]
    named = {name for one in conditions if one.head == "terms" for name in one.classes}
    return frozenset(named.union(*(rule.terms for rule in policy.hard_rules)))


def any_holds(conditions: Iterable[HeadCondition], signals: Signals) -> bool:
    """Returns True when one of the conditions holds for a request's signals."""
    return any(reached(condition, reading_of(signals, condition.head)) for condition in conditions)


def reached(condition: HeadCondition, chances: Chances) -> bool:
    """Returns True when one of the condition's classes has at least the chance `at`.

    A head that has read nothing has no chances. One that gives a single chance has one class.

    >>> wanted = HeadCondition(head="department", classes=["fraud", "security"], at=0.5)
    >>> reached(wanted, [("security", 0.6), ("sales", 0.3)]), reached(wanted, [])
    (True, False)
    """
    for label, p in chances:
        if p >= condition.at and (not condition.classes or label in condition.classes):
            return True
    return False


def highest(groups: Iterable[tuple[HeadReading, ...]]) -> tuple[HeadReading, ...]:
    """Returns every head, and for each class the highest chance among several texts.

    >>> a, b = HeadReading("x", (("p", 0.9), ("q", 0.1))), HeadReading("x", (("q", 0.7),))
    >>> highest([(a,), (b,)])
    (HeadReading(name='x', classes=(('p', 0.9), ('q', 0.7))),)
    """
    by_head: dict[str, dict[str, float]] = {}
    for group in groups:
        for reading in group:
            chances = by_head.setdefault(reading.name, {})
            for label, p in reading.classes:
                chances[label] = max(p, chances.get(label, 0.0))
    return tuple(
        HeadReading(name, tuple(sorted(chances.items(), key=lambda pair: -pair[1])))
        for name, chances in by_head.items()
    )


def likeliest_chance(signals: Signals, head: str | None) -> float | None:
    """Returns the chance of a head's likeliest class, None where it read nothing.

    Over several turns it is the highest chance: such a head names what goes wrong, and it stays so.
    """
    if head is None:
        return None
    return next((h.classes[0][1] for h in signals.heads if h.name == head and h.classes), None)


def lowest_heard(policy: Policy, name: str) -> float:
    """Returns the lowest chance of a head at which a condition of the policy holds, for English.

    The head gives one chance. Returns 0 where every chance counts: where an answerer's ability
    comes from the head, or where no condition names it.
    """
    if any(section.ability.head == name for _, section in policy.rungs()):
        return 0.0
    safety = policy.safety
    every = [*safety.refuse, *safety.self_harm, *safety.security]
    for rule in policy.hard_rules:
        every += rule.heads
    return min([condition.at for condition in every if condition.head == name], default=0.0)


def lowest_on_shelf(policy: Policy, name: str) -> float:
    """Returns the lowest chance that counts for a text that is near to an approved question."""
    lowest = lowest_heard(policy, name)
    return min(lowest, HARM_AT) if name == HARM else lowest
