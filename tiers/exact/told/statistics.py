"""Tells the median, the mode and the range of a list, and other figures of counting.

Sums from one number to another, choices of some of many, cube roots, and fractions in lowest terms.
"""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from math import comb, gcd

from router.regexes.late import late_regex
from tiers.exact.arithmetic import shown_sum
from tiers.exact.numbers import NUMBER, Amount, number, written
from tiers.exact.wording import first_fit

MOST_CHOICES = 200
MOST_SUMMED = 10**9
_IS = r"(?:(?:what(?:'s| is)|whats|calculate|work out|find|give me) )?(?:the )?"
_N = r"(?:\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.\d{1,12})?"
_LIST = rf"(?P<list>{_N}(?:(?:, and |, ?|; ?| and | ){_N}){{1,30}})"
_FORMS = tuple(
    (kind, late_regex(form))
    for kind, form in (
        ("list", rf"{_IS}(?P<what>median|mode|range) (?:of|for)(?: the numbers)?:? {_LIST}"),
        (
            "series",
            rf"{_IS}(?:sum|total) of (?:all |the )?(?:numbers |integers |whole numbers )?"
            r"(?:from )?(?P<a>\d{1,9}) (?:to|through|up to) (?P<b>\d{1,9})",
        ),
        ("series", r"add (?:up )?(?:all )?(?:the )?numbers from (?P<a>\d{1,9}) to (?P<b>\d{1,9})"),
        ("choose", rf"{_IS}(?P<a>\d{{1,3}}) choose (?P<b>\d{{1,3}})"),
        (
            "choose",
            r"(?:in )?how many ways (?:can (?:i|you|we) |to )?(?:choose|pick|select) "
            r"(?P<b>\d{1,3}) (?:[a-z]+ )?(?:out of|of|from) (?P<a>\d{1,3})(?: [a-z]+)?",
        ),
        ("cube_root", rf"{_IS}(?:cube root|third root) (?:of|from) (?P<x>{NUMBER})"),
        (
            "lowest",
            r"(?:simplify|reduce)(?: the fraction)? (?P<a>\d{1,9}) ?/ ?(?P<b>\d{1,9})",
        ),
        (
            "lowest",
            rf"{_IS}(?P<a>\d{{1,9}}) ?/ ?(?P<b>\d{{1,9}}) (?:simplified|reduced|in (?:its )?"
            r"(?:simplest|lowest) (?:form|terms))",
        ),
    )
)
CUES = (
    *("median", "mode ", "range ", "sum of", "total of", "numbers from", "choose", "how many ways"),
    *("root ", "simplif", "reduce", "simplest", "lowest"),
)
"""One of them stands in what any form fits."""
BEGINNINGS = (
    *("what", "calculate ", "work out ", "find ", "give me ", "the ", "median ", "mode ", "range "),
    *("sum of ", "total of ", "add ", "how many ways ", "in how many ways ", "cube root "),
    *("third root ", "simplify ", "reduce "),
)
"""Begin what any form fits, besides numbers."""


def counted(text: str) -> str | None:
    """Returns a figure of a list or of counting, None for anything else.

    `text` is a question in small letters, with numbers in digits.

    >>> counted("median of 3, 9 and 5"), counted("simplify 18/24"), counted("10 choose 3")
    ('The median of 3, 5, 9 is 5', '18/24 = 3/4', '10 choose 3 = 120')
    """
    fit = first_fit(_FORMS, text)
    return None if fit is None else _answer(*fit)


def _of_list(match: re.Match[str]) -> str | None:
    values = sorted(number(part) for part in re.findall(_N, match["list"]))
    if len(values) < 2:
        return None
    listed, what = ", ".join(map(written, values)), match["what"]
    if what == "median":
        middle = len(values) // 2
        even = len(values) % 2 == 0
        value = (values[middle - 1] + values[middle]) / 2 if even else values[middle]
        return f"The median of {listed} is {written(value)}"
    if what == "range":
        return f"The range of {listed} is {written(values[-1] - values[0])}"
    counts = Counter(values)
    most = max(counts.values())
    modes = [written(value) for value, count in counts.items() if count == most]
    if most == 1:
        return f"{listed} has no mode: each number stands there once"
    return f"The mode of {listed} is {' and '.join(modes)}"


def _answer(kind: str, match: re.Match[str]) -> str | None:
    if kind == "list":
        return _of_list(match)
    if kind == "cube_root":
        return _cube_root(number(match["x"]))
    a, b = int(match["a"]), int(match["b"])
    if kind == "series":
        total = (a + b) * (b - a + 1) // 2
        return f"The numbers from {a:,} to {b:,} sum to {total:,}" if a < b <= MOST_SUMMED else None
    if kind == "choose":
        return f"{a} choose {b} = {comb(a, b):,}" if b <= a <= MOST_CHOICES else None
    shared = gcd(a, b)
    if not a or not b or shared == 1:
        return None if not b else f"{a}/{b} is in its lowest terms"
    lowest = f"{a // shared:,}/{b // shared:,}" if b != shared else f"{a // shared:,}"
    return f"{a}/{b} = {lowest}"


def _cube_root(value: Fraction) -> str:
    top, bottom = (round(part ** (1 / 3)) for part in (value.numerator, value.denominator))
    exact = Fraction(top, max(1, bottom)) ** 3 == value
    root = Fraction(top, bottom) if exact else Fraction(float(value) ** (1 / 3))
    return shown_sum(f"cube root of {written(value)}", Amount(root, exact=exact))
