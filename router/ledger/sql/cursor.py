"""Describes the cursor that the ledger uses: `?` for placeholders, on every database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class Cursor(Protocol):
    """Is a part of PEP 249; raises the driver's errors, or SQLAlchemy's with those as `orig`."""

    def execute(self, operation: str, parameters: Sequence[Any] = ..., /) -> Any:
        """Runs one statement."""

    def executemany(self, operation: str, parameters: Sequence[Sequence[Any]], /) -> Any:
        """Runs one statement for each row."""

    def fetchone(self) -> Any:
        """Returns the next row, None after the last."""

    def fetchall(self) -> Any:
        """Returns all rows that are left."""
