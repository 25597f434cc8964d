"""Describes files that clients upload, batches of requests over them, and the stores of both.

A file belongs to the key that uploaded it. A batch reads one file and writes two: answers and
errors. Contents pass in parts, so that no store holds a whole file in memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from enum import StrEnum
from typing import Protocol

from msgspec import Struct, field

PART_BYTES = 256 * 1024
"""Sets the size of a part of a file: a few rows per megabyte, and little to hold at once."""


class Owner(Struct, frozen=True):
    """Names the key to which files and batches belong. No other key sees them."""

    tenant: str
    key_id: str


class StoredFile(Struct, frozen=True):
    """Describes a file without its content. `expires_at_ms` None: it stays until it is deleted."""

    file_id: str
    owner: Owner
    purpose: str  # batch | batch_output
    filename: str
    size: int  # bytes
    created_at_ms: int
    expires_at_ms: int | None = None


class BatchState(StrEnum):
    """Lists the states of a batch, in OpenAI's words."""

    VALIDATING = "validating"
    IN_PROGRESS = "in_progress"
    FINALIZING = "finalizing"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"


ENDED = (BatchState.COMPLETED, BatchState.FAILED, BatchState.EXPIRED, BatchState.CANCELLED)
"""Lists the states of a batch that has no more work."""


class BatchError(Struct, frozen=True):
    """Describes why a batch cannot run: a mistake in its file, with the line where there is one."""

    code: str
    message: str
    param: str | None = None
    line: int | None = None


class Batch(Struct, frozen=True):
    """Holds one batch. Times are milliseconds since the epoch, by the name of the state."""

    batch_id: str
    owner: Owner
    endpoint: str
    input_file_id: str
    state: BatchState
    created_at_ms: int
    expires_at_ms: int
    completion_window: str = "24h"
    metadata: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[BatchError, ...] = ()
    total: int = 0
    completed: int = 0
    failed: int = 0
    output_file_id: str | None = None
    error_file_id: str | None = None
    output_expires_s: int = 0  # 0: the outputs live as long as the policy says
    moments: Mapping[str, int] = field(default_factory=dict)  # when each state began


class LineResult(Struct, frozen=True):
    """Holds the result of one line: a line of the output file, or of the error file."""

    line: int
    ok: bool
    content: bytes  # JSON without the newline


class FileStore(Protocol):
    """Keeps files, sealed under their tenant's secret. Raises LedgerError."""

    async def begin(self, file: StoredFile) -> None:
        """Notes a file that is being written; nobody sees it before `finish`."""
        ...

    async def append(self, file: StoredFile, part: int, content: bytes) -> int:
        """Adds the part with this number, counted from 0. Returns the bytes of its owner's files,
        unfinished ones too."""
        ...

    async def finish(self, file: StoredFile) -> None:
        """Makes a file visible, with its true size, name and end."""
        ...

    async def get(self, file_id: str, owner: Owner) -> StoredFile | None:
        """Returns a file of this owner; None when there is none, or when it expired."""
        ...

    async def listed(
        self, owner: Owner, *, purpose: str | None, after: str | None, limit: int, newest: bool
    ) -> list[StoredFile]:
        """Returns files of this owner in the order of their creation."""
        ...

    async def usage(self, owner: Owner) -> tuple[int, int]:
        """Returns number and bytes of this owner's files."""
        ...

    def parts(self, file: StoredFile) -> AsyncIterator[bytes]:
        """Yields the content in parts."""
        ...

    def parts_now(self, file: StoredFile) -> Iterator[bytes]:
        """Yields the content in parts; blocks."""
        ...

    async def delete(self, file_id: str, owner: Owner) -> bool:
        """Deletes a file; returns False when this owner has none by that id."""
        ...


class BatchStore(Protocol):
    """Keeps batches and the results of their lines. Raises LedgerError."""

    async def add(self, batch: Batch, most: int) -> bool:
        """Adds a new batch; False where its owner has `most` with work already."""
        ...

    async def get(self, batch_id: str, owner: Owner) -> Batch | None:
        """Returns a batch of this owner, or None."""
        ...

    async def listed(self, owner: Owner, after: str | None, limit: int) -> list[Batch]:
        """Returns batches of this owner, newest first."""
        ...

    async def cancel(self, batch_id: str, owner: Owner) -> Batch | None:
        """Asks for the end of a batch that runs; returns it as it is then."""
        ...

    async def claim(self, token: str) -> Batch | None:
        """Returns the oldest batch that has work and that no process runs; it is the caller's."""
        ...

    async def renew(self, batch_id: str, token: str) -> BatchState | None:
        """Keeps the claim; returns the state, or None when the batch is another's now."""
        ...

    async def change(self, batch: Batch, token: str) -> bool:
        """Writes state, files, errors and times; False when the batch is another's now."""
        ...

    async def put(self, batch_id: str, token: str, result: LineResult) -> bool:
        """Keeps the result of a line and counts it; False when the batch is another's now."""
        ...

    async def done(self, batch_id: str) -> frozenset[int]:
        """Returns the lines that have a result."""
        ...

    async def results(self, batch: Batch, *, ok: bool, after: int, limit: int) -> list[LineResult]:
        """Returns results after this line, in the order of lines."""
        ...

    async def settle(self, batch: Batch, token: str) -> bool:
        """Writes the end of a batch, and drops its results, which are in files now."""
        ...

    async def release(self, batch_id: str, token: str) -> None:
        """Gives up a claim, so that another process goes on at once."""
        ...
