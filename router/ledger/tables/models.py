"""Keeps a registry of models in the ledger's database, for several machines with one database.

A row is a change of the registry, or a file of a version. It is written once and never changed.
"""

from __future__ import annotations

import threading
from pathlib import Path

from router.errors import LedgerError, RegistryError
from router.ledger.sql.address import Address
from router.ledger.sql.database import Database
from router.registry.store import marker_of

MOST_BYTES = 512 * 1024 * 1024
"""Bounds one file. Both databases take a gigabyte as one value, and copies need room in memory."""


class SqlStore:
    """Implements `registry.Store`; opens the database at its first use."""

    checked_every_s = 2.0

    def __init__(self, address: str) -> None:
        """Reads the address. Raises LedgerError for one that cannot be read."""
        self._address = address
        self.shown = Address.parse(address).shown
        self._database: Database | None = None
        self._opening = threading.Lock()

    def put(self, key: str, content: bytes) -> None:
        if len(content) > MOST_BYTES:
            raise RegistryError(
                f"{key} has {len(content)} bytes; expected {MOST_BYTES} at most in a database: "
                "keep the registry in a folder or an object store"
            )
        try:
            with self._opened().writing() as connection:
                connection.exec_driver_sql(
                    "INSERT INTO models (folder, name, content) VALUES (?, ?, ?)",
                    (*_split(key), content),
                )
        except LedgerError as error:
            raise self._refused(error) from error

    def get(self, key: str) -> bytes | None:
        try:
            with self._opened().reading() as connection:
                row = connection.exec_driver_sql(
                    "SELECT content FROM models WHERE folder = ? AND name = ?", _split(key)
                ).first()
        except LedgerError as error:
            raise self._refused(error) from error
        return None if row is None else bytes(row[0])

    def names(self, folder: str) -> list[str]:
        try:
            with self._opened().reading() as connection:
                rows = connection.exec_driver_sql(
                    "SELECT name FROM models WHERE folder = ? UNION "
                    f"SELECT substr(folder, {len(folder) + 2}) FROM models "
                    # Not LIKE, to which `_` and `%` of a name are any letters.
                    f"WHERE substr(folder, 1, {len(folder) + 1}) = ?",
                    (folder, f"{folder}/"),
                ).fetchall()
        except LedgerError as error:
            raise self._refused(error) from error
        # Sorted here: the order of a server depends on its language.
        return sorted(str(row[0]) for row in rows)

    def drop(self, folder: str) -> None:
        try:
            with self._opened().writing() as connection:
                connection.exec_driver_sql("DELETE FROM models WHERE folder = ?", (folder,))
        except LedgerError as error:
            raise self._refused(error) from error

    def path(self, key: str) -> Path | None:
        """Returns None: no row is a file."""
        return None

    def marker(self) -> str:
        return marker_of(self.names("events"))

    def close(self) -> None:
        """Closes the database."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _opened(self) -> Database:
        # Watchers of several policies ask at once, and each connection that is lost stays open.
        with self._opening:
            if self._database is None:
                Address.parse(self._address).make_folder()
                self._database = Database.open(self._address)
            return self._database

    def _refused(self, error: LedgerError) -> RegistryError:
        return RegistryError(f"the registry in {self.shown}: {error.message}")


def _split(key: str) -> tuple[str, str]:
    """Returns folder and name of a key.

    >>> _split("events/1.json"), _split("files/ab/onnx/model.onnx")
    (('events', '1.json'), ('files/ab', 'onnx/model.onnx'))
    """
    parts = key.split("/")
    length = 2 if parts[0] == "files" else 1
    return "/".join(parts[:length]), "/".join(parts[length:])
