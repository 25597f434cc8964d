"""Asks the tools for everyday sums in four languages; the first form that fits answers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date

from router.regexes.late import late_regex
from tiers.exact.phrased.clocks import clock, clock_forms
from tiers.exact.phrased.day_sums import dated, day_forms
from tiers.exact.phrased.everyday import everyday, everyday_forms, split_among
from tiers.exact.phrased.figures import MAX_CHARACTERS, core_of
from tiers.exact.phrased.rates import rate_forms, rated

LANGUAGES = ("en", "de", "fr", "es")
_TOOLS: tuple[tuple[str, Callable[[str, str, date], str | None]], ...] = (
    ("dates", dated),
    ("dates", clock),
    ("percentages", lambda core, language, today: rated(core, language)),
    ("units", lambda core, language, today: everyday(core, language)),
    ("arithmetic", lambda core, language, today: split_among(core) if language == "en" else None),
)
"""Lists the names of tools in a policy, each with a function that answers in its name."""

_NUMBERED = late_regex(
    r"(?i)\d|weihnacht|silvester|neujahr|heiligabend|no[eë]l|nouvel an|jour de l.an|navidad"
    r"|noche(?:buena|vieja)|a[nñ]o nuevo"
)
"""Found in what any form fits: a number, or a feast whose day has one."""


def compile_forms() -> None:
    """Compiles the forms of all languages, which takes a tenth of a second."""
    for language in LANGUAGES:
        for expressions in (
            *rate_forms(language).values(),
            *day_forms(language).values(),
            *everyday_forms(language).values(),
            clock_forms(language),
        ):
            for expression in expressions:
                expression.fullmatch("")


def phrased(text: str, today: date, tools: Collection[str]) -> tuple[str, str] | None:
    """Returns the tool and its answer to a question in everyday words, else None.

    >>> phrased("20% Rabatt auf 85 Euro", date(2026, 12, 30), ["percentages"])
    ('percentages', '85 € minus 20 % = 68 €')
    """
    if len(text) > MAX_CHARACTERS or _NUMBERED.search(text) is None:
        return None
    core = core_of(text)
    for language in LANGUAGES:
        for tool, answer in _TOOLS:
            answered = answer(core, language, today) if tool in tools else None
            if answered is not None:
                return tool, answered
    return None
