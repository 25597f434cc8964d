"""What heads said of a request, by name, and whether a policy's condition on it holds. Pure.

Only what the signals carry is asked, so that a stored row answers as the request did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from router.policy.sections.heads import HeadCondition
from router.types import HeadReading, Signals

Chances = Sequence[tuple[str, float]]
"""Classes with their chances, likeliest first; of a chance head one class."""


def readings_of(signals: Signals) -> dict[str, Chances]:
    """What every head said, built-in ones included, by the names that policies use."""
    return {
        "request_type": ((signals.request_type.value, signals.request_type_p),),
        "domain": ((signals.domain.value, signals.domain_p),),
        "novelty": (("novel", signals.novelty),),
        "stakes": (("high", signals.stakes_high),),
        "multi_factor": (("yes", signals.multi_factor),),
        "strategic": (("yes", signals.strategic),),
        "toxic": (("toxic", signals.toxic),),
        "spam": (("spam", signals.spam),),
        **{reading.name: reading.classes for reading in signals.heads},
    }


def any_holds(conditions: Iterable[HeadCondition], signals: Signals) -> bool:
    """Whether one of the conditions holds of a request's signals."""
    readings = readings_of(signals)
    return any(holds(condition, readings) for condition in conditions)


def holds(condition: HeadCondition, readings: Mapping[str, Chances]) -> bool:
    """Whether the head gives one of the classes (of one chance: it) at least `at`.

    >>> asked = HeadCondition(head="department", classes=["security"], at=0.5)
    >>> holds(asked, {"department": [("security", 0.6), ("sales", 0.3)]}), holds(asked, {})
    (True, False)
    """
    return any(
        p >= condition.at
        for label, p in readings.get(condition.head, ())
        if not condition.classes or label in condition.classes
    )


def highest(groups: Iterable[tuple[HeadReading, ...]]) -> tuple[HeadReading, ...]:
    """Every head with the highest chance that any of several texts gave each of its classes.

    >>> a, b = HeadReading("x", (("p", 0.9), ("q", 0.1))), HeadReading("x", (("q", 0.7),))
    >>> highest([(a,), (b,)])
    (HeadReading(name='x', classes=(('p', 0.9), ('q', 0.7))),)
    """
    found: dict[str, dict[str, float]] = {}
    for group in groups:
        for reading in group:
            chances = found.setdefault(reading.name, {})
            for label, p in reading.classes:
                chances[label] = max(p, chances.get(label, 0.0))
    return tuple(
        HeadReading(name, tuple(sorted(chances.items(), key=lambda pair: -pair[1])))
        for name, chances in found.items()
    )
