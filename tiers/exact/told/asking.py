"""Asks the tools for sums that are told in sentences; the first form that fits answers."""

from __future__ import annotations

from collections.abc import Callable, Collection

from msgspec import Struct

from router.regexes.digits import has_digit
from router.regexes.late import late_regex
from tiers.exact import numbers
from tiers.exact.goods import contents
from tiers.exact.numbers import digits_for_words
from tiers.exact.phrased.figures import core_of
from tiers.exact.told import (
    areas,
    budgets,
    clock_sums,
    fractions_of_one,
    growth,
    in_turn,
    mixed_units,
    months,
    numerals,
    proportions,
    remainders,
    stated_day,
    statistics,
    travel,
)
from tiers.exact.wording import MAX_CHARACTERS, begins, holds


class _Tool(Struct, frozen=True):
    """Holds a function that answers in the name of a tool, and what any form of it fits has."""

    name: str  # in a policy
    answer: Callable[[str], str | None]
    cues: tuple[str, ...]
    beginnings: tuple[str, ...]


_TOOLS = (
    _Tool("arithmetic", in_turn.in_turn, in_turn.CUES, in_turn.BEGINNINGS),
    _Tool("arithmetic", contents.contents, contents.CUES, contents.BEGINNINGS),
    _Tool("arithmetic", budgets.budget, budgets.CUES, budgets.BEGINNINGS),
    _Tool("percentages", growth.growth, growth.CUES, growth.BEGINNINGS),
    _Tool("arithmetic", travel.journey, travel.CUES, travel.BEGINNINGS),
    _Tool("arithmetic", remainders.remainder, remainders.CUES, remainders.BEGINNINGS),
    _Tool("dates", months.months_between, months.CUES, months.BEGINNINGS),
    _Tool("dates", clock_sums.clock_sum, clock_sums.CUES, clock_sums.BEGINNINGS),
    _Tool("arithmetic", proportions.proportion, proportions.CUES, proportions.BEGINNINGS),
    _Tool("arithmetic", areas.area, areas.CUES, areas.BEGINNINGS),
    _Tool("arithmetic", numerals.numeral, numerals.CUES, numerals.BEGINNINGS),
    _Tool("arithmetic", statistics.counted, statistics.CUES, statistics.BEGINNINGS),
    _Tool("units", mixed_units.mixed, mixed_units.CUES, mixed_units.BEGINNINGS),
    _Tool(
        "dates",
        stated_day.weekday_then,
        stated_day.WEEKDAY_CUES,
        stated_day.WEEKDAY_BEGINNINGS,
    ),
    _Tool(
        "percentages",
        fractions_of_one.turned,
        fractions_of_one.CUES,
        fractions_of_one.BEGINNINGS,
    ),
)


_BEGINNINGS = tuple({*numbers.BEGINNINGS}.union(*(tool.beginnings for tool in _TOOLS)))
"""Begin what any form fits, also before numbers in words are digits."""
_WITHOUT_DIGITS = ("roman ", stated_day.CUE, "dozen")
"""Stand in a question that has no digit."""
_ASKS = late_regex(
    r"\?|\b(?:what|what's|how|calculate|work out|convert|double|triple|halve|add|subtract|multiply"
    r"|divide|start|take)\b"
)
"""Finds that something is asked, or is to be done to a number."""


def compile_forms() -> None:
    """Compiles the forms of all tools; otherwise the first question waits."""
    for tool in _TOOLS:
        tool.answer("1 2")


def told(text: str, tools: Collection[str], *, opens: bool) -> tuple[str, str] | None:
    """Returns the tool and its answer to a sum in sentences of English, else None.

    Where it does not open a conversation it must ask: "12 payments of 49.99" may be a reply.

    >>> told("Start with 12, add 5 and then halve it.", ["arithmetic"], opens=True)
    ('arithmetic', '(12 + 5) / 2 = 8.5')
    """
    if len(text) > MAX_CHARACTERS or not (opens or _ASKS.search(text.lower())):
        return None
    plain = core_of(text)
    if not begins(plain, _BEGINNINGS):
        return None
    core = digits_for_words(plain)
    if not has_digit(core) and not holds(core, _WITHOUT_DIGITS):
        return None
    for tool in _TOOLS:
        if tool.name in tools and begins(core, tool.beginnings) and holds(core, tool.cues):
            answered = tool.answer(core)
            if answered is not None:
                return tool.name, answered
    return None
