"""Keeps copies of the policies in use, for workers that start while a file is broken.

A policy names files, and these name further ones. So a copy has all of them, at the same places
below a folder of its own. Absolute paths are the exception: they lead to the file itself.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from router.api.compose.core import Core, Settings, reading
from router.errors import Mistake, PolicyError
from router.locks.owned_folder import OwnedFolder
from router.policy.loading import BrokenFile, LoadedPolicy, policies_dir
from router.policy.parsing.text_files import MAX_FILE_BYTES

PREFIX = "tiergate-policies-"
WEIGHTS = ".npz"  # beside the description of a head
Files = dict[Path, bytes | Path]
"""Holds what each file says; of weights that are too large to hold, where they are."""


@dataclass(frozen=True, slots=True)
class KeptCopy:
    """Holds the places of one policy: its copy, the file itself, and what that one names."""

    path: str
    of: str
    sources: tuple[str, ...]


class KeptPolicies:
    """Owns the copies. All methods block."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._folder = OwnedFolder(PREFIX)
        self._numbers = itertools.count()
        self._kept: dict[str, tuple[KeptCopy, Files]] = {}

    def keep(self, loaded: LoadedPolicy) -> bool:
        """Copies a policy's files. Returns False, and keeps the copy of before, where that fails.

        A policy is kept only when its copy can be made ready to serve.
        """
        place = self._folder.path / str(next(self._numbers))
        try:
            files = _files(place, loaded)
            _write(files)
            path = _below(place, loaded.path)
            again = reading(self._core.settings, self._core.environ)(path)
            # The files may have changed since they were loaded.
            fits = again.identity == loaded.identity
            if fits:
                self._core.build(again)
        except (OSError, PolicyError):
            fits = False
        if not fits:
            shutil.rmtree(place, ignore_errors=True)
            return False
        sources = tuple(os.path.abspath(one) for one in loaded.sources)
        copy = KeptCopy(str(path), os.path.abspath(loaded.path), sources)
        # The copy of before stays until the next one: a worker may serve by it for a moment yet.
        before = self._kept.get(loaded.policy.name)
        self._kept[loaded.policy.name] = copy, files
        if before is not None:
            self._remove_older(before[0], copy)
        return True

    def copies(self) -> tuple[KeptCopy, ...]:
        """Returns all copies, the default policy's first; empty while one has none.

        What was removed is written again: systems delete temporary files that nobody has read.
        """
        if self._core.loaded.keys() != self._kept.keys():
            return ()
        for _, files in self._kept.values():
            _write(files)
        return tuple(self._kept[name][0] for name in self._core.loaded)

    def close(self) -> None:
        """Removes the copies."""
        self._folder.close()

    def _remove_older(self, *used: KeptCopy) -> None:
        inside = self._folder.path
        copies = [*used, *(copy for copy, _ in self._kept.values())]
        stay = {Path(copy.path).relative_to(inside).parts[0] for copy in copies}
        for place in inside.iterdir():
            if place.is_dir() and place.name not in stay:
                shutil.rmtree(place, ignore_errors=True)


def load_kept(
    copies: Sequence[KeptCopy],
    settings: Settings,
    environ: Mapping[str, str],
    mistakes: tuple[Mistake, ...],
) -> list[LoadedPolicy]:
    """Returns the policies of copies, whose own files have these mistakes. Raises PolicyError."""
    read = reading(settings, environ)
    return [
        replace(
            read(Path(copy.path)),
            instead_of=BrokenFile(Path(copy.of), tuple(map(Path, copy.sources)), mistakes),
        )
        for copy in copies
    ]


def _below(place: Path, file: Path) -> Path:
    return place / os.path.abspath(file).lstrip(os.sep)


def _files(place: Path, loaded: LoadedPolicy) -> Files:
    """Returns what the files of a policy say, by the places of their copies. Raises OSError."""
    shipped, files = policies_dir().resolve(), Files()
    own = loaded.path.resolve().is_relative_to(shipped)
    for named in loaded.sources:
        for file in dict.fromkeys((named, named.with_suffix(WEIGHTS))):
            # A copy elsewhere finds the shipped files by itself.
            if file.is_file() and (own or not file.resolve().is_relative_to(shipped)):
                large = file.stat().st_size > MAX_FILE_BYTES
                files[_below(place, file)] = file.absolute() if large else file.read_bytes()
    return files


def _write(files: Files) -> None:
    """Writes those of the files that are not there; large ones are not copied."""
    for path, content in files.items():
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            path.symlink_to(content)
        else:
            path.write_bytes(content)
