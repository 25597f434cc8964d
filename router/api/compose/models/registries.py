"""Opens the registry of models at its place. It knows nothing about policies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from router.registry import FolderStore, Registry, Store

DEFAULT_PLACE = ".tiergate/models"
CACHE = Path(".tiergate/cache/models")
"""Holds copies of files where the registry itself is on no disk of this machine."""


def open_registry(place: str, now_ms: Callable[[], int], cache: Path | None = CACHE) -> Registry:
    """Returns the registry at a place; an empty place is an empty registry.

    Raises RegistryError for a place that cannot be opened.
    """
    return Registry(store_at(place), now_ms, cache)


def store_at(place: str) -> Store:
    """Returns the store at a place: the path of a folder."""
    return FolderStore(Path(place))
