"""Writes events to the log, seldom enough to be read, and counts every one of them.

The lines are structured and go to standard error, as all of our lines; `event_lines` makes them.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

from router.api.http.access_line import current
from router.api.observability.event_lines import Line, LineLimit, line_of
from router.api.observability.log import Log
from router.api.observability.metrics import Metrics
from router.types import CallRefused, Clock, Event, RequestRow

Write = Callable[[Line], None]
LOOKS_S = 1.0  # how late a line may be that was held back
_LOG = Log("tiergate.events")


def to_log(line: Line) -> None:
    """Writes one line of the log, as a warning where something is wrong."""
    _LOG.log(logging.WARNING if line.warns else logging.INFO, line.name, **line.fields)


class EventLog:
    """Implements `types.Events` for one process."""

    def __init__(self, metrics: Metrics, clock: Clock, write: Write = to_log) -> None:
        self._metrics = metrics
        self._clock = clock
        self._write = write
        self._limit = LineLimit()
        self._lock = threading.Lock()  # the ledger reports from its own thread
        self._task: asyncio.Task[None] | None = None
        self._count: Callable[[CallRefused], None] | None = None

    def on_refused(self, count: Callable[[CallRefused], None]) -> None:
        """Passes on what a limit refused, from now on."""
        self._count = count

    def happened(self, event: Event) -> None:
        """Counts an event, and writes its line unless a line of its subject was written a moment
        ago.
        """
        self._metrics.calls.happened(event)
        if self._count is not None and isinstance(event, CallRefused):
            self._count(event)
        with self._lock:
            line = self._limit.pass_on(line_of(event), self._clock.monotonic_ms())
            if line is not None:
                self._write(line)

    def finished(self, row: RequestRow) -> None:
        """Counts a request that is over, and adds its row to the access line."""
        self._metrics.calls.finished(row)
        # There is no access line when the request came through the library.
        line = current()
        if line is not None:
            line.rows.append(row)

    def start(self) -> None:
        """Starts to write held-back lines, each when it is due."""
        self._task = asyncio.ensure_future(self._keep_writing())

    def close(self) -> None:
        """Writes all lines that were held back."""
        if self._task is not None:
            self._task.cancel()
        self._write_overdue(all_of_them=True)

    async def _keep_writing(self) -> None:
        while True:  # ends with the process, which cancels it
            await asyncio.sleep(LOOKS_S)
            self._write_overdue()

    def _write_overdue(self, *, all_of_them: bool = False) -> None:
        with self._lock:
            for line in self._limit.overdue(self._clock.monotonic_ms(), all_of_them=all_of_them):
                self._write(line)
