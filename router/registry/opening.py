"""Opens the registry at its place: a folder, the ledger's database, or an address of fsspec."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from router.errors import LedgerError, RegistryError
from router.registry.object_store import ObjectStore
from router.registry.registry import Registry
from router.registry.store import FolderStore, Store

DEFAULT_PLACE = ".tiergate/models"
VARIABLE = "TIERGATE_REGISTRY"
CACHE = Path(".tiergate/cache/models")
"""Holds copies of files where the registry itself is on no disk of this machine."""

_DATABASES = ("sqlite", "postgresql", "postgres", "postgresql+psycopg")


def system_ms() -> int:
    """Returns milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def open_registry(place: str = DEFAULT_PLACE, cache: Path | None = CACHE) -> Registry:
    """Returns the registry at a place; an empty place is an empty registry.

    Raises RegistryError for a place that cannot be opened.
    """
    return Registry(store_at(place), system_ms, cache)


def registry_of(environ: Mapping[str, str]) -> Registry:
    """Returns the registry that the environment names, else the one in the default folder."""
    return _kept(environ.get(VARIABLE) or DEFAULT_PLACE, os.getcwd())


@lru_cache(maxsize=16)
def _kept(place: str, _folder: str) -> Registry:
    """Returns one registry for each place: a reload opens no further connection.

    The working folder is part of a relative place.
    """
    return open_registry(place)


def store_at(place: str) -> Store:
    """Returns the store at a place.

    `PATH` is a folder. `sqlite:///PATH` and `postgresql://...` are the ledger's database. Any other
    `scheme://` is an address of fsspec.
    """
    scheme, separator, _ = place.partition("://")
    if not place.strip():
        raise RegistryError(f"{place!r} is no place of a registry; expected a folder or an address")
    if not separator:
        return FolderStore(Path(place))
    if scheme not in _DATABASES:
        return ObjectStore(place)
    from router.ledger.tables.models import SqlStore

    try:
        return SqlStore(place)
    except LedgerError as error:
        raise RegistryError(f"the registry: {error.message}") from error
