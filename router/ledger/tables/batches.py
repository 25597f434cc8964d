"""Keeps batches and the results of their lines in the ledger's database.

One process runs a batch at a time: it claims it, and renews the claim while it runs. A claim ends
`LEASE_MS` after it was last renewed, so that another process goes on after a kill. Each result is
kept before the next look at the batch, sealed under the tenant's secret. A line with a result is
never asked again.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace
from sqlalchemy import Connection

from router.errors import LedgerCorrupt
from router.ledger.sql.database import Database
from router.privacy.encryption import NONCE_BYTES, seal, sealing_key, unseal
from router.types import ENDED, Batch, BatchError, BatchState, Clock, LineResult, Owner

LEASE_MS = 12_000
_COLUMNS = (
    "batch_id, tenant, key_id, endpoint, input_file_id, state, created_at_ms, expires_at_ms, "
    "total, completed, failed, output_file_id, error_file_id, content"
)
_OWN = "tenant = ? AND key_id = ?"
_STATES = ", ".join(f"'{state.value}'" for state in ENDED)
_WORKING = f"state NOT IN ({_STATES})"


class _Content(Struct, frozen=True):
    """Holds what no query asks for."""

    completion_window: str = "24h"
    metadata: dict[str, str] = field(default_factory=dict)
    errors: tuple[BatchError, ...] = ()
    output_expires_s: int = 0
    moments: dict[str, int] = field(default_factory=dict)


class SqlBatches:
    """Implements the Protocol `types.BatchStore` over a ledger's database."""

    def __init__(self, database: Database, clock: Clock, secret_of: Callable[[str], bytes]) -> None:
        """Stores the parts: `secret_of` gives a tenant's secret; may block, raises LedgerError."""
        self._database = database
        self._clock = clock
        self._secret_of = secret_of

    async def add(self, batch: Batch, most: int) -> bool:
        """Adds a new batch; False where its owner has `most` with work. Raises LedgerError."""
        return await asyncio.to_thread(self._add, batch, most)

    async def get(self, batch_id: str, owner: Owner) -> Batch | None:
        """Returns a batch of this owner, or None. Raises LedgerError."""
        where = f"batch_id = ? AND {_OWN}"
        batches = await asyncio.to_thread(
            self._select, where, (batch_id, owner.tenant, owner.key_id)
        )
        return batches[0] if batches else None

    async def listed(self, owner: Owner, after: str | None, limit: int) -> list[Batch]:
        """Returns batches of this owner, newest first. Raises LedgerError."""
        where, values = _OWN, [owner.tenant, owner.key_id]
        if after is not None:
            where += " AND batch_id < ?"
            values.append(after)
        where += " ORDER BY batch_id DESC LIMIT ?"
        return await asyncio.to_thread(self._select, where, (*values, limit))

    async def cancel(self, batch_id: str, owner: Owner) -> Batch | None:
        """Asks for the end of a batch that runs; returns it as it is then. Raises LedgerError."""
        batch = await self.get(batch_id, owner)
        if batch is None or batch.state not in (BatchState.VALIDATING, BatchState.IN_PROGRESS):
            return batch
        cancelling = replace(
            batch,
            state=BatchState.CANCELLING,
            moments={**batch.moments, "cancelling": self._clock.now_ms()},
        )
        await asyncio.to_thread(
            self._write,
            "UPDATE batches SET state = ?, content = ? WHERE batch_id = ? AND state IN (?, ?)",
            (
                cancelling.state.value,
                _content(cancelling),
                batch_id,
                BatchState.VALIDATING.value,
                BatchState.IN_PROGRESS.value,
            ),
        )
        return await self.get(batch_id, owner)

    async def claim(self, token: str) -> Batch | None:
        """Returns the oldest batch with work that no process runs. Raises LedgerError."""
        return await asyncio.to_thread(self._claim, token)

    async def renew(self, batch_id: str, token: str) -> BatchState | None:
        """Keeps the claim; returns the state, None when it is another's. Raises LedgerError."""
        return await asyncio.to_thread(self._renew, batch_id, token)

    async def change(self, batch: Batch, token: str) -> bool:
        """Writes state, files, errors, times; False when it is another's. Raises LedgerError."""
        return await asyncio.to_thread(self._change, batch, token, settled=False)

    async def settle(self, batch: Batch, token: str) -> bool:
        """Writes the end of a batch and drops its results. Raises LedgerError."""
        return await asyncio.to_thread(self._change, batch, token, settled=True)

    async def put(self, batch_id: str, token: str, result: LineResult) -> bool:
        """Keeps the result of a line and counts it once. Raises LedgerError."""
        return await asyncio.to_thread(self._put, batch_id, token, result)

    async def done(self, batch_id: str) -> frozenset[int]:
        """Returns the lines that have a result. Raises LedgerError."""
        return await asyncio.to_thread(self._done, batch_id)

    async def results(self, batch: Batch, *, ok: bool, after: int, limit: int) -> list[LineResult]:
        """Returns results after this line, in the order of lines. Raises LedgerError."""
        return await asyncio.to_thread(self._results, batch, ok, after, limit)

    async def release(self, batch_id: str, token: str) -> None:
        """Gives up a claim. Raises LedgerError."""
        await asyncio.to_thread(
            self._write,
            "UPDATE batches SET token = '', lease_until_ms = 0 WHERE batch_id = ? AND token = ?",
            (batch_id, token),
        )

    def purge_before(self, created_ms: int) -> int:
        """Deletes batches that ended and are older than this; blocks. Raises LedgerError."""
        with self._database.writing() as connection:
            return connection.exec_driver_sql(
                f"DELETE FROM batches WHERE created_at_ms < ? AND NOT {_WORKING}", (created_ms,)
            ).rowcount

    def _write(self, statement: str, values: Sequence[object]) -> None:
        with self._database.writing() as connection:
            connection.exec_driver_sql(statement, tuple(values))

    def _select(self, where: str, values: Sequence[object]) -> list[Batch]:
        with self._database.reading() as connection:
            return _read(connection, where, values)

    def _add(self, batch: Batch, most: int) -> bool:
        owner = (batch.owner.tenant, batch.owner.key_id)
        values = (
            batch.batch_id,
            *owner,
            batch.endpoint,
            batch.input_file_id,
            batch.state.value,
            batch.created_at_ms,
            batch.expires_at_ms,
            _content(batch),
        )
        # Counted by the writer: of two that come at once, the second sees the first.
        with self._database.writing() as connection:
            query = f"SELECT COUNT(*) FROM batches WHERE {_OWN} AND {_WORKING}"
            if int(connection.exec_driver_sql(query, owner).scalar_one()) >= most:
                return False
            connection.exec_driver_sql(
                "INSERT INTO batches (batch_id, tenant, key_id, endpoint, input_file_id, state, "
                "created_at_ms, expires_at_ms, content, total, completed, failed, token, "
                "lease_until_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, '', 0)",
                values,
            )
            return True

    def _claim(self, token: str) -> Batch | None:
        now_ms = self._clock.now_ms()
        # A lease that ends later than any begun now was given by a clock that went back since.
        free = f"{_WORKING} AND (lease_until_ms <= ? OR lease_until_ms > ?)"
        values = (now_ms, now_ms + LEASE_MS)
        where = f"{free} ORDER BY created_at_ms, batch_id LIMIT 1"
        if not self._select(where, values):  # most looks find nothing, and wait for no writer
            return None
        with self._database.writing() as connection:
            batches = _read(connection, where, values)
            if not batches:
                return None
            connection.exec_driver_sql(
                "UPDATE batches SET token = ?, lease_until_ms = ? WHERE batch_id = ?",
                (token, now_ms + LEASE_MS, batches[0].batch_id),
            )
            return batches[0]

    def _renew(self, batch_id: str, token: str) -> BatchState | None:
        with self._database.writing() as connection:
            connection.exec_driver_sql(
                "UPDATE batches SET lease_until_ms = ? WHERE batch_id = ? AND token = ?",
                (self._clock.now_ms() + LEASE_MS, batch_id, token),
            )
            state = connection.exec_driver_sql(
                "SELECT state FROM batches WHERE batch_id = ? AND token = ?", (batch_id, token)
            ).scalar()
        return None if state is None else BatchState(state)

    def _change(self, batch: Batch, token: str, *, settled: bool) -> bool:
        with self._database.writing() as connection:
            row = connection.exec_driver_sql(
                "SELECT state, content FROM batches WHERE batch_id = ? AND token = ?",
                (batch.batch_id, token),
            ).first()
            if row is None:
                return False
            # A client may have asked for the end since the batch was read.
            cancelling = row[0] == BatchState.CANCELLING.value
            if cancelling and batch.state in (BatchState.VALIDATING, BatchState.IN_PROGRESS):
                asked = msgspec.json.decode(str(row[1]), type=_Content)
                batch = replace(
                    batch,
                    state=BatchState.CANCELLING,
                    moments={**batch.moments, **asked.moments},
                )
            connection.exec_driver_sql(
                "UPDATE batches SET state = ?, total = ?, output_file_id = ?, error_file_id = ?, "
                "content = ? WHERE batch_id = ?",
                (
                    batch.state.value,
                    batch.total,
                    batch.output_file_id,
                    batch.error_file_id,
                    _content(batch),
                    batch.batch_id,
                ),
            )
            if settled:
                connection.exec_driver_sql(
                    "UPDATE batches SET token = '', lease_until_ms = 0 WHERE batch_id = ?",
                    (batch.batch_id,),
                )
                connection.exec_driver_sql(
                    "DELETE FROM batch_results WHERE batch_id = ?", (batch.batch_id,)
                )
            return True

    def _put(self, batch_id: str, token: str, result: LineResult) -> bool:
        with self._database.reading() as connection:
            tenant = connection.exec_driver_sql(
                "SELECT tenant FROM batches WHERE batch_id = ?", (batch_id,)
            ).scalar()
        if tenant is None:
            return False
        key = sealing_key(self._secret_of(str(tenant)), batch_id)
        sealed = seal(key, secrets.token_bytes(NONCE_BYTES), result.content)
        with self._database.writing() as connection:
            held = connection.exec_driver_sql(
                "SELECT 1 FROM batches WHERE batch_id = ? AND token = ?", (batch_id, token)
            ).first()
            if held is None:
                return False
            added = connection.exec_driver_sql(
                "INSERT INTO batch_results (batch_id, line, ok, sealed) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (batch_id, line) DO NOTHING",
                (batch_id, result.line, int(result.ok), sealed),
            ).rowcount
            if added:
                name = "completed" if result.ok else "failed"
                connection.exec_driver_sql(
                    f"UPDATE batches SET {name} = {name} + 1 WHERE batch_id = ?", (batch_id,)
                )
        return True

    def _done(self, batch_id: str) -> frozenset[int]:
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql(
                "SELECT line FROM batch_results WHERE batch_id = ?", (batch_id,)
            )
            return frozenset(int(row[0]) for row in rows)

    def _results(self, batch: Batch, ok: bool, after: int, limit: int) -> list[LineResult]:
        key = sealing_key(self._secret_of(batch.owner.tenant), batch.batch_id)
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql(
                "SELECT line, sealed FROM batch_results WHERE batch_id = ? AND ok = ? AND "
                "line > ? ORDER BY line LIMIT ?",
                (batch.batch_id, int(ok), after, limit),
            ).fetchall()
        results = []
        for line, sealed in rows:
            content = unseal(key, bytes(sealed))
            if content is None:
                raise LedgerCorrupt(f"line {line} of the batch {batch.batch_id} does not open")
            results.append(LineResult(int(line), ok, content))
        return results


