"""Finds the figures that a text claims to have worked out, and works them out again. Pure.

It reads sums ("a + b = c"), shares ("x % of y is z"), net present values ("NPV at r of flows = x")
and distances between dates. What it cannot read with certainty is no claim: a wrong alarm would
make a person distrust a right decision.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from router.regexes.late import late_regex
from tiers.reasoning.numbers_in_text import (
    DATE,
    NUMBER,
    WrittenNumber,
    read_date,
    read_number,
    shown,
)
from tiers.reasoning.present_value import npv

MAX_CHARACTERS = 60_000
MAX_CLAIMS = 100
ABOUT = Fraction(3, 100)
"""Tolerance of a result after `about`. Text that rounds to two digits is off by up to 5 % and says
so rarely; three percent leaves 1.2 million for 1,166,400."""

_APPROXIMATE = r"(?P<about>(?:about|around|roughly|approximately|approx\.?|nearly|~|\u2248) ?)?"
_GIVES = r" ?(?:=|\u2248|equals|is|are|makes|gives|comes to|amounts to) "
_UNIT = r"(?: [a-z]{1,14}){0,2}"
_SUM = late_regex(
    rf"(?<![\w.])(?P<terms>{NUMBER}{_UNIT}(?: ?[-+*/\u00d7x\u00f7\u2212] ?{NUMBER}{_UNIT}){{1,8}})"
    rf" ?(?:=|\u2248) ?{_APPROXIMATE}(?P<result>{NUMBER})"
)
_TERM = late_regex(rf"(?P<number>{NUMBER}){_UNIT} ?(?P<sign>[-+*/\u00d7x\u00f7\u2212]?)")
_SHARE = late_regex(
    rf"(?<![\w.])(?P<share>{NUMBER}) of (?P<whole>{NUMBER}){_GIVES}{_APPROXIMATE}"
    rf"(?P<result>{NUMBER})"
)
_NPV = late_regex(
    rf"\b(?:NPV|net present value)(?: \(?(?:at|with|@|discounted at) ?(?P<rate>{NUMBER})"
    rf"(?: a year| per year| p\.a\.)?\)?)(?: of| for|:) \[?(?P<flows>{NUMBER}"
    rf"(?:(?:, | and |; ?|, and |,){NUMBER}){{1,30}})\]?{_GIVES}{_APPROXIMATE}"
    rf"(?P<result>{NUMBER})",
    re.IGNORECASE,
)
_FLOW_BREAK = late_regex(r", and |; ?| and |, |(?<=\d),(?=[-\u2212$\u20ac\u00a3]|\d{4})")
_COMES_FROM = frozenset("+*/\u00d7\u00f7\u2212=(^")
_GOES_ON = frozenset("+*/\u00d7\u00f7^")
"""What stands before and behind a sum that is a part of a longer one."""
_UNITS = r"(?P<unit>days?|weeks?|months?|years?)"
_DISTANCES = (
    late_regex(
        rf"\bfrom (?P<first>{DATE}) (?:to|until) (?P<second>{DATE}){_GIVES}{_APPROXIMATE}"
        rf"(?P<count>\d{{1,5}}) {_UNITS}",
        re.IGNORECASE,
    ),
    late_regex(
        rf"(?P<second>{DATE}) is {_APPROXIMATE}(?P<count>\d{{1,5}}) {_UNITS} after "
        rf"(?P<first>{DATE})",
        re.IGNORECASE,
    ),
    late_regex(
        rf"(?P<first>{DATE}) is {_APPROXIMATE}(?P<count>\d{{1,5}}) {_UNITS} before "
        rf"(?P<second>{DATE})",
        re.IGNORECASE,
    ),
    late_regex(
        rf"(?P<about>about |around )?(?P<count>\d{{1,5}}) {_UNITS} (?:lie |are )?(?:between|from) "
        rf"(?P<first>{DATE}) (?:and|to|until) (?P<second>{DATE})",
        re.IGNORECASE,
    ),
)
_DAY_AFTER = late_regex(
    rf"(?P<first>{DATE}) ?(?:\+|plus) ?(?P<count>\d{{1,5}}) (?P<unit>days?|weeks?){_GIVES}"
    rf"(?P<result>{DATE})",
    re.IGNORECASE,
)


class Claim(Struct, frozen=True):
    """Holds one claim: its words, and the result of our calculation."""

    text: str
    right: str
    holds: bool

    def __str__(self) -> str:
        if self.holds:
            return f"{self.text}: right"
        return f"{self.text}: wrong, it is {self.right}"


Placed = tuple[int, int, Claim]
"""A claim with the place of its first character, and that behind its last."""


def claims_in(text: str) -> tuple[Claim, ...]:
    """Returns the claims of a text in their order, each with the right figure.

    >>> [str(claim) for claim in claims_in("In all 200 + 300 = 600.")]
    ['200 + 300 = 600: wrong, it is 500']
    """
    text = text[:MAX_CHARACTERS]
    placed: list[Placed] = []
    for read in _READERS:
        # A reader's own claims lie apart, and no more of them than MAX_CLAIMS can be returned. So
        # each is compared with the few of other readers, however many figures a text has.
        placed += list(islice(_apart(read(text), tuple(placed)), MAX_CLAIMS))
    return tuple(claim for _, _, claim in sorted(placed, key=_place)[:MAX_CLAIMS])


def _apart(claims: Iterable[Placed], placed: Sequence[Placed]) -> Iterator[Placed]:
    """Yields the claims that share no character with those placed before."""
    for begin, end, claim in claims:
        if all(end <= other or begin >= stop for other, stop, _ in placed):
            yield begin, end, claim


def _place(claim: Placed) -> tuple[int, int]:
    return claim[:2]


def marked(text: str, claims: Sequence[Claim]) -> str:
    """Returns the text with the right result after each wrong claim.

    >>> marked("200 + 300 = 600.", claims_in("200 + 300 = 600."))
    '200 + 300 = 600 [wrong: calculated, it is 500].'
    """
    for claim in dict.fromkeys(c for c in claims if not c.holds):
        text = text.replace(claim.text, f"{claim.text} [wrong: calculated, it is {claim.right}]")
    return text


def _sums(text: str) -> Iterator[Placed]:
    for match in _SUM.finditer(text):
        before, behind = _before(text, match.start()), _behind(text, match.end())
        if before in _COMES_FROM or behind in _GOES_ON:
            continue  # a part of something longer, which is not all read
        terms = [(read_number(t["number"]), t["sign"]) for t in _TERM.finditer(match["terms"])]
        value = _calculated(terms)
        if value is not None:
            yield _placed(match, value)


def _before(text: str, place: int) -> str:
    """Returns the last character before a place that is no blank; "" where there is none."""
    while place and text[place - 1].isspace():
        place -= 1
    return text[place - 1 : place] if place else ""


def _behind(text: str, place: int) -> str:
    """Returns the first character from a place on that is no blank; "" where there is none."""
    while place < len(text) and text[place].isspace():
        place += 1
    return text[place : place + 1]


def _calculated(terms: Sequence[tuple[WrittenNumber | None, str]]) -> Fraction | None:
    """Returns the value of a chain of numbers and signs; None where its meaning is not certain."""
    numbers = [number for number, _ in terms]
    signs = [sign for _, sign in terms[:-1]]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers) or not all(signs) or not signs:
        return None
    additive = {sign for sign in signs if sign in "+-\u2212"}
    if additive and len({number.percent for number in known}) > 1:
        return None  # "100 + 5 %" means 105 to some and 100.05 to others
    if additive and len({number.currency for number in known if number.currency}) > 1:
        return None
    total, product = Fraction(0), known[0].value
    for sign, number in zip(signs, known[1:], strict=True):
        if sign in "*\u00d7x":
            product *= number.value
        elif sign in "/\u00f7":
            if number.value == 0:
                return None
            product /= number.value
        else:
            total += product
            product = number.value if sign == "+" else -number.value
    return total + product


def _shares(text: str) -> Iterator[Placed]:
    for match in _SHARE.finditer(text):
        share, whole = read_number(match["share"]), read_number(match["whole"])
        if share is not None and whole is not None and share.percent:
            yield _placed(match, share.value * whole.value)


def _npvs(text: str) -> Iterator[Placed]:
    for match in _NPV.finditer(text):
        rate = read_number(match["rate"])
        flows = [read_number(flow) for flow in _FLOW_BREAK.split(match["flows"])]
        known = [flow.value for flow in flows if flow is not None]
        if rate is not None and rate.percent and rate.value > -1 and len(known) == len(flows):
            yield _placed(match, npv(rate.value, known), rounded=True)


def _placed(match: re.Match[str], right: Fraction, *, rounded: bool = False) -> Placed:
    """Returns a claim of a number; `rounded`: its last zeros may be rounding."""
    stated = read_number(match["result"])
    about = bool(match["about"])
    if stated is not None and rounded:
        stated = _rounded(stated)
    holds = stated is not None and _agrees(stated, right, about=about)
    words = shown(right, stated)
    claim = Claim(" ".join(match[0].split()), words, holds)
    return match.start(), match.end(), claim


def _rounded(number: WrittenNumber) -> WrittenNumber:
    """Returns a number whose last zeros count as rounding, up to half a percent of it.

    Present values are rounded to thousands as a rule: 293,000 stands for 292,969.
    """
    step = number.step
    while number.value and number.value % (step * 10) == 0 and step * 10 <= abs(number.value) / 100:
        step *= 10
    return replace(number, step=step)


def _agrees(stated: WrittenNumber, right: Fraction, *, about: bool) -> bool:
    """Returns True when the written digits are right; `about` allows for ABOUT."""
    off = abs(stated.value - right)
    return off <= stated.step / 2 or (about and off <= ABOUT * abs(right))


def _distances(pattern: re.Pattern[str], text: str) -> Iterator[Placed]:
    for match in pattern.finditer(text):
        first, second = read_date(match["first"]), read_date(match["second"])
        if first is None or second is None:
            continue
        unit, count = match["unit"].rstrip("sS").lower(), int(match["count"])
        right = distance(first, second, unit)
        allowed = max(1, round(abs(right) * ABOUT)) if match["about"] else 0
        holds = abs(right - count) <= allowed
        words = f"{right} {unit}" + ("" if right == 1 else "s")
        claim = Claim(" ".join(match[0].split()), words, holds)
        yield match.start(), match.end(), claim


def _days_after(text: str) -> Iterator[Placed]:
    for match in _DAY_AFTER.finditer(text):
        first, stated = read_date(match["first"]), read_date(match["result"])
        if first is None or stated is None:
            continue
        days = int(match["count"]) * (7 if match["unit"].lower().startswith("week") else 1)
        try:
            right = first + timedelta(days=days)
        except OverflowError:
            continue
        claim = Claim(" ".join(match[0].split()), right.isoformat(), right == stated)
        yield match.start(), match.end(), claim


def distance(first: date, second: date, unit: str) -> int:
    """Returns the whole days, weeks, months or years between two dates, below 0 to an earlier one.

    >>> distance(date(2027, 3, 3), date(2027, 6, 30), "day")
    119
    """
    if second < first:
        return -distance(second, first, unit)
    days = (second - first).days
    if unit in ("day", "week"):
        return days if unit == "day" else days // 7
    months = (second.year - first.year) * 12 + second.month - first.month
    months -= second.day < first.day
    return months if unit == "month" else months // 12


_READERS: tuple[Callable[[str], Iterator[Placed]], ...] = (
    _days_after,
    *(partial(_distances, pattern) for pattern in _DISTANCES),
    _npvs,
    _shares,
    _sums,
)
"""Lists what reads claims, in order of precedence where two read the same words."""
