"""Works out what is done to a number in turn: "double 3.75 and take away 1".

Each step is meant of what the steps before gave, as people who speak mean it, and the answer writes
the sum with brackets, so that a reader sees how it was read. All of the question must be such
steps. It knows nothing about percentages.
"""

from __future__ import annotations

import re
from fractions import Fraction

from msgspec import Struct

from router.regexes.late import late_regex
from tiers.exact.arithmetic import shown_sum
from tiers.exact.numbers import AMOUNT, Amount, amount, fits, shown_money, written

MOST_STEPS = 8

_A, _B = rf"(?P<a>{AMOUNT})", rf"(?P<b>{AMOUNT})"
_END = r"(?![\w.,%]*[\w%])"
"""Ends a number: no more digits, no letters and no percent sign follow it."""
_IT = r"(?: (?:it|that|this|the (?:result|answer|total|number|sum)))?"
_OPENING = late_regex(
    r"(?:what(?:'s| is| do i get (?:if|when) i)?|how much is|calculate|work out|if (?:i|you|we)) "
)
_FIRST = tuple(
    (kind, late_regex(form + _END))
    for kind, form in (
        ("double", rf"(?:double|twice) {_A}"),
        ("triple", rf"(?:triple|three times) {_A}"),
        ("halve", rf"halve {_A}"),
        ("+", rf"add {_A} (?:to|and|with) {_B}"),
        ("from", rf"(?:subtract|take away|take|deduct) {_A} (?:away |off )?from {_B}"),
        ("*", rf"multiply {_A} (?:by|with|and) {_B}"),
        ("/", rf"divide {_A} by {_B}"),
        ("+", rf"{_A} ?(?:plus|\+) ?{_B}"),
        ("-", rf"{_A} ?(?:minus|-) ?{_B}"),
        ("*", rf"{_A} ?(?:times|multiplied by|\*|x) ?{_B}"),
        ("/", rf"{_A} ?(?:divided by|/) ?{_B}"),
        (
            "start",
            r"(?:start(?:ing)?(?: off)? (?:with|from|at)|begin(?:ning)? with|take|from) "
            rf"(?:the number )?{_A}",
        ),
    )
)
_APART = late_regex(r"(?:,|;|\.)? ?(?:and then|then|and) |, ?|; ?|\. ")
_STEP = tuple(
    (kind, late_regex(form))
    for kind, form in (
        ("double", rf"double{_IT}"),
        ("triple", rf"triple{_IT}"),
        ("halve", rf"halve{_IT}"),
        ("square", rf"square{_IT}"),
        ("+", rf"(?:add|plus)(?: on)? {_A}{_END}(?: (?:to|on top of)(?: it| that| this))?"),
        (
            "-",
            rf"(?:(?:subtract|take away|take off|minus|deduct) {_A}{_END}(?: from (?:it|that))?"
            # "Take 2, then take 2" may be tablets.
            rf"|(?:take|remove) (?P<of>{AMOUNT}) (?:away|off|from (?:it|that|this)))",
        ),
        ("*", rf"(?:multiply{_IT} by|times(?: it by)?) {_A}{_END}"),
        ("/", rf"divide{_IT} by {_A}{_END}"),
    )
)
_ASKS = late_regex(
    r"[,.;?]? ?(?:and )?(?:what (?:do|would|will) (?:i|you|we) (?:get|have)(?: left)?"
    r"|what(?:'s| is)? (?:that|it|left|the (?:result|answer|total))|how much is (?:that|it|left))$"
)
BEGINNINGS = (
    *("double ", "twice ", "triple ", "three times ", "halve ", "add ", "subtract ", "take "),
    *("deduct ", "multiply ", "divide ", "start", "begin", "from ", "if ", "what", "how much is "),
    *("calculate ", "work out ", *"$€£₹."),
)
"""Begin what is done in turn, besides digits."""
CUES = (" and ", " then ", ",", ";", ". ")
"""Stand between two steps."""


class _Running(Struct, frozen=True):
    """Holds the sum so far: as it is written, its value, and the last sign of it."""

    text: str
    amount: Amount
    sign: str = ""


class _NoSum(Exception):
    """The steps have no certain result."""


def in_turn(text: str) -> str | None:
    """Returns the sum that steps describe with its result, None for anything else.

    `text` is a question in small letters, with numbers in digits.

    >>> in_turn("double 3.75 and take away 1"), in_turn("9 times 8 then minus 5")
    ('3.75 * 2 - 1 = 6.5', '9 * 8 - 5 = 67')
    >>> in_turn("half of 7 plus 2") is None
    True
    """
    asks = _ASKS.search(text)
    text = text if asks is None else text[: asks.start()]
    opening = _OPENING.match(text)
    begins = 0 if opening is None else opening.end()
    for kind, form in _FIRST:
        first = form.match(text, begins)
        if first is not None:
            try:
                return _all_of(text, first.end(), _begun(kind, first))
            except _NoSum:
                return None
    return None


def _all_of(text: str, position: int, running: _Running) -> str | None:
    """Returns the line of the result of all steps from `position`. Raises _NoSum."""
    for _ in range(MOST_STEPS):
        apart = _APART.match(text, position)
        if apart is None:
            return None
        steps = ((kind, form.match(text, apart.end())) for kind, form in _STEP)
        kind, step = next(((kind, step) for kind, step in steps if step is not None), ("", None))
        if step is None:
            return None
        running, position = _done(kind, running, step), step.end()
        if position == len(text):
            return _told(running)
    return None


def _begun(kind: str, first: re.Match[str]) -> _Running:
    a = _number(amount(first["a"]))
    if kind == "start":
        return a
    if kind in ("double", "triple", "halve"):
        return _done(kind, a, first)
    b = _number(amount(first["b"]))
    return _joined(b, "-", a) if kind == "from" else _joined(a, kind, b)


def _done(kind: str, running: _Running, step: re.Match[str]) -> _Running:
    """Returns the sum after one step. Raises _NoSum."""
    if kind == "square":
        return _squared(running)
    if kind in ("double", "triple", "halve"):
        number = _number(Amount(Fraction(3 if kind == "triple" else 2)))
        return _joined(running, "/" if kind == "halve" else "*", number)
    return _joined(running, kind, _number(amount(step["a"] or step["of"])))


def _joined(left: _Running, sign: str, right: _Running) -> _Running:
    """Returns one sum of two. Raises _NoSum: "$5 + 3" may be dollars and something else."""
    a, b = left.amount, right.amount
    if sign in "+-":
        if a.sign != b.sign:
            raise _NoSum
        value = a.value + b.value if sign == "+" else a.value - b.value
    elif b.sign or (sign == "/" and b.value == 0):
        raise _NoSum
    else:
        value = a.value * b.value if sign == "*" else a.value / b.value
    if not fits(value):
        raise _NoSum
    before = f"({left.text})" if sign in "*/" and left.sign in ("+", "-") else left.text
    return _Running(f"{before} {sign} {right.text}", Amount(value, a.sign), sign)


def _squared(running: _Running) -> _Running:
    value = running.amount.value**2
    if running.amount.sign or not fits(value):
        raise _NoSum
    before = f"({running.text})" if running.sign else running.text
    return _Running(f"{before}^2", Amount(value), "^")


def _number(of: Amount) -> _Running:
    return _Running(f"{of.sign}{written(of.value)}", of)


def _told(running: _Running) -> str:
    """Returns the line of the result: in cents where it is money."""
    if running.amount.sign:
        return shown_money(running.text, running.amount.value, running.amount.sign)
    return shown_sum(running.text, running.amount)
