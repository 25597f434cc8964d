"""Works out what is left of money, and what comes together by regular sums.

"I had 50 and spent 12.30, what's left?" and "150 a month for two years". Each question must say all
of it: what is paid every month, over which time. It knows nothing about interest.
"""

from __future__ import annotations

import re

from router.regexes.late import late_regex
from tiers.exact.numbers import AMOUNT, SYMBOLS, amount, as_read, shown_money

_X = rf"(?P<x>{AMOUNT})"
_SUMS = rf"{AMOUNT}(?:(?:, and|,| and| plus) {AMOUNT}){{0,7}}"
_NOT_ONCE = (
    r"(?!(?:each|every[a-z]*|all|both|average|(?:[a-z]{3,6})?days|weekends|weeks|months|nights"
    r"|mornings|evenings|percent|euros?|dollars?|pounds?|cents?|pence|yen|rupees?|francs?)\b)"
)
"""Bars words by which a sum is paid more than once, or is in another unit than what there was."""
_ON = (
    rf"(?: (?:on|for|in) (?:my |the |a |an )?{_NOT_ONCE}[a-z]{{2,14}})?"
    r"(?: (?:rent|bills?|tax|taxes))?"
)
_PAID = (
    r"(?:spend|spent|pay|paid|lose|lost|give away|gave away|use|used|give|gave|take out|took out"
    r"|withdraw|withdrew)"
)
_MONEY = r"(?:money |cash )?"
_LEFT = (
    rf"(?:how much {_MONEY}(?:do|will|would|should) (?:i|we) (?:still )?have(?: left)?"
    rf"|how much {_MONEY}is left(?: over)?(?: for me)?"
    rf"|how much {_MONEY}(?:have i|do i have)(?: got)? (?:left|remaining)"
    r"|what(?:'s| is|s)? (?:left|remaining)(?: over)?|what do i have left)"
)
_SPENT = (
    rf"(?:if )?(?:i|we) (?:had|have|got|get|earn|earned|make|start with|started with)(?: a)? {_X}"
    rf"(?: (?:a|per) month)?(?:,? and|,|\.| but)? (?:then )?(?:i |we )?{_PAID} (?P<out>{_SUMS})"
    rf"{_ON}[,.;?]? (?:and )?{_LEFT}",
    rf"{_LEFT} (?:of|from|out of) {_X} (?:if|when|after) (?:i|we)? ?{_PAID} (?P<out>{_SUMS}){_ON}",
    rf"(?:the |my |what(?:'s| is) (?:the |my )?)?change (?:from|out of|for) (?:a )?{_X}"
    rf"(?: note| bill)? (?:if|when|after) (?:i|we) {_PAID} (?P<out>{AMOUNT})",
)
_ASKED = r"(?:,? (?:how much|what)(?: is (?:that|it))?(?: in total)?)?"
_HOW_MUCH = r"(?:(?:how much|what)(?:'s| is| are) )?(?:the total (?:of|for) )?"
_EACH = r"(?:equal |monthly |weekly |yearly |annual |quarterly )?"
_PARTS = rf"(?P<n>\d{{1,4}}) {_EACH}(?:payments|instal?lments|deposits) (?:of|at)"
_PAYMENTS = rf"{_HOW_MUCH}{_PARTS} {_X}(?: each)?{_ASKED}"
_WITHOUT = (
    rf"from {_X},? (?:take(?: away| off)?|subtract|deduct|minus) {_PARTS} (?P<y>{AMOUNT})",
    rf"{_HOW_MUCH}{_X} (?:minus|less) {_PARTS} (?P<y>{AMOUNT})",
)
_PER = r"(?:a|per|each|every) (?P<per>day|week|month|quarter|year)"
_OVER = r"(?P<t>\d{1,3}|a|an) (?P<over>day|week|month|quarter|year)s?"
_BILL = (
    r"(?:[a-z]{2,14} )?(?:bill|salary|pay|wage|rent|subscription|membership|fee|plan|contract"
    r"|insurance|mortgage|gym|phone|internet|car|loan|ticket|pass|parking|lease|flat)"
)
_PAYS = (
    r"(?: (?:do|will|would) (?:i|we) (?:pay|spend|earn|get)| is (?:that|it)| does it cost)"
    r"(?: in total| altogether)?"
)
_THAT = r"(?:what(?:'s| is)|how much is|what does) (?:that|it)(?: (?:come to|cost|make))?"
_SAVED = (
    rf"(?:if )?(?:i|we|you) (?:save|put (?:aside|away|by)|set aside|pay|spend|earn|get|make) {_X} "
    rf"{_PER},? (?:how much (?:is (?:that|it)|do (?:i|we|you) (?:have|save|pay|spend|earn)"
    rf"|(?:will|would) (?:i|we|you) have(?: saved)?)|what (?:do i have|is that)) "
    rf"(?:in|after|over|for) {_OVER}",
    rf"{_HOW_MUCH}{_X} {_PER} (?:for|over) {_OVER}{_ASKED}",
    rf"{_HOW_MUCH}{_X} {_PER} in {_OVER}",
    rf"{_HOW_MUCH}{_OVER} (?:at|for) {_X} {_PER}",
    rf"(?:if )?(?:my|the|our|a) {_BILL} (?:is|costs?|comes to) {_X} {_PER},? (?:what|how much)"
    rf"{_PAYS} (?:in|over|for|per|after) {_OVER}",
    rf"(?:if )?(?:my|the|our|a) {_BILL} (?:is|costs?|comes to) {_X} {_PER},? {_THAT} "
    r"(?:a|per|in a) (?P<over>week|month|quarter|year)",
    rf"(?:if )?(?:i|we|you) (?:earn|make|get|pay|spend|save) {_X} {_PER},? {_THAT} "
    r"(?:a|per|in a) (?P<over>week|month|quarter|year)",
    rf"(?:if )?(?:my|the|our|a) {_BILL} (?:is|costs?|comes to) {_X} {_PER},? {_THAT} (?P<yearly>"
    r"yearly|annually)",
)
_OFTEN = {
    ("day", "week"): 7,
    ("month", "year"): 12,
    ("quarter", "year"): 4,
    ("month", "quarter"): 3,
}
"""Says how often the first is in the second. A year has 52 weeks to some, and a month no number of
them that fits all."""
_DIVIDED = (
    rf"(?:if )?(?:i|we|you) (?:pay|pay off|pay back|repay|settle) {_X} in (?P<n>\d{{1,4}}) {_EACH}"
    r"(?:parts|payments|instal?lments|months|rates),? (?:how much|what) (?:is|are|would|will|do i"
    r"|do we)(?: pay)?(?: in| for| be)? (?:each(?: one| of them| payment| part| instal?lment"
    r"| month)?|a month|per month|every month)(?: be)?",
)
_FORMS = {
    "left": tuple(map(late_regex, _SPENT)),
    "without": tuple(map(late_regex, _WITHOUT)),
    "payments": (late_regex(_PAYMENTS),),
    "divided": tuple(map(late_regex, _DIVIDED)),
    "saved": tuple(map(late_regex, _SAVED)),
}
CUES = (
    *(" left", "remaining", " have", "change ", "payments", "instal", "deposits ", " parts"),
    " rates",
    *(" day", " week", " month", " quarter", " year"),
)
"""One of them stands in what any form fits."""
BEGINNINGS = (
    *("if ", "i ", "we ", "you ", "how much", "what", "the ", "my ", "our ", "a ", "an "),
    *("change ", "from "),
    *(*SYMBOLS, "."),
)
"""Begin what any form fits, besides numbers."""


