"""Tells how much of a saving is bills for calls from before the period. Pure.

They lower or raise the saving of the days on which they were booked. So they may turn its sign,
though they say nothing about the requests of these days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from router.analysis.report.figures import Saving
from router.analysis.report.headlines.findings import Findings
from router.ledger.rollup import counted_against
from router.types import RequestRow


def by_baseline(bills: Iterable[RequestRow]) -> Mapping[str, int]:
    """Returns by how many nano-dollars these bills raise the own cost of each saving."""
    sums: Counter[str] = Counter()
    for bill in bills:
        for key in counted_against(bill):
            sums[key] += bill.cost_nano_usd
    return sums


def of_bills(saving: Saving, findings: Findings) -> list[str]:
    """States what such bills add to the own cost, where that could change a reader's mind."""
    billed, saved = findings.of_before.get(saving.key, 0), saving.saved_nano_usd or 0
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
