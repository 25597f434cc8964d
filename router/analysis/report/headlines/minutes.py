"""Finds what a minute of a person cost by the policies of a period. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from router.analysis.report.baseline_names import MOST_READ, PolicyText
from router.errors import PolicyError
from router.ledger.aggregates import Cell
from router.types import MinutePrice

MinutePriceOf = Callable[[str], MinutePrice | None]
"""Returns what a person's minute costs by the policy with this hash; None where it has no price."""


def minute_prices(
    policies: Mapping[str, Cell], policy_text: PolicyText, price_of: MinutePriceOf | None
) -> tuple[MinutePrice | None, ...]:
    """Returns what a person's minute costs by the policies of most requests, () where not known."""
    if price_of is None:
        return ()
    ordered = sorted(policies, key=lambda name: (-policies[name].requests, name))[:MOST_READ]
    prices = []
    for policy in (name.rpartition("@")[2] for name in ordered):
        with suppress(PolicyError):  # a file of an older version need not be valid today
            if policy_text(policy) is not None:
                prices.append(price_of(policy))
    return tuple(prices)
