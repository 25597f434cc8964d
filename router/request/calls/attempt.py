"""Keeps the books of one call: holds its worst case, then settles, fails or cancels it.

An `Attempt` is entered before its answerer is called and left when the call is over. Leaving it
books what the call cost, however it ended. It knows nothing about rungs and verification.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from types import TracebackType

from msgspec.structs import replace

from router.errors import (
    BudgetExceeded,
    CannotAnswer,
    DeadlineExceeded,
    PriceUnknown,
    StreamCut,
    TiergateError,
    UpstreamError,
)
from router.money import cost
from router.money.output_caps import within_room, within_window
from router.money.worst_case import explained, price_explained
from router.request.calls.call_books import CallBooks, Nesting
from router.request.calls.late_calls import out_of_time, too_late
from router.request.calls.rate_charges import count_call
from router.request.calls.received import Came, Received
from router.request.calls.settlement import (
    cover_nested_calls,
    held_at_first,
    may_be_billed,
    own_compute,
    price_of_call,
    refused_unsent,
    settled_attempt,
    unbelieved,
)
from router.routing.rungs.rung_plan import RungPlan
from router.threads.deadlines import Deadline
from router.types import (
    Answer,
    AttemptRow,
    AttemptState,
    ChatRequest,
    CostBasis,
    Delta,
    Reason,
    Role,
    Usage,
    exact_usd,
)

NAMED_AFTER_S = 1.0
"""Seconds after which the ledger is told the provider's id of a call that goes on. If this process
dies, a bill finds the call by it. Most answers are over by then, and cost no further write."""

LAST_MOMENT_S = 0.05
"""Seconds of a request within which an answerer's watch ends by the request's deadline."""

MOST_LIMITS = 4
"""Bounds how often limits of money lower the cap of one call: of hour, day, month and key."""


class Attempt:
    """Books one call while it runs; `async with` opens it and settles what is left open."""

    def __init__(
        self, books: CallBooks, plan: RungPlan, request: ChatRequest, role: Role, nesting: Nesting
    ) -> None:
        self._books = books
        self._started_at_ms = books.clock.now_ms()
        self._plan = books.plan_at(plan.facts.name, self._started_at_ms)
        self._role = role
        self._nesting = nesting
        self.request = request
        """Is what the answerer is asked: once entered, with the cap of output that was held."""
        self._number = 0  # among the request's attempts
        self._started_ms = 0.0
        self.deadline: Deadline
        """Is the limit of the call's time: of all of it, or of the wait for one piece."""
        self._by_request = False  # the request's own time is the shorter one
        self._host = ""  # the replica that was asked last, for the log
        self._received = Received()
        self._streams = False  # its upstream is asked for pieces, as far as we know
        self._unsent = False  # the answerer says that nothing went out so far
        self._naming: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Attempt:
        """Writes the attempt down and holds its worst case.

        Raises BudgetExceeded (a budget, or the client's cap), RateLimited (of the tier), LedgerFull
        and LedgerUnavailable (nobody can say), DeadlineExceeded; then nothing was called and the
        attempt costs nothing.
        """
        asked = self.request
        self._append_row()
        try:
            await self._hold()
        except BudgetExceeded as error:
            refused = error
            if not self._nesting.depth:
                refused = self._explained(error, asked)
            self._release(refused)
            raise refused from None
        except TiergateError as error:
            self._release(error)
            raise
        except asyncio.CancelledError:
            self._release(None)
            raise
        self._started_ms = self._books.clock.monotonic_ms()
        self._received.begin(self._started_ms)
        loop, seconds = asyncio.get_running_loop(), self._books.seconds_left(self._plan)
        self._by_request = seconds < self._plan.facts.deadline_ms / 1000.0
        self.deadline = self._books.deadlines.at(loop.time() + seconds, loop)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Books how the call ended. Turns a passed deadline and a cut stream into our errors."""
        if self._naming is not None:
            self._naming.cancel()
        try:
            if self._is_late(error):
                hints, facts = self._books.routed.request.hints, self._plan.facts
                late = too_late(hints, facts, by_request=self._by_request)
                late.host = self._host
                self._fail(late)
                raise late from error
            if isinstance(error, TiergateError):
                self._fail(error)
                error.forget_frames()
            elif error is None and self._is_held:
                name = self._plan.facts.name
                cut = StreamCut(f"{name} ended its answer without finishing it.")
                self._fail(cut)
                raise cut
        finally:
            if self._is_held and self._unsent:
                self._release(None)
            elif self._is_held:
                came, streams = self._came, self._streams
                self._books.cancel(self._number, came, self._started_ms, streams=streams)
            if self._plan.facts.price.per_request_nano_usd is not None:
                cover_nested_calls(self._books.rows, self._number)

    async def next_pieces(self, pieces: AsyncGenerator[list[Delta], None]) -> list[Delta] | None:
        """Returns the next pieces of a stream, None at its end. Raises TimeoutError."""
        self._streams = True
        with self.deadline:
            return await anext(pieces, None)

    def name(self, upstream_id: str) -> None:
        """Notes the provider's id of the answer, by which a bill finds a call that is cut."""
        rows = self._books.rows
        rows[self._number] = replace(rows[self._number], upstream_id=upstream_id)
        if self._naming is None and self._number in self._books.in_ledger:
            loop = asyncio.get_running_loop()
            self._naming = loop.call_later(NAMED_AFTER_S, self._name_in_ledger)

    def _name_in_ledger(self) -> None:
        if self._is_held:
            self._books.ledger.name(self._row, self._books.routed.identity.tenant)

    def hear_host(self, host: str) -> None:
        """Notes the replica that is asked, which a deadline of ours would not name."""
        self._host = host

    def hear_sent(self, sent: bool) -> None:
        """Notes that nothing of the call went out so far, and that something does."""
        self._unsent = not sent

    def hear_streams(self, streams: bool) -> None:
        """Notes that the upstream streams, or gives a whole answer to a client that does."""
        self._streams = streams

    def hear_usage(self, usage: Usage) -> None:
        """Notes what the provider says that the answer has used so far."""
        if usage.reported:
            self._received.hear(usage)

    def hear_unsaid(self, size: int) -> None:
        """Notes how many bytes came that no piece has said so far, such as half a call.

        They bound nothing where nobody tells what came before them.
        """
        if self._streams:
            self._received.unsaid_bytes = size

    def hear_left_out(self, names: tuple[str, ...]) -> None:
        """Notes parameters of sampling that the model does not take, for the client to be told.

        Those of a judge and of a shadow are not the client's.
        """
        if self._role not in (Role.CHECK, Role.SHADOW):
            self._books.progress.attempts.left_out[self._nesting.rung] = names

    def receive(self, pieces: list[Delta]) -> None:
        """Counts pieces: text, thoughts and tool calls."""
        self._received.add(pieces, self._books.clock.monotonic_ms())

    def hear_pieces(self, pieces: list[Delta]) -> None:
        """Counts pieces of a whole answer that its upstream streams, as it comes."""
        self._streams = True
        if pieces:
            self.receive(pieces)

    def settle(self, answer: Answer) -> None:
        """Books a call that was answered, at the price of the model that answered it."""
        books, plan, redirect = self._books, self._plan, None
        if plan.spends_outside:
            runtime = books.routed.runtime.on(self._started_at_ms)
            redirect = runtime.redirected(plan.facts.model, answer.model)
        if redirect is not None:
            books.progress.attempts.redirects.append(redirect)
        rows, number = books.rows, self._number
        rows[number] = settled_attempt(
            rows[number],
            plan,
            answer,
            price_of_call(plan, redirect, self.request),
            self._latency_ms,
            sound=self.request.holds_sound,
            hours=cost.writes_for_hours(plan.facts, self.request),
        )
        books.unseen.learn(plan, answer)
        stated = unbelieved(answer)
        if stated is not None:
            books.progress.attempts.unbelieved[rows[number].attempt_id] = stated

    @property
    def attempt_id(self) -> str:
        """Returns the id of the call's row."""
        return self._row.attempt_id

    @property
    def _row(self) -> AttemptRow:
        return self._books.rows[self._number]

    @property
    def _came(self) -> Came:
        now_ms = self._books.clock.monotonic_ms()
        return self._received.by(now_ms, self.request.sampling.n)

    @property
    def _is_held(self) -> bool:
        return self._row.state is AttemptState.HELD

    @property
    def _latency_ms(self) -> float:
        return self._books.clock.monotonic_ms() - self._started_ms

    def _append_row(self) -> None:
        """Adds the attempt's row, which holds the call's worst case."""
        books, plan, nesting = self._books, self._plan, self._nesting
        routed, facts, rows = books.routed, plan.facts, books.rows
        tokens = routed.signals.input_tokens
        fitting = self.request if nesting.depth else within_window(facts, self.request, tokens)
        held, basis = held_at_first(
            plan, self.request, outermost=not nesting.depth, included=nesting.included
        )
        reason = ""
        if not nesting.depth:
            reached = books.progress.reached_by(routed, nesting.rung)
            reason = (Reason.SPECULATED if nesting.ahead else reached).value
        self._number = len(rows)
        row = AttemptRow(
            attempt_id=f"{routed.request_id}-{self._number}",
            request_id=routed.request_id,
            ordinal=self._number,
            role=self._role,
            answerer=facts.name,
            tier=facts.tier,
            level=facts.level,
            model=facts.model,
            state=AttemptState.HELD,
            held_nano_usd=held,
            cost_nano_usd=0,
            cost_basis=basis,
            price_version=facts.price.version,
            started_at_ms=self._started_at_ms,
            reason=reason,
            rung=nesting.rung,
            images=self.request.images,
            cores=facts.cores,
        )
        rows.append(row)
        if routed.request.unchanged is not None and self.request.unchanged is None:
            books.reworded.add(self._number)
            if not nesting.depth and self._role not in (Role.CHECK, Role.SHADOW):
                books.progress.attempts.reworded.add(nesting.rung)
        if fitting is not self.request:
            self._lower(fitting)

    def _explained(self, error: BudgetExceeded, asked: ChatRequest) -> BudgetExceeded:
        """Returns the refusal with its cause, and with what would fit."""
        if isinstance(error, PriceUnknown):
            routed, own = self._books.routed, self._plan.facts.name
            others = {
                plan.paid.name: f"{plan.paid.model} ({plan.paid.name})"
                for plan, rung in zip(routed.plans, routed.decision.rungs, strict=True)
                if Reason.UNKNOWN_PRICE in rung.reasons and plan.paid.name != own
            }
            return price_explained(error, asked, list(others.values()))
        held = self._row.held_nano_usd
        return explained(error, self._plan.facts, asked, held, self.request)

    async def _hold(self) -> None:
        """Asks the client's limits, the tier's rates and the ledger's budgets, in this order."""
        books = self._books
        if books.seconds_left(self._plan) <= 0:
            hints, name = books.routed.request.hints, self._plan.facts.name
            raise out_of_time(hints, f"No time was left to call {name}")
        if books.routed.asked.max_cost_nano_usd is not None:
            await self._within_room(partial(self._check_cap, books.routed.asked.max_cost_nano_usd))
        if books.progress.rates is not None:
            await count_call(books.progress.rates, self._row.tier, self.request)
        if not self._needs_intent:
            return
        if books.in_ledger:
            await books.settle_earlier()
        await self._within_room(self._hold_in_ledger)
        if not self._nesting.included:
            books.in_ledger.add(self._number)

    async def _within_room(self, hold: Callable[[], Awaitable[None]]) -> None:
        """Holds the call, with a smaller cap of output where money is left for no larger one.

        Each refusal names the room of one limit, so several may lower the cap in turn.
        """
        for _ in range(MOST_LIMITS):
            try:
                return await hold()
            except BudgetExceeded as error:
                smaller = within_room(self._plan.facts, self.request, error.room_nano_usd)
                if smaller is None:
                    raise
            self._lower(smaller)
        await hold()

    def _lower(self, request: ChatRequest) -> None:
        """Asks for no more output than this request does, and holds no more."""
        books, facts = self._books, self._plan.facts
        self.request = request
        if not self._nesting.depth:
            books.progress.attempts.caps[self._nesting.rung] = cost.output_cap(facts, request)
        # A call whose price nobody states holds nothing.
        held = cost.worst_case(facts, request) if self._row.held_nano_usd else 0
        books.rows[self._number] = replace(self._row, held_nano_usd=held)

    async def _hold_in_ledger(self) -> None:
        books, row = self._books, self._row
        await books.ledger.hold(books.intent(books.routed, books.progress, row), row)

    async def _check_cap(self, cap_nano_usd: int) -> None:
        """Checks what the client's own cap of money leaves. Raises BudgetExceeded."""
        held = self._row.held_nano_usd
        left = self._books.progress.attempts.money_left_for(self._number, cap_nano_usd)
        if left is not None and held > left and not self._nesting.included:
            raise BudgetExceeded(
                f"A call to {self._plan.facts.name} can cost ${exact_usd(held)}, which is more "
                f"than max_cost_usd leaves (${exact_usd(left)}).",
                code="max_cost_exceeded",
                limit="max_cost_usd",
                scope="this request",
                room_nano_usd=left,
                needed_nano_usd=held,
                hopeless=True,
            )

    @property
    def _needs_intent(self) -> bool:
        """Returns True when the call is committed to the ledger before it is made.

        A list price has an intent of its own, so own compute under it needs none.
        """
        if self._plan.spends_outside:
            return True
        return not self._plan.facts.without_model and not self._nesting.included

    def _release(self, error: TiergateError | None) -> None:
        """Books that nothing was called; None: the client left before anything was sent."""
        if error is not None:
            self._books.progress.attempts.troubles.append((self._number, error))
        rows = self._books.rows
        rows[self._number] = replace(
            rows[self._number],
            state=AttemptState.RELEASED,
            cost_basis=CostBasis.NONE,
            error_code="" if error is None else error.code,
        )

    def _fail(self, error: TiergateError) -> None:
        """Books a failed call: nothing where it can't have been billed, or the most it can be.

        Own compute costs the time that it took. One that we refused unsent is released: no call.
        """
        if not self._is_held:
            return
        plan, books = self._plan, self._books
        row = books.rows[self._number]
        if not isinstance(error, CannotAnswer):
            books.progress.attempts.troubles.append((self._number, error))
        latency_ms = self._latency_ms
        charged = error.charged if isinstance(error, UpstreamError) else None
        ours = not plan.spends_outside and not plan.composite
        billable = may_be_billed(error) and not self._unsent
        listed = plan.facts.price.per_request_nano_usd is not None  # a price of an answer
        if charged is not None and plan.spends_outside and not listed:
            self.settle(charged)
            booked = books.rows[self._number]
        elif ours and may_be_billed(error):
            booked = own_compute(row, plan, AttemptState.FAILED, latency_ms)
        elif not plan.spends_outside or not (self._received.bytes or billable):
            unsent = refused_unsent(error) and not (plan.composite or self._received.bytes)
            released = unsent or isinstance(error, CannotAnswer)
            state = AttemptState.RELEASED if released else AttemptState.FAILED
            basis = CostBasis.OWN_COMPUTE if ours and not unsent else CostBasis.NONE
            booked = replace(row, state=state, cost_basis=basis)
        else:
            # A stream that we close at its deadline is told so, like one that its client leaves.
            closed = self._streams and isinstance(error, DeadlineExceeded)
            booked = books.at_most(row, plan, self._came, streams=closed)
        books.rows[self._number] = replace(booked, error_code=error.code, latency_ms=latency_ms)

    def _is_late(self, error: BaseException | None) -> bool:
        """Returns True where time ended the call: by our deadline, or by the answerer's own watch.

        The two watch the same moment. Where the request's time is over, no answerer is at fault.
        """
        if isinstance(error, DeadlineExceeded) and self._by_request and not error.by_request:
            return self._books.seconds_left(self._plan) < LAST_MOMENT_S
        return isinstance(error, TimeoutError)
