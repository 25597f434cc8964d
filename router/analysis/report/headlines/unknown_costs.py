"""Tells what of a spend is no known cost, and what stands in its place. Pure."""

from __future__ import annotations

from router.analysis.report.headlines.findings import Findings
from router.rendering.figures_in_words import count, counted, percent, share_of
from router.types import CostBasis


def bound_words(findings: Findings) -> str:
    """Returns "at most " or "at least " where the spend is a bound of what was spent; or "".

    A call of unknown outcome counts at its most, and one whose price nobody states counts nothing.
    """
    held, estimated = findings.unknown.held_nano_usd, findings.whole.estimated[1]
    if findings.corrections[0] or not findings.unknown.requests:
        return ""
    if held and not _unpriced(findings):
        return "at most "
    return "" if held or estimated else "at least "


def _unpriced(findings: Findings) -> int:
    calls, *_ = findings.whole.bases.get(CostBasis.UNKNOWN.value, [0])
    return calls


def of_unknown(findings: Findings) -> list[str]:
    """States what is booked for calls of unknown cost, and how much of the spend is known.

    A hold reads as money that was lost, where it is the most that a call can have cost.
    """
    unknown, money = findings.unknown, findings.money
    if not unknown.requests:
        return []
    requests = counted(unknown.requests, "request", "requests")
    if not unknown.held_nano_usd:
        return [f"What {requests} cost is not known and in no sum: a call has no known price."]
    share, unpriced = None, _unpriced(findings)
    if not findings.corrections[0]:
        share = share_of(unknown.held_nano_usd, findings.total.spend_nano_usd)
    part = "" if share is None else f" ({percent(share)})"
    return [
        f"For {requests}, {money(unknown.held_nano_usd)} of this{part} is an upper bound and no "
        "known cost: a call broke off, or its price or usage is not known, and counts at the most "
        "that it can cost until a bill says what was paid (`tiergate ledger reconcile`).",
        *_known(findings),
        *([f"Calls without any price: {count(unpriced)}; these are in no sum."] * bool(unpriced)),
    ]


def _known(findings: Findings) -> list[str]:
    """States what is known and what is estimated, where these and the bounds are the whole."""
    (calls, estimated), money = findings.whole.estimated, findings.money
    known = findings.total.spend_nano_usd - findings.unknown.held_nano_usd - estimated
    others = findings.corrections[0] or findings.unknown.afterwards
    if others or estimated < 0 or known < 0 or (estimated and not calls):
        return []
    if not estimated:
        return [f"The other {money(known)} is known."]
    usage = counted(calls, "call", "calls")
    return [
        f"{money(known)} is known, and {money(estimated)} is estimated from what came of {usage} "
        "whose usage nobody reported."
    ]
