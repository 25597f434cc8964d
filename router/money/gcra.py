"""Requests and tokens per minute: the generic cell rate algorithm, a bucket as one number. Pure.

Each rate is a bucket that holds a minute's worth and fills evenly. All that is kept of it is when
it will be full again (the theoretical arrival time of ITU-T I.371, annex A): a bucket that is full
is the same as none. So who was idle may send a minute's worth at once, and from then on `limit` a
minute evenly; in any 60 seconds at most twice the limit passes.

Times are nanoseconds of a clock that all who share a bucket agree on: the machine's uptime, or
Redis' own. A clock may go back all the same, at a reboot or when it is set. A bucket that is then
farther from full than any debt reaches counts as empty, and fills from there: nobody waits for the
lost time, and nobody gets more than the bucket had.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.types import RateAsk, RateState, RateTaken

MINUTE_NS = 60_000_000_000
DEBT_NS = 2 * MINUTE_NS
"""The deepest debt that is kept: an answer longer than its estimate counts."""
NEVER = -1


def admission(
    full_at: Sequence[int], asks: Sequence[RateAsk], now_ns: int
) -> tuple[list[int], RateTaken]:
    """Each bucket's next `full_at`, and what to say of it.

    Where any bucket refuses, nothing is taken from any; a `full_at` is then lower than it was only
    where the clock has gone back.

    10 a minute and a full bucket: one is taken, 9 remain, and it is full again in 6 seconds.
    """
    now_full = [_believed(at_ns, now_ns) for at_ns in full_at]
    after = [at_ns + cost_ns(ask) for at_ns, ask in zip(now_full, asks, strict=True)]
    over = [at_ns - now_ns - MINUTE_NS for at_ns in after]
    worst = max(range(len(asks)), key=lambda i: (asks[i].amount > asks[i].limit, over[i]))
    if over[worst] <= 0:
        return after, RateTaken(_states(after, asks, now_ns))
    never = asks[worst].amount > asks[worst].limit
    retry_ms = NEVER if never else -(-over[worst] // 1_000_000)
    return now_full, RateTaken(_states(now_full, asks, now_ns), worst, retry_ms)


def corrected(full_at: int, ask: RateAsk, now_ns: int) -> int:
    """The bucket's next `full_at` after more was used than estimated, or less."""
    after = _believed(full_at, now_ns) + cost_ns(ask)
    return min(max(after, now_ns), now_ns + DEBT_NS)


def cost_ns(ask: RateAsk) -> int:
    """How long the bucket takes to fill with this amount, rounded down to the nanosecond.

    Nobody is refused for a rounding; up to 244,000 single requests a minute that lets none more
    through, at a million sixteen.
    """
    return ask.amount * MINUTE_NS // ask.limit


def is_lost(full_at: int, now_ns: int) -> bool:
    """Returns True for a bucket of a clock that has gone back since: no debt reaches so far."""
    return full_at > now_ns + DEBT_NS


def _believed(full_at: int, now_ns: int) -> int:
    return now_ns + MINUTE_NS if is_lost(full_at, now_ns) else max(full_at, now_ns)


def _states(full_at: Sequence[int], asks: Sequence[RateAsk], now_ns: int) -> tuple[RateState, ...]:
    return tuple(
        RateState(
            ask.unit,
            ask.limit,
            max(0, (now_ns + MINUTE_NS - at_ns) * ask.limit // MINUTE_NS),
            -(-(at_ns - now_ns) // 1_000_000),
        )
        for at_ns, ask in zip(full_at, asks, strict=True)
    )
