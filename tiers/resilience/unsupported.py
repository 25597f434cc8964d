"""Remembers which parameters of sampling an answerer's model does not take.

A model that refused one is not asked with it again for an hour, so that not every call pays for a
refusal in time. What it takes may change with its provider's next release.
"""

from __future__ import annotations

from router.types import ChatRequest, Clock
from router.wire.refusals import BY_VALUE, value_of

REMEMBERED_MS = 3_600_000.0
MOST_LEFT_OUT = 4
"""Parameters that one call does without, each after a refusal: each costs a turn to the provider.
Clients rarely send more than temperature, top_p and an effort."""
MOST_REMEMBERED = 32


class Unsupporteds:
    """Keeps the names of one answerer, in one process. An effort is kept by its value: a model that
    knows no `minimal` may know `high`. So is the kind of thoughts."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until_ms: dict[tuple[str, str], float] = {}

    def of(self, request: ChatRequest) -> tuple[str, ...]:
        """Returns the parameters of the request that the model is known not to take."""
        if not self._until_ms:
            return ()
        now_ms = self._clock.monotonic_ms()
        self._until_ms = {key: until for key, until in self._until_ms.items() if until > now_ms}
        return tuple([name for name, value in self._until_ms if _states(request, name, value)])

    def remember(self, request: ChatRequest, name: str) -> None:
        """Notes a parameter, with which this request was refused and without which answered."""
        if len(self._until_ms) < MOST_REMEMBERED:
            value = value_of(request, name) if name in BY_VALUE else ""
            self._until_ms[name, value] = self._clock.monotonic_ms() + REMEMBERED_MS


def _states(request: ChatRequest, name: str, value: str) -> bool:
    stated = value_of(request, name)
    return bool(stated) and value in ("", stated)
