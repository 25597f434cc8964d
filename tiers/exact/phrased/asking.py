"""Asks the tools for everyday sums in four languages; the first form that fits answers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date

from tiers.exact.numbers import DIGIT
from tiers.exact.phrased import day_sums, everyday, rates
from tiers.exact.phrased.clocks import clock, clock_forms, may_be_clock
from tiers.exact.phrased.figures import MAX_CHARACTERS, core_of
from tiers.exact.wording import holds

LANGUAGES = ("en", "de", "fr", "es")
_TOOLS: tuple[
    tuple[str, Callable[[str], bool], Callable[[str, str, date], str | None]],
    ...,
] = (
    ("dates", lambda core: holds(core, day_sums.CUES), day_sums.dated),
    ("dates", may_be_clock, clock),
    (
        "percentages",
        lambda core: holds(core, rates.CUES),
        lambda core, language, today: rates.rated(core, language),
    ),
    (
        "units",
        lambda core: holds(core, everyday.CUES),
        lambda core, language, today: everyday.everyday(core, language),
    ),
    (
        "arithmetic",
        lambda core: holds(core, everyday.SHARED_CUES),
        lambda core, language, today: everyday.split_among(core) if language == "en" else None,
    ),
)
"""Lists the names of tools in a policy, each with a function that tells in one look at a question
that no form fits, in any language, and one that answers in its name."""

_FEASTS = (
    *("weihnacht", "silvester", "neujahr", "heiligabend", "noel", "noël", "nouvel an", "jour de l"),
    *("navidad", "nochebuena", "nochevieja", "ano nuevo", "año nuevo"),
)
"""Days that a form reads as it reads numbers."""


def compile_forms() -> None:
    """Compiles the forms of all languages, which takes a tenth of a second."""
    for language in LANGUAGES:
        for expressions in (
            *rates.rate_forms(language).values(),
            *day_sums.day_forms(language).values(),
            *everyday.everyday_forms(language).values(),
            clock_forms(language),
        ):
            for expression in expressions:
                expression.fullmatch("")


def phrased(text: str, today: date, tools: Collection[str]) -> tuple[str, str] | None:
    """Returns the tool and its answer to a question in everyday words, else None.

    >>> phrased("20% Rabatt auf 85 Euro", date(2026, 12, 30), ["percentages"])
    ('percentages', '85 € minus 20 % = 68 €')
    """
    if len(text) > MAX_CHARACTERS or not (DIGIT.search(text) or holds(text.lower(), _FEASTS)):
        return None
    core = core_of(text)
    asked = [(tool, answer) for tool, may, answer in _TOOLS if tool in tools and may(core)]
    for language in LANGUAGES if asked else ():
        for tool, answer in asked:
            answered = answer(core, language, today)
            if answered is not None:
                return tool, answered
    return None
