"""Reads the YAML files of a folder, and collects the mistakes of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from router.errors import Mistake, PolicyError
from router.policy.parsing.text_files import text_of
from router.policy.parsing.validation import validated
from router.policy.parsing.yaml_lines import LineMap, load_yaml

File = TypeVar("File", bound=BaseModel)

Stamp = tuple[Path, int, int]
"""A file with the time of its last change (ns) and its size: a file that changed has another."""


def stamps_of(folder: Path) -> tuple[Stamp, ...]:
    """Returns the stamps of a folder's YAML files in the order of their names."""
    files = sorted(folder.glob("*.yaml"))
    return tuple((file, file.stat().st_mtime_ns, file.stat().st_size) for file in files)


def files_of(
    kind: type[File], paths: Iterable[Path], mistakes: list[Mistake]
) -> Iterator[tuple[File, str, LineMap]]:
    """Yields each file with its text and its lines; adds to `mistakes` those of the others."""
    for path in paths:
        try:
            text = text_of(path)
            tree, lines = load_yaml(str(path), text)
            file = validated(kind, tree, lines)
        except PolicyError as error:
            mistakes += error.mistakes
            continue
        yield file, text, lines
