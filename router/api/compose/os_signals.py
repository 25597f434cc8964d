"""Handles signals of the operating system for a while, where they can be handled.

It knows nothing about the effect of a signal.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def taking(name: str, act: Callable[[], None]) -> Iterator[None]:
    """Calls `act` at each signal called `name` ("SIGHUP") while the block lasts.

    Where the platform or the thread allows no handlers, the block runs without one. The embedding
    program then keeps the signals, and only a convenience is lost.
    """
    loop = asyncio.get_running_loop()
    number: int | None = getattr(signal, name, None)  # Windows has no SIGHUP
    before = None if number is None else signal.getsignal(number)
    if number is None or not _take(loop, number, act):
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(number)
        # The loop leaves the system's own handling, which ends a process that only drains.
        if before is not None:
            signal.signal(number, before)


def _take(loop: asyncio.AbstractEventLoop, number: int, act: Callable[[], None]) -> bool:
    try:
        loop.add_signal_handler(number, act)
    except (NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
        return False
    return True
