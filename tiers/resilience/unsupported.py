"""Remembers which parameters of sampling an answerer's model does not take.

A model that refused one is not asked with it again for an hour, so that not every call pays for a
refusal in time. What it takes may change with its provider's next release. It is left out of
requests that ask for the same things beside it: a model may take a temperature with one effort and
not with another, and one tenant's refused request must change no answer of another's.
"""

from __future__ import annotations

from collections.abc import Hashable

from router.types import ChatRequest, Clock
from router.wire.refusals import PARAMETERS, Unsupported, circumstances, value_of

REMEMBERED_MS = 3_600_000.0
MOST_LEFT_OUT = 4
"""Parameters that one call does without, each after a refusal: each costs a turn to the provider.
Clients rarely send more than temperature, top_p and an effort."""
MOST_REMEMBERED = 256
"""Refusals that one answerer keeps, some hundred bytes each. The newest ones stay."""


class Unsupporteds:
    """Keeps the names of one answerer, in one process, each with what else was asked.

    A refused value, such as an effort or a kind of thoughts, is kept by itself: a model that knows
    no `minimal` may know `high`.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until_ms: dict[tuple[str, str, Hashable], float] = {}

    def of(self, request: ChatRequest) -> tuple[str, ...]:
        """Returns the parameters of the request that the model is known not to take."""
        if not self._until_ms:
            return ()
        beside, now_ms = circumstances(request), self._clock.monotonic_ms()
        return tuple(
            [
                name
                for name in PARAMETERS
                if (stated := value_of(request, name))
                and any(
                    self._until_ms.get((name, value, beside), now_ms) > now_ms
                    for value in ("", stated)
                )
            ]
        )

    def remember(self, request: ChatRequest, refused: Unsupported) -> None:
        """Notes a parameter, with which this request was refused and without which answered."""
        value = value_of(request, refused.name) if refused.of_value else ""
        key = (refused.name, value, circumstances(request))
        self._until_ms.pop(key, None)
        if len(self._until_ms) >= MOST_REMEMBERED:
            del self._until_ms[next(iter(self._until_ms))]
        self._until_ms[key] = self._clock.monotonic_ms() + REMEMBERED_MS
