"""The request path: triage, decide, try, verify, account. Read it from top to bottom.

Policy questions are answered elsewhere (`decision`, `verification`, `cost`); this file shows only
the order in which they are asked. It is given everything it uses: triage, answerers, ledger, clock,
ids. A buffered and a streamed request take the same path; `complete` drains what `stream` yields.

    triage, decide   `_begin`
    the ladder       `_climb`, a rung's turn in `_hold_rung` or `_stream_rung`, then `_next`;
                     what is called before its turn is in `speculating`
    verify           `_judge`, and `_may_commit` for the beginning of a stream
    account          `_account`; `_finish_later` for what failed or was left
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing

from msgspec.structs import replace

from router.errors import NOT_ADMITTED, AnswererError, LedgerError, Stopping, TiergateError
from router.money.rate_limits import RequestRates, request_rates
from router.request.call_events import refusals_told, tell_answered, tell_ended, tell_step
from router.request.calls import Spender, failure_reason
from router.request.final_answer import conclude, goes_on, stranded
from router.request.hedging import Calls
from router.request.ledger_row import final_row, lowered_cap, outcome_of, redirects_of, weigh
from router.request.planner import Router
from router.request.post_response import Keeper
from router.request.rate_charges import admit, settle
from router.request.response_cache import Repeats
from router.request.sessions import Conversations
from router.request.shadow import Shadows
from router.request.state import Candidate, Held, Walk
from router.routing.decision_record import Evidence, StepRecord, evidence
from router.routing.next_rung import Left, next_rung
from router.routing.policy_runtime import RungPlan, Selected
from router.routing.verification import PREFIX_TOKENS, Verification, agreement, one_call, verify
from router.types import (
    NO_PRESSURE,
    NOBODY,
    Action,
    Answer,
    AnswerCaches,
    BudgetGauge,
    ChatRequest,
    Clock,
    Committed,
    Delta,
    Embedder,
    Events,
    Identity,
    Ids,
    Ledger,
    Outcome,
    Pressure,
    RateLimiter,
    RequestState,
    ReviewQueue,
    SessionStore,
    Step,
    StreamEvent,
    TextKeeper,
    Usage,
    Verdict,
    VerifyMode,
)
from router.wire.body_keys import dropped, narrowed
from router.wire.openai.render import deltas_of


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
    ) -> None:
        self.router = router
        self._ledger = ledger
        self._conversations = Conversations(sessions, secret_of, clock)
        self._repeats = Repeats(caches, embedder, secret_of)
        self._reviews = reviews
        self._keeper = Keeper(texts, self._conversations, self._repeats)
        self._secret_of = secret_of
        self._clock = clock
        self._events = events
        self._ids = ids
        self._gauge = gauge
        self._limiter = limiter
        self._shadows = Shadows(
            ledger, clock=clock, ids=ids, secret_of=secret_of, draw=draw, events=events
        )
        self._cuts = False  # the time to drain is over
        self._background: dict[str, asyncio.Task[None]] = {}  # rows being written, by request

    # --- what surfaces call ---------------------------------------------------------------------

    async def complete(self, request: ChatRequest, identity: Identity) -> Outcome:
        """The outcome of one request. Raises TiergateError when no tier could answer."""
        async with aclosing(self.stream(request, identity, buffered=True)) as events:
            async for event in events:
                if isinstance(event, Outcome):
                    return event
        raise AssertionError("the path ends in an Outcome or raises")

    async def stream(
        self, request: ChatRequest, identity: Identity, *, buffered: bool = False
    ) -> AsyncGenerator[StreamEvent, None]:
        """One Committed, any Deltas, one Outcome; raises TiergateError instead of any of them.

        Closing the iterator (the client left) cancels the upstream call and books what is known.
        """
        walk = await self._begin(request, identity, buffered)
        if request.hints.dry_run:
            await settle(walk.rates, ())
            yield outcome_of(walk, walk.untried, Verdict.ACCEPTED, self._clock)
            return
        spender = Spender(walk, self._ledger, self._clock)
        error: TiergateError | None = None
        try:
            async with aclosing(self._climb(walk, spender)) as events:
                async for event in events:
                    yield event
        except TiergateError as failed:
            error = failed
            raise
        finally:
            if walk.outcome is None:
                self._finish_later(walk, spender, error or (Stopping() if self._cuts else None))
            await settle(walk.rates, walk.attempts)

    # --- the path -------------------------------------------------------------------------------

    async def _begin(self, request: ChatRequest, identity: Identity, buffered: bool) -> Walk:
        """Select the policy, read the request, decide."""
        started = self._clock.monotonic_ms()
        selected = self.router.select(request, identity)
        request = narrowed(request, (plan.facts for plan in selected.runtime.plans))
        with refusals_told(self._events, identity):
            rates = await self._rates(request, identity, selected)
            try:
                walk = await self._decided(request, identity, selected, started)
            except TiergateError:
                await settle(rates, ())
                raise
        walk.buffered = buffered or not request.stream
        walk.rates = rates
        return walk

    async def _decided(
        self, request: ChatRequest, identity: Identity, selected: Selected, started: float
    ) -> Walk:
        """The walk of a request under the policy that was selected, nothing tried yet."""
        runtime = selected.runtime
        known = await self._conversations.recall(request, identity, runtime)
        signals, compute_ms = await runtime.triage.measured(request, known.told)
        pressure = await self._pressure(identity, runtime.policy.name)
        walk = self.router.decided(
            request, identity, selected, signals, known.memory, started,
            pressure=pressure, warm=known.warm,
        )  # fmt: skip
        walk.triage_compute_ms = compute_ms
        walk.known = known
        await self._conversations.began(walk)
        return walk

    async def _rates(
        self, request: ChatRequest, identity: Identity, selected: Selected
    ) -> RequestRates | None:
        """Count the request in its rates, where there are any. Raises RateLimited."""
        if self._limiter is None:
            return None
        runtime, budgets = selected.runtime, self.router.budgets
        name, most = runtime.policy.name, runtime.most_output
        rates = request_rates(self._limiter, budgets, identity, name, runtime.tiers, most)
        if rates is not None:
            await admit(rates, request)
        return rates

    async def _pressure(self, identity: Identity, policy: str) -> Pressure:
        """How the budgets press that this request counts in."""
        return NO_PRESSURE if self._gauge is None else await self._gauge.pressure(identity, policy)

    async def _climb(self, walk: Walk, spender: Spender) -> AsyncGenerator[StreamEvent, None]:
        """Try rungs until an answer is good enough, then account. Bounded by the ladder."""
        hit = await self._repeats.find(walk)
        at: int | None = walk.decision.first if walk.observed is None else walk.observed
        at = None if walk.foregone or walk.hopeless else at
        failed: TiergateError | None = None
        async with Calls(walk, spender) as calls:
            for _ in range(len(walk.decision.rungs)):
                if at is None or hit is not None:
                    break
                held, error = Held(), None
                calls.begin_beside(at, self._left(walk))
                try:
                    if walk.whole_from(at):
                        await self._hold_rung(walk, calls, at, held)
                    else:
                        async with aclosing(self._stream_rung(walk, calls, at, held)) as events:
                            async for event in events:
                                yield event
                except TiergateError as raised:
                    if held.committed is not None or not goes_on(walk, raised):
                        raise
                    error = raised
                    # What the ladder ran into is told, not what a stand-in did.
                    failed = error if failed is None or walk.decision.rungs[at].taken else failed
                step = self._next(walk, at, held.candidate, error)
                tell_step(walk, self._events, step.rung)
                if held.committed is not None or walk.observed is not None:
                    break
                walk.climbs += step.rises
                at = step.rung
                calls.keep(at)
        candidate, verdict = hit, Verdict.ACCEPTED
        if candidate is None:
            candidate, verdict = await conclude(walk, self._reviews, self._ids, failed)
        if not walk.released:
            yield self._committed(walk, candidate.at, candidate.answer)
            for delta in _unsent(walk, candidate):
                yield delta
        yield await self._settled(walk, candidate, verdict)

    async def _hold_rung(self, walk: Walk, calls: Calls, at: int, held: Held) -> None:
        """One rung's turn, all of it held back: call, verify."""
        plan = walk.plan(walk.decision.rungs[at].answerer)
        answer = await calls.whole(at, plan)
        held.candidate = self._judge(walk, plan, at, answer)
        full = walk.verify_mode(plan) is VerifyMode.FULL and walk.observed is None
        if full and held.candidate.said.failure is None:
            await self._compare(walk, calls.spender, at, held)

    async def _stream_rung(
        self, walk: Walk, calls: Calls, at: int, held: Held
    ) -> AsyncGenerator[StreamEvent, None]:
        """One rung's turn, streamed through as soon as nothing need be held back."""
        plan = walk.plan(walk.decision.rungs[at].answerer)
        async with aclosing(calls.pieces(at, plan)) as deltas:
            async for delta in deltas:
                if delta.final is not None:
                    held.candidate = self._judge(walk, plan, at, delta.final)
                    continue
                held.pending.append(delta)
                if held.committed is None and self._may_commit(walk, plan, at, held):
                    held.committed = self._committed(walk, at)
                    calls.keep(at)
                    walk.best = None  # no earlier answer can go out instead of this one
                    yield held.committed
                if held.committed is not None:
                    for released in held.release():
                        yield released

    def _may_commit(self, walk: Walk, plan: RungPlan, at: int, held: Held) -> bool:
        """Whether enough was seen, and nothing in it speaks for another rung while there is one."""
        if walk.verify_mode(plan) is VerifyMode.NONE or walk.observed is not None:
            return True
        if walk.alone_at(at):
            return held.speaks
        if held.doubted or held.tokens < PREFIX_TOKENS:
            return False
        beginning = held.beginning(plan.facts.model)
        said = verify(
            beginning, walk.request, walk.decision.rungs[at], VerifyMode.PREFIX, plan.calibration
        )
        climbs = self._ask(walk, at, said, None).said.action is Action.CLIMB
        held.doubted = climbs or walk.outdoes(said)
        return not held.doubted

    def _judge(self, walk: Walk, plan: RungPlan, at: int, answer: Answer) -> Candidate:
        """Verify an answer, and keep it if it is the best so far."""
        answer = one_call(answer, walk.request)
        rung = walk.decision.rungs[at]
        mode = walk.verify_mode(plan)
        candidate = Candidate(
            at, rung, answer, verify(answer, walk.request, rung, mode, plan.calibration)
        )
        walk.keep(candidate)
        return candidate

    async def _compare(self, walk: Walk, spender: Spender, at: int, held: Held) -> None:
        """Self-consistency: further samples that differ lower the chance that this one is right."""
        plan = walk.plan(walk.decision.rungs[at].answerer)
        candidate = held.candidate
        if not plan.section.verify.self_consistency or candidate is None or walk.request.tools:
            return
        assert candidate.answer is not None
        texts = [candidate.answer.text]
        for i in range(plan.section.verify.self_consistency):
            try:
                sample = await spender.sample_rung(at, plan, seed=i + 1)
            except (AnswererError, *NOT_ADMITTED):
                break  # the answer in hand stands on the samples there are
            texts.append(sample.text)
        p = candidate.said.p * agreement(texts)
        held.candidate = replace(candidate, said=replace(candidate.said, p=p, source="samples"))
        walk.keep_instead(candidate, held.candidate)

    def _next(
        self, walk: Walk, at: int, candidate: Candidate | None, failed: TiergateError | None
    ) -> Step:
        """Ask next_rung and keep what it was told."""
        said, seen = None, None
        if candidate is not None:
            said = candidate.said
            if candidate.answer is not None:
                mode = walk.verify_mode(walk.plan(candidate.rung.answerer))
                seen = evidence(mode, candidate.answer, said)
        asked = self._ask(walk, at, said, failed, seen)
        walk.steps.append(asked)
        return asked.said

    def _ask(
        self,
        walk: Walk,
        at: int,
        said: Verification | None,
        failed: TiergateError | None,
        seen: Evidence | None = None,
    ) -> StepRecord:
        """What next_rung is told of an answer or a failure, and what it says."""
        failure = said.failure if said else failure_reason(failed)
        p = said.p if said and failure is None else None
        left = self._left(walk)
        plan = walk.plan(walk.decision.rungs[at].answerer)
        verified = walk.verify_mode(plan) is not VerifyMode.NONE
        section = walk.runtime.policy.decision
        alone = stranded(walk) and not isinstance(failed, LedgerError)
        step = next_rung(
            walk.decision, at, p, failure, left, section, verified=verified, stranded=alone
        )
        source = said.source if said else ""
        return StepRecord(at, p, source, failure, left, verified, step, seen, alone)

    def _left(self, walk: Walk) -> Left:
        """What the client's own limits still leave."""
        return Left(walk.money_left_to_climb(), walk.time_left(self._clock.monotonic_ms()))

    async def _settled(self, walk: Walk, candidate: Candidate, verdict: Verdict) -> Outcome:
        """Account for the chosen answer, which the client has by now or gets with this outcome."""
        walk.answered_ms = self._clock.monotonic_ms()
        weigh(walk, candidate, verdict)
        await self._account(walk, candidate, verdict)
        walk.outcome = outcome_of(walk, candidate, verdict, self._clock)
        return walk.outcome

    def _committed(self, walk: Walk, at: int, answer: Answer | None = None) -> Committed:
        """From here on the client has this rung's answer."""
        walk.committed = at
        walk.first_token_ms = self._clock.monotonic_ms() - walk.started_ms
        rung = walk.told_rung(at)
        estimated = Usage(input_tokens=walk.signals.input_tokens)
        return Committed(
            request_id=walk.request_id,
            decision=walk.decision,
            rung=rung,
            model=walk.plan(rung.answerer).facts.model,
            policy=walk.runtime.policy.name,
            policy_hash=walk.runtime.policy_hash,
            escalations=walk.climbs,
            rates=walk.rates.states if walk.rates else (),
            review_id=walk.review_id,
            cache=walk.cache,
            usage=answer.usage if answer and answer.usage.input_tokens else estimated,
            dropped=dropped(walk.request, walk.plan(rung.answerer).facts),
            unsupported_tools=walk.request.unsupported_tools,
            redirects=redirects_of(walk),
            max_output_tokens=lowered_cap(walk, rung),
        )

    # --- account --------------------------------------------------------------------------------

    async def _account(self, walk: Walk, candidate: Candidate, verdict: Verdict) -> None:
        """Write the final row; then keep texts, the session, what may be answered from cache."""
        walk.mark_discarded(candidate)
        walk.book_triage()
        self._shadows.consider(walk, candidate)
        row = final_row(
            walk, candidate, verdict, RequestState.SETTLED, self._clock, self._secret_of
        )
        walk.accounted = True
        tell_answered(walk, self._events, row, candidate, verdict)
        try:
            await self._ledger.finish(row)
        except BaseException:
            self._shadows.release(walk)
            raise
        self._shadows.start(walk, candidate)
        await self._keeper.keep(walk, candidate, verdict)

    def _finish_later(self, walk: Walk, spender: Spender, error: TiergateError | None) -> None:
        """Book a request that failed or whose client left; the caller may already be cancelled."""
        if walk.accounted:
            return
        walk.accounted = True
        spender.settle_open()
        walk.book_triage()
        state = RequestState.CANCELLED if error is None else RequestState.FAILED
        row = final_row(
            walk, walk.best, Verdict.REFUSED, state, self._clock, self._secret_of, error
        )
        tell_ended(walk, self._events, row, error)
        task = asyncio.ensure_future(self._ledger.finish(row))
        self._background[walk.request_id] = task
        task.add_done_callback(lambda _: self._background.pop(walk.request_id))
        if error is not None:
            error.request_id = walk.request_id

    # --- the life of the gateway ----------------------------------------------------------------

    def cut(self) -> None:
        """From now on it is the server that cancels requests, not their clients who leave."""
        self._cuts = True

    async def drain(self) -> None:
        """Wait for shadows, and for rows that are still being written in the background."""
        await self._shadows.drain()
        while self._background:
            await asyncio.gather(*self._background.values(), return_exceptions=True)

    async def booked(self, request_id: str) -> bool:
        """Whether a failed request has a row in the books; waits for one that is being written."""
        task = self._background.get(request_id)
        if task is not None:
            await asyncio.wait({task})
            return task.exception() is None
        return bool(request_id)


def _unsent(walk: Walk, candidate: Candidate) -> Iterator[Delta]:
    """The pieces of an answer that was held back, for a client that reads a stream."""
    if walk.buffered or candidate.answer is None:
        return iter(())
    return (delta for delta in deltas_of(candidate.answer) if delta.final is None)
