"""Writes whole numbers in other numerals, and tells what they are made of.

Roman, binary, octal and hexadecimal numerals; primes, factors, common divisors and multiples.
"""

from __future__ import annotations

import re
from math import factorial, gcd, lcm

from router.regexes.late import late_regex
from tiers.exact.wording import first_fit

MOST = 10**12
MOST_FACTORED = 10**9
MOST_DIVIDED = 10**6
_MOST_FACTORIAL = 60
_MOST_ROMAN = 3999
_IS = r"(?:(?:what(?:'s| is)|whats|write|convert|show|give me|calculate|find) )?(?:the )?"
_N = r"(?P<n>\d{1,3}(?:,\d{3}){1,4}|\d{1,13})"
_IN = r"(?: as(?: an?)?| in(?:to)?| to)"
_BASES = {
    **dict.fromkeys(("binary", "base 2"), ("binary", 2)),
    **dict.fromkeys(("hexadecimal", "hex", "base 16"), ("hexadecimal", 16)),
    **dict.fromkeys(("octal", "base 8"), ("octal", 8)),
}
_BASE = rf"(?P<base>{'|'.join(sorted(_BASES, key=len, reverse=True))})"
_SAID = r"(?: (?:number|form|notation|code|system|value|representation))?"
_ROMAN = r"(?P<roman>m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3}))"
_FORMS = tuple(
    (kind, late_regex(form))
    for kind, form in (
        ("to_roman", rf"{_IS}(?:number )?{_N}{_IN} roman(?: numerals?| numbers?)?"),
        ("to_roman", rf"{_IS}roman (?:numerals?|number) (?:for|of) {_N}"),
        (
            "from_roman",
            rf"{_IS}roman (?:numerals?|number) {_ROMAN}(?:{_IN} (?:arabic )?(?:numbers?|numerals?"
            r"|digits|decimal))?",
        ),
        ("to_base", rf"{_IS}(?:decimal |number )?{_N}{_IN} {_BASE}{_SAID}"),
        ("to_base", rf"{_IS}{_BASE}{_SAID} (?:for|of) {_N}"),
        ("from_hex", rf"{_IS}(?:hex(?:adecimal)? )?0x(?P<hex>[0-9a-f]{{1,10}}){_IN} decimal"),
        ("from_hex", rf"{_IS}hex(?:adecimal)? (?P<hex>[0-9a-f]{{1,10}}){_IN} decimal"),
        (
            "from_binary",
            rf"{_IS}(?:binary (?P<bits>[01]{{2,40}})|0b(?P<b>[01]{{1,40}})){_IN} decimal",
        ),
        ("prime", rf"is {_N} (?:a )?prime(?: number)?"),
        ("factors", rf"{_IS}prime factors? (?:of|for) {_N}"),
        ("factors", rf"{_IS}prime factori[sz]ation of {_N}"),
        ("divisors", rf"{_IS}(?:all )?(?:the )?(?:factors|divisors) of {_N}"),
        (
            "gcd",
            rf"{_IS}(?:gcd|gcf|hcf|(?:greatest|highest|largest) common (?:divisor|factor|"
            rf"denominator)) (?:of|for) {_N}(?: and|,) (?P<m>\d{{1,13}})",
        ),
        (
            "lcm",
            rf"{_IS}(?:lcm|(?:least|lowest|smallest) common multiple) (?:of|for) {_N}"
            r"(?: and|,) (?P<m>\d{1,13})",
        ),
        ("factorial", rf"{_IS}factorial (?:of )?(?P<n>\d{{1,2}})"),
        ("factorial", rf"{_IS}(?P<n>\d{{1,2}}) factorial"),
    )
)
_ROMANS = (
    *((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L")),
    *((40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
)
CUES = (
    *("roman", "binary", "hex", "octal", "base ", "0x", "0b", "prime", "factor", "divisor"),
    *("gcd", "gcf", "hcf", "lcm", " common "),
)
"""One of them stands in what any form fits."""
BEGINNINGS = (
    *("what", "write ", "convert ", "show ", "give me ", "calculate ", "find ", "the ", "number "),
    *("roman ", "binary ", "hex", "octal ", "base ", "decimal ", "is ", "prime ", "all ", "factor"),
    *("divisors ", "gcd ", "gcf ", "hcf ", "lcm ", "greatest ", "highest ", "largest ", "least "),
    *("lowest ", "smallest ", *"mdclxvi"),
)
"""Begin what any form fits, besides numbers."""


def numeral(text: str) -> str | None:
    """Returns a number in other numerals or what it is made of, None for anything else.

    `text` is a question in small letters, with numbers in digits.

    >>> numeral("roman numeral for 2026"), numeral("is 91 a prime number")
    ('2,026 = MMXXVI', '91 is not a prime number: 91 = 7 * 13')
    """
    fit = first_fit(_FORMS, text)
    return None if fit is None else _answer(*fit)


def _answer(kind: str, match: re.Match[str]) -> str | None:
    if kind == "from_roman":
        letters = match["roman"].upper()
        return f"{letters} = {_of_roman(letters):,}"
    if kind == "from_hex":
        return f"0x{match['hex'].upper()} = {int(match['hex'], 16):,}"
    if kind == "from_binary":
        bits = match["bits"] or match["b"]
        return f"{bits} in binary = {int(bits, 2):,}"
    n = int(match["n"].replace(",", ""))
    if n > MOST:
        return None
    if kind == "to_roman":
        return f"{n:,} = {roman(n)}" if 0 < n <= _MOST_ROMAN else None
    if kind == "to_base":
        name, base = _BASES[match["base"]]
        digits = {2: f"{n:b}", 8: f"{n:o}", 16: f"{n:X}"}[base]
        return f"{n:,} in {name} = {digits}"
    return _made_of(kind, n, match)


def _made_of(kind: str, n: int, match: re.Match[str]) -> str | None:
    if kind == "factorial":
        return f"{n}! = {factorial(n):,}" if n <= _MOST_FACTORIAL else None
    if kind in ("gcd", "lcm"):
        m = int(match["m"])
        if not n or not m or m > MOST:
            return None
        value = gcd(n, m) if kind == "gcd" else lcm(n, m)
        named = "greatest common divisor" if kind == "gcd" else "least common multiple"
        return f"The {named} of {n:,} and {m:,} is {value:,}"
    if n < 2:
        return f"{n} is not a prime number" if kind == "prime" else None
    if kind == "divisors":
        return _divisors(n)
    if n > MOST_FACTORED:
        return None
    primes = factors(n)
    if len(primes) == 1:
        return f"{n:,} is a prime number"
    parts = f"{n:,} = {' * '.join(f'{prime:,}' for prime in primes)}"
    return f"{n:,} is not a prime number: {parts}" if kind == "prime" else parts


def factors(n: int) -> list[int]:
    """Returns the prime factors of a number up to MOST_FACTORED: 16,000 steps, a millisecond."""
    primes, divisor = [], 2
    while divisor * divisor <= n:
        while n % divisor == 0:
            primes.append(divisor)
            n //= divisor
        divisor += 1 if divisor == 2 else 2
    return [*primes, n] if n > 1 else primes


def _divisors(n: int) -> str | None:
    if n > MOST_DIVIDED:
        return None
    low = [d for d in range(1, int(n**0.5) + 1) if n % d == 0]
    high = [n // d for d in reversed(low) if d * d != n]
    return f"Divisors of {n:,}: {', '.join(f'{d:,}' for d in (*low, *high))}"


def roman(n: int) -> str:
    """Returns a number from 1 to 3,999 in Roman numerals.

    >>> roman(2026)
    'MMXXVI'
    """
    parts = []
    for value, letters in _ROMANS:
        count, n = divmod(n, value)
        parts.append(letters * count)
    return "".join(parts)


def _of_roman(letters: str) -> int:
    values = {"M": 1000, "D": 500, "C": 100, "L": 50, "X": 10, "V": 5, "I": 1}
    total = 0
    for letter, behind in zip(letters, [*letters[1:], "I"], strict=True):
        value = values[letter]
        total += -value if value < values[behind] else value
    return total
