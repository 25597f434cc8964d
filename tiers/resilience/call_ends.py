"""Knows when a remote call ends: by the request's deadline, the answerer's own, or by silence.

It sets no timer; whoever waits does. It knows neither a client nor a provider.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from router.errors import DeadlineExceeded
from router.types import AnswererFacts, Clock, Delta, Work
from tiers.resilience.base import left_of_call_s


class Limits(Protocol):
    """Is the section of a remote answerer."""

    @property
    def deadline_s(self) -> float: ...

    @property
    def idle_s(self) -> float: ...

    @property
    def first_byte_s(self) -> float | None: ...


class CallEnds:
    """Tells of one call when each of its waits ends, in the event loop's time."""

    def __init__(self, work: Work, limits: Limits, clock: Clock, facts: AnswererFacts) -> None:
        self.loop = asyncio.get_running_loop()
        self._now = self.loop.time
        self._facts = facts
        self._idle_s = limits.idle_s
        self._first_byte_s = limits.first_byte_s
        self._first_byte_by: float | None = None  # once somebody waits for it
        self._heard = False
        now = self._now()
        self._own_last = now + limits.deadline_s
        self.last = now + left_of_call_s(work, limits.deadline_s, clock)
        """Is the end of the whole call: the request's deadline or the answerer's own."""
        self.own = self._own_last
        """Is the answerer's own end of the present wait, of silence or of all its time."""
        self._thinks = facts.hides_reasoning

    def next_bytes(self) -> float:
        """Returns when the wait for further bytes of a stream ends.

        A model that hides its thoughts says nothing while it thinks, so its first word has all the
        time of the call, unless the policy bounds the wait for the first byte. That bound covers
        our own tries and waits too: whoever asks again has no more of it.
        """
        if self._first_byte_s is not None and not self._heard:
            if self._first_byte_by is None:
                self._first_byte_by = self._now() + self._first_byte_s
            self.own = min(self._own_last, self._first_byte_by)
            return min(self.last, self._first_byte_by)
        if self._thinks:
            self.own = self._own_last
            return self.last
        silent_until = self._now() + self._idle_s
        self.own = min(self._own_last, silent_until)
        return min(self.last, silent_until)

    def whole(self) -> float:
        """Returns when the wait for a whole answer ends, in which silence is no fault."""
        self.own = self._own_last
        return self.last

    def hear(self, pieces: Sequence[Delta]) -> None:
        """Notes that bytes came, with these pieces: from the first word on, silence is a fault."""
        self._heard = True
        if self._thinks and any(piece.text or piece.tool_call for piece in pieces):
            self._thinks = False

    def too_late(self) -> DeadlineExceeded:
        """Returns the error of the wait that has just ended."""
        silent = self.own < min(self._own_last, self.last) and self._now() >= self.own - 0.05
        if silent and self._first_byte_s is not None and not self._heard:
            return DeadlineExceeded(
                f"{self._facts.name} sent no byte of an answer within {self._first_byte_s:g} s "
                f"(first_byte_s). {_ask_again('first_byte_s')}"
            )
        if silent:
            return DeadlineExceeded(
                f"{self._facts.name} sent nothing of its answer for {self._idle_s:g} s (idle_s). "
                f"{_ask_again('idle_s')}"
            )
        return DeadlineExceeded(
            f"{self._facts.name} did not finish its answer in time. Allow more time (deadline_s in "
            "the policy, deadline_ms in the request), or ask for less."
        )


def _ask_again(key: str) -> str:
    """Returns what to do after a silence. The server may be well again, so clients may repeat."""
    return f"Ask again; if the model is often silent for so long, raise {key} in the policy."
