"""Asks the exact tools in turn; the first that understands all of a question answers it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from functools import lru_cache
from threading import Lock

from msgspec import Struct

from router.regexes.digits import has_digit
from router.regexes.late import late_regex
from tiers.exact import (
    arithmetic,
    dates,
    numbers,
    percentages,
    shares,
    tips,
    units,
)
from tiers.exact.goods import reader as goods
from tiers.exact.numbers import digits_for_words
from tiers.exact.other_languages import in_another_language
from tiers.exact.phrased.asking import compile_forms as compile_phrased
from tiers.exact.phrased.asking import phrased
from tiers.exact.told.asking import compile_forms as compile_told
from tiers.exact.told.asking import told
from tiers.exact.told.stated_day import with_stated_day
from tiers.exact.units import NO_RATES, conversion, exchange, exchange_with, rate_asked_for
from tiers.exact.wording import Question, begins, question

_WITHOUT_NUMBERS: dict[str, Callable[[Question, date, bool], str | None]] = {
    "dates": lambda core, today, opens: dates.date_answer(core, today),
    "units": lambda core, today, opens: conversion(core),
}
"""Lists the tools that answer a question without a number too: "the date", "a mile in km"."""
_TOOLS = {
    **_WITHOUT_NUMBERS,
    "currency": lambda core, today, opens: exchange(core),
    "percentages": lambda core, today, opens: percentages.percentage(core),
    "arithmetic": lambda core, today, opens: (
        goods.cost_in_english(core, opens=opens)
        or tips.tip(core)
        or shares.share(core)
        or arithmetic.arithmetic(core, opens=opens)
    ),
}
"""Lists the tools for English sums; those in other words are asked after them."""
_READERS = (numbers, dates, units, percentages, goods, tips, shares, arithmetic)
_BEGINNINGS = tuple(sorted({one for reader in _READERS for one in reader.BEGINNINGS}))
ALL = tuple(_TOOLS)


class Solved(Struct, frozen=True):
    """Holds the answer of a tool, and which tool it is."""

    tool: str
    text: str
    lacks: str = ""  # the value that the text asks for, which then is no answer


_LIKE_MANY = ("how many things are split off 3 units with a 15 % tip?", "combien de choses font 3?")
"""Reach the forms of every tool, and fit none."""
_UNSURE = late_regex(r"[$€£] ?[1-9]\d{0,2}\.\d{3}(?![\d.])")
"""Finds "$1.200", which means 1.2 in English and 1200 in other languages. Rates of exchange have
three decimals, so the tools for units and currencies still read such a number."""
_THOUSANDS = late_regex(r"(?<![\d.,])[1-9]\d{0,2}\.\d{3}(?![\d.,]*\d)")
_POINTED = late_regex(r"\.\d{1,2}(?!\d)|\.\d{4}|(?<!\d)0?\.\d|\d{4}\.\d|\d,\d{3}")
"""Find "1.500", which other languages write for 1,500, and what shows that points are decimal."""
_WORD = late_regex("[a-z]+")
_SHARED = (
    "plus minus mod modulo x in m cm mm km h min s g mg kg t l ml cl dl kb mb gb tb meter "
    "kilometer liter milliliter gram gramm kilogram kilogramm ton inch usd eur gbp chf"
)
_OF_MANY_LANGUAGES = frozenset(_SHARED.split())
"""Stands in questions of several languages, so that "1.500 m in km" is in no language."""
_COMPILING = Lock()


def compile_forms() -> None:
    """Compiles the forms of all tools, which takes 250 ms; otherwise the first question waits."""
    with _COMPILING:  # so that only one of several threads compiles
        compile_phrased()
        compile_told()
        goods.compile_forms()
        for text in _LIKE_MANY:
            solved(text, date(2026, 11, 22), opens=True)


def solved(
    text: str, today: date, tools: Collection[str] = ALL, *, opens: bool = False
) -> Solved | None:
    """Returns the exact answer to a question, None where no tool understands all of it.

    `opens`: the text begins a conversation, so that it is no reply to a question of ours.

    >>> solved("What's 15% of 240?", date(2026, 11, 21))
    Solved(tool='percentages', text='15% of 240 = 36', lacks='')
    """
    return _solved(text, today, frozenset(tools), opens)


@lru_cache(maxsize=16)  # several rungs of a policy ask about one request, and it is answered then
def _solved(text: str, today: date, tools: frozenset[str], opens: bool) -> Solved | None:
    if "dates" in tools:
        text, today = with_stated_day(text, today)
    core = question(text)
    if core is None or not any(map(str.isalnum, core.text)):
        return None
    if begins(core.text, _BEGINNINGS) and not _is_of_no_language(text.lower()):
        in_english = _in_english(core, today, tools, opens)
        if in_english is not None:
            return in_english
    if {"arithmetic", "percentages", "units"} <= tools:
        answer_text = in_another_language(text)
        if answer_text is not None:
            return Solved("other_languages", answer_text)
    if "arithmetic" in tools and (total := goods.cost_of_goods(text, opens=opens)) is not None:
        return Solved("arithmetic", total)
    answered = phrased(text, today, tools) or told(text, tools, opens=opens)
    return None if answered is None else Solved(*answered)


def _in_english(core: Question, today: date, tools: Collection[str], opens: bool) -> Solved | None:
    numbered = digits_for_words(core.text)
    asked = _TOOLS if has_digit(numbered) or "dozen" in numbered else _WITHOUT_NUMBERS
    unsure = _UNSURE.search(numbered) is not None
    for tool, answer in asked.items():
        if unsure and tool in ("percentages", "arithmetic"):
            continue
        answer_text = answer(core, today, opens) if tool in tools else None
        if answer_text is not None:
            return Solved(tool, answer_text)
    if "currency" in tools and (asks := rate_asked_for(core)) is not None:
        return Solved("currency", asks, "a rate of exchange")
    return None


def _is_of_no_language(text: str) -> bool:
    """Returns True for a number that other languages read differently, and no English word.

    >>> _is_of_no_language("1.500 m in km"), _is_of_no_language("1.500 miles in km")
    (True, False)
    >>> _is_of_no_language("1.500 * 3"), _is_of_no_language("1.500 * 3.5")
    (True, False)
    """
    if not _THOUSANDS.search(text) or _POINTED.search(text):
        return False
    return _OF_MANY_LANGUAGES.issuperset(_WORD.findall(text))


_MORE = late_regex(
    r"(?:(?:and|und|et|y) )?((?:with|mit|avec|con|plus|minus|less|moins|mas|más|menos|abzüglich"
    r"|zzgl\.?|including|inklusive|inkl\.?) .{1,60})"
)
"""Fits a reply that may add a fee, a rate or a voucher to a sum of goods."""


def solved_with_more(
    asked: str, ours: str, reply: str, today: date, tools: Collection[str] = ALL
) -> Solved | None:
    """Returns what goods cost with what a reply to our sum adds: "and with 10% off?".

    >>> asked = "3 shirts at $20 each, what do I pay?"
    >>> solved_with_more(asked, "3 * $20 = $60", "And with 10% off?", date(2026, 11, 30)).text
    '3 * $20 less 10% = $54'
    """
    more = _MORE.fullmatch(reply.strip(" ?!.\u00bf\u00a1").lower())
    first = solved(asked, today, tools, opens=True) if more else None
    if more is None or first is None or first.text != ours or first.tool != "arithmetic":
        return None
    result = solved(f"{asked.rstrip(' ?!.')} {more[1]}?", today, tools, opens=True)
    priced = ours.partition(" = ")[0]
    known = result is not None and result.text.startswith((f"{priced} ", f"({priced}) "))
    return result if known else None


def solved_with_rate(asked: str, ours: str, reply: str) -> Solved | None:
    """Returns the sum that `asked` lacked a rate for, where `ours` asks for it and a reply has it.

    >>> ours = solved("100 USD in EUR?", date(2026, 11, 21)).text
    >>> solved_with_rate("100 USD in EUR?", ours, "0.92").text
    '100 USD = 92 EUR, at 0.92 EUR for 1 USD'
    """
    if not ours.startswith(NO_RATES):
        return None
    core, rate = question(asked), question(reply)
    # "What is 0.92?" asks something else.
    if core is None or rate is None or rate.asked or rate_asked_for(core) != ours:
        return None
    text = exchange_with(rate, core)
    return None if text is None else Solved("currency", text)
