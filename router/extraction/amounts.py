"""Finds sums of money with their currency, by triage's own reader. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from router.extraction.items import Item
from router.triage.text.amounts import AmountReader
from router.triage.text.folding import fold, origins
from router.types import NANO_PER_USD

_SIGNS = ("$", "€", "£", "¥", "₹", "₽", "₩", "₺", "₫", "₪", "₱")


def amounts(text: str, reader: AmountReader) -> Iterator[Item]:
    """Yields each sum with value, currency and dollars; sums of a repeated text each.

    >>> [item.values["value"] for item in amounts("Pay $5 now, EUR 7 later", AmountReader({
    ...     "USD": 1.0, "EUR": 1.1}))]
    [5.0, 7.0]
    """
    folded = fold(text)
    places = None
    for placed in sorted(reader.placed(folded), key=lambda amount: amount.start):
        if places is None:
            places = origins(text, folded)
        start, end = places[placed.start], places[placed.end - 1] + 1
        written = text[start:end]
        named = any(sign in written for sign in _SIGNS) or placed.amount.currency in written.upper()
        values: dict[str, str | float | bool | None] = {
            "value": float(placed.value),
            "currency": placed.amount.currency,
            "usd": round(placed.amount.nano_usd / NANO_PER_USD, 2),
        }
        if placed.amount.period:
            values["period"] = placed.amount.period
        yield Item(start, end, "amount.named" if named else "amount.by_words", values)
