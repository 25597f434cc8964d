"""Compares files with the store: reads new and changed files, and removes those that are gone.

A file whose bytes and facts are the same costs one digest. A file that cannot be read is reported,
and the others are kept all the same. Its last good content stays: a damaged copy is no wish to
forget.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from msgspec import Struct

from router.documents.chunks import chunks_of
from router.documents.index.search import Encoder
from router.documents.index.store import Document
from router.documents.pieces import FAR, Chunk
from router.documents.readers.files import content_of, is_readable, read_file
from router.documents.stores import DocumentStore
from router.errors import DocumentError

READER_VERSION = "1"
"""Part of each digest: a new way of reading or cutting reads all files anew."""

TEXTS_AT_ONCE = 64
MOST_FILES = 100_000
HIDDEN = "."
LEFT_OUT = frozenset({"node_modules", "__pycache__", "venv", "dist", "build", "target"})
"""Folders of a repository that hold no text of its own."""


class Placed(Struct, frozen=True):
    """Says where documents are kept, and who may read them when."""

    tenant: str
    collection: str
    label: str = ""
    valid_from: int = 0
    valid_until: int = FAR


class Change(Struct, frozen=True):
    """Tells what became of one file."""

    source: str
    what: Literal["added", "changed", "same", "removed", "failed"]
    chunks: int = 0
    because: str = ""


def files_under(path: Path) -> Iterator[tuple[str, Path]]:
    """Yields the readable files of a folder, by name, each with its source; or the one file.

    Links that lead out of the folder are passed over: whoever may write there may not read here.
    """
    if path.is_file():
        yield path.name, path
        return
    root = path.resolve()
    count = 0
    for file in sorted(root.rglob("*")):
        parts = file.relative_to(root).parts
        if any(part.startswith(HIDDEN) or part in LEFT_OUT for part in parts):
            continue
        if not file.is_file() or not is_readable(file):
            continue
        if not file.resolve().is_relative_to(root):
            continue
        count += 1
        if count > MOST_FILES:
            raise DocumentError(
                f"{path}: found more than {MOST_FILES:,} files; expected fewer: add its folders "
                "one by one"
            )
        yield "/".join(parts), file


def add_files(
    store: DocumentStore,
    files: Iterable[tuple[str, Path]],
    placed: Placed,
    encoder: Encoder | None,
    version: str,
    tell: Callable[[Change], None] = lambda _: None,
) -> list[Change]:
    """Keeps each file and returns what became of it. `version` names the encoder."""
    known = {d.source: d for d in store.documents(placed.tenant, placed.collection)}
    changes = []
    for source, path in files:
        shown = _shown(source)
        try:
            if shown != source:  # a citation must name it, and a database keep it
                raise DocumentError(
                    "found a name that is not UTF-8, or holds controls; expected words: rename "
                    "the file"
                )
            change = _add(store, source, path, placed, encoder, version, known.get(source))
        except DocumentError as error:
            change = Change(shown, "failed", because=error.message)
        tell(change)
        changes.append(change)
    return changes


def remove_missing(store: DocumentStore, kept: Iterable[str], placed: Placed) -> list[Change]:
    """Removes the documents of a collection whose source is not among those named."""
    there = set(kept)
    gone = [d for d in store.documents(placed.tenant, placed.collection) if d.source not in there]
    for document in gone:
        store.remove(document)
    return [Change(document.source, "removed", document.chunks) for document in gone]


def _add(
    store: DocumentStore,
    source: str,
    path: Path,
    placed: Placed,
    encoder: Encoder | None,
    version: str,
    known: Document | None,
) -> Change:
    content = content_of(path)
    facts = (READER_VERSION, version, placed.label, str(placed.valid_from), str(placed.valid_until))
    seen = hashlib.blake2b("\0".join(facts).encode(), digest_size=16)
    seen.update(content)
    digest = seen.hexdigest()
    if known is not None and known.digest == digest:
        return Change(source, "same", known.chunks)
    reading = read_file(path.name, content)
    chunks = chunks_of(reading)
    document = Document(
        placed.tenant,
        placed.collection,
        source,
        reading.title[:200],
        placed.label,
        digest,
        len(content),
        path.stat().st_mtime_ns // 1_000_000,
        placed.valid_from,
        placed.valid_until,
    )
    store.put(document, chunks, _vectors(encoder, document, chunks))
    return Change(source, "added" if known is None else "changed", len(chunks))


def _shown(source: str) -> str:
    """Returns a source as a terminal may show it."""
    plain = (ascii(c)[1:-1] if unicodedata.category(c) in ("Cc", "Cs") else c for c in source)
    return "".join(plain)


def _vectors(
    encoder: Encoder | None, document: Document, chunks: Sequence[Chunk]
) -> list[bytes | None]:
    """Returns a vector for each chunk as it is kept, in half precision."""
    if encoder is None:
        return [None] * len(chunks)
    # The headings say what a paragraph is about, which often does not name it.
    texts = [". ".join(filter(None, (c.section or document.title, c.text))) for c in chunks]
    made: list[bytes | None] = []
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        vectors = encoder.vectors(texts[start : start + TEXTS_AT_ONCE])
        made += [row.tobytes() for row in vectors.astype(np.float16)]
    return made
