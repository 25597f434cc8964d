"""Converts money between dollars, as people write them, and nano-dollars, as the code counts, and
texts into the bytes that bound their tokens."""

from __future__ import annotations

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


def utf8_size(text: str) -> int:
    """Returns the bytes of a text in UTF-8; a lone surrogate, which has no such form, counts one.

    >>> utf8_size("abc"), utf8_size("é")
    (3, 2)
    """
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
