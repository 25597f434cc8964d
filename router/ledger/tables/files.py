"""Keeps clients' files in the ledger's database, so that a batch outlives its process.

Each part is sealed under the tenant's secret and the file's id. An erasure of the tenant deletes
the secret and the rows. A file that was never finished counts for an hour, since nobody can see or
delete it, and is dropped after a day.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection

from router.errors import LedgerCorrupt, LedgerUnavailable
from router.ledger.sql.database import Database
from router.money.days import DAY_MS
from router.privacy.encryption import NONCE_BYTES, seal, sealing_key, unseal
from router.types import Clock, Owner, StoredFile

_COLUMNS = "file_id, tenant, key_id, purpose, filename, size, created_at_ms, expires_at_ms"
_ALIVE = "complete = 1 AND (expires_at_ms IS NULL OR expires_at_ms > ?)"
_OWN = "tenant = ? AND key_id = ?"
_HIDE = "UPDATE files SET complete = 0 WHERE file_id = ?"
LONGEST_UPLOAD_MS = 3_600_000
SPARE_BYTES = 64 * 2**20
"""Room that uploads leave on the disk of a ledger's file. On a full one no request is answered, and
not even a deletion succeeds: it needs the log, which grows to 16 MB."""
PARTS_AT_ONCE = 16
"""Parts that one transaction deletes, so that the log stays short and other writers get a turn."""


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


class SqlFiles:
    """Implements the Protocol `types.FileStore` over a ledger's database."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        secret_of: Callable[[str], bytes],
        free_bytes: Callable[[Path], int] = _free_bytes,
    ) -> None:
        """Stores the parts: `secret_of` gives a tenant's secret; may block, raises LedgerError.

        `free_bytes` gives the room on the disk of a folder; raises OSError.
        """
        self._database = database
        self._free_bytes = free_bytes
        self._clock = clock
        self._secret_of = secret_of

    async def begin(self, file: StoredFile) -> None:
        """Notes a file that is being written. Raises LedgerError."""
        values = (
            file.file_id,
            file.owner.tenant,
            file.owner.key_id,
            file.purpose,
            _plain(file.filename),
            0,
            file.created_at_ms,
            file.expires_at_ms,
        )
        await asyncio.to_thread(
            self._write,
            f"INSERT INTO files ({_COLUMNS}, complete) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
            values,
        )

    async def append(self, file: StoredFile, part: int, content: bytes) -> int:
        """Adds a part; returns the bytes of its owner's files.

        Raises LedgerError, also where the disk of the ledger would have too little room left.
        """
        return await asyncio.to_thread(self._append, file, part, content)

    async def finish(self, file: StoredFile) -> None:
        """Makes a file visible, with its true size, name and end. Raises LedgerError."""
        await asyncio.to_thread(
            self._write,
            "UPDATE files SET complete = 1, size = ?, filename = ?, expires_at_ms = ? "
            "WHERE file_id = ?",
            (file.size, _plain(file.filename), file.expires_at_ms, file.file_id),
        )

    async def get(self, file_id: str, owner: Owner) -> StoredFile | None:
        """Returns a file of this owner, None without one. Raises LedgerError."""
        where = f"file_id = ? AND {_OWN} AND {_ALIVE}"
        values = (file_id, owner.tenant, owner.key_id, self._clock.now_ms())
        files = await asyncio.to_thread(self._select, where, values)
        return files[0] if files else None

    async def listed(
        self, owner: Owner, *, purpose: str | None, after: str | None, limit: int, newest: bool
    ) -> list[StoredFile]:
        """Returns files of this owner in the order of their creation. Raises LedgerError."""
        where = f"{_OWN} AND {_ALIVE}"
        values: list[str | int] = [owner.tenant, owner.key_id, self._clock.now_ms()]
        if purpose is not None:
            where += " AND purpose = ?"
            values.append(purpose)
        if after is not None:
            # Ids begin with their time, so their order is that of creation.
            where += f" AND file_id {'<' if newest else '>'} ?"
            values.append(after)
        where += f" ORDER BY file_id {'DESC' if newest else 'ASC'} LIMIT ?"
        return await asyncio.to_thread(self._select, where, (*values, limit))

    async def usage(self, owner: Owner) -> tuple[int, int]:
        """Returns number and bytes of this owner's files. Raises LedgerError."""
        return await asyncio.to_thread(self._usage, owner)

    async def parts(self, file: StoredFile) -> AsyncIterator[bytes]:
        """Yields the content in parts. Raises LedgerError."""
        for number in range(2**31):
            part = await asyncio.to_thread(self._part, file, number)
            if part is None:
                return
            yield part

    def parts_now(self, file: StoredFile) -> Iterator[bytes]:
        """Yields the content in parts; blocks. Raises LedgerError."""
        for number in range(2**31):
            part = self._part(file, number)
            if part is None:
                return
            yield part

    async def delete(self, file_id: str, owner: Owner) -> bool:
        """Deletes a file, finished or not; False when this owner has none. Raises LedgerError."""
        return await asyncio.to_thread(self._delete, file_id, owner)

    def purge_expired(self) -> int:
        """Deletes files whose time is over, or that nobody finished; blocks. Raises LedgerError.

        Each is hidden first, and then deleted in turns with other writers.
        """
        now_ms = self._clock.now_ms()
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql(
                "SELECT file_id FROM files WHERE (expires_at_ms IS NOT NULL AND "
                "expires_at_ms <= ?) OR (complete = 0 AND created_at_ms <= ?)",
                (now_ms, now_ms - DAY_MS),
            ).fetchall()
        for (file_id,) in rows:
            self._write(_HIDE, (file_id,))
            self._delete_parts(str(file_id))
        return len(rows)

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        with self._database.writing() as connection:
            connection.exec_driver_sql(statement, values)

    def _append(self, file: StoredFile, part: int, content: bytes) -> int:
        self._refuse_without_room(len(content))
        sealed = seal(self._key(file), secrets.token_bytes(NONCE_BYTES), content)
        with self._database.writing() as connection:
            connection.exec_driver_sql(
                "INSERT INTO file_parts (file_id, part, sealed) VALUES (?, ?, ?)",
                (file.file_id, part, sealed),
            )
            # Files that grow at one time are bounded together.
            connection.exec_driver_sql(
                "UPDATE files SET size = size + ? WHERE file_id = ?", (len(content), file.file_id)
            )
            return self._counted(connection, file.owner)[1]

    def _refuse_without_room(self, size: int) -> None:
        path = self._database.address.path
        if path is None:
            return  # a server of databases has a disk of its own
        with suppress(OSError):  # what writes next says what is wrong with the folder
            free = self._free_bytes(path.parent)
            # A part goes through the log into the file.
            if free < SPARE_BYTES + 2 * size:
                raise LedgerUnavailable(
                    f"found {free:,} bytes left on the disk of {str(path)!r}; expected "
                    f"{SPARE_BYTES:,} beside a file that is uploaded: make room there"
                )

    def _select(self, where: str, values: Sequence[object]) -> list[StoredFile]:
        query = f"SELECT {_COLUMNS} FROM files WHERE {where}"
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql(query, tuple(values)).fetchall()
        return [
            StoredFile(row[0], Owner(row[1], row[2]), row[3], row[4], row[5], row[6], row[7])
            for row in rows
        ]

    def _usage(self, owner: Owner) -> tuple[int, int]:
        with self._database.reading() as connection:
            return self._counted(connection, owner)

    def _counted(self, connection: Connection, owner: Owner) -> tuple[int, int]:
        """Returns number and bytes of an owner's files, without what a crash left of an upload."""
        row = connection.exec_driver_sql(
            f"SELECT COUNT(*), COALESCE(SUM(size), 0) FROM files WHERE {_OWN} "
            "AND (complete = 1 OR created_at_ms > ?)",
            (owner.tenant, owner.key_id, self._clock.now_ms() - LONGEST_UPLOAD_MS),
        ).one()
        return int(row[0]), int(row[1])

    def _part(self, file: StoredFile, number: int) -> bytes | None:
        query = "SELECT sealed FROM file_parts WHERE file_id = ? AND part = ?"
        with self._database.reading() as connection:
            sealed = connection.exec_driver_sql(query, (file.file_id, number)).scalar()
        if sealed is None:
            return None
        opened = unseal(self._key(file), bytes(sealed))
        if opened is None:
            raise LedgerCorrupt(f"part {number} of the file {file.file_id} does not open")
        return opened

    def _delete(self, file_id: str, owner: Owner) -> bool:
        with self._database.writing() as connection:
            row = connection.exec_driver_sql(
                f"SELECT file_id FROM files WHERE file_id = ? AND {_OWN}",
                (file_id, owner.tenant, owner.key_id),
            ).first()
            if row is None:
                return False
            connection.exec_driver_sql(_HIDE, (file_id,))
        self._delete_parts(file_id)
        return True

    def _delete_parts(self, file_id: str) -> None:
        """Deletes a hidden file, a few parts in each transaction."""
        while True:
            with self._database.writing() as connection:
                some = (
                    "DELETE FROM file_parts WHERE file_id = ? AND part IN (SELECT part FROM "
                    f"file_parts WHERE file_id = ? ORDER BY part LIMIT {PARTS_AT_ONCE})"
                )
                deleted = connection.exec_driver_sql(some, (file_id, file_id)).rowcount
                if deleted < PARTS_AT_ONCE:
                    connection.exec_driver_sql("DELETE FROM files WHERE file_id = ?", (file_id,))
                    return

    def _key(self, file: StoredFile) -> bytes:
        return sealing_key(self._secret_of(file.owner.tenant), file.file_id)


def _plain(text: str) -> str:
    """Returns the text without NUL, which PostgreSQL's text cannot hold."""
    return text.replace("\0", "\ufffd")
