"""The `x-ratelimit-*` headers of every answer: what is left of rates, of a budget, of the server.

OpenAI's clients and coding agents pace themselves by these headers, so they are there whether or
not a rate is set. An endpoint that counts in a rate has sent its state already; it stays. Where no
rate is set, the server's own bounds stand in its place. Budgets have the same three headers in
dollars. It counts nothing and refuses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from router.api.http import Event, Send
from router.api.views import Headers, duration, rate_headers, usd
from router.budgets import Budgets, Payer
from router.errors import LedgerError
from router.policy import Policy
from router.rating import LETTERS_PER_TOKEN, asks_of
from router.types import BudgetGauge, Identity, RateLimiter, RateState

CALLER: ContextVar[Identity | None] = ContextVar("caller", default=None)
"""Whose key the request under way came with; None until the key is known."""

PREFIX = b"x-ratelimit-limit-"


class Remaining:
    """Completes the headers of answers, and counts the requests that are under way."""

    def __init__(
        self,
        budgets: Callable[[], Budgets],
        limiter: RateLimiter,
        gauge: BudgetGauge,
        policy: Callable[[], Policy],
    ) -> None:
        """`policy` gives the default policy as it is now."""
        self._budgets = budgets
        self._limiter = limiter
        self._gauge = gauge
        self._policy = policy
        self._under_way = 0
        self._bound: tuple[Policy | None, int] = (None, 0)

    @contextmanager
    def request(self, send: Send) -> Iterator[Send]:
        """Gives a `send` that completes the headers once the caller is known."""
        CALLER.set(None)

        async def completed(event: Event) -> None:
            caller = CALLER.get()
            if caller is not None and event["type"] == "http.response.start":
                headers = event["headers"]
                event = {**event, "headers": [*headers, *await self.headers(caller, headers)]}
            await send(event)

        self._under_way += 1
        try:
            yield completed
        finally:
            self._under_way -= 1

    async def headers(self, identity: Identity, sent: Headers) -> Headers:
        """Returns the headers that `sent` lacks. Raises nothing: a store that fails tells none."""
        policy = self._policy()
        payer = Payer(identity.tenant, identity.key_id, policy.name)
        said = {key[len(PREFIX) :] for key, _ in sent if key.startswith(PREFIX)}
        states: list[RateState] = []
        if self._budgets().any_rate and not said:
            states = await self._states(payer)
        counted = {state.unit for state in states}
        if b"requests" not in said and "requests" not in counted:
            most = self._calls_at_once(policy)
            states.append(RateState("requests", most, max(0, most - self._under_way), 0))
        if b"tokens" not in said and "tokens" not in counted:
            most = policy.max_body_bytes // LETTERS_PER_TOKEN  # of one request
            states.append(RateState("tokens", most, most, 0))
        headers = rate_headers(states)
        if not self._budgets().money(payer):
            return headers
        left = await self._gauge.left(identity, policy.name)
        if left is not None:
            headers += [
                (b"x-ratelimit-limit-usd", usd(left.limit_nano_usd).encode()),
                (b"x-ratelimit-remaining-usd", usd(left.left_nano_usd).encode()),
                (b"x-ratelimit-reset-usd", duration(left.reset_ms).encode()),
            ]
        return headers

    def _calls_at_once(self, policy: Policy) -> int:
        """Counts the calls that all answerers take at one time; summed once per policy."""
        known, most = self._bound
        if known is not policy:
            most = sum(answerer.concurrency for _, answerer in policy.rungs())
            self._bound = policy, most
        return most

    async def _states(self, payer: Payer) -> list[RateState]:
        """Asks what is left of the payer's rates, taking nothing."""
        asks = [ask for limit in self._budgets().rates(payer) for ask in asks_of(limit, 0, 0)]
        try:
            return [*(await self._limiter.take(asks)).states] if asks else []
        except LedgerError:
            return []
