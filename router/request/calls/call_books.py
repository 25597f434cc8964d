"""Holds what all calls of one request share, and how deep each of them is.

`attempt` keeps the books of one call with it. It knows nothing about rungs and verification.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from router.money import cost
from router.money.token_bound import sent_at_most
from router.request.calls.received import Came
from router.request.calls.settlement import (
    Known,
    at_hold,
    basis_at_first,
    beside_told,
    own_compute,
    price_of_call,
    reads_all_at_first,
    rented_ms,
    state_of,
)
from router.request.calls.unseen_thoughts import UnseenThoughts
from router.request.ledger_row import open_row
from router.request.progress import Progress
from router.routing.routed_request import RoutedRequest
from router.routing.rungs.rung_plan import RungPlan
from router.threads.deadlines import Deadlines
from router.types import AttemptRow, AttemptState, Clock, CostBasis, Ledger, RequestRow, Usage

Intent = Callable[[RoutedRequest, Progress, AttemptRow], RequestRow]
"""Returns the open row that a call is held under."""


class Nesting(Struct, frozen=True):
    """Describes how deep a call is, and whether a list price above it already covers it."""

    rung: int
    depth: int = 0
    included: bool = False
    ahead: bool = False  # called before its turn

    def inside(self, plan: RungPlan) -> Nesting:
        """Returns the nesting of the calls that this answerer makes."""
        priced = plan.facts.price.per_request_nano_usd is not None
        return Nesting(self.rung, self.depth + 1, self.included or priced, self.ahead)


MOST_THOUGHT_PER_SECOND = 1_000
"""Tokens that a model may have written in a second of silence: vendors that hide reasoning wrote 50
to 400 in 2026, the fastest servers of open models up to 3,000. A stream that is left after a second
cost its whole cap otherwise."""


class CallBooks:
    """Knows what all calls of one request share: the request, its attempts, the ledger."""

    def __init__(
        self,
        routed: RoutedRequest,
        progress: Progress,
        ledger: Ledger,
        clock: Clock,
        deadlines: Deadlines,
        unseen: UnseenThoughts,
        intent: Intent = open_row,
    ) -> None:
        self.routed = routed
        self.intent = intent
        self.progress = progress
        self.rows = progress.attempts.rows
        self.ledger = ledger
        self.clock = clock
        self.deadlines = deadlines
        self.unseen = unseen
        self.in_ledger: set[int] = set()  # attempts held there, not yet settled there
        self.reworded: set[int] = set()  # attempts that did not get the client's own body

    def seconds_left(self, plan: RungPlan) -> float:
        """Returns the answerer's total deadline, or what the client's leaves if that is less."""
        own = plan.facts.deadline_ms / 1000.0
        if self.routed.deadline_ms is None:
            return own
        left_ms = self.routed.deadline_ms - self.clock.monotonic_ms()
        return max(0.0, min(own, left_ms / 1000.0))

    async def settle_earlier(self) -> None:
        """Tells the ledger how earlier holds ended, before the next one is made."""
        for number in sorted(self.in_ledger):
            settled = self.rows[number].state is not AttemptState.HELD
            if settled and number in self.in_ledger:
                self.in_ledger.discard(number)  # at once: a parallel call may be settling too
                await self.ledger.settle(self.rows[number], self.routed.identity.tenant)

    def cancel_open(self) -> None:
        """Cancels each attempt that is still held."""
        for number, row in enumerate(self.rows):
            if row.state is AttemptState.HELD:
                self.cancel(number, Came(), self.clock.monotonic_ms())

    def plan_at(self, answerer: str, at_ms: int) -> RungPlan:
        """Returns what is known of an answerer, at the prices of this time."""
        return self.unseen.told(self.routed.runtime.on(at_ms).by_name[answerer])

    def cancel(self, number: int, came: Came, started_ms: float, *, streams: bool = False) -> None:
        """Books a call whose client left: at what is known or bounded, marked as an estimate.

        A model that streams (`streams`) stops when nobody reads it; another one goes on.
        """
        row = self.rows[number]
        plan = self.plan_at(row.answerer, row.started_at_ms)
        latency_ms = self.clock.monotonic_ms() - started_ms
        if not plan.spends_outside:
            bounded = own_compute(row, plan, AttemptState.CANCELLED, latency_ms)
        else:
            bounded = self.at_most(row, plan, came, streams=streams)
        self.rows[number] = replace(bounded, state=AttemptState.CANCELLED, latency_ms=latency_ms)

    def at_most(
        self, row: AttemptRow, plan: RungPlan, came: Came, *, streams: bool = False
    ) -> AttemptRow:
        """Books a call to an upstream that never said what it used in the end.

        It costs what the provider had said by then and, for what came since, what its bytes bound.
        """
        facts, request = plan.facts, self.routed.request
        by_time = basis_at_first(plan, row.held_nano_usd) is CostBasis.OWN_COMPUTE
        nothing_known = not (came.received_bytes or streams or by_time)
        if nothing_known or price_of_call(plan, None, request) is None:
            bound, settled = at_hold(row, plan), False
        else:
            bound, settled = self._bounded(row, plan, came, streams), True
        if came.told is None:
            return bound
        hours = self._writes_for_hours(row, plan)
        known = Known(
            came.told,
            sound=request.holds_sound,
            hours=hours,
            all_input=settled and reads_all_at_first(request, came.told),
            output_since=self._output_since(plan, came) if settled and came.told_output else None,
        )
        return beside_told(bound, known, facts.price)

    def _writes_for_hours(self, row: AttemptRow, plan: RungPlan) -> bool:
        if row.ordinal in self.reworded:
            return False
        return cost.writes_for_hours(plan.facts, self.routed.request)

    def _bounded(self, row: AttemptRow, plan: RungPlan, came: Came, streams: bool) -> AttemptRow:
        """Books a call at a bound that its texts give, at most the hold.

        A cut stream costs its input at the bound and its output at the tokens of what came. A model
        that hides its reasoning, or of whose stream (`streams`) nothing has come, may have written
        MOST_THOUGHT_PER_SECOND in each silence. Where nothing came of a whole answer that is not
        paid by time alone, or nobody states the price of sound, the call costs its hold.
        """
        facts, request = plan.facts, self.routed.request
        output = came.output_tokens
        if facts.hides_reasoning or (streams and not came.received_bytes):
            output += self._thoughts(came.silent_ms)
        heard = cost.most_sound(request)
        inputs = sent_at_most(facts, request)
        bound = Usage(inputs, output_tokens=output, audio_input_tokens=heard)
        hours = self._writes_for_hours(row, plan)
        usage = cost.at_dearest(facts.price, bound, hours=hours)
        compute_ms = rented_ms(plan, max(0.0, float(self.clock.now_ms() - row.started_at_ms)))
        paid = cost.attempt_cost(facts.price, usage, compute_ms, row.images)
        return replace(
            row,
            compute_ms=compute_ms,
            state=state_of(paid),
            cost_nano_usd=min(paid.nano_usd, row.held_nano_usd),
            cost_basis=paid.basis,
            usage=usage,
            estimated=True,
        )

    def _output_since(self, plan: RungPlan, came: Came) -> int:
        """Returns the most tokens of output that a model wrote after its provider counted them."""
        hides = plan.facts.hides_reasoning
        return came.since_bytes + (self._thoughts(came.silent_since_ms) if hides else 0)

    def _thoughts(self, silent_ms: float) -> int:
        tokens = math.ceil(MOST_THOUGHT_PER_SECOND * silent_ms / 1000.0)
        return tokens * self.routed.request.sampling.n
