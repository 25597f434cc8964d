"""Writes the log and the banner so that no request and no start fails or waits because of it.

A full disk, a reader that has gone and one that reads no more cost lines, and the next line that
can be written has their number. It knows nothing about what a line says.
"""

from __future__ import annotations

import io
import select
from collections.abc import MutableMapping

Fields = MutableMapping[str, object]
STANDARD_ERROR = 2
WAITS_MS = 100
"""For a reader that is behind: once, until it reads again. All requests wait meanwhile."""


class LogStream(io.FileIO):
    """Is the raw stream of a text file; a write never fails, and says that all was written."""

    def __init__(self, descriptor: int = STANDARD_ERROR) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self.lost = 0
        """Counts the lines that could not be written since the last one that could."""
        self._room = select.poll()
        self._room.register(descriptor, select.POLLOUT)

    def write(self, line: bytes) -> int:  # type: ignore[override]
        """Writes one line, or counts it as lost."""
        try:
            room = self._room.poll(0 if self.lost else WAITS_MS)
            written = super().write(line) if room else None
        except OSError:
            written = None
        self.lost = self.lost + 1 if written is None else 0
        return len(line)

    def text(self) -> io.TextIOWrapper:
        """Returns the text file over it, which keeps nothing back."""
        return io.TextIOWrapper(self, "utf-8", "backslashreplace", write_through=True)

    def say_lost(self, _: object, __: str, line: Fields) -> Fields:
        """Adds the number of lost lines to a line; a processor of structlog."""
        if self.lost:
            line["lines_lost"] = self.lost
        return line
