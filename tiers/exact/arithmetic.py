"""Calculates what a question writes as a sum: numbers, signs and brackets, in signs or in words.

A parser of our own reads it: nothing is ever evaluated as a program. All of the question must be
the sum, or there is no answer. Numbers are fractions, so results are exact; a root that has no
exact value is said to be rounded. A percentage of a number may be a part of a sum ("15% of 240 plus
10"); it knows nothing about percentages otherwise, nor about dates or units.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from math import isqrt

from router.regexes.digits import has_digit
from router.regexes.late import late_regex
from tiers.exact.numbers import (
    NUMBER,
    SYMBOLS,
    Amount,
    digits_for_words,
    fits,
    number,
    shown,
    written,
)
from tiers.exact.wording import FRACTIONS, Question

MAX_TOKENS = 80
MAX_POWER = 200  # an exponent; a result beyond MAX_BITS is refused anyway
ROOT_DIGITS = 30  # of a root without an exact value; ten are shown

_WORDS = tuple(
    (late_regex(words), sign)
    for words, sign in (
        (r"\bto the power of\b|\bto the power\b|\braised to\b|\*\*", "^"),
        (r"(?<=\d) to the (\d{1,3})(?:st|nd|rd|th)(?: power)?(?!\w)", r" ^ \1"),
        (r"\bmultiplied (?:by|with)\b|\btimes\b", "*"),
        (r"\bdivided by\b|\bover\b", "/"),
        (r"\bmod(?:ulo)?\b", "mod"),
        (r"(?<=\d/\d) of\b", " *"),  # 2/3 of 90
        (r"(?<=\d) ?(?:%|percent|per cent|pct)(?![\w%])", "% "),
        (r"(?<=\d), (?=(?:plus|minus|times|multiplied|divided)\b)", " "),
        (r"\bplus\b|\band\b(?= +-)", "+"),
        (r"\bminus\b", "-"),
        (r"\bsquared\b|²", " ^ 2 "),
        (r"\bcubed\b|³", " ^ 3 "),
        (r"\b(?:the )?square root of\b|\bsqrt of\b", " sqrt "),
        (r"\b(?:double|twice)\b", "2 *"),
        (r"\b(?:a )?half of\b|\bhalf(?= \d)", "1 / 2 *"),
        (r"(?<=[\d)])\s*x\s*(?=[\d($.€£-])", " * "),
    )
)
_FRACTION = late_regex(
    rf"\b(an?|one|\d{{1,3}})[ -]({'|'.join(FRACTIONS)})s? of (?=(?:the )?[{SYMBOLS}\d(])"
)
_PART_AFTER = late_regex(
    r"(?:/|\^|\bmod(?:ulo)?|\bdivided by|\bover|\bto the power(?: of)?|\braised to|\*\*"
    r"|(?:%|percent|per cent|pct) of) *"
    rf"(?:twice|double|(?:(?:an?|one|\d{{1,3}})[ -])?(?:{'|'.join(FRACTIONS)})s? )"
)
"""Finds "10 / a third of 6". A fraction becomes a quotient, which such a sign would take apart, and
so would a percentage of it."""
_PART_BEFORE = late_regex(
    rf"\b(?:twice|double|half(?: of)?|root of|(?:{'|'.join(FRACTIONS)})s? of) "
    r"[^()]*(?:\bplus\b|\bminus\b|[+]|\d -)"
)
"""Finds "half of two plus two", which is half of the sum to some. Signs show what they bind."""
_TOKEN = late_regex(
    rf"\s*(?:((?:{NUMBER})%|[{SYMBOLS}]? ?(?:{NUMBER}))(?![\w.,%])|(sqrt|mod|of|[-+*/^()]))"
)
_CALCULATING = late_regex(r"[-+*/^]|\bmod\b|\bsqrt\b")
_LISTED_WORDS = (
    "to the power of raised multiplied by with times divided over mod modulo plus and minus "
    "squared cubed square root double twice a an one half sum total product average mean "
    "difference between add up multiply subtract divide numbers from x percent per cent pct"
)
_SUM_WORDS = _LISTED_WORDS.split()
BEGINNINGS = (*_SUM_WORDS, *FRACTIONS, "sqrt", "(", "round ")
"""Begin any sum, besides numbers."""
_NO_SUM_WORD = late_regex(
    rf"\b(?!(?:{'|'.join(_SUM_WORDS)}|(?:sqrt)+|(?:{'|'.join(FRACTIONS)})s?)(?![a-z]))[a-z]"
)
"""Finds a word that no sum has: a text that has one is none, whatever else is in it."""
_SUM_OF = late_regex(r"(?:the )?(?:sum|total|product) of (?=.*(?:\bplus\b|\btimes\b|[+*]))")
_LISTED = late_regex(
    r"(?:the )?(?P<what>sum of|total of|product of|average of|mean of|difference between"
    r"|add the numbers|add(?: up)?|multiply|subtract|divide)(?: the numbers)? (?P<list>.+)"
)
_TAKES_APART = ("/", "^", "mod", "sqrt")
"""Before "10% of 50" it may be meant of the 10 alone."""
_OPERATORS = ("+", "-", "*", "/", "^", "mod")

NO_RESULT = "has no result"
"""Stands in the answer to a division by zero."""

# Without blanks, these are names, scores, dates or ranges more often than sums; a date with them.
_NO_SUM = late_regex(
    r"\d{1,4}(?:-\d{1,4}){1,3}|\d{1,4}(?:/\d{1,4}){2,3}|\d{1,2}x\d{1,2}"
    r"|\d{1,2}(?P<sign> [-/] )\d{1,2}(?P=sign)(?:19|20)\d\d"
)
_RATIO = late_regex(r"(\d{1,4})/(\d{1,4})")
LAST_DAY = 31


class _NoSum(Exception):
    """The text is no sum that is read with certainty."""


class _ByZero(Exception):
    """The sum divides by zero."""


_ROUNDED = late_regex(
    r"(?P<before>round )?(?P<sum>.+?)(?(before)|,? (?:and )?round(?:ed)?(?: off| it| up to)?)"
    r" to (?:the nearest (?P<near>whole number|integer|unit|ten|hundred|thousand|tenth|hundredth"
    r"|cent|penny)|(?P<digits>\d) (?:decimals?|decimal places?|decimal digits?|dp))"
)
_NEAREST = {
    **{"whole number": 0, "integer": 0, "unit": 0, "ten": -1, "hundred": -2, "thousand": -3},
    **{"tenth": 1, "hundredth": 2, "cent": 2, "penny": 2},
}


def arithmetic(question: Question, *, opens: bool = False) -> str | None:
    """Returns the sum with its result, None for anything else.

    `opens`: the text begins a conversation. In a reply, "1/0" may be a score.

    >>> arithmetic(Question("12 * (3 + 4)")), arithmetic(Question("24/7"))
    ('12 * (3 + 4) = 84', None)
    """
    text = digits_for_words(question.text)
    if not has_digit(text):
        return None
    rounded = _ROUNDED.fullmatch(text) if "round" in text else None
    text = text if rounded is None else rounded["sum"]
    if _NO_SUM_WORD.search(text):
        return None
    if not question.commanded and (
        _NO_SUM.fullmatch(text) or _may_be_a_name(question, text, opens)
    ):
        return None
    if begun := _SUM_OF.match(text):  # "the sum of 3 plus 5"; elsewhere it would need brackets
        text = text[begun.end() :]
    listed = _LISTED.fullmatch(text)
    if listed:
        text = _from_list(listed["what"], listed["list"])
    if _PART_AFTER.search(text) or _PART_BEFORE.search(text):
        return None
    text = _FRACTION.sub(_fraction, text)
    for words, sign in _WORDS:
        text = words.sub(sign, text)
    if rounded is None and not _CALCULATING.search(text.lstrip(" -")):
        return None
    try:
        tokens = _grouped(_tokens(text))
        result = _Sum(tokens).result()
    except _NoSum:
        return None
    except _ByZero:
        return f"{_pretty(tokens)} {NO_RESULT}: nothing can be divided by zero."
    if rounded is not None:
        return _rounded(_pretty(tokens), result, rounded)
    return shown_sum(_pretty(tokens), result)


def _rounded(left: str, result: Amount, asked: re.Match[str]) -> str:
    """Returns the sum with its result to as many decimals as were asked for, half away from 0."""
    digits = int(asked["digits"]) if asked["digits"] else _NEAREST[asked["near"]]
    scaled = abs(result.value) * Fraction(10) ** digits
    whole = (scaled.numerator * 2 + scaled.denominator) // (scaled.denominator * 2)
    value = Fraction(whole) / Fraction(10) ** digits * (-1 if result.value < 0 else 1)
    near = f"{asked['digits']} decimals" if asked["digits"] else f"the nearest {asked['near']}"
    near = near.replace("1 decimals", "1 decimal")
    return f"{left} = {result.sign}{written(value)}, rounded to {near}"


def _fraction(match: re.Match[str]) -> str:
    """Returns "2 / 5 *" for "two fifths of"."""
    top = match[1] if match[1].isdigit() else "1"
    return f"{top} / {FRACTIONS[match[2]]} * "


def _from_list(what: str, items: str) -> str:
    """Returns the sum that "the average of 3, 4 and 5" describes, "" where the list is none."""
    verbs = {"subtract": "from", "divide": "by", "multiply": "by", "difference between": "and"}
    if what in verbs:
        left, match, right = items.partition(f" {verbs[what]} ")
        if not match and what == "multiply":
            left, match, right = items.partition(" and ")
        if not match or not (_is_number(left) and _is_number(right)):
            return ""
        if what == "difference between":
            larger, smaller = sorted((left, right), key=_value, reverse=True)
            return f"{larger} - {smaller}"
        first, second = (right, left) if what == "subtract" else (left, right)
        return (
            f"{first} {'-' if what == 'subtract' else '*' if what == 'multiply' else '/'} {second}"
        )
    to = "| to " if what == "add" else ""  # "the sum of 1 to 10" is one of ten numbers
    numbers = [n for n in re.split(rf", and |, | and {to}", items) if n]
    if len(numbers) < 2 or not all(map(_is_number, numbers)):
        return ""
    if what == "product of":
        return " * ".join(numbers)
    total = " + ".join(numbers)
    return f"({total}) / {len(numbers)}" if what in ("average of", "mean of") else total


def _is_number(text: str) -> bool:
    return re.fullmatch(rf"-?[{SYMBOLS}]? ?(?:{NUMBER})", text.strip()) is not None


def _value(text: str) -> Fraction:
    sign = -1 if text.strip().startswith("-") else 1
    return sign * number(text.strip(f" -{SYMBOLS}"))


def _tokens(text: str) -> list[str]:
    """Returns numbers, signs and brackets. Raises _NoSum for any other character."""
    tokens: list[str] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or len(tokens) == MAX_TOKENS:
            raise _NoSum
        tokens.append((match.group(1) or match.group(2)).replace(" ", ""))
        at = match.end()
    return tokens


def _grouped(tokens: Sequence[str]) -> list[str]:
    """Returns the tokens with brackets around each percentage of a number, as people mean it.

    "15% of 240 plus 10" is (15% of 240) + 10. Raises _NoSum where that is not certain: behind a
    division or a root, before a power, and for a percentage of nothing ("240 + 15% + 10"), but for
    a factor.
    """
    grouped, at = list[str](), 0
    while at < len(tokens):
        if not tokens[at].endswith("%"):
            grouped.append(tokens[at])
            at += 1
            continue
        end = _end_of_part(tokens, at)
        before, after = tokens[at - 1 : at], tokens[end : end + 1]
        if set(before) & set(_TAKES_APART) or set(after) & {"^", "mod"}:
            raise _NoSum
        part = [tokens[at], *tokens[at + 1 : at + 2], *_grouped(tokens[at + 2 : end])]
        if end == at + 1:
            if "*" not in (*before, *after):
                raise _NoSum
            grouped.append(tokens[at])
        else:
            apart = end - at == len(tokens) or (before, after) == (["("], [")"])
            grouped += part if apart else ["(", *part, ")"]
        at = end
    return grouped


def _end_of_part(tokens: Sequence[str], at: int) -> int:
    """Returns where a percentage ends, with the number or the bracket that it is of."""
    if tokens[at + 1 : at + 2] != ["of"]:
        return at + 1
    of = at + 2
    if of < len(tokens) and tokens[of].endswith("%") and tokens[of + 1 : of + 2] == ["of"]:
        return _end_of_part(tokens, of)
    depth = 0
    for i in range(of, len(tokens)):
        depth += (tokens[i] == "(") - (tokens[i] == ")")
        if depth == 0 and (tokens[i] == ")" or tokens[i][-1].isdigit()):
            return i + 1
        if depth <= 0:
            break
    raise _NoSum


def _may_be_a_name(question: Question, text: str, opens: bool) -> bool:
    """Returns True for 24/7, 9/11, 50/50 and 2024/25, which ask for no division."""
    ratio = _RATIO.fullmatch(text)
    if ratio is None:
        return False
    top, bottom = int(ratio[1]), int(ratio[2])
    if bottom == 0 and (question.asked or opens):
        return False
    years = any(1900 <= n < 2100 for n in (top, bottom))
    return years or top + bottom == 100 or max(top, bottom) <= LAST_DAY


def _pretty(tokens: Sequence[str]) -> str:
    """Returns the sum as it was read, so that a reader sees what was understood."""
    text, glued = "", True
    for before, token in zip(["(", *tokens], tokens, strict=False):
        unary = token == "-" and (before in _OPERATORS or before == "(")
        closes = token in (")", "^") or (before == "sqrt" and token == "(")
        text += ("" if glued or closes else " ") + token
        glued = unary or token in ("(", "^")
    return text


class _Sum:
    """Reads tokens by the usual precedence: brackets, powers, signs, * and /, + and -."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def result(self) -> Amount:
        """Returns the value of all tokens. Raises _NoSum."""
        value = self._added()
        if self._at < len(self._tokens):
            raise _NoSum
        return value

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._next()
        if not token:
            raise _NoSum
        self._at += 1
        return token

    def _added(self) -> Amount:
        value = self._multiplied()
        while self._next() in ("+", "-"):
            sign = 1 if self._take() == "+" else -1
            other = self._multiplied()
            if value.sign != other.sign:  # $5 + 3: dollars and what?
                raise _NoSum
            value = _amount(value.value + sign * other.value, value.sign, value, other)
        return value

    def _multiplied(self) -> Amount:
        value = self._signed()
        while self._next() in ("*", "/", "mod"):
            operator, other = self._take(), self._signed()
            if operator == "*":
                if value.sign and other.sign:
                    raise _NoSum
                value = _amount(value.value * other.value, value.sign or other.sign, value, other)
            elif other.value == 0:
                raise _ByZero
            elif operator == "/":
                if other.sign and other.sign != value.sign:
                    raise _NoSum
                sign = "" if other.sign else value.sign
                value = _amount(value.value / other.value, sign, value, other)
            else:
                if value.sign or other.sign:
                    raise _NoSum
                value = _amount(value.value % other.value, "", value, other)
        return value

    def _signed(self) -> Amount:
        if self._next() == "-":
            self._take()
            value = self._power()
            return Amount(-value.value, value.sign, value.exact)
        return self._power()

    def _power(self) -> Amount:
        base = self._single()
        if self._next() != "^":
            return base
        self._take()
        exponent = self._signed()  # 2^3^2 is 2^9
        whole = exponent.value.denominator == 1 and abs(exponent.value) <= MAX_POWER
        if base.sign or exponent.sign or not whole or (base.value == 0 and exponent.value <= 0):
            raise _NoSum
        bits = max(base.value.numerator.bit_length(), base.value.denominator.bit_length())
        if bits * abs(exponent.value) > 4000:  # refused before it is computed
            raise _NoSum
        return _amount(base.value ** int(exponent.value), "", base, exponent)

    def _single(self) -> Amount:
        token = self._take()
        if token == "(":
            value = self._added()
            if self._take() != ")":
                raise _NoSum
            return value
        if token == "sqrt":
            return square_root(self._single())
        if token.endswith("%"):
            share = Amount(number(token[:-1]) / 100)
            if self._next() != "of":
                return share
            self._take()
            of = self._single()
            return _amount(share.value * of.value, of.sign, of)
        if token[-1].isdigit():
            sign = token[0] if token[0] in SYMBOLS else ""
            return Amount(number(token.removeprefix(sign)), sign)
        raise _NoSum


def _amount(value: Fraction, sign: str, *of: Amount) -> Amount:
    if not fits(value):
        raise _NoSum
    return Amount(value, sign, all(part.exact for part in of))


def square_root(of: Amount) -> Amount:
    """Returns the square root, exact where it is a fraction."""
    if of.value < 0 or of.sign:
        raise _NoSum
    top, bottom = isqrt(of.value.numerator), isqrt(of.value.denominator)
    if Fraction(top**2, bottom**2) == of.value:
        return Amount(Fraction(top, bottom), "", of.exact)
    with localcontext() as context:
        context.prec = ROOT_DIGITS
        root = (Decimal(of.value.numerator) / Decimal(of.value.denominator)).sqrt()
    return Amount(Fraction(root), "", False)


def shown_sum(left: str, result: Amount) -> str:
    """Returns a line such as "15% of 240 = 36", or "1 / 3 is about 0.3333333333"."""
    text = shown(result)
    return f"{left} {'is' if text.startswith('about') else '='} {text}"
