"""Writes events as lines of the log, seldom enough to be read, and counts every one of them.

Structured lines on standard error, as all of ours; `event_lines` says what is in them.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

import structlog

from router.api.http.access_line import current
from router.api.observability.event_lines import EVERY_MS, Line, LineLimit, line_of
from router.api.observability.metrics import Metrics
from router.types import Clock, Event, RequestRow

Write = Callable[[Line], None]
NAME = "tiergate.events"


def to_log(line: Line) -> None:
    """One line of the log, a warning where something is wrong.

    Within somebody else's program, which configures no structlog, it goes to `logging`: the
    program's own standard output stays clean.
    """
    if structlog.is_configured():
        log = structlog.get_logger(NAME)
        (log.warning if line.warns else log.info)(line.name, **line.fields)
    else:
        level = logging.WARNING if line.warns else logging.INFO
        logging.getLogger(NAME).log(level, "%s %s", line.name, line.fields)


class EventLog:
    """types.Events of one process."""

    def __init__(self, metrics: Metrics, clock: Clock, write: Write = to_log) -> None:
        self._metrics = metrics
        self._clock = clock
        self._write = write
        self._limit = LineLimit()
        self._lock = threading.Lock()  # the ledger tells from its own thread
        self._task: asyncio.Task[None] | None = None

    def happened(self, event: Event) -> None:
        """Count an event, and write its line unless the same was written a moment ago."""
        self._metrics.calls.happened(event)
        with self._lock:
            line = self._limit.pass_on(line_of(event), self._clock.monotonic_ms())
            if line is not None:
                self._write(line)

    def finished(self, row: RequestRow) -> None:
        """Count a request that is over, and let its access line know what it was."""
        self._metrics.calls.finished(row)
        line = current()
        if line is not None:
            line.rows.append(row)

    def start(self) -> None:
        """Begin to write what is held back, each time that it is due."""
        self._task = asyncio.ensure_future(self._keep_writing())

    def close(self) -> None:
        """Write all that was held back."""
        if self._task is not None:
            self._task.cancel()
        self._write_overdue(all_of_them=True)

    async def _keep_writing(self) -> None:
        while True:  # ends with the process, which cancels it
            await asyncio.sleep(EVERY_MS / 1000.0)
            self._write_overdue()

    def _write_overdue(self, *, all_of_them: bool = False) -> None:
        with self._lock:
            for line in self._limit.overdue(self._clock.monotonic_ms(), all_of_them=all_of_them):
                self._write(line)
