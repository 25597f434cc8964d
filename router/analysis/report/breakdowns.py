"""Breaks a report down by name; each breakdown adds up to the whole.

For people, names beyond MAX_SHOWN share one line; files for programs name all. Rows that older
versions of the ledger purged before they were counted by that name share another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from router.analysis.report.figures import GroupFigures, NamedFigures, Report
from router.analysis.report.tallies import Tally, escalated, group_figures, merged
from router.ledger.aggregates import Cell, Kind, tags_of
from router.rendering.figures_in_words import clean

MAX_SHOWN = 20
"""Bounds the names that a person is shown; the others share one line, so that sums stay whole."""

MAX_DAYS = 62
"""Bounds the days of a breakdown; a longer period is shown by month."""

NOT_COUNTED = "(purged before it was counted)"
"""Labels requests whose rows an older version purged: it kept no sums by this name."""

NO_TAG, NO_KEY = "(no tag)", "(no key)"
WITHOUT_KEY = ("none", "(none)")
"""Lists key ids of requests without a key: of a server without keys, and of rows without an id."""

UNDATED = "(no date)"


class Cut:
    """Turns cells into figures, with shares of the whole."""

    def __init__(self, tally: Tally, total: Cell, most_names: int | None = MAX_SHOWN) -> None:
        """Sets what is cut; a breakdown names `most_names`, all of them for None."""
        self.tally = tally
        self.total = total
        self.most_names = most_names

    def in_report(self, report: Report, key_names: Mapping[str, str]) -> Report:
        """Returns the report with its breakdowns by name."""
        groups = self.tally.groups
        return replace(
            report,
            domains=self.named(groups[Kind.DOMAIN], by_requests=True),
            request_types=self.named(groups[Kind.REQUEST_TYPE], by_requests=True),
            tenants=self.named(self.tally.tenants),
            keys=self.keys(key_names),
            models=self.named(self.tally.models()),
            adapters=self.named(self.tally.adapters()),
            policies=self.named(groups[Kind.POLICY]),
            tags=self.tags(),
            each_tag=self.each_tag(),
            endpoints=self.named(groups[Kind.ENDPOINT]),
        )

    def group(self, cell: Cell) -> GroupFigures:
        """Returns one group as figures."""
        return group_figures(cell, self.total.requests, escalated(cell))

    def named(
        self, groups: Mapping[str, Cell], *, by_requests: bool = False, whole: bool = True
    ) -> tuple[NamedFigures, ...]:
        """Returns the groups by spend (or by requests), `most_names` of them, the rest in one line.

        `whole` requires that they add up to all requests.
        """
        by_name: dict[str, Cell] = {}
        for name, cell in groups.items():
            # Cleaning may make two names equal; one line must then hold both.
            by_name.setdefault(clean(name), Cell()).merge(cell)
        ordered = sorted(
            by_name.items(),
            key=lambda item: (
                0 if by_requests else -item[1].spend_nano_usd,
                -item[1].requests,
                item[0],
            ),
        )
        most = len(ordered) if self.most_names is None else self.most_names
        shown, rest = ordered[:most], ordered[most:]
        # One other name takes the same room as the line "(1 others)".
        if len(rest) == 1:
            shown, rest = ordered, []
        lines = [NamedFigures(name, self.group(cell)) for name, cell in shown]
        if rest:
            others = merged(cell for _, cell in rest)
            lines.append(NamedFigures(f"({len(rest)} others)", self.group(others)))
        return self._whole(lines) if whole else tuple(lines)

    def _whole(self, lines: list[NamedFigures]) -> tuple[NamedFigures, ...]:
        """Returns these lines, and one more for requests that are in none of them."""
        left = Cell(
            requests=self.total.requests - sum(line.figures.requests for line in lines),
            spend_nano_usd=self.total.spend_nano_usd
            - sum(line.figures.spend_nano_usd for line in lines),
            unknown_cost=self.total.unknown_cost - sum(line.figures.unknown_cost for line in lines),
            judged=self.total.judged - sum(line.figures.judged for line in lines),
            accepted=self.total.accepted - sum(line.figures.accepted for line in lines),
            refused=self.total.refused - sum(line.figures.refused for line in lines),
            failed=self.total.failed - sum(line.figures.failed for line in lines),
        )
        if left == Cell():
            return tuple(lines)
        raised = escalated(self.total)
        raised -= sum(line.figures.escalated for line in lines)
        rest = group_figures(left, self.total.requests, raised)
        return (*lines, NamedFigures(NOT_COUNTED, rest))

    def keys(self, names: Mapping[str, str]) -> tuple[NamedFigures, ...]:
        """Breaks down by key id, with the key's name; the id follows if two keys share a name."""
        lines = self.named(self.tally.groups[Kind.KEY])
        names_shown = [
            NO_KEY if line.name in WITHOUT_KEY else names.get(line.name, "") for line in lines
        ]
        return tuple(
            replace(line, label=_key_label(line.name, name, names_shown.count(name) > 1))
            for line, name in zip(lines, names_shown, strict=True)
        )

    def tags(self) -> tuple[NamedFigures, ...]:
        """Breaks down by all tags of a request together, so that each request is in one line."""
        return self.named(_renamed(self.tally.groups[Kind.TAG], _tags_shown))

    def each_tag(self) -> tuple[NamedFigures, ...]:
        """Counts a request under each of its tags, whatever other tags it has.

        Sets of tags that share one sum have a line of their own, so that nobody takes the lines of
        their tags for all that these cost.
        """
        by_tag: dict[str, Cell] = {}
        for name, cell in self.tally.groups[Kind.TAG].items():
            tags = tags_of(name)
            for tag in (name,) if tags is None else tags:
                by_tag.setdefault(tag, Cell()).merge(cell)
        return self.named(by_tag, whole=False)

    def days(self, by_day: Mapping[date | None, Cell]) -> tuple[NamedFigures, ...]:
        """Breaks down in the order of time; by month beyond MAX_DAYS."""
        names: dict[str, Cell] = {}
        monthly = len(by_day) > MAX_DAYS
        # Days that no calendar holds come last.
        for day, cell in sorted(by_day.items(), key=lambda item: item[0] or date.max):
            name = UNDATED if day is None else f"{day:%Y-%m}" if monthly else day.isoformat()
            names.setdefault(name, Cell()).merge(cell)
        return tuple(NamedFigures(name, self.group(cell)) for name, cell in names.items())


def _renamed(groups: Mapping[str, Cell], shown: Callable[[str], str]) -> dict[str, Cell]:
    by_name: dict[str, Cell] = {}
    for name, cell in groups.items():
        by_name.setdefault(shown(name), Cell()).merge(cell)
    return by_name


def _tags_shown(name: str) -> str:
    """Formats `["a","b"]` as `a + b`."""
    tags = tags_of(name)
    return name if tags is None else " + ".join(tags) or NO_TAG


def _key_label(key_id: str, name: str, shared: bool) -> str:
    if not name or name == NO_KEY:
        return name
    return f"{clean(name)} ({key_id})" if shared else clean(name)
