"""Shares rates between machines: the buckets of `rate_limits.gcra` in Redis, one script a request.

The script is the same algorithm. It runs in Redis by Redis' own clock, so machines whose clocks
differ agree. A bucket's key ends when it is full again, so nothing is ever cleaned up. Only this
file speaks to Redis.

When the server does not answer, each request that waits for it loses up to TIMEOUT_S. From then on
requests are refused at once, while one task asks until the server answers again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from router.errors import LedgerError, RatesUnavailable
from router.errors.installing import pip_install
from router.rate_limits.gcra import NEVER
from router.types import NOBODY, Events, RateAsk, RateState, RateTaken, StoreTurned

if TYPE_CHECKING:
    from redis.asyncio import Redis

TIMEOUT_S = 2.0  # longest wait of a request for its turn, and then for its rates
PROBE_S = 0.5  # pause between two tries to reach it again
MOST_AT_ONCE = 32
"""Bounds the connections of a process. Redis runs one script after the other, so more would bring
nothing, and its client refuses to open more than 100. Further requests wait for their turn, as long
as for an answer."""
PREFIX = "tiergate:rate:"
_MINUTE_US = 60_000_000

# Times are microseconds since 2026, as numbers of Lua hold those to some nanoseconds. ARGV: "1" for
# a correction, then limit and amount of each key. A time that no debt reaches was kept before the
# clock went back: that bucket is empty now, and even a refusal writes it. The script returns the
# refused key's index or 0, and for each key the microseconds until its bucket is full.
_SCRIPT = """
local clock = redis.call('TIME')
local now = (tonumber(clock[1]) - 1767225600) * 1e6 + tonumber(clock[2])
local correction = ARGV[1] == '1'
local full, after, lost, worst, worst_over, never = {}, {}, {}, 0, 0.01, false
for i = 1, #KEYS do
  local limit, amount = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local at = tonumber(redis.call('GET', KEYS[i]) or now)
  lost[i] = at > now + 660e6
  full[i] = lost[i] and now + 60e6 or math.max(at, now)
  after[i] = full[i] + amount * 60e6 / limit
  local over, too_large = after[i] - now - 60e6, amount > limit
  if (too_large and not never) or (too_large == never and over > worst_over) then
    worst, worst_over, never = i, over, too_large
  end
end
if correction then worst = 0 end
for i = 1, #KEYS do
  if worst == 0 or lost[i] then
    local at = worst == 0 and math.min(after[i], now + 660e6) or full[i]
    full[i] = math.max(at, now)
    if at > now then
      redis.call('SET', KEYS[i], string.format('%.17g', at), 'PX', math.ceil((at - now) / 1e3) + 1)
    else
      redis.call('DEL', KEYS[i])
    end
  end
