"""Every priced call passes here: hold the worst case, call, settle to what is known.

A call is in the ledger before it is made, free ones too, so that none is lost in a crash. What
answers in microseconds (approved answers), and own compute that a list price above it covers, is
written down with its request's final row.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from msgspec import Struct
from msgspec.structs import replace

from router.errors import (
    NOT_ADMITTED,
    BudgetExceeded,
    CannotAnswer,
    DeadlineExceeded,
    DepthExceeded,
    StreamCut,
    TiergateError,
)
from router.money import cost
from router.money.worst_case import explained
from router.request.ledger_row import open_row
from router.request.rate_charges import count_call
from router.request.settlement import (
    answered_by,
    at_hold,
    basis_at_first,
    may_be_billed,
    own_compute,
    state_of,
)
from router.request.state import Walk
from router.routing.policy_runtime import RungPlan
from router.types import (
    Answer,
    AttemptRow,
    AttemptState,
    Call,
    ChatRequest,
    Clock,
    CostBasis,
    Delta,
    Ledger,
    Reason,
    Role,
    Usage,
    Work,
    exact_usd,
)

MAX_DEPTH = 2
"""A deliberation calls an answerer, which may run its own steps; nothing goes deeper."""

SAMPLE_TEMPERATURE = 0.7
"""What self-consistency samples at (Wang et al., arXiv 2203.11171)."""

MAX_ATTEMPTS = 32
"""Priced calls of one request: at most 16 rungs, or a deliberation's five steps with repairs."""


class Nesting(Struct, frozen=True):
    """How deep a call is, and whether a list price above it already covers it."""

    rung: int
    depth: int = 0
    included: bool = False
    ahead: bool = False  # called before its turn

    def inside(self, plan: RungPlan) -> Nesting:
        """The nesting of calls that this answerer makes."""
        priced = plan.facts.price.per_request_nano_usd is not None
        return Nesting(self.rung, self.depth + 1, self.included or priced, self.ahead)


