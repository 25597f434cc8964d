"""Reads all that rules find for one endpoint in one text. Pure; labels of heads come later."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from router.extraction.amounts import amounts
from router.extraction.confidence import Counts, rated
from router.extraction.dates import dates
from router.extraction.details import personal_details, quantities, references
from router.extraction.items import Item
from router.extraction.obligations import obligations
from router.extraction.parties import parties
from router.extraction.patterns import Patterns
from router.policy.sections.answering.endpoints import EndpointSection, FigureSection
from router.privacy.entities import detector
from router.privacy.entities.kinds import Entity
from router.triage.text.amounts import AmountReader

Facts = Mapping[str, object]

_READERS: dict[str, Callable[[str], list[Item]]] = {
    "date": dates,
    "obligation": obligations,
    "quantity": quantities,
    "reference": references,
}


class Reading(Struct, frozen=True):
    """Holds what rules read in one text for one endpoint."""

    items: Mapping[str, tuple[Item, ...]]  # by field, `findings` among them
    figures: Mapping[str, float | None]  # None: a fact is missing, or the one below the line is 0
    parties: int = 0  # in the text, whether or not the endpoint gives them


def read(
    section: EndpointSection,
    text: str,
    facts: Facts,
    reader: AmountReader,
    patterns: Patterns | None,
    counts: Counts | None = None,
) -> Reading:
    """Returns all that rules read. `reader` has the policy's currencies."""
    # People are parties and personal details: the detector reads a text once for both.
    known: list[tuple[Entity, ...]] = []

    def details() -> tuple[Entity, ...]:
        if not known:
            known.append(detector.find(text))
        return known[0]

    readers: dict[str, Callable[[str], list[Item]]] = {
        **_READERS,
        "amount": lambda text: list(amounts(text, reader)),
        "party": lambda text: parties(text, details()),
        "personal_detail": lambda text: personal_details(text, details()),
    }
    items: dict[str, tuple[Item, ...]] = {}
    for name, kind in section.extract.items():
        items[name] = tuple(rated(readers[kind](text), counts))
    if patterns is not None:
        items["findings"] = tuple(rated(patterns.find(text), counts))
    count = 0
    if section.stakes.per_party_usd:
        named = next((name for name, kind in section.extract.items() if kind == "party"), None)
        count = len(readers["party"](text) if named is None else items[named])
    return Reading(items, figures(section.figures, facts), count)


def figures(sections: Mapping[str, FigureSection], facts: Facts) -> dict[str, float | None]:
    """Returns each figure to four digits.

    >>> ratio = FigureSection(of="debt", per="income", times=12)
    >>> figures({"ratio": ratio}, {"debt": 1, "income": 48})
    {'ratio': 0.25}
    """
    return {name: _figure(section, facts) for name, section in sections.items()}


def _figure(section: FigureSection, facts: Facts) -> float | None:
    above, below = _number(facts, section.of), _number(facts, section.per)
    more = 0.0 if section.plus is None else _number(facts, section.plus)
    if above is None or more is None or not below:
        return None
    return round((above + more) / below * section.times, 4)


def _number(facts: Facts, name: str) -> float | None:
    value = facts.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
