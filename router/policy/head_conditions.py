"""Tests a policy's conditions on the heads' readings of a request. Pure.

It reads only values in the signals, so a stored row gives the same result as the request did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from router.policy.sections.heads import HeadCondition
from router.types import HeadReading, Signals

Chances = Sequence[tuple[str, float]]
"""Lists classes with their chances, likeliest first. A head of one chance has one class."""


def readings_of(signals: Signals) -> dict[str, Chances]:
    """Returns the readings of every head, also the built-in ones, by their names in policies."""
    return {
        "request_type": ((signals.request_type.value, signals.request_type_p),),
        "domain": ((signals.domain.value, signals.domain_p),),
        "novelty": (("novel", signals.novelty),),
        "stakes": (("high", signals.stakes_high),),
        "multi_factor": (("yes", signals.multi_factor),),
        "strategic": (("yes", signals.strategic),),
        "toxic": (("toxic", signals.toxic),),
        "spam": (("spam", signals.spam),),
        "grave": (("grave", signals.grave),),
        "knowledge": (("knowledge", signals.knowledge),),
        **{reading.name: reading.classes for reading in signals.heads},
    }


def any_holds(conditions: Iterable[HeadCondition], signals: Signals) -> bool:
    """Returns True when one of the conditions holds for a request's signals."""
    readings = readings_of(signals)
    return any(holds(condition, readings) for condition in conditions)


def holds(condition: HeadCondition, readings: Mapping[str, Chances]) -> bool:
    """Returns True when the head gives one of the classes at least `at`.

    A head of one chance counts by that chance.

    >>> wanted = HeadCondition(head="department", classes=["security"], at=0.5)
    >>> holds(wanted, {"department": [("security", 0.6), ("sales", 0.3)]}), holds(wanted, {})
    (True, False)
    """
    return any(
        p >= condition.at
        for label, p in readings.get(condition.head, ())
        if not condition.classes or label in condition.classes
    )


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
