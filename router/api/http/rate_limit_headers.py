"""Completes the `x-ratelimit-*` headers: the rest of rates, of a budget, of the server's bounds.

OpenAI's clients and coding agents pace themselves by these headers, so every answer has them. An
endpoint that counts in a rate has sent its state already, and that stays. Where no rate is set, the
server's own bounds are sent. Budgets have the same three headers in dollars. This module counts
nothing and refuses nothing.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

from router.api.http.asgi import CALLER, Event, Send
from router.api.http.decision_headers import Headers, duration, rate_headers
from router.api.http.decision_views import usd
from router.errors import LedgerError
from router.money.budgets import Budgets, Payer
from router.policy.schema import Policy
from router.rate_limits.limits import LETTERS_PER_TOKEN, asks_of
from router.types import BudgetGauge, Identity, RateLimiter, RateState

PREFIX = b"x-ratelimit-limit-"


class Response:
    """Sends one response, whose headers it completes once the caller is known."""

    __slots__ = ("_remaining", "_send", "started")

    def __init__(self, remaining: Remaining, send: Send) -> None:
        self._remaining = remaining
        self._send = send
        self.started = False  # a part of the response was handed over

    def __call__(self, event: Event) -> Awaitable[None]:
        """Sends an event of the response."""
        self.started = True
        if event["type"] == "http.response.start":
            caller = CALLER.get()
            if caller is not None:
                if not self._remaining.unlimited:
                    return self._begun(event, caller)
                event["headers"] = [*event["headers"], *self._remaining.bounds()]
        return self._send(event)

    async def _begun(self, event: Event, caller: Identity) -> None:
        headers = event["headers"]
        event["headers"] = [*headers, *await self._remaining.headers(caller, headers)]
        await self._send(event)


class Remaining:
    """Completes the headers of answers, and counts the requests that are under way."""

    def __init__(
        self,
        budgets: Callable[[], Budgets],
        limiter: RateLimiter,
        gauge: BudgetGauge,
        policy: Callable[[], Policy],
    ) -> None:
        """Takes the sources of limits. `policy` returns the present default policy."""
        self._budgets = budgets
        self._limiter = limiter
        self._gauge = gauge
        self._policy = policy
        self._under_way = 0
        self._inner = 0
        self.live_began_s = 0.0  # monotonic time of the last request that is no line of a batch
        self._bounds_of: Policy | None = None
        self._calls = 0
        self._fixed: dict[str, Headers] = {}

    def begin(self, send: Send, *, inner: bool = False) -> Response:
        """Counts a request and returns what sends its response. Call `end` when it is over.

        An `inner` one is a line of a batch, which lets all others go first.
        """
        # The context of a connection outlives its requests.
        CALLER.set(None)
        self._under_way += 1
        if inner:
            self._inner += 1
        else:
            self.live_began_s = time.monotonic()
        return Response(self, send)

    @property
    def live(self) -> int:
        """Returns the number of requests under way that are no lines of batches."""
        return self._under_way - self._inner

    def end(self, *, inner: bool = False) -> None:
        """Counts a request as over."""
        self._under_way -= 1
        if inner:
            self._inner -= 1

    @property
    def unlimited(self) -> bool:
        """Returns True on most servers: nobody has a rate or a budget, so no store is read."""
        return self._budgets().unlimited

    def bounds(self) -> Headers:
        """Returns the headers of the server's own bounds alone."""
        return self._own_bounds(self._policy(), ("requests", "tokens"))

    async def headers(self, identity: Identity, sent: Headers) -> Headers:
        """Returns the headers that `sent` lacks. Raises nothing: a failing store adds none."""
        policy, budgets = self._policy(), self._budgets()
        payer = Payer(identity.tenant, identity.key_id, policy.name)
        units = {key[len(PREFIX) :].decode() for key, _ in sent if key.startswith(PREFIX)}
        states = await self._states(payer) if budgets.any_rate and not units else []
        units |= {state.unit for state in states}
        headers = rate_headers(states)
        headers += self._own_bounds(
            policy, [unit for unit in ("requests", "tokens") if unit not in units]
        )
        left = await self._gauge.left(identity, policy.name) if budgets.money(payer) else None
        if left is not None:
            headers += [
                (b"x-ratelimit-limit-usd", usd(left.limit_nano_usd).encode()),
                (b"x-ratelimit-remaining-usd", usd(left.left_nano_usd).encode()),
                (b"x-ratelimit-reset-usd", duration(left.reset_ms).encode()),
            ]
        return headers

    def _own_bounds(self, policy: Policy, units: Sequence[str]) -> Headers:
        """Returns the calls that all answerers take at one time, and the tokens of the largest
        body.

        Everything except the rest of the calls is made once per policy.
        """
        # A reload brings another policy object, with other bounds.
        if self._bounds_of is not policy:
            calls = sum(answerer.concurrency for _, answerer in policy.rungs())
            tokens = policy.max_body_bytes // LETTERS_PER_TOKEN
            self._bounds_of, self._calls = policy, calls
            self._fixed = {
                "requests": rate_headers([RateState("requests", calls, 0, 0)])[::2],
                "tokens": rate_headers([RateState("tokens", tokens, tokens, 0)]),
            }
        headers = [header for unit in units for header in self._fixed[unit]]
        if "requests" in units:
            left = max(0, self._calls - self._under_way)
            headers.append((b"x-ratelimit-remaining-requests", str(left).encode()))
        return headers

    async def _states(self, payer: Payer) -> list[RateState]:
        """Returns the rest of the payer's rates, and takes nothing from them."""
        # Asking for zero reads a rate without counting.
        asks = [ask for limit in self._budgets().rates(payer) for ask in asks_of(limit, 0, 0)]
        try:
            return [*(await self._limiter.take(asks)).states] if asks else []
        except LedgerError:
            return []