end
local told = {worst}
for i = 1, #KEYS do told[i + 1] = string.format('%.17g', full[i] - now) end
return told
"""


class RedisRates:
    """Implements types.RateLimiter over a Redis server, of version 5 or later."""

    def __init__(self, url: str, events: Events = NOBODY) -> None:
        """Stores the address; the first call connects. `events` learns when Redis is lost or back.

        Raises LedgerError without the extra `scale`, or for an invalid address."""
        try:
            from redis.asyncio import Redis
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff
            from redis.exceptions import ConnectionError as ConnectionLost
            from redis.exceptions import RedisError
        except ImportError as error:
            raise LedgerError(
                f"rates in Redis need its client; install it: {pip_install('scale')}"
            ) from error
        # A server that restarted, or closes idle connections, is asked on a new one. What it had
        # counted before it closed the connection counts twice; silence is not waited for again.
        once_more = Retry(NoBackoff(), 1, supported_errors=(ConnectionLost,))
        try:
            self._redis: Redis = Redis.from_url(
                url,
                socket_timeout=TIMEOUT_S,
                socket_connect_timeout=TIMEOUT_S,
                retry=once_more,
            )
        except ValueError as error:
            raise LedgerError(
                "found no address of Redis in --redis; expected redis://host:6379/0 or rediss://..."
            ) from error
        self._foreign = (RedisError, OSError, TimeoutError)
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)
        self._probing: asyncio.Task[None] | None = None
        self._fault = ""
        self._events = events

    @property
    def fault(self) -> str:
        """Returns why nothing can be counted now; "" when Redis answers."""
        return self._fault

    async def take(self, asks: Sequence[RateAsk]) -> RateTaken:
        """Takes from all of these, or from none. Raises RatesUnavailable without an answer."""
        refused, *offsets = await self._asked(asks, correction=False)
        off_us = [float(offset) for offset in offsets]
        states = tuple(
            RateState(
                ask.unit,
                ask.limit,
                max(0, int((_MINUTE_US - off) * ask.limit / _MINUTE_US + 1e-6)),
                -int(-off // 1_000),
            )
            for ask, off in zip(asks, off_us, strict=True)
        )
        if not int(refused):
            return RateTaken(states)
        index = int(refused) - 1
        ask = asks[index]
        if ask.amount > ask.limit:
            return RateTaken(states, index, NEVER)
        over_us = off_us[index] + ask.amount * _MINUTE_US / ask.limit - _MINUTE_US
        return RateTaken(states, index, -int(-over_us // 1_000))

    async def correct(self, asks: Sequence[RateAsk]) -> None:
        """Takes more, or gives back; where Redis does not answer, the estimates remain."""
        with suppress(RatesUnavailable):
            await self._asked(asks, correction=True)

    async def fault_now(self) -> str:
        """Returns why Redis counts nothing now; "" where it does. Writes what ends at once."""
        try:
            await self._redis.set(f"{PREFIX}probe", 1, px=1)
        except self._foreign as error:
            return str(error) or type(error).__name__
        return ""

    async def close(self) -> None:
        """Closes the connections."""
        if self._probing is not None:
            self._probing.cancel()
        await self._redis.aclose()

    async def _asked(self, asks: Sequence[RateAsk], *, correction: bool) -> list[bytes]:
        """Runs the script. Raises RatesUnavailable: at once while Redis is known to be down."""
        if self._fault:
            raise _unavailable(self._fault)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._turns.acquire()
        except TimeoutError as error:
            raise _unavailable("it is too slow for so many requests") from error
        try:
            # Those before may have found out meanwhile: nobody waits for the same silence again.
            if self._fault:
                raise _unavailable(self._fault)
            try:
                return await self._run(asks, correction=correction)
            except self._foreign as error:
                fault = str(error) or type(error).__name__
                self._open(fault)
                raise _unavailable(fault) from error
        finally:
            self._turns.release()

    def _open(self, fault: str) -> None:
        """Refuses from now on, and starts the task that waits for an answer."""
        if not self._fault:
            self._events.happened(StoreTurned("redis", True, fault))
        self._fault = fault
        if self._probing is None or self._probing.done():
            self._probing = asyncio.get_running_loop().create_task(self._probe())

    async def _probe(self) -> None:
        """Writes until Redis takes it, in place of requests, which would wait for nothing.

        A replica, or a server whose memory is full, answers a ping and counts nothing.
        """
        while True:  # ends with the outage, or with `close`
            try:
                await self._redis.set(f"{PREFIX}probe", 1, px=1)
            except self._foreign as error:
                self._fault = str(error) or type(error).__name__
            else:
                self._fault = ""
                self._events.happened(StoreTurned("redis", False))
                return
            await asyncio.sleep(PROBE_S)

    async def _run(self, asks: Sequence[RateAsk], *, correction: bool) -> list[bytes]:
        names = [f"{PREFIX}{ask.tenant}\0{ask.name}" for ask in asks]
        amounts = [str(number) for ask in asks for number in (ask.limit, ask.amount)]
        reply = self._redis.eval(_SCRIPT, len(names), *names, "1" if correction else "0", *amounts)
        return await cast("Awaitable[list[bytes]]", reply)


def _unavailable(fault: str) -> RatesUnavailable:
    return RatesUnavailable(f"rates are kept in Redis, which does not answer: {fault}")


def why_unusable(url: str) -> str:
    """Returns why no rates can be kept at this address; "" where they can; blocks for seconds."""

    async def asked() -> str:
        rates = RedisRates(url)
        try:
            return await rates.fault_now()
        finally:
            await rates.close()

    try:
        return asyncio.run(asked())
    except LedgerError as error:
        return error.message


def shown_redis(url: str) -> str:
    """Returns an address without user and password.

    >>> shown_redis("rediss://me:secret@cache.example:6379/0")
    'rediss://cache.example:6379/0'
    """
    scheme, separator, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if separator else "the address of Redis"
