"""Converts money between dollars, as people write them, and nano-dollars, as the code counts, and
texts into the bytes that bound their tokens. Writes chances beside their bounds."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

NANO_PER_USD = 1_000_000_000


@lru_cache(maxsize=1024)  # every request asks for the same thresholds
def usd_to_nano(usd: float) -> int:
    """Returns nano-dollars for dollars in a policy, rounded up: more than nothing is never 0.

    >>> usd_to_nano(0.01), usd_to_nano(1e-30), usd_to_nano(0)
    (10000000, 1, 0)
    """
    nano = -int(-round(usd * NANO_PER_USD, 3) // 1)
    return 1 if nano == 0 and usd > 0 else nano


def exact_usd(nano_usd: int, places: int = 2) -> str:
    """Returns the exact amount in dollars, `places` to nine decimals: 55_000_000_000 -> "55.00"."""
    whole, rest = divmod(abs(nano_usd), NANO_PER_USD)
    decimals = f"{rest:09d}".rstrip("0").ljust(places, "0")
    return f"{'-' if nano_usd < 0 else ''}{whole}.{decimals}"


MOST_DIGITS = 40
"""More digits than any amount has; Python refuses to read thousands of them."""


def plain_decimal(text: str) -> Decimal | None:
    """Returns a number that is written with digits and at most one point; None for another text.

    Python reads more: "1_000", "1e3", " 7 " and digits of other scripts. Whoever sends those to
    bound costs may mean another number than the one that would count.

    >>> plain_decimal("0.25"), plain_decimal("-3"), plain_decimal(".5")
    (Decimal('0.25'), Decimal('-3'), Decimal('0.5'))
    >>> plain_decimal("1_000"), plain_decimal("1e3"), plain_decimal("1,000"), plain_decimal("nan")
    (None, None, None, None)
    """
    whole, _, rest = text.removeprefix("-").partition(".")
    digits = whole + rest
    plain = digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS
    return Decimal(text) if plain else None


def utf8_size(text: str) -> int:
    """Returns the bytes of a text in UTF-8; a lone surrogate, which has no such form, counts one.

    >>> utf8_size("abc"), utf8_size("é")
    (3, 2)
    """
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


MOST_PLACES = 17
"""No two numbers of double precision between 0 and 1 that differ look alike in more places."""


def beside_bound(chance: float, bound: float, places: int = 2) -> tuple[str, str]:
    """Returns a chance and its bound as people read them: in `places`, or in as many as show on
    which side of the bound the chance is.

    >>> beside_bound(0.9, 0.5), beside_bound(0.4996, 0.5), beside_bound(0.5, 0.5)
    (('0.90', '0.50'), ('0.4996', '0.50'), ('0.50', '0.50'))
    """
    written = bound_text(bound)
    while places < MOST_PLACES:
        if (float(f"{chance:.{places}f}") >= float(written)) == (chance >= bound):
            break
        places += 1
        if places > 6:  # a computed bound has more places than are worth a line without need
            written = f"{bound:.{places}f}"
    return f"{chance:.{places}f}", written


def bound_text(bound: float) -> str:
    """Returns a bound in two places, or in as many as it has, up to six.

    >>> bound_text(0.5), bound_text(0.125)
    ('0.50', '0.125')
    """
    return f"{bound:.2f}" if round(bound, 2) == bound else f"{bound:g}"