class Spender:
    """Spends for one request; answerers get `call`, bound to their depth, to reach others."""

    def __init__(self, walk: Walk, ledger: Ledger, clock: Clock) -> None:
        self._walk = walk
        self._ledger = ledger
        self._clock = clock
        self._in_ledger: set[int] = set()  # attempts held there, not yet settled there

    async def call_rung(self, at: int, plan: RungPlan) -> Answer:
        """The whole answer of one rung. Raises AnswererError and its kin, BudgetExceeded."""
        return await self._call(plan, self._walk.request, _answers_as(plan), Nesting(at))

    async def sample_rung(self, at: int, plan: RungPlan, seed: int) -> Answer:
        """Another answer of the same rung, sampled, to compare with the first."""
        sampling = replace(self._walk.request.sampling, temperature=SAMPLE_TEMPERATURE, seed=seed)
        request = replace(self._walk.request, sampling=sampling)
        return await self._call(plan, request, Role.SAMPLE, Nesting(at))

    async def shadow_rung(self, at: int, plan: RungPlan) -> Answer:
        """An answer that nobody will see, to compare with the one that the client has."""
        return await self._call(plan, self._walk.request, Role.SHADOW, Nesting(at))

    async def stream_rung(
        self, at: int, plan: RungPlan, *, ahead: bool = False
    ) -> AsyncGenerator[Delta, None]:
        """The rung's answer in pieces; the last piece carries the final Answer.

        The deadline is checked while waiting for a piece, never while the client reads one. `ahead`
        says that the call begins before the rung's turn.
        """
        walk, outer = self._walk, Nesting(at, ahead=ahead)
        i = await self._open(plan, walk.request, _answers_as(plan), outer)
        started = self._clock.monotonic_ms()
        ends_at = asyncio.get_running_loop().time() + self._seconds_left(plan)
        received = 0
        try:
            work = self._work(walk.request, plan, _answers_as(plan))
            stream = plan.answerer.stream(work, self._caller(outer.inside(plan)))
            async with aclosing(stream) as deltas:
                while (delta := await _next_piece(deltas, ends_at)) is not None:
                    received += _bytes_of(delta)
                    if delta.final is not None:
                        self._settle(i, plan, delta.final, started)
                    yield delta
            if walk.attempts[i].state is AttemptState.HELD:
                raise StreamCut(f"{plan.facts.name} ended its answer without finishing it.")
        except TimeoutError as error:
            late = self._too_late(plan)
            self._fail(i, late, started, received)
            raise late from error
        except TiergateError as error:
            self._fail(i, error, started, received)
            raise
        finally:
            if walk.attempts[i].state is AttemptState.HELD:
                self._cancel(i, received, started)
            self._cover(i, plan)

    # --- one attempt ----------------------------------------------------------------------------

    def _caller(self, nesting: Nesting) -> Call:
        """types.Call for an answerer that runs at this nesting: same books, one level deeper."""

        async def call(answerer: str, request: ChatRequest, role: Role) -> Answer:
            if nesting.depth > MAX_DEPTH or len(self._walk.attempts) >= MAX_ATTEMPTS:
                raise DepthExceeded(
                    f"{answerer} was called {nesting.depth} deep, as call "
                    f"{len(self._walk.attempts)} of one request; at most {MAX_DEPTH} and "
                    f"{MAX_ATTEMPTS} are allowed."
                )
            return await self._call(self._walk.plan(answerer), request, role, nesting)

        return call

    async def _call(
        self,
        plan: RungPlan,
        request: ChatRequest,
        role: Role,
        nesting: Nesting,
    ) -> Answer:
        i = await self._open(plan, request, role, nesting)
        started = self._clock.monotonic_ms()
        try:
            async with asyncio.timeout(self._seconds_left(plan)):
                work = self._work(request, plan, role)
                answer = await plan.answerer.answer(work, self._caller(nesting.inside(plan)))
            self._settle(i, plan, answer, started)
        except TimeoutError as error:
            late = self._too_late(plan)
            self._fail(i, late, started, 0)
            raise late from error
        except TiergateError as error:
            self._fail(i, error, started, 0)
            raise
        finally:
            if self._walk.attempts[i].state is AttemptState.HELD:
                self._cancel(i, 0, started)
            self._cover(i, plan)
        return answer

    async def _open(
        self, plan: RungPlan, request: ChatRequest, role: Role, nesting: Nesting
    ) -> int:
        """Write the attempt down and hold its worst case.

        Raises BudgetExceeded (a budget, or the client's cap), RateLimited (of the tier), LedgerFull
        and LedgerUnavailable (nobody can say), DeadlineExceeded; then nothing was called and the
        attempt costs nothing.
        """
        walk, facts = self._walk, plan.facts
        i = len(walk.attempts)
        held = 0 if plan.composite and not nesting.depth else cost.worst_case(facts, request)
        if plan.composite and facts.price.per_request_nano_usd is not None:
            held = facts.price.per_request_nano_usd
        why = Reason.SPECULATED if nesting.ahead else walk.reached_by(nesting.rung)
        reason = "" if nesting.depth else why.value
        walk.attempts.append(
            AttemptRow(
                attempt_id=f"{walk.request_id}-{i}",
                request_id=walk.request_id,
                ordinal=i,
                role=role,
                answerer=facts.name,
                tier=facts.tier,
                level=facts.level,
                model=facts.model,
                state=AttemptState.HELD,
                held_nano_usd=held,
                cost_nano_usd=0,
                cost_basis=basis_at_first(plan, held),
                price_version=facts.price.version,
                started_at_ms=self._clock.now_ms(),
                reason=reason,
                rung=nesting.rung,
                images=cost.count_images(request),
                cores=facts.cores,
            )
        )
        try:
            self._check_limits(i, plan, nesting)
            await count_call(walk.rates, facts.tier, request)
            if _is_intended(plan, nesting):
                await self._settle_in_ledger()
                await self._ledger.hold(open_row(walk, walk.attempts[i]), walk.attempts[i])
                if not nesting.included:
                    self._in_ledger.add(i)
        except BudgetExceeded as error:
            refused = explained(error, facts, request, held) if not nesting.depth else error
            self._not_admitted(i, refused)
            raise refused from None
        except TiergateError as error:
            self._not_admitted(i, error)
            raise
        except asyncio.CancelledError:
            self._release(i, "")
            raise
        return i

    def _check_limits(self, i: int, plan: RungPlan, nesting: Nesting) -> None:
        """The client's own limits. Raises DeadlineExceeded, BudgetExceeded."""
        walk, held = self._walk, self._walk.attempts[i].held_nano_usd
        if self._seconds_left(plan) <= 0:
            raise DeadlineExceeded(f"No time was left to call {plan.facts.name}.")
        left = walk.money_left_beside(i)
        if left is not None and held > left and not nesting.included:
            raise BudgetExceeded(
                f"A call to {plan.facts.name} can cost ${exact_usd(held)}, which is more "
                f"than max_cost_usd leaves (${exact_usd(left)})",
                code="max_cost_exceeded",
                limit="max_cost_usd",
                scope="this request",
                room_nano_usd=left,
                needed_nano_usd=held,
                hopeless=True,
            )

    def _not_admitted(self, i: int, error: TiergateError) -> None:
        """A limit refused the call, or whoever keeps the limits does not answer."""
        self._release(i, error.code)
        self._walk.troubles.append((i, error))

    def _release(self, i: int, error_code: str) -> None:
        """Nothing was called."""
        self._walk.attempts[i] = replace(
            self._walk.attempts[i],
            state=AttemptState.RELEASED,
            cost_basis=CostBasis.OWN_COMPUTE,
            error_code=error_code,
        )

    async def _settle_in_ledger(self) -> None:
        """Tell the ledger what became of earlier holds before the next one is made."""
        for i in sorted(self._in_ledger):
            if self._walk.attempts[i].state is not AttemptState.HELD and i in self._in_ledger:
                self._in_ledger.discard(i)  # at once: a call beside this one may be settling too
                await self._ledger.settle(self._walk.attempts[i], self._walk.identity.tenant)

    def _settle(self, i: int, plan: RungPlan, answer: Answer, started: float) -> None:
        row, redirect = self._walk.attempts[i], None
        if plan.spends_outside:
            redirect = self._walk.runtime.redirected(plan.facts.model, answer.model)
        if redirect is not None:
            self._walk.redirects.append(redirect)
        latency_ms = self._clock.monotonic_ms() - started
        self._walk.attempts[i] = answered_by(row, plan, answer, redirect, latency_ms)

    def _cover(self, outer: int, plan: RungPlan) -> None:
        """A list price that was charged covers the calls made under it; one that wasn't doesn't."""
        attempts = self._walk.attempts
        settled = attempts[outer].state is AttemptState.SETTLED
        if settled and plan.facts.price.per_request_nano_usd is not None:
            for i in range(outer + 1, len(attempts)):
                if attempts[i].rung == attempts[outer].rung:  # another's call may run beside it
                    attempts[i] = replace(
                        attempts[i], cost_nano_usd=0, cost_basis=CostBasis.LIST_PRICE
                    )

    def _fail(self, i: int, error: TiergateError, started: float, received: int) -> None:
        """Book a failed call: nothing where it can't have been billed, else the most it can be.

        Own compute costs the time that it took.
        """
        row = self._walk.attempts[i]
        plan = self._walk.plan(row.answerer)
        if row.state is not AttemptState.HELD:
            return
        if not isinstance(error, CannotAnswer):
            self._walk.troubles.append((i, error))
        latency_ms = self._clock.monotonic_ms() - started
        ours = not plan.spends_outside and not plan.composite
        if ours and may_be_billed(error):
            booked = own_compute(row, plan, AttemptState.FAILED, latency_ms)
        elif not plan.spends_outside or not (received or may_be_billed(error)):
            declined = isinstance(error, CannotAnswer)
            state = AttemptState.RELEASED if declined else AttemptState.FAILED
            booked = replace(row, state=state, cost_basis=CostBasis.OWN_COMPUTE)
        elif received and not plan.facts.hides_reasoning:
            booked = self._bounded(row, plan, received)
        else:
            booked = at_hold(row, plan)
        self._walk.attempts[i] = replace(booked, error_code=error.code, latency_ms=latency_ms)

    def _cancel(self, i: int, received: int, started: float) -> None:
        """The client left in mid-call: never understated, flagged as an estimate."""
        row = self._walk.attempts[i]
        plan = self._walk.plan(row.answerer)
        latency_ms = self._clock.monotonic_ms() - started
        if not plan.spends_outside:
            bounded = own_compute(row, plan, AttemptState.CANCELLED, latency_ms)
        elif received and not plan.facts.hides_reasoning:
            bounded = self._bounded(row, plan, received)
        else:
            bounded = at_hold(row, plan)
        self._walk.attempts[i] = replace(
            bounded, state=AttemptState.CANCELLED, latency_ms=latency_ms
        )

    def _bounded(self, row: AttemptRow, plan: RungPlan, received: int) -> AttemptRow:
        """A cut stream: input at its bound, output at the bytes that came, at most the hold."""
        facts = plan.facts
        inputs = cost.input_bound(self._walk.request, facts.image_tokens)
        usage = Usage(input_tokens=inputs + facts.added_input_tokens, output_tokens=received)
        paid = cost.attempt_cost(plan.facts.price, usage, 0.0, row.images)
        return replace(
            row,
            state=state_of(paid),
            cost_nano_usd=min(paid.nano_usd, row.held_nano_usd),
            cost_basis=paid.basis,
            usage=usage,
            estimated=True,
        )

    def settle_open(self) -> None:
        """Nothing may stay held when the request ends, whatever ended it."""
        for i, row in enumerate(self._walk.attempts):
            if row.state is AttemptState.HELD:
                self._cancel(i, 0, self._clock.monotonic_ms())

    # --- small things ---------------------------------------------------------------------------

    def _too_late(self, plan: RungPlan) -> DeadlineExceeded:
        limit_s = plan.facts.deadline_ms / 1000.0
        own = "" if self._walk.deadline_ms is None else " or within the request's deadline_ms"
        return DeadlineExceeded(
            f"{plan.facts.name} did not finish within its {limit_s:g} s{own}. Allow more time "
            "(deadline_s in the policy, deadline_ms in the request), or ask for less."
        )

    def _work(self, request: ChatRequest, plan: RungPlan, role: Role) -> Work:
        seconds = self._seconds_left(plan)
        return Work(
            request=request,
            signals=self._walk.signals,
            deadline_at_ms=self._clock.now_ms() + round(1000 * seconds),
            role=role,
            tenant=self._walk.identity.tenant,
            request_id=self._walk.request_id,
        )

    def _seconds_left(self, plan: RungPlan) -> float:
        """The answerer's total deadline, or what the client's deadline leaves if that is less."""
        left = self._walk.time_left(self._clock.monotonic_ms())
        own = plan.facts.deadline_ms / 1000.0
        return own if left is None else max(0.0, min(own, left / 1000.0))


