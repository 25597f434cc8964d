"""Makes every priced call: holds the worst case, calls, settles to what is known.

A call is in the ledger before it is made, free ones too, so that none is lost in a crash. What
answers in microseconds (approved answers), and own compute that a list price above it covers, is
written down with its request's final row. `attempt` keeps the books of one call.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing

from msgspec.structs import replace

from router.errors import CannotAnswer, DepthExceeded
from router.privacy.pseudonyms.veil import Veil, VeiledStream
from router.request.calls.attempt import Attempt
from router.request.calls.call_books import CallBooks, Nesting
from router.request.veiling import HidingFrom, hidden_by
from router.routing.rungs.rung_plan import RungPlan
from router.types import (
    Answer,
    Call,
    ChatRequest,
    Delta,
    Hiding,
    Reason,
    Role,
    Work,
)

MAX_DEPTH = 2
"""The deepest nesting: a deliberation calls an answerer, which may run its own steps."""

SAMPLE_TEMPERATURE = 0.7
"""The temperature of self-consistency samples (Wang et al., arXiv 2203.11171)."""

MAX_ATTEMPTS = 64
"""The most priced calls of one request: 16 rungs, and a deliberation of 14 calls, each repaired
twice. Seven steps, six perspectives and the client's own form are the most that a template has."""


class Spender:
    """Makes the priced calls of one request. An answerer gets a `Call` that knows its own depth."""

    def __init__(self, books: CallBooks) -> None:
        self._books = books
        self._routed = books.routed
        self._attempts = books.progress.attempts
        self._clock = books.clock

    def call_rung(self, rung: int, plan: RungPlan) -> Awaitable[Answer]:
        """Returns the whole answer of one rung. Raises AnswererError, BudgetExceeded and kin."""
        return self._call(plan, self._routed.request, _answers_as(plan), Nesting(rung))

    async def sample_rung(self, rung: int, plan: RungPlan, seed: int) -> Answer:
        """Returns another answer of the same rung, sampled, to compare with the first."""
        request = self._routed.request
        sampling = replace(request.sampling, temperature=SAMPLE_TEMPERATURE, seed=seed)
        return await self._call(
            plan, replace(request, sampling=sampling), Role.SAMPLE, Nesting(rung)
        )

    async def shadow_rung(self, rung: int, plan: RungPlan) -> Answer:
        """Returns an answer that nobody will see, to compare with the one that the client has."""
        return await self._call(plan, self._routed.request, Role.SHADOW, Nesting(rung))

    async def judge_rung(self, rung: int, plan: RungPlan, request: ChatRequest) -> Answer:
        """Returns a judge's words on answers to this request; `rung` is whose answer it is."""
        return await self._call(plan, request, Role.CHECK, Nesting(rung))

    async def stream_rung(
        self, rung: int, plan: RungPlan, *, ahead: bool = False
    ) -> AsyncGenerator[list[Delta], None]:
        """Yields the rung's answer in pieces as they come; the last carries the final Answer.

        The deadline is checked while waiting for a piece, never while the client reads one. `ahead`
        says that the call begins before the rung's turn.
        """
        request, role = self._routed.request, _answers_as(plan)
        veil = self._veil_for(plan)
        restored: VeiledStream | None = None
        hiding = None if veil is None else HidingFrom(veil, request)
        if veil is not None:
            restored = veil.stream(in_json=request.response_format.kind != "text")
            request = await hidden_by(veil, request)
        nesting = Nesting(rung, ahead=ahead)
        async with Attempt(self._books, plan, request, role, nesting) as attempt:
            work = self._work(plan, role, hiding, attempt)
            stream = plan.answerer.stream(work, self._caller(nesting.inside(plan)))
            async with aclosing(stream) as steps:
                while (pieces := await attempt.next_pieces(steps)) is not None:
                    attempt.receive(pieces)
                    final = pieces[-1].final
                    if final is not None:
                        attempt.settle(final)
                    if restored is not None:
                        pieces = [part for piece in pieces for part in restored.feed(piece)]
                    if pieces:
                        yield pieces

    def _call(
        self, plan: RungPlan, request: ChatRequest, role: Role, nesting: Nesting
    ) -> Awaitable[Answer]:
        veil = self._veil_for(plan)
        if veil is None:
            return self._made(plan, request, role, nesting)
        return self._veiled(plan, request, role, nesting, veil)

    async def _veiled(
        self, plan: RungPlan, request: ChatRequest, role: Role, nesting: Nesting, veil: Veil
    ) -> Answer:
        hidden = await hidden_by(veil, request)
        answer = await self._made(plan, hidden, role, nesting, HidingFrom(veil, request))
        return veil.restored(answer, in_json=request.response_format.kind != "text")

    def _veil_for(self, plan: RungPlan) -> Veil | None:
        """Returns what hides personal details from this answerer, None where nothing does."""
        veil = self._routed.veil
        return veil if veil is not None and veil.hides_from(plan.facts) else None

    async def _made(
        self,
        plan: RungPlan,
        request: ChatRequest,
        role: Role,
        nesting: Nesting,
        hiding: Hiding | None = None,
    ) -> Answer:
        async with Attempt(self._books, plan, request, role, nesting) as attempt:
            with attempt.deadline:
                work = self._work(plan, role, hiding, attempt)
                answer = await plan.answerer.answer(work, self._caller(nesting.inside(plan)))
            attempt.settle(answer)
        return answer

    def _caller(self, nesting: Nesting) -> Call:
        """Returns types.Call for an answerer at this nesting: the same books, one level deeper."""

        async def call(answerer: str, request: ChatRequest, role: Role) -> Answer:
            if nesting.depth > MAX_DEPTH or len(self._attempts.rows) >= MAX_ATTEMPTS:
                raise DepthExceeded(
                    f"{answerer} was called {nesting.depth} deep, as call "
                    f"{len(self._attempts.rows)} of one request; at most {MAX_DEPTH} and "
                    f"{MAX_ATTEMPTS} are allowed."
                )
            if self._routed.kept_from(answerer):
                raise CannotAnswer(
                    f"The policy (privacy.residency) keeps this request from {answerer}.",
                    reason=Reason.RESIDENCY,
                )
            return await self._call(self._routed.plan(answerer), request, role, nesting)

        return call

    def settle_open(self) -> None:
        """Settles what is still held, so that nothing stays held when the request ends."""
        self._books.cancel_open()

    def _work(self, plan: RungPlan, role: Role, hiding: Hiding | None, attempt: Attempt) -> Work:
        seconds = self._books.seconds_left(plan)
        return Work(
            request=attempt.request,
            signals=self._routed.signals,
            deadline_at_ms=self._clock.now_ms() + round(1000 * seconds),
            role=role,
            tenant=self._routed.identity.tenant,
            request_id=self._routed.request_id,
            hiding=hiding,
            attempt_id=attempt.attempt_id,
            key_id=self._routed.identity.key_id,
            name_answer=attempt.name,
            tell_host=attempt.hear_host,
            tell_sent=attempt.hear_sent,
            tell_streams=attempt.hear_streams,
            tell_usage=attempt.hear_usage,
            tell_unsaid=attempt.hear_unsaid,
            tell_pieces=attempt.hear_pieces,
            tell_left_out=attempt.hear_left_out,
        )


def _answers_as(plan: RungPlan) -> Role:
    """Returns the role of a rung's own call: approved answers are looked up, others are made."""
    return Role.RESOLVER if plan.facts.without_model else Role.ANSWER
