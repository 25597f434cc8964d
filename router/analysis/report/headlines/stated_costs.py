"""Tells where providers state other costs than the policy's prices give. Pure."""

from __future__ import annotations

from router.analysis.report.headlines.findings import Findings
from router.rendering.figures_in_words import counted
from router.types import Role

TOLD_FROM = 100
"""Tells a difference of a hundredth of the spend and more: a price list that is out of date differs
by far more, and what providers round by far less."""


def of_stated(findings: Findings) -> list[str]:
    """States by how much the spend differs from what providers state for the same calls.

    A spend and a saving at prices that are too low would be told as facts, while each answer said
    what it cost.
    """
    calls, booked, stated = findings.whole.provider
    difference, money = stated - booked, findings.money
    # A bill of this period for a call of before is booked here, and what was stated of it there.
    billed = difference < 0 and Role.RECONCILE.value in findings.whole.roles
    small = TOLD_FROM * abs(difference) < abs(findings.total.spend_nano_usd)
    if not calls or not difference or small or billed:
        return []
    those, more = counted(calls, "call", "calls"), "more" if difference > 0 else "less"
    return [
        f"Providers state {money(stated)} for {those} that this spend has at {money(booked)}, by "
        f"the policy's prices: what was paid may be {money(abs(difference))} {more}."
    ]
