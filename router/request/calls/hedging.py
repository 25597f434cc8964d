"""Starts the next rung's call together with one that is likely to fail: money for time.

Hedging is off unless the policy has `decision.speculate`. Then a rung whose chance of being wrong
lies between the stated bounds has the rung that would follow it called at the same time. If its
answer is good enough, the other call is cancelled at the upstream and booked as discarded; if not,
the other answer is already under way and its pieces go on from there. Both calls are held in the
ledger before they begin, and both end before the request is accounted for.

`Calls` is how the gateway's path calls rungs; it knows nothing about verification.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing

from router.errors import BudgetExceeded, StreamCut, TiergateError
from router.request.calls.priced_calls import Spender
from router.routing.next_rung import Left, rung_beside
from router.routing.routed_request import RoutedRequest
from router.routing.rungs.rung_plan import RungPlan
from router.types import Answer, CostBasis, Delta, VerifyMode, usd_to_nano


class Ahead:
    """Runs one call in a task of its own and keeps its pieces until somebody asks for them."""

    def __init__(self, source: AsyncGenerator[list[Delta], None]) -> None:
        # It is bounded by what an answerer may send in one answer.
        self._ready = deque[list[Delta]]()
        self._more = asyncio.Event()
        self._over = False
        self._task = asyncio.create_task(self._run(source))

    async def _run(self, source: AsyncGenerator[list[Delta], None]) -> None:
        try:
            async with aclosing(source) as steps:
                async for pieces in steps:
                    self._ready.append(pieces)
                    self._more.set()
        finally:
            self._over = True
            self._more.set()

    async def pieces(self) -> AsyncGenerator[list[Delta], None]:
        """Yields all pieces from the first on, as they come. Raises what the call raised."""
        while self._ready or not self._over:
            if self._ready:
                yield self._ready.popleft()
            else:
                self._more.clear()
                await self._more.wait()
        await self._task

    def cancel(self) -> None:
        """Asks the call to end; the connection to its upstream closes."""
        self._task.cancel()

    async def ended(self) -> None:
        """Waits until the call is over and booked. Raises only errors that are not ours."""
        await asyncio.wait({self._task})
        failed = None if self._task.cancelled() else self._task.exception()
        if failed is not None and not isinstance(failed, TiergateError):
            raise failed


class Calls:
    """Calls rungs for one request; some may already be under way when their turn comes.

    Leaving the context cancels what still runs and waits until it is booked.
    """

    def __init__(self, routed: RoutedRequest, spender: Spender) -> None:
        self.spender = spender
        self.hedged_rung: int | None = None  # called before its turn
        self._routed = routed
        self._running: dict[int, Ahead] = {}  # by rung
        self._ending: list[Ahead] = []  # cancelled, and not yet known to be over

    async def __aenter__(self) -> Calls:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.keep(None)
        for ahead in self._ending:
            await ahead.ended()

    def begin_beside(self, rung: int, left: Left) -> None:
        """Starts what the policy wants ahead of its turn, together with `rung`.

        Its hold comes after that rung's own.
        """
        routed = self._routed
        section, facts = routed.policy.decision, routed.plans[rung].facts
        if section.speculate is None or routed.observed is not None or facts.without_model:
            return
        verified = routed.verify_modes[rung] is not VerifyMode.NONE
        beside = rung_beside(routed.decision, rung, left, section, verified=verified)
        if beside is None or beside in self._running:
            return
        beside_rung = routed.decision.rungs[beside]
        other = routed.plans[beside]
        most = usd_to_nano(section.speculate.max_usd)
        worst = other.worst_case(routed.request, routed.signals)
        if beside_rung.cost_basis is not CostBasis.UNKNOWN and worst <= most:
            self._running[beside] = Ahead(self.spender.stream_rung(beside, other, ahead=True))
            self.hedged_rung = beside

    def keep(self, rung: int | None) -> None:
        """Cancels the calls of other rungs than `rung`; their turn would call them anew."""
        if not self._running:
            return
        for other in [other for other in self._running if other != rung]:
            ahead = self._running.pop(other)
            ahead.cancel()
            self._ending.append(ahead)
        self.hedged_rung = rung if rung in self._running else None

    def whole(self, rung: int, plan: RungPlan) -> Awaitable[Answer]:
        """Returns the whole answer of one rung. Raises AnswererError, BudgetExceeded and kin."""
        if rung in self._running:
            return self._last_of(rung, plan)
        return self.spender.call_rung(rung, plan)

    async def _last_of(self, rung: int, plan: RungPlan) -> Answer:
        """Returns the answer of a call that is under way in pieces."""
        answer: Answer | None = None
        async with aclosing(self.pieces(rung, plan)) as steps:
            async for pieces in steps:
                answer = pieces[-1].final or answer
        if answer is None:
            raise StreamCut(f"{plan.facts.name} ended its answer without finishing it.")
        return answer

    async def pieces(self, rung: int, plan: RungPlan) -> AsyncGenerator[list[Delta], None]:
        """Yields one rung's answer in pieces; the last carries the final Answer. Raises as `whole`.

        Where the call ahead was refused for money, since two were held at one time, the rung is
        called now that the other has ended.
        """
        ahead, begun = self._running.get(rung), False
        if ahead is not None:
            try:
                async with aclosing(ahead.pieces()) as found:
                    async for piece in found:
                        begun = True
                        yield piece
                return
            except BudgetExceeded:
                if begun:
                    raise
        async with aclosing(self.spender.stream_rung(rung, plan)) as pieces:
            async for piece in pieces:
                yield piece
