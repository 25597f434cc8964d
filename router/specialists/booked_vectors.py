"""Asks upstreams for vectors: counts the call in rates, holds its worst case, books what it cost.

Whoever needs vectors of an upstream asks here: the endpoint, the search of documents, the command
that adds them. So each call has a row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial

from msgspec import Struct

from router.errors import ClientGone, RateLimited, TiergateError
from router.money.model_redirects import FindRedirect, no_redirect
from router.policy.schema import Policy
from router.policy.sections.answering.embedders import EmbedderSection
from router.rate_limits.limits import RequestRates
from router.request.call_events import tell_refused, tell_unwritten
from router.request.calls import rate_charges
from router.request.calls.failures import failure_note, told_with
from router.request.calls.settlement import may_be_billed, refused_unsent
from router.specialists.outside_embeddings import (
    OutsideCall,
    finished,
    held,
    price_of,
    told_by,
)
from router.types import (
    ChatRequest,
    Clock,
    Events,
    Identity,
    Ids,
    Ledger,
    Message,
    OutsideVectors,
    RequestRow,
)

Inputs = tuple[str, ...] | tuple[tuple[int, ...], ...]
"""Are texts, or texts as ids of the upstream's own tokens."""
AskOutside = Callable[[EmbedderSection, Inputs, int | None], Coroutine[None, None, OutsideVectors]]
"""Returns vectors of an upstream. Raises UpstreamError and its kin, Overloaded."""


_SAID = "a "
"""Counts as one token in rates, in place of each id that a client sent."""


class VectorOrder(Struct, frozen=True):
    """Says whose model makes vectors of which texts, under which policy."""

    policy: Policy
    policy_hash: str
    embedder: EmbedderSection
    texts: Sequence[str]  # where clients sent ids: these as words, for the digest and the rates
    dimensions: int | None = None
    requested_model: str = ""
    tags: tuple[str, ...] = ()
    asked_by_client: bool = True
    ids: tuple[tuple[int, ...], ...] = ()  # token ids in place of the texts, as a client sent them
    redirected: FindRedirect = no_redirect  # finds the price of another model that answered


class BookedVectors:
    """Asks the models that policies name under `embedders`."""

    def __init__(
        self,
        ask: AskOutside,
        *,
        ledger: Ledger,
        secret_of: Callable[[str], bytes],
        clock: Clock,
        ids: Ids,
        events: Events,
    ) -> None:
        self._ask = ask
        self._ledger = ledger
        self._secret_of = secret_of
        self._clock = clock
        self._ids = ids
        self._events = events
        self._booking: set[asyncio.Task[None]] = set()  # rows of calls that nobody waits for

    async def made(
        self, order: VectorOrder, identity: Identity, rates: RequestRates | None = None
    ) -> tuple[OutsideVectors, RequestRow]:
        """Returns the vectors and their settled row.

        Raises UpstreamError and its kin, Overloaded, BudgetExceeded, RateLimited, LedgerError.
        """
        if rates is not None:
            counted = [_SAID * len(row) for row in order.ids] or order.texts
            words = tuple([Message("user", text) for text in counted])
            try:
                await rate_charges.admit(rates, ChatRequest(words, order.requested_model))
            except RateLimited as error:
                tell_refused(self._events, identity, error)
                raise
        return await self._booked(order, identity, rates)

    async def _booked(
        self, order: VectorOrder, identity: Identity, rates: RequestRates | None
    ) -> tuple[OutsideVectors, RequestRow]:
        started = self._clock.monotonic_ms()
        call = OutsideCall(
            self._ids.new(),
            identity,
            order.policy,
            order.policy_hash,
            order.requested_model or order.embedder.model,
            order.texts,
            order.tags,
            order.embedder,
            self._clock.now_ms(),
            order.asked_by_client,
            sum(map(len, order.ids)),
        )
        intent, attempt = held(call)
        try:
            await self._ledger.hold(intent, attempt)
        except TiergateError:
            await rate_charges.settle(rates, ())  # no call, so no token
            raise

        def row(
            made: OutsideVectors | None, error: TiergateError | None = None, code: str = ""
        ) -> RequestRow:
            return finished(
                call,
                attempt if made is None else told_by(attempt, made, order.redirected),
                self._secret_of(identity.tenant),
                tokens=made.tokens if made is not None and made.reported else None,
                price=None if made is None else price_of(call, made, order.redirected),
                now_ms=self._clock.now_ms(),
                latency_ms=self._clock.monotonic_ms() - started,
                error_code=code if error is None else error.code,
                unbilled=error is not None and not may_be_billed(error),
                released=error is not None and refused_unsent(error),
            )

        try:
            inputs: Inputs = order.ids or tuple(order.texts)
            vectors = await self._ask(order.embedder, inputs, order.dimensions)
        except TiergateError as error:
            await self._finish(row(None, error), rates)
            told_with(error, (failure_note(attempt, error),), call.request_id)
            raise
        except asyncio.CancelledError:  # nobody waits any more; the call may be charged
            task = asyncio.ensure_future(self._finish(row(None, code=ClientGone.code), rates))
            self._booking.add(task)
            task.add_done_callback(self._booking.discard)
            task.add_done_callback(partial(tell_unwritten, self._events, call.request_id))
            raise
        settled = row(vectors)
        await self._finish(settled, rates)
        return vectors, settled

    async def _finish(self, row: RequestRow, rates: RequestRates | None) -> None:
        """Books what a call cost, tells it, and corrects what it counted in rates."""
        await self._ledger.finish(row)
        self._events.finished(row)
        await rate_charges.settle(rates, row.attempts)
