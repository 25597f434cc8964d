"""Turns another gateway's usage into cases: rows with a prompt are decided, others count tokens.

It is pure: the caller passes the function that reads a prompt. Tokens without prompts show the cost
if each answerer of the policy answered everything; nobody can say which of them would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from router.analysis.replay.cases import Case, LeftOut, Reading
from router.analysis.replay.facts import Side
from router.analysis.replay.usage_rows import UsageRow
from router.analysis.report.savings import PairedCosts
from router.routing.constraints import Asked, Shape
from router.types import CostBasis

Read = Callable[[UsageRow], Mapping[str, Reading]]
"""Returns what each policy (by hash) reads in a row's prompt."""


@dataclass(slots=True)
class TokensAlone:
    """Sums the cost of the log's tokens where they went, and at each answerer of the policy."""

    rows: int = 0
    without_prompt: int = 0
    without_cost: int = 0
    priced_by_book: int = 0
    by_answerer: dict[str, PairedCosts] = field(default_factory=dict)  # pairs (log, answerer)

    def add(self, row: UsageRow, cost_nano_usd: int | None, side: Side) -> None:
        """Counts one row; `cost_nano_usd` is its cost there, None where nobody knows."""
        self.rows += 1
        self.without_prompt += not row.messages
        self.without_cost += cost_nano_usd is None
        self.priced_by_book += row.cost_nano_usd is None and cost_nano_usd is not None
        for plan in side.plans:
            priced = plan.would_cost(row.usage)
            if plan.facts.without_model or cost_nano_usd is None:
                continue  # approved answers do not cover every question
            if priced.basis is not CostBasis.UNKNOWN:
                self.by_answerer.setdefault(plan.facts.name, PairedCosts()).add(
                    cost_nano_usd, priced.nano_usd
                )


def usage_case(row: UsageRow, cost_nano_usd: int | None, read: Read) -> Case | LeftOut:
    """Returns the row as a case that both sides read for themselves, or NO_PROMPT."""
    if not row.messages:
        return LeftOut.NO_PROMPT
    readings = read(row)
    # Each side reads with its own policy later; any reading fills the case's fields.
    signals = next(iter(readings.values())).signals
    return Case(
        request_id=row.request_id,
        policy_hash="",
        signals=signals,
        asked=Asked(),
        shape=Shape((), None),
        facts=(),
        cost_nano_usd=cost_nano_usd,
        usage=row.usage,
        level=0,
        tier=row.model,
        answerer=row.model,
        first=row.model,
        reason="",
        readings=readings,
    )
