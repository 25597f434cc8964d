"""Breakdowns of a report by name, each of which adds up to the whole.

Names beyond MAX_SHOWN are one line, and so is what older versions of the ledger did not count by
that name before they purged its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from router.analysis.report.figures import GroupFigures, NamedFigures
from router.analysis.report.tallies import Tally, escalated, group_figures, merged
from router.ledger.aggregates import Cell, Kind, tags_of
from router.rendering.figures_in_words import clean

MAX_SHOWN = 20
"""Names that a breakdown shows; the others are one line, so that sums stay whole."""

MAX_DAYS = 62
"""More days than this are shown by month."""

NOT_COUNTED = "(purged before it was counted)"
"""Requests whose rows an older version purged: it kept no sums by this name."""

NO_TAG, NO_KEY = "(no tag)", "(no key)"
WITHOUT_KEY = ("none", "(none)")
"""Key ids of requests that needed no key: of a server without keys, and of rows without an id."""

UNDATED = "(no date)"


class Cut:
    """Cells as figures, shares of the whole."""

    def __init__(self, tally: Tally, total: Cell, lowest_level: int) -> None:
        self.tally = tally
        self.total = total
        self.lowest_level = lowest_level

    def group(self, cell: Cell) -> GroupFigures:
        """One group as figures."""
        return group_figures(cell, self.total.requests, escalated(cell, self.lowest_level))

    def named(
        self, groups: Mapping[str, Cell], *, by_requests: bool = False, whole: bool = True
    ) -> tuple[NamedFigures, ...]:
        """The groups by spend (or by requests), MAX_SHOWN of them, the others in one line.

        `whole` says that they must add up to all requests.
        """
        by_name: dict[str, Cell] = {}
        for name, cell in groups.items():
            by_name.setdefault(clean(name), Cell()).merge(cell)
        ordered = sorted(
            by_name.items(),
            key=lambda item: (
                0 if by_requests else -item[1].spend_nano_usd,
                -item[1].requests,
                item[0],
            ),
        )
        shown, rest = ordered[:MAX_SHOWN], ordered[MAX_SHOWN:]
        if len(rest) == 1:
            shown, rest = ordered, []
        found = [NamedFigures(name, self.group(cell)) for name, cell in shown]
        if rest:
            others = merged(cell for _, cell in rest)
            found.append(NamedFigures(f"({len(rest)} others)", self.group(others)))
        return self._whole(found) if whole else tuple(found)

    def _whole(self, found: list[NamedFigures]) -> tuple[NamedFigures, ...]:
        """These lines, and one more for what is in none of them."""
        left = Cell(
            requests=self.total.requests - sum(one.figures.requests for one in found),
            spend_nano_usd=self.total.spend_nano_usd
            - sum(one.figures.spend_nano_usd for one in found),
            unknown_cost=self.total.unknown_cost - sum(one.figures.unknown_cost for one in found),
            judged=self.total.judged - sum(one.figures.judged for one in found),
            accepted=self.total.accepted - sum(one.figures.accepted for one in found),
            refused=self.total.refused - sum(one.figures.refused for one in found),
            failed=self.total.failed - sum(one.figures.failed for one in found),
        )
        if left == Cell():
            return tuple(found)
        climbed = escalated(self.total, self.lowest_level)
        climbed -= sum(one.figures.escalated for one in found)
        rest = group_figures(left, self.total.requests, climbed)
        return (*found, NamedFigures(NOT_COUNTED, rest))

    def keys(self, names: Mapping[str, str]) -> tuple[NamedFigures, ...]:
        """By key id, with the key's own name for people, and the id beside a name that two have."""
        found = self.named(self.tally.groups[Kind.KEY])
        called = [NO_KEY if one.name in WITHOUT_KEY else names.get(one.name, "") for one in found]
        return tuple(
            replace(one, label=_key_label(one.name, name, called.count(name) > 1))
            for one, name in zip(found, called, strict=True)
        )

    def tags(self) -> tuple[NamedFigures, ...]:
        """By all tags of a request together, so that each request is in one line."""
        return self.named(_renamed(self.tally.groups[Kind.TAG], _tags_shown))

    def each_tag(self) -> tuple[NamedFigures, ...]:
        """A request under each of its tags: who used a tag, whatever tags stood beside it."""
        found: dict[str, Cell] = {}
        for name, cell in self.tally.groups[Kind.TAG].items():
            for tag in tags_of(name) or ():
                found.setdefault(tag, Cell()).merge(cell)
        return self.named(found, whole=False)

    def days(self, by_day: Mapping[date | None, Cell]) -> tuple[NamedFigures, ...]:
        """In the order of time; by month beyond MAX_DAYS."""
        names: dict[str, Cell] = {}
        monthly = len(by_day) > MAX_DAYS
        for day, cell in sorted(by_day.items(), key=lambda item: item[0] or date.max):
            name = UNDATED if day is None else f"{day:%Y-%m}" if monthly else day.isoformat()
            names.setdefault(name, Cell()).merge(cell)
        return tuple(NamedFigures(name, self.group(cell)) for name, cell in names.items())


def _renamed(groups: Mapping[str, Cell], shown: Callable[[str], str]) -> dict[str, Cell]:
    found: dict[str, Cell] = {}
    for name, cell in groups.items():
        found.setdefault(shown(name), Cell()).merge(cell)
    return found


def _tags_shown(name: str) -> str:
    """'["a","b"]' as "a + b"."""
    tags = tags_of(name)
    return name if tags is None else " + ".join(tags) or NO_TAG


def _key_label(key_id: str, name: str, shared: bool) -> str:
    if not name or name == NO_KEY:
        return name
    return f"{clean(name)} ({key_id})" if shared else clean(name)
