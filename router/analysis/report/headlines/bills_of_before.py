"""Tells how much of a saving is bills for calls from before the period. Pure.

They lower or raise the saving of the days on which they were booked. So they may turn its sign,
though they say nothing about the requests of these days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from router.analysis.report.figures import Saving
from router.analysis.report.headlines.findings import BillsOfBefore, Findings
from router.ledger.rollup import counted_against
from router.types import RequestRow


def counted_before(bills: Iterable[RequestRow]) -> BillsOfBefore:
    """Counts these bills, and sums what they add to the own cost of each saving."""
    sums: Counter[str] = Counter()
    calls = 0
    for bill in bills:
        calls += 1
        for key in counted_against(bill):
            sums[key] += bill.cost_nano_usd
    return BillsOfBefore(calls, sums)


def of_bills(saving: Saving, findings: Findings) -> list[str]:
    """States what such bills add to the own cost, where that could change a reader's mind."""
    billed, saved = findings.of_before.own_nano_usd.get(saving.key, 0), saving.saved_nano_usd or 0
    if 10 * abs(billed) <= abs(saved):
        return []
    without, bills = saved + billed, f"bills for earlier calls ({findings.signed(billed)})"
    if saved < 0 <= without:
        left = findings.money(without)
        return [f"and {bills} are what makes it a loss: without them, {left} is saved"]
    if without < 0 <= saved:
        more = findings.money(-without)
        return [f"and {bills} are what makes it a saving: without them, it cost {more} more"]
    return [f"and {bills} are part of its cost"]
