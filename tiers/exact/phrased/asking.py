"""Asks the tools for everyday sums in four languages; the first form that fits answers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date

from msgspec import Struct

from router.regexes.digits import has_digit
from tiers.exact.phrased import (
    clocks,
    day_sums,
    everyday,
    number_facts,
    parts,
    payments,
    rates,
    regular,
    spans,
    times,
)
from tiers.exact.phrased.days import FEASTS
from tiers.exact.phrased.figures import MAX_CHARACTERS, core_of
from tiers.exact.wording import begins, holds

LANGUAGES = ("en", "de", "fr", "es")


class _Tool(Struct, frozen=True):
    """Holds a function that answers in the name of a tool, and how all begins that it answers.

    No form of any language fits a text with another beginning, or without one of the cues.
    """

    name: str  # in a policy
    answer: Callable[[str, str, date], str | None]
    cues: tuple[str, ...]
    beginnings: tuple[str, ...] = ("",)

    def may_answer(self, core: str) -> bool:
        """Returns False for a question that no form fits, after one look at it."""
        return begins(core, self.beginnings) and holds(core, self.cues)


_TOOLS = (
    _Tool("dates", day_sums.dated, day_sums.CUES, day_sums.BEGINNINGS),
    _Tool("dates", clocks.clock, clocks.CUES, clocks.BEGINNINGS),
    _Tool("percentages", lambda core, language, today: rates.rated(core, language), rates.CUES),
    _Tool(
        "units",
        lambda core, language, today: everyday.everyday(core, language),
        everyday.CUES,
        everyday.BEGINNINGS,
    ),
    _Tool(
        "arithmetic",
        lambda core, language, today: everyday.split_among(core) if language == "en" else None,
        everyday.SHARED_CUES,
        everyday.SHARED_BEGINNINGS,
    ),
    _Tool("dates", spans.span, spans.CUES, spans.BEGINNINGS),
    _Tool(
        "arithmetic",
        lambda core, language, today: payments.payment(core, language),
        payments.CUES,
        payments.BEGINNINGS,
    ),
    _Tool(
        "arithmetic",
        lambda core, language, today: parts.part(core, language),
        parts.CUES,
        parts.BEGINNINGS,
    ),
    _Tool(
        "dates",
        lambda core, language, today: times.time_sum(core, language),
        times.CUES,
        times.BEGINNINGS,
    ),
    _Tool(
        "arithmetic",
        lambda core, language, today: number_facts.number_fact(core, language),
        number_facts.CUES,
        number_facts.BEGINNINGS,
    ),
    _Tool(
        "arithmetic",
        lambda core, language, today: regular.regular(core, language),
        regular.CUES,
        regular.BEGINNINGS,
    ),
)


def compile_forms() -> None:
    """Compiles the forms of all languages, which takes a tenth of a second."""
    for language in LANGUAGES:
        for expressions in (
            *rates.rate_forms(language).values(),
            *day_sums.day_forms(language).values(),
            *everyday.everyday_forms(language).values(),
            *payments.payment_forms(language).values(),
            *parts.part_forms(language).values(),
            *regular.regular_forms(language).values(),
            *number_facts.fact_forms(language).values(),
            times.time_forms(language),
            clocks.clock_forms(language),
            spans.span_forms(language),
        ):
            for expression in expressions:
                expression.fullmatch("")


def phrased(text: str, today: date, tools: Collection[str]) -> tuple[str, str] | None:
    """Returns the tool and its answer to a question in everyday words, else None.

    >>> phrased("20% Rabatt auf 85 Euro", date(2026, 12, 30), ["percentages"])
    ('percentages', '85 € minus 20 % = 68 €')
    """
    if len(text) > MAX_CHARACTERS:
        return None
    core = core_of(text)
    if not (has_digit(core) or holds(core, FEASTS)):
        return None  # a form has a number, or a day that has one
    asked = [tool for tool in _TOOLS if tool.name in tools and tool.may_answer(core)]
    for language in LANGUAGES if asked else ():
        for tool in asked:
            answered = tool.answer(core, language, today)
            if answered is not None:
                return tool.name, answered
    return None
