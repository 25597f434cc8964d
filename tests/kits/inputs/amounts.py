"""Reads the sums of money in a text, as triage does."""

from __future__ import annotations

from collections.abc import Mapping

from router.triage.text.amounts import Amount, AmountReader
from router.triage.text.folding import fold


def read_amounts(text: str, usd_per_unit: Mapping[str, float]) -> tuple[Amount, ...]:
    """Returns the sums of money in a text, largest first.

    >>> found = read_amounts("a 12k refund, or $5-9k", {"USD": 1.0})
    >>> [(amount.text, amount.nano_usd // 10**9) for amount in found]
    [('12k', 12000), ('$5-9k', 9000)]
    """
    return AmountReader(usd_per_unit).read(fold(text))
