"""Breaks the silences of a stream, so that no proxy and no client takes it for dead.

An answer may be held back for minutes, and a model may think or write a tool call for as long. Then
the head of the response goes out without what is not known yet, and a sign of life after each
silence: a comment that clients skip, or their format's ping. It knows nothing about answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from router.api.http.asgi import Event, Send
from router.api.http.decision_headers import Headers

SILENCE_S = 3.0
"""Sets how long a stream may be silent. Answers that fail at once keep their status; proxies and
clients give up after 30 to 120 s."""


class Sounding:
    """Sends the events of a streamed response, and a sign of life after each silence."""

    def __init__(
        self,
        send: Send,
        sign: bytes,
        headers: Callable[[], Headers],
        silence_s: float = SILENCE_S,
    ) -> None:
        """Takes the `headers` of a response that begins with a sign of life."""
        self._send = send
        self._sign = sign
        self._headers = headers
        self._silence_s = silence_s
        self._sending = False  # an event of the answer; a client that reads slowly is not idle
        self._signing: asyncio.Task[None] | None = None
        self.begun = False
        """Turns True when the head is out, or on its way."""

    def __enter__(self) -> Sounding:
        self._loop = asyncio.get_running_loop()
        self._last_s = self._loop.time()
        self._timer = self._loop.call_later(self._silence_s, self._look)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        if self._signing is not None:
            self._signing.cancel()

    async def begin(self, headers: Headers) -> None:
        """Sends the head of the response, unless a sign of life has sent one."""
        if not self.begun:
            self.begun = True
            await self.send({"type": "http.response.start", "status": 200, "headers": headers})

    async def send(self, event: Event) -> None:
        """Sends an event, after a sign of life that is on its way."""
        if self._signing is not None:
            await asyncio.wait({self._signing})
            self._signing = None
        self._sending = True
        try:
            await self._send(event)
        finally:
            self._sending = False
            self._last_s = self._loop.time()

    def _look(self) -> None:
        """Sends a sign of life where nothing was sent for as long as a silence may last."""
        left_s = self._last_s + self._silence_s - self._loop.time()
        free = not self._sending and (self._signing is None or self._signing.done())
        if left_s <= 0 and free:
            self._last_s = self._loop.time()
            self._signing = self._loop.create_task(self._signed())
        wait_s = left_s if left_s > 0 else self._silence_s
        self._timer = self._loop.call_later(wait_s, self._look)

    async def _signed(self) -> None:
        """Sends the sign, after the head if need be. Raises nothing when the client has left."""
        head, self.begun = not self.begun, True
        try:
            if head:
                start = {"type": "http.response.start", "status": 200, "headers": self._headers()}
                await self._send(start)
            await self._send({"type": "http.response.body", "body": self._sign, "more_body": True})
        except OSError:  # some servers raise it; the handler is told in another way
            pass
