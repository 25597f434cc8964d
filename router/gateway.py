"""The request path: route, try, verify, account. Read it from top to bottom.

This file shows only the order of the steps. Policy questions are answered in `routing`, the steps
are in `request`. The gateway is given everything it uses: triage, answerers, ledger, clock, ids. A
buffered and a streamed request take the same path; `complete` drains what `stream` yields.

    route     `request.intake`: select the policy and count rates (`route`), then triage the request
              and decide its ladder (`_decided`)
    try       `_hold_turn` or `_stream_turn`: one rung's turn, called through `request.calls`
    verify    `request.answer_verification`: judge the answer, and decide which rung is next
    account   `_account`: write the row, return the outcome; `_finish_later` for what failed
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import partial

from router.errors import Stopping, TiergateError
from router.request.answer_verification import judged, judged_again, may_commit, step_after
from router.request.call_events import tell_answered, tell_ended, tell_step, tell_unwritten
from router.request.calls.baselines import compared
from router.request.calls.call_books import CallBooks
from router.request.calls.failures import told_in
from router.request.calls.hedging import Calls
from router.request.calls.priced_calls import Spender
from router.request.calls.rate_charges import settle
from router.request.conclusions.foretold import dry_outcome
from router.request.conclusions.handed_over import handed_over
from router.request.conclusions.openings import below_said, opened_ahead, pieces_of
from router.request.final_answer import Conclusion, conclude, noted_failure
from router.request.intake import Intake
from router.request.ledger_row import Ending, final_row
from router.request.outcome import begun, committed, outcome_of
from router.request.outgoing import outgoing, rest_of, unsent
from router.request.post_response import Keeper
from router.request.progress import Candidate, HeldAnswer, Progress, untried
from router.request.response_cache import Repeats
from router.request.sessions import Conversations
from router.request.shadows.shadow import Shadows
from router.request.shadows.shadow_money import SpentSince
from router.request.veiling import Veils
from router.routing.next_rung import NO_LIMIT, Left
from router.routing.planner import Router
from router.routing.routed_request import RoutedRequest
from router.threads.deadlines import Deadlines
from router.threads.offload import offloaded
from router.types import (
    NOBODY,
    AnswerCaches,
    BudgetGauge,
    ChatRequest,
    Clock,
    Committed,
    Embedder,
    Events,
    Identity,
    Ids,
    Ledger,
    Outcome,
    RateLimiter,
    RequestRow,
    RequestState,
    ReviewQueue,
    SessionStore,
    StreamEvent,
    StreamStep,
    TextKeeper,
    Verdict,
    VerifyMode,
)


class Gateway:
    """Routes requests through the tiers of the policies it serves."""

    def __init__(
        self,
        router: Router,
        *,
        ledger: Ledger,
        sessions: SessionStore,
        caches: AnswerCaches,
        reviews: ReviewQueue,
        texts: TextKeeper,
        secret_of: Callable[[str], bytes],
        clock: Clock,
        ids: Ids,
        gauge: BudgetGauge | None = None,
        limiter: RateLimiter | None = None,
        draw: Callable[[], float] | None = None,
        embedder: Embedder | None = None,
        events: Events = NOBODY,
        shadows_spent: SpentSince | None = None,
    ) -> None:
        self.router = router
        conversations = Conversations(sessions, secret_of, clock)
        self._cached = Repeats(caches, embedder, secret_of)
        self._intake = Intake(
            router,
            conversations,
            clock=clock,
            events=events,
            gauge=gauge,
            limiter=limiter,
            veils=Veils(secret_of, router.reader),
            cached=self._cached,
        )
        self._ledger = ledger
        self._reviews = reviews
        self._keeper = Keeper(texts, conversations, self._cached)
        self._secret_of = secret_of
        self._clock = clock
        self._deadlines = Deadlines()  # of its calls
        self._events = events
        self._ids = ids
        self._shadows = Shadows(ledger, clock, ids, secret_of, draw, events, shadows_spent)
        self._shadows.tried = self._intake.tried
        self.splits = self._intake.splits
        self._stopping = False  # the time to drain is over
        self._background: dict[str, asyncio.Task[None]] = {}  # rows being written, by request

    async def complete(self, request: ChatRequest, identity: Identity) -> Outcome:
        """Returns the outcome of one request. Raises TiergateError when no tier could answer.

        Its answer is held back whole, so that no event passes through the generators of `stream`.
        """
        routed, progress = await self._intake.route(request, identity, buffered=True)
        if request.hints.dry_run:
            return await self._dry_run(routed, progress)
        spender = self._spender(routed, progress)
        error: TiergateError | None = None
        try:
            return await self._climb_whole(routed, progress, spender)
        except TiergateError as failed:
            error = failed
            raise
        finally:
            await self._end(routed, progress, spender, error)

    async def stream(
        self, request: ChatRequest, identity: Identity
    ) -> AsyncGenerator[StreamEvent, None]:
        """Yields one Committed, any Deltas, one Outcome; raises TiergateError instead of any.

        Where somebody may be in danger, a Delta on whom to call comes before all.
        Closing the iterator (the client left) cancels the upstream call and books what is known.
        """
        async with aclosing(self.stream_steps(request, identity)) as events:
            async for event in events:
                for piece in pieces_of(event):
                    yield piece

    async def stream_steps(
        self, request: ChatRequest, identity: Identity
    ) -> AsyncGenerator[StreamStep, None]:
        """Yields Begun, then as `stream` does, with the Deltas that came together in one list."""
        routed, progress = await self._intake.route(request, identity, buffered=False)
        if request.hints.dry_run:
            yield await self._dry_run(routed, progress)
            return
        spender = self._spender(routed, progress)
        error: TiergateError | None = None
        try:
            yield begun(routed, progress)
            async with aclosing(self._climb(routed, progress, spender)) as events:
                async for event in events:
                    yield event
        except TiergateError as failed:
            error = failed
            raise
        finally:
            await self._end(routed, progress, spender, error)

    def _spender(self, routed: RoutedRequest, progress: Progress) -> Spender:
        unseen, ledger, clock = self._shadows.unseen, self._ledger, self._clock
        return Spender(CallBooks(routed, progress, ledger, clock, self._deadlines, unseen))

    async def _dry_run(self, routed: RoutedRequest, progress: Progress) -> Outcome:
        """Returns the outcome of a dry run: its decision, and what a call would say."""
        await settle(progress.rates, ())
        return dry_outcome(routed, progress, self._clock)

    async def _end(
        self,
        routed: RoutedRequest,
        progress: Progress,
        spender: Spender,
        error: TiergateError | None,
    ) -> None:
        """Books a request that has no outcome, and corrects its rates to what its calls used."""
        if progress.outcome is None:
            cause = error or (Stopping() if self._stopping else None)
            self._finish_later(routed, progress, spender, cause)
        if progress.rates is not None:
            await settle(progress.rates, progress.attempts.rows)
        await self._intake.failed.note(routed.request, routed.identity, error)

    async def _climb_whole(
        self, routed: RoutedRequest, progress: Progress, spender: Spender
    ) -> Outcome:
        """Tries rungs and accounts, without the time that a generator takes (record 101)."""
        rung = await self._first_rung(routed, progress)
        failed: TiergateError | None = None
        async with Calls(routed, spender) as calls:
            for _ in routed.decision.rungs:
                if rung is None:
                    break
                held, error = HeldAnswer(), None
                self._begin_beside(routed, progress, calls, rung)
                try:
                    await self._hold_turn(routed, progress, calls, rung, held)
                except TiergateError as raised:
                    error, failed = raised, noted_failure(routed, progress, rung, raised, failed)
                rung = await self._after_turn(routed, progress, calls, rung, held, error)
        conclusion = await self._concluded(routed, progress, failed)
        self._note_commit(routed, progress, conclusion.candidate)
        return await self._account(routed, progress, conclusion)

    async def _climb(
        self, routed: RoutedRequest, progress: Progress, spender: Spender
    ) -> AsyncGenerator[StreamStep, None]:
        """Yields what the client gets while rungs are tried, then accounts, as `_climb_whole`."""
        rung = await self._first_rung(routed, progress)
        if (opened := opened_ahead(routed, progress, rung)) is not None:
            yield opened
        failed: TiergateError | None = None
        async with Calls(routed, spender) as calls:
            for _ in routed.decision.rungs:
                if rung is None:
                    break
                held, error = HeldAnswer(), None
                self._begin_beside(routed, progress, calls, rung)
                try:
                    if routed.holds_back(rung, last=progress.has_last_word(routed, rung)):
                        await self._hold_turn(routed, progress, calls, rung, held)
                    else:
                        turn = self._stream_turn(routed, progress, calls, rung, held)
                        async with aclosing(turn) as events:
                            async for event in events:
                                yield event
                except TiergateError as raised:
                    if held.committed is not None:
                        raise
                    error, failed = raised, noted_failure(routed, progress, rung, raised, failed)
                rung = await self._after_turn(routed, progress, calls, rung, held, error)
        conclusion = await self._concluded(routed, progress, failed)
        if progress.committed is not None:
            yield await self._account(routed, progress, conclusion)
            return
        # All of it was held back, so its row comes first, as where it goes out whole.
        whole = self._commit(routed, progress, conclusion.candidate, conclusion.verdict)
        outcome = await self._account(routed, progress, conclusion)
        yield whole
        pieces = unsent(routed, conclusion.candidate.answer)
        if pieces := below_said(routed, progress, pieces):
            yield pieces
        yield outcome

    async def _first_rung(self, routed: RoutedRequest, progress: Progress) -> int | None:
        """Returns whose turn is first, None where nothing is called. Raises NotCapable."""
        if routed.incapable is not None:
            raise routed.incapable
        if routed.refused:
            return None
        if routed.over_cap is None:
            progress.lookup = await self._cached.find(routed)
        if progress.lookup.attempt is not None:
            progress.attempts.rows.append(progress.lookup.attempt)
        if progress.lookup.hit is not None or routed.safe_answer_first or routed.unanswerable:
            return None
        return routed.called_first

    def _begin_beside(
        self, routed: RoutedRequest, progress: Progress, calls: Calls, rung: int
    ) -> None:
        """Starts what the policy wants ahead of its turn, together with this rung."""
        if routed.policy.decision.speculate is not None:
            calls.begin_beside(rung, self._left(routed, progress, calls))

    async def _after_turn(
        self,
        routed: RoutedRequest,
        progress: Progress,
        calls: Calls,
        rung: int,
        held: HeldAnswer,
        error: TiergateError | None,
    ) -> int | None:
        """Notes what one rung's turn came to. Returns the rung that is next, None for none."""
        left = self._left(routed, progress, calls)
        work = partial(step_after, routed, progress, rung, held.candidate, error, left)
        step = await offloaded(work, when=routed.request.is_long)
        progress.steps.append(step)
        tell_step(routed, progress, self._events, step.said.rung)
        if held.committed is not None or routed.observed is not None:
            return None
        progress.climbs += step.said.rises
        calls.keep(step.said.rung)
        return step.said.rung

    async def _hold_turn(
        self, routed: RoutedRequest, progress: Progress, calls: Calls, rung: int, held: HeldAnswer
    ) -> None:
        """Gives one rung its turn with all of its answer held back: call, verify."""
        plan = routed.plans[rung]
        held.candidate = await judged(routed, rung, await calls.whole(rung, plan))
        progress.keep(routed, held.candidate)
        verified = routed.verify_modes[rung] is VerifyMode.FULL and routed.observed is None
        if verified and held.candidate.verification.failure is None:
            rejudged = await judged_again(routed, calls.spender, rung, held.candidate)
            progress.keep_instead(routed, held.candidate, rejudged)
            held.candidate = rejudged

    async def _stream_turn(
        self, routed: RoutedRequest, progress: Progress, calls: Calls, rung: int, held: HeldAnswer
    ) -> AsyncGenerator[StreamStep, None]:
        """Yields one rung's answer, each piece as soon as nothing need be held back."""
        left = partial(self._left, routed, progress, calls)
        checked = outgoing(routed, opened=progress.opened)
        async with aclosing(calls.pieces(rung, routed.plans[rung])) as steps:
            async for pieces in steps:
                for delta in pieces:
                    if delta.final is not None:
                        continue
                    held.take(routed, [delta] if checked is None else checked.pieces(delta))
                    if held.committed is None and may_commit(routed, progress, rung, held, left):
                        held.committed = self._commit(routed, progress, untried(routed, rung))
                        calls.keep(rung)
                        progress.best = None  # no earlier answer can go out instead of this one
                        yield held.committed
                if held.committed is not None and (released := held.release()):
                    yield released
                final = pieces[-1].final
                if final is not None:
                    candidate = await judged(routed, rung, final)
                    held.end(routed, progress, candidate)
                    progress.keep(routed, candidate)
                    if held.committed is not None and candidate.answer is not None:
                        yield rest_of(routed, checked, candidate.answer)

    async def _concluded(
        self, routed: RoutedRequest, progress: Progress, failed: TiergateError | None
    ) -> Conclusion:
        """Returns what goes out: the cached answer, or the best that the climb came to."""
        if progress.lookup.hit is not None:
            return Conclusion(progress.lookup.hit, Verdict.ACCEPTED)
        work = partial(conclude, routed, progress, self._ids, failed)
        conclusion = await offloaded(work, when=routed.request.is_long)
        return await handed_over(self._reviews, routed, progress, conclusion)

    def _commit(
        self,
        routed: RoutedRequest,
        progress: Progress,
        candidate: Candidate,
        verdict: Verdict | None = None,
    ) -> Committed:
        """Notes and returns that the client has this rung's answer from here on."""
        self._note_commit(routed, progress, candidate)
        return committed(routed, progress, candidate, verdict)

    def _note_commit(self, routed: RoutedRequest, progress: Progress, candidate: Candidate) -> None:
        """Notes whose answer the client has, and after how long its first word went out."""
        progress.committed = candidate.index
        progress.first_token_ms = self._clock.monotonic_ms() - routed.started_ms

    def _left(self, routed: RoutedRequest, progress: Progress, calls: Calls) -> Left:
        """Returns what the client's own limits still leave."""
        cap = routed.asked.max_cost_nano_usd
        if cap is None and routed.deadline_ms is None:
            return NO_LIMIT
        money = progress.attempts.money_left_to_climb(cap, calls.hedged_rung)
        return Left(money, routed.time_left_ms(self._clock.monotonic_ms()))

    async def _account(
        self, routed: RoutedRequest, progress: Progress, conclusion: Conclusion
    ) -> Outcome:
        """Writes the final row of an answer that the client has or gets with this outcome.

        Then it keeps texts, the session, and what may be answered from the cache.
        """
        candidate, verdict = conclusion.candidate, conclusion.verdict
        progress.answered_ms = self._clock.monotonic_ms()
        progress.comparison = compared(routed, candidate, verdict)
        shown = None if candidate.stands_in else candidate.index
        progress.attempts.mark_discarded(shown, candidate.answer)
        progress.attempts.book_triage(routed, progress.lookup.compute_ms)
        progress.shadow = self._shadows.draw(routed, progress, candidate)
        row = self._row(routed, progress, Ending(RequestState.SETTLED, candidate, verdict))
        progress.accounted = True
        try:
            await self._ledger.finish(row, answers=True)
        except BaseException as failed:
            self._shadows.release(routed, progress.shadow)
            tell_ended(routed, progress, self._events, row, failed)
            raise
        tell_answered(routed, progress, self._events, row, candidate, verdict)
        self._shadows.start(routed, progress.shadow, candidate)
        await self._keeper.keep(routed, progress, candidate, verdict)
        progress.outcome = outcome_of(routed, progress, candidate, verdict, self._clock)
        return progress.outcome

    def _finish_later(
        self,
        routed: RoutedRequest,
        progress: Progress,
        spender: Spender,
        error: TiergateError | None,
    ) -> None:
        """Books a request that failed or whose client left; the caller may be cancelled already."""
        if progress.accounted:
            return
        progress.accounted = True
        spender.settle_open()
        progress.attempts.mark_discarded(None if progress.useless else progress.committed)
        progress.attempts.book_triage(routed, progress.lookup.compute_ms)
        state = RequestState.CANCELLED if error is None else RequestState.FAILED
        row = self._row(routed, progress, Ending(state, progress.best, error=error))
        tell_ended(routed, progress, self._events, row, error)
        task = asyncio.ensure_future(self._ledger.finish(row))
        self._background[routed.request_id] = task
        task.add_done_callback(lambda _: self._background.pop(routed.request_id))
        task.add_done_callback(partial(tell_unwritten, self._events, routed.request_id))
        if error is not None:
            told_in(error, routed, progress)

    def _row(self, routed: RoutedRequest, progress: Progress, ending: Ending) -> RequestRow:
        secret = self._secret_of(routed.identity.tenant)
        return final_row(routed, progress, ending, self._clock, secret)

    def cut(self) -> None:
        """Notes that from now on the server cancels requests, not the clients who leave."""
        self._stopping = True

    async def drain(self) -> None:
        """Waits for shadows, and for rows that are still being written in the background."""
        await self._shadows.drain()
        while self._background:
            await asyncio.gather(*self._background.values(), return_exceptions=True)

    async def booked(self, request_id: str) -> bool:
        """Returns True when a failed request has a row; waits for one that is being written."""
        task = self._background.get(request_id)
        if task is not None:
            await asyncio.wait({task})
            return task.exception() is None
        return bool(request_id)