def _content(batch: Batch) -> str:
    content = _Content(
        batch.completion_window,
        dict(batch.metadata),
        batch.errors,
        batch.output_expires_s,
        dict(batch.moments),
    )
    return msgspec.json.encode(content).decode()


def _read(connection: Connection, where: str, values: Sequence[object]) -> list[Batch]:
    rows = connection.exec_driver_sql(
        f"SELECT {_COLUMNS} FROM batches WHERE {where}", tuple(values)
    ).fetchall()
    return [_batch(tuple(row)) for row in rows]


def _batch(row: tuple[object, ...]) -> Batch:
    content = msgspec.json.decode(str(row[13]), type=_Content)
    return Batch(
        batch_id=str(row[0]),
        owner=Owner(str(row[1]), str(row[2])),
        endpoint=str(row[3]),
        input_file_id=str(row[4]),
        state=BatchState(str(row[5])),
        created_at_ms=int(str(row[6])),
        expires_at_ms=int(str(row[7])),
        total=int(str(row[8])),
        completed=int(str(row[9])),
        failed=int(str(row[10])),
        output_file_id=None if row[11] is None else str(row[11]),
        error_file_id=None if row[12] is None else str(row[12]),
        completion_window=content.completion_window,
        metadata=content.metadata,
        errors=content.errors,
        output_expires_s=content.output_expires_s,
        moments=content.moments,
    )