def budget(text: str) -> str | None:
    """Returns what is left or comes together, None for anything else.

    `text` is a question in small letters, with numbers in digits.

    >>> budget("i had 50, spent 12.30 and 8.45, what's left")
    '50 - 12.30 - 8.45 = 29.25'
    >>> budget("150 a month for 2 years"), budget("12 payments of 49.99")
    ('24 * 150 = 3,600', '12 * 49.99 = 599.88')
    """
    for kind, forms in _FORMS.items():
        for form in forms:
            match = form.fullmatch(text)
            if match is not None:
                return _answer(kind, match)
    return None


def _answer(kind: str, match: re.Match[str]) -> str | None:
    whole = match["x"]
    if kind == "left":
        return _left(whole, [part[0] for part in re.finditer(AMOUNT, match["out"])])
    if kind == "without":
        return _without(whole, int(match["n"]), match["y"])
    if kind == "payments":
        return _product(int(match["n"]), whole)
    if kind == "divided":
        return _divided(int(match["n"]), whole)
    return _together(match)


def _divided(count: int, of: str) -> str | None:
    whole = amount(of)
    if count < 2:
        return None
    return shown_money(f"{as_read(of)} / {count:,}", whole.value / count, whole.sign, " each")


def _left(whole: str, out: list[str]) -> str | None:
    """Returns what is left, None where currencies differ or more was spent than there was."""
    had, spent = amount(whole), [amount(part) for part in out]
    rest = had.value - sum(part.value for part in spent)
    if {part.sign for part in spent} != {had.sign} or rest < 0:
        return None
    return shown_money(" - ".join(map(as_read, (whole, *map(str.strip, out)))), rest, had.sign)


def _without(whole: str, count: int, part: str) -> str | None:
    had, each = amount(whole), amount(part)
    rest = had.value - count * each.value
    if had.sign != each.sign or rest < 0:
        return None
    return shown_money(f"{as_read(whole)} - {count} * {as_read(part)}", rest, had.sign)


def _product(count: int, of: str) -> str | None:
    each = amount(of)
    if count < 2:
        return None
    return shown_money(f"{count:,} * {as_read(of)}", count * each.value, each.sign)


def _together(match: re.Match[str]) -> str | None:
    """Returns what a regular sum makes in a time, None where the time is no whole number of it."""
    places = match.groupdict()
    count = int(places["t"]) if (places.get("t") or "").isdigit() else 1
    per, over = places["per"], places.get("over") or "year"
    often = 1 if per == over else _OFTEN.get((per, over))
    return None if often is None else _product(count * often, match["x"])
