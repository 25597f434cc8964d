"""Counts what came of one call: bytes, tokens at most, and the silences between its pieces.

It knows nothing about prices and ledgers.
"""

from __future__ import annotations

from msgspec import Struct

from router.money.token_bound import TOOL_TOKENS, text_bound
from router.types import Delta, Usage, utf8_size
from router.wire.openai.usage import MOST_BYTES_PER_TOKEN

SILENCE_MS = 500.0
"""Counts a pause as thoughts from this on. A model writes no thought while it writes words, and
words come every 10 to 100 ms. A shorter pause is the network's, but for the one before words."""

COUNTED_AT_ONCE = 4_000
"""Characters that wait for their count, so that no long answer is kept a second time."""


class Came(Struct, frozen=True):
    """Says what had come of a call by its end."""

    received_bytes: int = 0
    output_tokens: int = 0
    """Bounds the tokens of all that came, thoughts that nobody sees left out."""
    silent_ms: float = 0.0
    """Adds up the pauses in which a model may have thought."""
    told: Usage | None = None
    """Holds what the provider had said by then."""
    told_output: bool = False
    """Is True where `told` counts the output up to a point, so that only the rest is estimated."""
    since_bytes: int = 0
    """Counts the bytes that came after `told`, and may count some before."""
    silent_since_ms: float = 0.0


class Received:
    """Counts the pieces of one stream as they come."""

    def __init__(self) -> None:
        self._bytes = 0
        self.unsaid_bytes = 0
        """Holds the bytes that came and that no piece has said so far, such as half a call."""
        self._tokens = 0
        self._uncounted: list[str] = []
        self._characters = 0  # of what is not counted yet
        self._heard_ms = 0.0
        self._silent_ms = 0.0
        self._told: Usage | None = None
        self._told_bytes = 0
        self._told_silent_ms = 0.0

    def begin(self, now_ms: float) -> None:
        """Notes when the call began."""
        self._heard_ms = now_ms

    def add(self, pieces: list[Delta], now_ms: float) -> None:
        """Counts pieces: text, thoughts and tool calls."""
        self._silent_ms += self._pause(now_ms)
        self._heard_ms = now_ms
        for delta in pieces:
            call = delta.tool_call
            said = f"{delta.reasoning}{delta.text}"
            if call is not None:
                said += call.name + call.arguments
                self._tokens += TOOL_TOKENS if call.id else 0
            self._bytes += utf8_size(said)
            self._characters += len(said)
            self._uncounted.append(said)
        if self._characters > COUNTED_AT_ONCE:
            self._count()

    def hear(self, usage: Usage) -> None:
        """Notes what the provider says that the answer has used so far."""
        self._told, self._told_bytes = usage, self.bytes
        self._told_silent_ms = self._silent_ms

    @property
    def bytes(self) -> int:
        """Returns the bytes that came, said or not."""
        return self._bytes + self.unsaid_bytes

    def by(self, now_ms: float, choices: int) -> Came:
        """Returns what came by this time, where so many choices were asked for.

        A count of output is believed where its tokens can hold the words that came before it. Of
        several choices it may be the count of one.
        """
        self._count()
        told, came = self._told, self.bytes
        silent_ms = self._silent_ms + self._pause(now_ms)
        possible = (
            told is not None and told.output_tokens * MOST_BYTES_PER_TOKEN >= self._told_bytes
        )
        # The words of several choices come mixed, so no weight of a text holds for them.
        weighed = self._tokens + self.unsaid_bytes if choices == 1 else came
        return Came(
            received_bytes=came,
            output_tokens=min(came, weighed),
            silent_ms=silent_ms,
            told=told,
            told_output=bool(told and told.output_tokens and possible and choices == 1),
            since_bytes=max(0, came - self._told_bytes),
            silent_since_ms=silent_ms - self._told_silent_ms,
        )

    def _pause(self, now_ms: float) -> float:
        pause = now_ms - self._heard_ms
        return pause if pause >= SILENCE_MS or not self.bytes else 0.0

    def _count(self) -> None:
        self._tokens += text_bound("".join(self._uncounted))
        self._uncounted.clear()
        self._characters = 0
