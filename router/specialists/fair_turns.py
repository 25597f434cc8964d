"""Lets the work of many tenants be done a piece at a time, one tenant after the other.

Own models read the texts of one body after the other, and what other tenants ask would wait for all
of them. A tenant who is alone has each turn at once. It knows nothing of what the work is.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

TEXTS_AT_ONCE = 32
CHARACTERS_AT_ONCE = 12_000
"""Bounds a piece: about 0.1 s of a core, and as many short texts as gain by being read together."""


class FairTurns:
    """Gives one turn at a time, on one event loop."""

    def __init__(self) -> None:
        self._taken = False
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}  # the next tenant first

    @asynccontextmanager
    async def turn(self, tenant: str) -> AsyncIterator[None]:
        """Waits for this tenant's turn, and holds it within the block."""
        if self._taken:
            granted = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(tenant, deque()).append(granted)
            try:
                await granted
            except asyncio.CancelledError:
                if not granted.cancelled():  # the turn came as the client left
                    self._pass_on()
                raise
        self._taken = True
        try:
            yield
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        while self._waiting:
            tenant = next(iter(self._waiting))
            own = self._waiting.pop(tenant)
            granted = own.popleft()
            if own:
                self._waiting[tenant] = own  # behind all others
            if not granted.done():
                granted.set_result(None)
                return
        self._taken = False


def pieces(texts: Sequence[str]) -> Iterator[range]:
    """Yields the places of texts that are read in one turn, each text in one piece.

    >>> list(pieces(["a" * 9_000, "b" * 9_000, "c"]))
    [range(0, 1), range(1, 3)]
    """
    begin = characters = 0
    for place, text in enumerate(texts):
        full = place - begin >= TEXTS_AT_ONCE or characters + len(text) > CHARACTERS_AT_ONCE
        if full and place > begin:
            yield range(begin, place)
            begin, characters = place, 0
        characters += len(text)
    if begin < len(texts):
        yield range(begin, len(texts))
