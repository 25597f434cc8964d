"""Puts lists of sums together, and says which of their sums is at stake.

It knows nothing about text.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from msgspec import UNSET, Struct
from msgspec.structs import replace

from router.types import Amount

MAX_AMOUNTS = 16


def largest(amounts: Iterable[Amount]) -> tuple[Amount, ...]:
    """Returns at most MAX_AMOUNTS, largest first.

    The largest one that is not quoted is always among them, so that nobody hides a sum behind a
    quoted heap of others.
    """
    ordered = sorted(amounts, key=lambda amount: -amount.nano_usd)
    kept = ordered[:MAX_AMOUNTS]
    if len(ordered) > MAX_AMOUNTS and all(amount.quoted for amount in kept):
        kept[-1] = next((amount for amount in ordered if not amount.quoted), kept[-1])
    return tuple(kept)


def unquoted(amounts: tuple[Amount, ...]) -> tuple[Amount, ...]:
    """Returns the same sums, none of them quoted: all are at stake."""
    if not any(amount.quoted for amount in amounts):
        return amounts
    return tuple(replace(amount, quoted=False, material=UNSET) for amount in amounts)


def all_quoted(amounts: tuple[Amount, ...]) -> tuple[Amount, ...]:
    """Returns the same sums, all of them quoted: none is at stake."""
    return tuple(replace(amount, quoted=True) for amount in amounts)


def all_material(amounts: tuple[Amount, ...]) -> tuple[Amount, ...]:
    """Returns the same sums, all of them material: none is at stake as yet."""
    return tuple(replace(amount, quoted=True, material=True) for amount in amounts)


def no_material(amounts: tuple[Amount, ...]) -> tuple[Amount, ...]:
    """Returns the same sums, those at stake again that were material."""
    return tuple(
        replace(amount, quoted=False, material=UNSET) if amount.material is True else amount
        for amount in amounts
    )


def largest_amounts(groups: Iterable[tuple[Amount, ...]]) -> tuple[Amount, ...]:
    """Returns the largest distinct amounts of several texts, largest first."""
    distinct: dict[tuple[str, int], Amount] = {}
    for amount in (amount for group in groups for amount in group):
        before = distinct.get((amount.text, amount.nano_usd))
        if before is None or before.quoted:
            distinct[amount.text, amount.nano_usd] = amount
    return largest(distinct.values())


def with_further(written: tuple[Amount, ...], read: tuple[Amount, ...]) -> tuple[Amount, ...]:
    """Returns the amounts of a text, and those that only another form of it has.

    "3 veils at £18" may be "3 evils at £18"; people see the words that were written.
    """
    covered = {
        (amount.currency, amount.nano_usd, amount.period, quoted)
        for amount in written
        for quoted in (amount.quoted, True)
    }
    further = [
        amount
        for amount in read
        if (amount.currency, amount.nano_usd, amount.period, amount.quoted) not in covered
    ]
    return largest_amounts((written, tuple(further))) if further else written


def own_impact(amounts: Iterable[Amount]) -> int:
    """Returns the largest sum that is not quoted, in nano-dollars; 0 without any."""
    return max([amount.nano_usd for amount in amounts if not amount.quoted], default=0)


class PlacedAmount(Struct, frozen=True):
    """Holds a sum with its place in the folded text."""

    start: int
    end: int
    value: Decimal  # of its own currency
    amount: Amount


def distinct(placed: Iterable[PlacedAmount]) -> Iterable[Amount]:
    """Returns each wording of a sum once; one that is only quoted gives way to one that is not."""
    amounts: dict[tuple[str, int], Amount] = {}
    for one in placed:
        key = (one.amount.text, one.amount.nano_usd)
        before = amounts.get(key)
        if before is None or before.quoted:
            amounts[key] = one.amount
    return amounts.values()
