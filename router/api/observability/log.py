"""Writes our own lines where the program around us wants them.

The command `tiergate` configures structlog, and so do programs that use it themselves. Any other
program that embeds the gateway gets the lines by `logging`, so that its standard output stays its
own: structlog without a configuration prints there.
"""

from __future__ import annotations

import logging


class Log:
    """Writes lines of one name: an event in one word, and its fields."""

    def __init__(self, name: str) -> None:
        self._name = name

    def info(self, event: str, **fields: object) -> None:
        """Writes what is worth knowing."""
        self._write(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Writes what somebody should look at."""
        self._write(logging.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        """Writes what somebody must mend."""
        self._write(logging.ERROR, event, fields)

    def exception(self, event: str, **fields: object) -> None:
        """Writes an error with the traceback of the exception that is handled."""
        self._write(logging.ERROR, event, fields, failed=True)

    def log(self, level: int, event: str, **fields: object) -> None:
        """Writes a line of a level."""
        self._write(level, event, fields)

    def _write(
        self, level: int, event: str, fields: dict[str, object], *, failed: bool = False
    ) -> None:
        import structlog  # a command that writes no line does not load it

        if structlog.is_configured():
            shown = {**fields, "exc_info": True} if failed else fields
            structlog.get_logger(self._name).log(level, event, **shown)
        else:
            logging.getLogger(self._name).log(level, "%s %s", event, fields, exc_info=failed)
