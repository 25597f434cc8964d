"""Warns of prices that lack a class which an answerer's calls will have. Pure.

A price without any tokens has its warning in `warnings`.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.policy.schema import Policy
from router.policy.warnings import PolicyWarning, WarningKind
from router.types import AnswererFacts, Capability, Price


def sound_warnings(policy: Policy, facts: Sequence[AnswererFacts]) -> list[PolicyWarning]:
    """Returns one warning for each answerer that takes sound at a list's price of text.

    `facts` describe the policy's answerers. One without any price has its warning already.
    """
    prices = {
        answerer.name: answerer.price
        for answerer in facts
        if Capability.AUDIO in answerer.capabilities and answerer.is_remote
    }
    return [
        PolicyWarning(
            WarningKind.UNKNOWN_PRICE,
            f"tiers[{t}].answerers[{a}].price",
            f"{answerer.name} takes audio, and its price in the list is that of text: calls with "
            "sound are of unknown cost and count at their hold; state audio_input_usd_per_mtok",
        )
        for t, tier in enumerate(policy.tiers)
        for a, answerer in enumerate(tier.answerers)
        if (price := prices.get(answerer.name)) is not None
        and price.input_nano_usd is not None
        and price.per_request_nano_usd is None
        and not price.covers_sound
    ]


def cache_price_warnings(policy: Policy, facts: Sequence[AnswererFacts]) -> list[PolicyWarning]:
    """Returns one warning for each answerer at Anthropic whose price lacks cache writes or reads.

    A server whose input is free has free caches. `facts` describe the policy's answerers. Writes
    for an hour have a price without a statement, as decision 231 says.
    """
    lacking = {
        answerer.name: said
        for answerer in facts
        if answerer.speaks_anthropic
        and answerer.price.input_nano_usd
        and answerer.price.per_request_nano_usd is None
        and (said := _lacks(answerer.price))
    }
    return [
        PolicyWarning(
            WarningKind.CACHE_PRICE_MISSING,
            f"tiers[{t}].answerers[{a}].price",
            f"{answerer.name} {lacking[answerer.name]}",
        )
        for t, tier in enumerate(policy.tiers)
        for a, answerer in enumerate(tier.answerers)
        if answerer.name in lacking
    ]


def _lacks(price: Price) -> str:
    """Returns what the price lacks, what that leads to, and what to state; "" for nothing."""
    no_reads = price.cached_input_nano_usd is None
    if price.cache_write_nano_usd is None:
        stated = price.hour_write_nano_usd is not None
        of_five = " for five minutes, only for an hour, which it is never asked for" * stated
        also = " and cached_input_usd_per_mtok" * no_reads
        return (
            f"has no price of cache writes{of_five}: writes that clients of /v1/messages ask for "
            "are booked as input (Anthropic bills 1.25 times that), and other clients get no cache "
            "points, so each turn of theirs pays its whole prompt; state "
            f"cache_write_usd_per_mtok{also}"
        )
    if no_reads:
        return (
            "has no price of cache reads: they are booked as input (Anthropic bills a tenth of "
            "that), so costs and budgets count too much; state cached_input_usd_per_mtok"
        )
    return ""
