"""Holds what a report's first sentences are about, and the bills that make a sum something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.analysis.report.figures import (
    LaterBills,
    Measure,
    Period,
    Quality,
    UnknownCost,
    tells_shares,
)
from router.analysis.report.named_savings import Told
from router.analysis.report.replies import Replies
from router.ledger.aggregates import Cell, Whole
from router.rendering.figures_in_words import Dollars, count, counted, day, percent, share_of
from router.types import MinutePrice, Role

NONE_LATER = LaterBills()


@dataclass(frozen=True, slots=True)
class BillsOfBefore:
    """Counts the bills for calls from before the period, while the rows of both are kept."""

    calls: int = 0
    # By baseline: the nano-dollars that they add to the own cost of its saving.
    own_nano_usd: Mapping[str, int] = field(default_factory=dict)


NONE_BEFORE = BillsOfBefore()


@dataclass(frozen=True, slots=True)
class Findings:
    """Holds the inputs of the sentences; amounts are nano-dollars until `money` formats them."""

    total: Cell
    period: Period
    replies: Replies
    routed: Told
    observed: Told
    quality: Quality
    judged: Measure  # the share of judged answers that were right
    money: Dollars
    routed_answers: int  # answers and questions of requests that were not only observed
    unknown: UnknownCost
    lost: str = ""  # how many purged requests are in no figure
    told: tuple[Measure, ...] = ()  # all that feedback and reviews said
    later: LaterBills = NONE_LATER
    # Of a person, by each policy of the period; None: it has no price. None known: empty.
    minutes: tuple[MinutePrice | None, ...] = ()
    of_before: BillsOfBefore = NONE_BEFORE

    @property
    def whole(self) -> Whole:
        """Returns the sums that count each request once."""
        return self.total.whole or Whole()

    @property
    def corrections(self) -> tuple[int, int]:
        """Returns how many calls bills corrected and by how much; 0 where that is little.

        A tenth of the spend changes no reader's mind: a note tells it.
        """
        spend = self.total.spend_nano_usd
        calls, corrected, *_ = self.whole.roles.get(Role.RECONCILE.value, [0, 0])
        return (0, 0) if tells_shares(spend, corrected) else (calls, corrected)

    def signed(self, nano_usd: int) -> str:
        """Formats a difference: `+$0.0042`, `-$1.50`."""
        return f"{'+' if nano_usd > 0 else ''}{self.money(nano_usd)}"

    def of_spend(self, cost_nano_usd: int) -> str:
        """Writes ", 83.8 % of the spend"; "" where bills of earlier calls leave no such share."""
        calls, _ = self.corrections
        share = None if calls else share_of(cost_nano_usd, self.total.spend_nano_usd)
        return "" if share is None else f", {percent(share)} of the spend"


def so_corrected(findings: Findings) -> str:
    """Writes ", and bills corrected 24 earlier calls by -$0.02, so the spend is -$0.01", or ""."""
    calls, corrected = findings.corrections
    if not calls:
        return ""
    before, told = findings.of_before.calls, counted(calls, "call", "calls")
    if before >= calls:
        told = counted(calls, "earlier call", "earlier calls")
    elif before:
        told += f" ({count(before)} of them from before)"
    return (
        f", and bills corrected {told} by {findings.signed(corrected)}, so the spend is "
        f"{findings.money(findings.total.spend_nano_usd)}"
    )


def came_later(findings: Findings) -> list[str]:
    """Tells of bills for calls of this period that were booked after it.

    The period's own figures stay what they were, also where its month is closed.
    """
    later, zone = findings.later, findings.period.zone
    if not later.calls:
        return []
    first, last = day(later.first_ms, zone), day(later.last_ms, zone)
    when = f"of {first}" if first == last else f"from {first} to {last}"
    calls = counted(later.calls, "call", "calls")
    return [
        f"Since this period ended, bills have corrected {calls} of it by "
        f"{findings.signed(later.spend_nano_usd)}. That is in no figure here: it is in the spend "
        f"{when}, when it was booked."
    ]
