"""Keeps the calls of one request: what each holds, costs and came to.

The calls add and settle rows; the gateway and a shadow mark them when the request is over.

It calls nobody and knows no ledger; it answers how much money is spent, held and left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec.structs import replace

from router.errors import TiergateError
from router.money import cost
from router.money.model_redirects import Redirect
from router.routing.routed_request import RoutedRequest
from router.types import (
    Answer,
    AnswererFacts,
    AttemptRow,
    AttemptState,
    ChatRequest,
    CostBasis,
    Role,
)

TRIAGE = "triage"
"""The tier and answerer of the line that books the own compute of reading a request."""


@dataclass(slots=True)
class Attempts:
    """The calls of one request, in the order they were opened, with what went wrong in them."""

    rows: list[AttemptRow] = field(default_factory=list)
    troubles: list[tuple[int, TiergateError]] = field(default_factory=list)
    reported: int = 0  # so many of the troubles are in the log
    redirects: list[Redirect] = field(default_factory=list)  # calls that another model answered
    unbelieved: dict[str, int] = field(default_factory=dict)  # costs stated of a call by its id
    caps: dict[int, int] = field(default_factory=dict)  # lowered caps of output, by rung
    left_out: dict[int, tuple[str, ...]] = field(default_factory=dict)  # refused parameters, alike
    reworded: set[int] = field(default_factory=set)  # rungs that did not get the client's own body

    def own_cap(self, rung: int, facts: AnswererFacts, request: ChatRequest) -> int:
        """Returns the answerer's own cap of output at which a rung was called, in tokens."""
        return self.caps.get(rung) or cost.own_cap(facts, request)

    @property
    def spent_nano_usd(self) -> int:
        """Returns what all attempts cost so far."""
        spent = 0
        for attempt in self.rows:
            spent += attempt.cost_nano_usd
        return spent

    @property
    def counted_nano_usd(self) -> int:
        """Returns what limits count of all attempts so far."""
        return self._counted(self.rows)

    def money_left(self, cap_nano_usd: int | None) -> int | None:
        """Returns what the client's cap leaves, None without one; never negative."""
        return None if cap_nano_usd is None else max(0, cap_nano_usd - self._counted(self.rows))

    @staticmethod
    def _counted(rows: Iterable[AttemptRow]) -> int:
        """Returns what limits count: the higher of a call's cost and what its provider states."""
        return sum([max(row.cost_nano_usd, row.provider_cost_nano_usd or 0) for row in rows])

    def money_left_to_climb(self, cap_nano_usd: int | None, hedged_rung: int | None) -> int | None:
        """Returns what the cap leaves for the next rung, None without one.

        A rung that was called before its turn counts as not yet paid, so that going on to it is
        decided as for any other rung.
        """
        if cap_nano_usd is None:
            return None
        paid = self._counted(a for a in self.rows if a.rung != hedged_rung)
        return max(0, cap_nano_usd - paid)

    def money_left_for(self, attempt: int, cap_nano_usd: int | None) -> int | None:
        """Returns what the cap leaves for one attempt, less what all other calls hold just now.

        Another call may be a hedged rung, or the very call that this one is a step of.
        """
        left = self.money_left(cap_nano_usd)
        if left is None:
            return None
        others = (row for i, row in enumerate(self.rows) if i != attempt)
        held = sum(row.held_nano_usd for row in others if row.state is AttemptState.HELD)
        return max(0, left - held)

    def mark_discarded(self, shown_rung: int | None, answer: Answer | None = None) -> None:
        """Marks what was paid for and never shown; None: approved words replaced every answer.

        Of the shown rung these are the refinements that its `answer` does not have.
        """
        rejected = set[int]()
        if answer is not None and answer.refined:
            made = [
                i
                for i, one in enumerate(self.rows)
                if one.rung == shown_rung and one.role is Role.REFINE and not one.error_code
            ]
            # A cache's answer has no rows.
            pairs = zip(reversed(made), reversed(answer.refined), strict=False)
            rejected = {i for i, kept in pairs if not kept}
        for i, attempt in enumerate(self.rows):
            if attempt.role is Role.TRIAGE:
                continue
            discarded = attempt.rung != shown_rung or i in rejected
            if attempt.discarded != discarded:
                self.rows[i] = replace(attempt, discarded=discarded)

    def book_triage(self, routed: RoutedRequest, extra_compute_ms: float) -> None:
        """Adds the line of what reading this request took; once, after all other lines.

        The line costs own compute at the price book's rate of a core, and nothing where no rate is
        stated. A list price that was charged covers it, as it covers everything else.
        """
        compute_ms = routed.triage_compute_ms + extra_compute_ms
        if not compute_ms:
            return
        price = routed.runtime.on(routed.created_at_ms).triage_price
        paid = cost.Cost(cost.own_compute(price, compute_ms), CostBasis.OWN_COMPUTE)
        if any([attempt.cost_basis is CostBasis.LIST_PRICE for attempt in self.rows]):
            paid = cost.Cost(0, CostBasis.LIST_PRICE)
        self.rows.append(
            AttemptRow(
                attempt_id=f"{routed.request_id}-triage",
                request_id=routed.request_id,
                ordinal=len(self.rows),
                role=Role.TRIAGE,
                answerer=TRIAGE,
                tier=TRIAGE,
                level=0,
                model=routed.signals.triage_version,
                state=AttemptState.SETTLED,
                held_nano_usd=0,
                cost_nano_usd=paid.nano_usd,
                cost_basis=paid.basis,
                price_version=price.version,
                started_at_ms=routed.created_at_ms,
                latency_ms=routed.triage_ms,
                compute_ms=compute_ms,
                cores=1,
            )
        )
