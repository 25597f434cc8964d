"""Measures what it costs an asynchronous caller of the library to hand a call over.

    python -m benchmarks.hand_over

Prints the processor time of the whole process, the least of several rounds, since other programs
may run beside it: for a call that does nothing and for an event of a stream, on the caller's own
loop and handed over to `OwnLoop`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable

from router.threads.own_loop import Ends, OwnLoop

ROUNDS = 9
CALLS = 3_000
EVENTS = 10_000


async def nothing() -> None:
    """Is the shortest call."""
    await asyncio.sleep(0)


async def events() -> AsyncGenerator[int, None]:
    """Yields at once what an upstream would send."""
    for number in range(EVENTS):
        await asyncio.sleep(0)
        yield number


async def least_us(work: Callable[[], Awaitable[None]], count: int) -> float:
    """Returns the least processor time of one of `count` pieces, in microseconds."""
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        await work()
        times.append(time.process_time() - began)
    return min(times) / count * 1e6


async def main() -> None:
    home = OwnLoop("home", Ends(nothing, lambda: None, RuntimeError, RuntimeError))
    home.start()

    async def direct_calls() -> None:
        for _ in range(CALLS):
            await asyncio.ensure_future(nothing())

    async def calls() -> None:
        for _ in range(CALLS):
            await home.awaited(nothing())

    async def direct_events() -> None:
        async for _ in events():
            pass

    async def streamed() -> None:
        async for _ in home.streamed(events()):
            pass

    for name, work, count in (
        ("call, own loop", direct_calls, CALLS),
        ("call, handed over", calls, CALLS),
        ("event, own loop", direct_events, EVENTS),
        ("event, handed over", streamed, EVENTS),
    ):
        print(f"{name}: {await least_us(work, count):.0f} us", flush=True)
    await asyncio.wrap_future(home.end(1.0))


if __name__ == "__main__":
    asyncio.run(main())
