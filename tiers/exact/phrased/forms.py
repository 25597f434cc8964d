"""Turns forms of questions into expressions, and finds the one that all of a question fits.

In a form `<x>` and `<y>` are sums, `<p>` and `<q>` percentages, `<n>` a count of people or parts,
`<t>` a count of years or months, `<thing>` a few words that name goods, `<d>` and `<e>` dates. It
knows nothing about what is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import count as count_from

from router.regexes.late import late_regex
from tiers.exact.phrased.figures import PERCENT, SUM

_COUNTS = {
    **{"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "ten": 10},
    **{"nine": 9, "neun": 9, "neuf": 9, "nueve": 9},
    **{"zwei": 2, "drei": 3, "vier": 4, "funf": 5, "sechs": 6, "sieben": 7, "acht": 8, "zehn": 10},
    **{"zweit": 2, "dritt": 3, "viert": 4, "funft": 5, "sechst": 6},
    **{"deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "sept": 7, "huit": 8, "dix": 10},
    **{"dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "diez": 10},
    **{"one": 1, "a": 1, "ein": 1, "einem": 1, "einer": 1, "eine": 1, "un": 1, "une": 1, "una": 1},
}
COUNT_WORDS = "|".join(sorted(_COUNTS, key=len, reverse=True))
"""Words of all languages that count, as one expression."""
_COUNT = rf"\d{{1,4}}|{COUNT_WORDS}"
_SLOTS = {
    "x": SUM,
    "y": SUM,
    "p": PERCENT,
    "q": PERCENT,
    "n": _COUNT,
    "t": rf"\d{{1,3}}(?:[.,]\d)?|{_COUNT}",
    "thing": r"(?:[a-z'-]+ ){0,3}?[a-z'-]{3,}",
    "d": r"[\w./, '-]{1,40}?",
    "e": r"[\w./, '-]{1,40}?",
}
_SLOT = re.compile(r"(?<!P)<([a-z]+)>")


def compiled(forms: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    """Returns the forms as expressions with a group for each place; one may stand in two ways."""
    return tuple(map(_compiled, forms))


def _compiled(form: str) -> re.Pattern[str]:
    numbers = count_from(1)
    return late_regex(
        _SLOT.sub(lambda match: f"(?P<{match[1]}_{next(numbers)}>{_SLOTS[match[1]]})", form)
    )


def fitting(forms: Sequence[re.Pattern[str]], core: str) -> dict[str, str] | None:
    """Returns the places of the first form that all of a question fits; None without any."""
    for form in forms:
        match = form.fullmatch(core)
        if match is not None:
            groups = match.groupdict()
            return {name.partition("_")[0]: text for name, text in groups.items() if text}
    return None


def count(text: str) -> int:
    """Returns a count in digits or in words."""
    return int(text) if text.isdigit() else _COUNTS[text]
