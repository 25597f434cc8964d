"""Writes the log and the banner so that no request and no start fails or waits because of it.

A full disk, a reader that has gone and one that is behind cost lines, and the next line that can be
written has their number. It knows nothing about what a line says.
"""

from __future__ import annotations

import io
import os
import select
import stat
import sys
from collections.abc import MutableMapping

Fields = MutableMapping[str, object]
STANDARD_ERROR = 2


class LogStream(io.FileIO):
    """Writes a text file's raw bytes; a write never fails, and says that all was written."""

    def __init__(self, descriptor: int = STANDARD_ERROR) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self.lost = 0
        """Counts the lines that could not be written whole since the last one that could."""
        self._cut = False
        """Is True while what was written ends within a line."""
        # A pipe with any room takes this much without a wait. A file never waits for a reader, and
        # one write keeps a line together where several processes append.
        whole = stat.S_ISREG(os.fstat(descriptor).st_mode)
        self._most = sys.maxsize if whole else select.PIPE_BUF
        self._room = select.poll()
        self._room.register(descriptor, select.POLLOUT)

    def write(self, line: bytes) -> int:  # type: ignore[override]
        """Writes one line, or counts it as lost. What follows a part of a line begins a new one."""
        begin = b"\n" if self._cut else b""
        text = begin + line
        written = self._written(text)
        if written == len(text):
            self.lost, self._cut = 0, False
        else:
            self.lost += 1
            self._cut = written > len(begin) or (self._cut and not written)
        return len(line)

    def _written(self, text: bytes) -> int:
        """Returns how many bytes could be written at once."""
        written = 0
        try:
            while written < len(text) and self._room.poll(0):
                part = super().write(text[written : written + self._most])
                if not part:
                    break
                written += part
        except OSError:
            pass
        return written

    def text(self) -> io.TextIOWrapper:
        """Returns the text file over it, which keeps nothing back."""
        return io.TextIOWrapper(self, "utf-8", "backslashreplace", write_through=True)

    def say_lost(self, _: object, __: str, line: Fields) -> Fields:
        """Adds the number of lost lines to a line; a processor of structlog."""
        if self.lost:
            line["lines_lost"] = self.lost
        return line
