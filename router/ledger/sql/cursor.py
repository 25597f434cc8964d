"""What the ledger asks of a driver's cursor: `?` for placeholders, whatever the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class Cursor(Protocol):
    """Part of PEP 249; its errors are the driver's, or SQLAlchemy's with the driver's as `orig`."""

    def execute(self, operation: str, parameters: Sequence[Any] = ..., /) -> Any:
        """Run one statement."""

    def executemany(self, operation: str, parameters: Sequence[Sequence[Any]], /) -> Any:
        """Run one statement for each row."""

    def fetchone(self) -> Any:
        """The next row, None after the last."""

    def fetchall(self) -> Any:
        """All rows that are left."""
