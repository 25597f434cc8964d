"""Tells what people's minutes cost, booked or yet to come, and which price that rests on. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from router.analysis.report.baseline_names import MOST_READ, PolicyText
from router.analysis.report.headlines.findings import Findings
from router.errors import PolicyError
from router.ledger.aggregates import Cell
from router.rendering.figures_in_words import counted, percent, share_of, usd
from router.types import MinutePrice, Role, is_assumed

MinutePriceOf = Callable[[str], MinutePrice | None]
"""Returns what a person's minute costs by the policy with this hash; None where it has no price.

Raises LookupError where that is not known, and PolicyError for a file that is not valid today."""


def minute_prices(
    policies: Mapping[str, Cell], policy_text: PolicyText, price_of: MinutePriceOf | None
) -> tuple[MinutePrice | None, ...]:
    """Returns what a person's minute costs by the policies of most requests, () where not known."""
    if price_of is None:
        return ()
    ordered = sorted(policies, key=lambda name: (-policies[name].requests, name))[:MOST_READ]
    prices = []
    for policy in (name.rpartition("@")[2] for name in ordered):
        with suppress(PolicyError, LookupError):  # an older version tells nothing, not "no price"
            if policy_text(policy) is not None:
                prices.append(price_of(policy))
    return tuple(prices)


def of_minutes(findings: Findings) -> list[str]:
    """States what people's minutes cost and will cost, each time with the price of a minute.

    Nothing where none was booked and no matter waits. No policy of the period may be known: then
    only what is booked is told.
    """
    booked, price = _booked(findings), _price(findings)
    waiting = findings.replies.waiting
    if not waiting or not price:
        return [*booked, *([f"{price[0].upper()}{price[1:]}."] if booked and price else [])]
    waits = counted(waiting, "matter that waits", "matters that wait")
    are = "is" if waiting == 1 else "are"
    return [*booked, f"The {waits} for a person {are} in no cost yet: {price}."]


def _price(findings: Findings) -> str:
    """Writes "a minute of a person costs $1.50 (by the policy)"; "" where no policy is known."""
    prices = findings.minutes
    known = {price for price in prices if price is not None}
    if not known:
        return "no minute of a person is priced" if prices else ""
    low, high = (usd(end(price.nano_usd for price in known)) for end in (min, max))
    each = low if low == high else f"{low} to {high}"
    assumed = [is_assumed(price.version) for price in known]
    if any(assumed):
        by = "an assumed price: the policy states none" if all(assumed) else "partly assumed"
    else:
        stated = all(price.version == "policy" for price in known)
        by = "by the policy" if stated else "by the price book"
    some = "; a policy of the period has no price of one" if None in prices else ""
    return f"a minute of a person costs {each} ({by}){some}"


def _booked(findings: Findings) -> list[str]:
    """States how much of the spend is people's minutes, and what of it nobody stated a price of."""
    minutes = findings.whole.roles.get(Role.REVIEW.value, [0, 0])[1]
    if not minutes:
        return []
    spend, money = findings.total.spend_nano_usd, findings.money
    share = share_of(minutes, spend)
    told = f"{money(minutes)} of it{'' if share is None else f' ({percent(share)})'}"
    _, assumed = findings.whole.assumed
    if not assumed:
        return [f"{told} is people's minutes."]
    some = "" if assumed == minutes else f", {money(assumed)} of that"
    return [
        f"{told} is people's minutes{some} at a price that is assumed: the policy states none "
        "(`review.reviewer_usd_per_minute`)."
    ]
