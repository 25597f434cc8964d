"""Reads the steps of a deliberation for those who look at its decision."""

from __future__ import annotations

from router.ledger.record_reading import reasoning_of
from router.types import RequestRow, TextReader


async def kept_steps(texts: TextReader, row: RequestRow) -> str | None:
    """Returns the stored steps of a deliberation, None where there are none. Raises LedgerError."""
    if reasoning_of(row.record) is None:
        return None
    return await texts.get(row.request_id, row.tenant, "steps")
