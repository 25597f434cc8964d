"""Keeps this machine's copy of shared documents up to date.

Each search asks the database for its generation, one small query, and copies what changed. So a
removed document is found by no machine's next search, and all machines rank alike. While the
database does not answer, the machine goes on with the copy that it has.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

from router.documents.index.store import Store, locked
from router.documents.pieces import Chunk
from router.documents.shared.store import Changed, SharedStore, place_of
from router.errors import DocumentError

FOLDER = Path(".tiergate")
RETRY_S = 5.0
"""Seconds before a database that did not answer is asked again: each try may wait for it."""


def copy_of(address: str) -> Path:
    """Returns the file of this machine's copy: one for each database."""
    name = hashlib.blake2b(place_of(address).encode(), digest_size=6).hexdigest()
    return FOLDER / f"documents-{name}.db"


class SharedCopy:
    """Copies shared documents into a file. One thread at a time; processes may share the file."""

    def __init__(
        self,
        address: str,
        path: Path | None = None,
        lost: Callable[[str], None] = lambda _: None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Opens nothing yet. `lost` gets the fault of a database that stops to answer, and "" when
        it answers again.
        """
        self.path = copy_of(address) if path is None else path
        self._address = address
        self._lost, self._is_lost = lost, False
        self._monotonic_s = monotonic_s
        self._asked_again_s = 0.0
        self._shared: SharedStore | None = None
        self._local: Store | None = None

    def close(self) -> None:
        """Ends the connection and closes the file."""
        for opened in (self._shared, self._local):
            if opened is not None:
                opened.close()
        self._shared = self._local = None

    def refresh(self) -> None:
        """Copies what changed. Raises DocumentError where no copy can be made and none is there."""
        if self._is_lost and self._monotonic_s() < self._asked_again_s:
            return
        try:
            self._copied()
        except DocumentError as error:
            if self._shared is not None:
                self._shared.close()
                self._shared = None
            self._asked_again_s = self._monotonic_s() + RETRY_S
            if not self._has_copy():
                raise
            self._tell(error.message)
        else:
            self._tell("")

    def _tell(self, fault: str) -> None:
        if self._is_lost != bool(fault):
            self._is_lost = bool(fault)
            self._lost(fault)

    def _has_copy(self) -> bool:
        if self._local is None and self.path.is_file():
            self._local = Store(self.path)
        return self._local is not None and self._local.meta("copied") is not None

    def _copied(self) -> None:
        if self._shared is None:
            self._shared = SharedStore(self._address)
        shared = self._shared
        if self._local is None:
            self._local = Store(self.path, create=True)
        local = self._local
        generation, whose = shared.generation()
        if self._at(local, whose) == generation:
            return
        with locked(self.path):  # another process of this machine may copy the same
            position = self._at(local, whose)
            # Of another database, or of one that was put back from a backup.
            if not 0 <= position <= generation:
                for document in local.documents():
                    local.remove(document)
                position = 0
                local.note("copied", "0")
                local.note("copy_of", whose)
            for change in shared.changed_after(position):
                _apply(local, change)
                local.note("copied", str(change.generation))
            for name in ("encoder", "dimensions"):
                local.note(name, shared.meta(name) or "")
            if int(local.meta("copied") or 0) < generation:  # the last write removed nothing
                local.note("copied", str(generation))

    def _at(self, local: Store, whose: str) -> int:
        """Returns the generation that the file holds, -1 where it is no copy of this database."""
        copied = local.meta("copied")
        return int(copied) if copied is not None and local.meta("copy_of") == whose else -1


def _apply(local: Store, change: Changed) -> None:
    if change.chunks is None:
        local.remove(change.document)
        return
    chunks = [Chunk(kept.text, kept.section, kept.page) for kept in change.chunks]
    local.put(change.document, chunks, [kept.vector for kept in change.chunks])