def _answers_as(plan: RungPlan) -> Role:
    """The role of a rung's own call: approved answers are looked up, others are made."""
    return Role.RESOLVER if plan.facts.kind == "resolver" else Role.ANSWER


def _is_intended(plan: RungPlan, nesting: Nesting) -> bool:
    """Whether a call is committed to the ledger before it is made.

    A list price has an intent of its own, so own compute under it needs none.
    """
    if plan.spends_outside:
        return True
    return plan.facts.kind != "resolver" and not nesting.included


def _bytes_of(delta: Delta) -> int:
    """How much of an answer a piece is: what is said, thought and called, in bytes."""
    called = "" if delta.tool_call is None else delta.tool_call.name + delta.tool_call.arguments
    return len(f"{delta.text}{delta.reasoning}{called}".encode("utf-8", "replace"))


async def _next_piece(deltas: AsyncGenerator[Delta, None], ends_at: float) -> Delta | None:
    """The next piece, None at the end. Raises TimeoutError at `ends_at` (the loop's clock)."""
    async with asyncio.timeout_at(ends_at):
        return await anext(deltas, None)


def failure_reason(error: TiergateError | None) -> Reason | None:
    """How next_rung is told of an error."""
    if error is None:
        return None
    if isinstance(error, CannotAnswer):
        return Reason(error.reason)
    if isinstance(error, NOT_ADMITTED):
        return Reason.BUDGET_EXHAUSTED
    return Reason.ANSWERER_FAILED
