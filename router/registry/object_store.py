"""Keeps a registry at any address that fsspec knows: S3, GCS, Azure, a shared disk, memory.

fsspec is the extra `registry`; what speaks to a provider (`s3fs`, `gcsfs`, `adlfs`) is a package of
its own. Keys are written once, so no object store needs locks or versions for it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from router.errors import RegistryError
from router.errors.installing import pip_install
from router.registry.store import marker_of

Value = TypeVar("Value")
PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "abfs": "adlfs",
    "az": "adlfs",
    "oci": "ocifs",
}
"""Names the package by which fsspec speaks to a provider."""
BUCKETS = frozenset(PACKAGES)


class ObjectStore:
    """Implements `registry.Store`; connects at its first use."""

    checked_every_s = 5.0
    """A list of names is a priced call at some providers: 17,000 a day and process."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.shown = shown(url)
        self._opened: tuple[Any, str] | None = None

    def put(self, key: str, content: bytes) -> None:
        def write(system: Any, root: str) -> None:
            place = f"{root}/{key}"
            # There a key needs no folder, and a bucket whose name is misspelt would be made.
            if not BUCKETS.intersection(_protocols(system)):
                system.makedirs(place.rpartition("/")[0], exist_ok=True)
            if not _is_a_disk(system):
                # An object appears whole.
                system.pipe_file(place, content)
                return
            folder, _, name = place.rpartition("/")
            unfinished = f"{folder}/.{name}.{uuid.uuid4().hex}"
            system.pipe_file(unfinished, content)
            system.mv(unfinished, place)

        self._call(key, write)

    def get(self, key: str) -> bytes | None:
        def read(system: Any, root: str) -> bytes | None:
            try:
                return bytes(system.cat_file(f"{root}/{key}"))
            except FileNotFoundError:
                return None

        return self._call(key, read)

    def names(self, folder: str) -> list[str]:
        def listed(system: Any, root: str) -> list[str]:
            # Others write too, so a list that was kept from last time is of no use.
            system.invalidate_cache()
            try:
                entries = system.ls(f"{root}/{folder}", detail=False)
            except FileNotFoundError:
                return []
            names = (str(path).rstrip("/").rpartition("/")[2] for path in entries)
            return sorted(name for name in names if not name.startswith("."))

        return self._call(folder, listed)

    def drop(self, folder: str) -> None:
        def delete(system: Any, root: str) -> None:
            try:
                system.rm(f"{root}/{folder}", recursive=True)
            except FileNotFoundError:
                return

        self._call(folder, delete)

    def path(self, key: str) -> Path | None:
        """Returns None: the files are copied, also from a disk, where others may change them."""
        return None

    def marker(self) -> str:
        return marker_of(self.names("events"))

    def _call(self, key: str, call: Callable[[Any, str], Value]) -> Value:
        system, root = self._connected()
        try:
            return call(system, root.rstrip("/"))
        except RegistryError:
            raise
        # Every provider's package has errors of its own, and no common base.
        except Exception as error:
            raise RegistryError(
                f"{key} in {self.shown}: found {type(error).__name__}; expected a store that "
                "answers, a bucket that exists, and a user who may read and write there"
            ) from error

    def _connected(self) -> tuple[Any, str]:
        if self._opened is None:
            try:
                import fsspec
            except ImportError as error:
                raise self._lacks("fsspec") from error
            try:
                system, root = fsspec.core.url_to_fs(self._url)
            except ImportError as error:
                raise self._lacks(str(error)) from error
            except Exception as error:
                raise RegistryError(
                    f"{self.shown}: found {type(error).__name__}; expected an address that fsspec "
                    "knows, such as s3://bucket/folder, gs://bucket/folder or abfs://container"
                ) from error
            self._opened = system, root
        return self._opened

    def _lacks(self, why: str) -> RegistryError:
        """Returns the error that names the packages which this address needs."""
        scheme = urlsplit(self._url).scheme
        package = PACKAGES.get(scheme, "")
        needs = f"fsspec and {package}" if package else f"fsspec, and its package for {scheme}://"
        return RegistryError(
            f"{self.shown}: a package is missing ({why}); expected {needs}: "
            f"`{' '.join([pip_install('registry'), *[package] * bool(package)])}`"
        )


def shown(url: str) -> str:
    """Returns an address without user, password and options.

    >>> shown("s3://key:secret@bucket/models?token=x")
    's3://bucket/models'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _is_a_disk(system: Any) -> bool:
    return not {"file", "local"}.isdisjoint(_protocols(system))


def _protocols(system: Any) -> tuple[str, ...]:
    protocol = system.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)
